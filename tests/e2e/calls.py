"""The control socket spoken directly: many calls a second, and what becomes of one that is cut off."""

import array
import json
import socket
import tempfile


class Gone(Exception):
    """The daemon's end closed before it answered."""


class Refused(Exception):
    """The daemon's error: code, sentence."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.name = error["code"], error["data"]["name"]


class Calls:
    """A client of a box's or a lab's nxsipd that makes one call after the other."""

    def __init__(self, box, timeout=60):
        self.sock, self.id, self.rest = socket.socket(socket.AF_UNIX), 0, b""
        self.sock.settimeout(timeout)
        self.sock.connect(str(box.dir / "nxsipd.sock"))

    def close(self):
        self.sock.close()

    def send(self, method, params, fd=None):
        self.id += 1
        call = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        line = json.dumps(call).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd else []
        try:
            sent = self.sock.sendmsg([line], rights)
            self.sock.sendall(line[sent:])
        except OSError as e:
            raise Gone from e

    def answer(self):
        while True:
            while b"\n" not in self.rest:
                try:
                    piece = self.sock.recv(1 << 20)
                except ConnectionError as e:
                    raise Gone from e
                if not piece:
                    raise Gone
                self.rest += piece
            line, self.rest = self.rest.split(b"\n", 1)
            message = json.loads(line)
            if "method" not in message:  # no notification
                break
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]

    def call(self, method, params, fd=None):
        self.send(method, params, fd)
        return self.answer()

    # ---- bulk ----

    def load(self, domain, mode, text, **more):
        with tempfile.TemporaryFile() as file:
            file.write(text.encode())
            file.flush()
            return self.call("load", {"domain": domain, "mode": mode, **more}, file.fileno())

    def dump(self, domain):
        """(the result, {user: state})"""
        with tempfile.TemporaryFile() as file:
            result = self.call("dump", {"domain": domain}, file.fileno())
            file.seek(0)
            header, *rows = file.read().decode().splitlines()
        assert header == "user,state"
        pairs = [row.rsplit(",", 1) if "," in row else (row, "known") for row in rows]
        return result, dict(pairs)
