"""Clients of the control socket that send what is no call, or do not read: nxsipd tells them,
closes them where it must, and goes on serving everyone else."""

import json
import os
import random
import signal
import socket
import subprocess

import pytest
from lab import wait_until

LINE_MAX = 256 * 1024  # NX_LINE_MAX
HELLO = b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 1}}\n'
PARSE, REQUEST, METHOD, PARAMS = -32700, -32600, -32601, -32602


@pytest.fixture
def client(box):
    with box.connect() as made:
        yield made
    assert box.json("status")["pid"] == box.daemon.pid  # it goes on serving


def read_line(client):
    line = b""
    while not line.endswith(b"\n"):
        piece = client.recv(1)
        assert piece, f"closed after {line!r}"
        line += piece
    return json.loads(line)


def read_to_end(client):
    return b"".join(iter(lambda: client.recv(65536), b""))


def still_serves(client):
    client.sendall(HELLO)
    assert read_line(client)["result"]["protocol"] == 1


NO_CALLS = {
    b"garbage": (PARSE, "not JSON, at byte 7: "),
    b"\x00\xff\xfe\x80": (PARSE, "not JSON, at byte "),
    b"{": (PARSE, "not JSON, at byte "),
    b'{"jsonrpc": "2.0", "id": 1} trailing': (PARSE, "not JSON, at byte "),
    b"[" * 5000: (PARSE, "nested deeper than "),
    b'{"id": 1, "id": 2}': (PARSE, "not JSON, at byte "),
    b"[]": (REQUEST, "batches are not supported: send one request object a line"),
    b"17": (PARSE, ""),
    b"{}": (REQUEST, '"jsonrpc": "2.0" is missing'),
    b'{"jsonrpc": "1.0", "id": 1, "method": "hello"}': (REQUEST, '"jsonrpc" must be "2.0"'),
    b'{"jsonrpc": "2.0", "id": 1}': (REQUEST, '"method" is missing'),
    b'{"jsonrpc": "2.0", "id": 1, "method": 7}': (REQUEST, '"method" must be a string'),
    b'{"jsonrpc": "2.0", "id": {}, "method": "hello"}': (REQUEST, '"id" must be a string, an'),
    b'{"jsonrpc": "2.0", "id": 1, "method": "frob"}': (METHOD, 'unknown method "frob"'),
    b'{"jsonrpc": "2.0", "id": 1, "method": "user.list"}': (
        PARAMS,
        'user.list: parameter "domain" is missing',
    ),
    b'{"jsonrpc": "2.0", "id": 1, "method": "bypass", "params": [true]}': (
        PARAMS,
        'bypass: "params" must be an object of named parameters, not an array',
    ),
    b'{"jsonrpc": "2.0", "id": 1, "method": "bypass", "params": {"on": "yes"}}': (
        PARAMS,
        'bypass: parameter "on" must be true or false, not a string',
    ),
    b'{"jsonrpc": "2.0", "id": 1, "method": "bypass", "params": {"on": true, "x": 1}}': (
        PARAMS,
        'bypass: unknown parameter "x": it takes on',
    ),
    b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 99}}': (
        None,
        "protocol 99 is not spoken here, 1 is: use an nxsipctl of version ",
    ),
    b'{"jsonrpc": "2.0", "id": 1, "method": "load", "params": {"domain": "d", "mode": "merge"}}': (
        None,
        "load needs the descriptor of a file, passed with its line (SCM_RIGHTS)",
    ),
}


def test_what_is_no_call_is_answered_and_the_connection_stays(client):
    for line, (code, why) in NO_CALLS.items():
        client.sendall(line + b"\n")
        error = read_line(client)["error"]
        assert error["message"].startswith(why), line[:80]
        assert error["data"]["name"]
        assert code is None or error["code"] == code, line[:80]
        still_serves(client)


def test_random_bytes_are_survived(box):
    source = random.Random(5060)
    for _ in range(50):
        with box.connect() as client:
            client.sendall(source.randbytes(4096))
            client.shutdown(socket.SHUT_WR)
            for line in read_to_end(client).splitlines():
                assert json.loads(line)["error"]["code"] in (PARSE, REQUEST)
    assert box.json("status")["pid"] == box.daemon.pid


def test_an_oversize_line_is_refused_and_the_client_closed(box, client):
    client.sendall(b"x" * LINE_MAX)
    line, end, rest = read_to_end(client).partition(b"\n")
    assert json.loads(line)["error"]["message"] == (
        f"a line is at most {LINE_MAX} bytes long: closing"
    )
    assert (end, rest) == (b"\n", b"")
    assert f"sent a line of over {LINE_MAX} bytes: closed" in box.log.read_text()


def test_a_line_may_be_as_long_as_the_limit(client):
    line = HELLO.rstrip(b"\n")
    client.sendall(line + b" " * (LINE_MAX - 1 - len(line)) + b"\n")
    assert read_line(client)["result"]["protocol"] == 1


def test_half_a_line_changes_nothing(box, client):
    request = b'{"jsonrpc": "2.0", "id": 1, "method": "bypass", "params": {"on": true}}'
    client.sendall(request)
    with box.connect() as other:
        still_serves(other)
    client.shutdown(socket.SHUT_WR)
    assert read_to_end(client) == b""
    assert f"closed in the middle of a line: its {len(request)} bytes" in box.log.read_text()
    assert box.json("status")["bypass"] is False


def test_a_line_in_pieces_is_a_line(client):
    for byte in HELLO:
        client.sendall(bytes([byte]))
    assert read_line(client)["result"]["protocol"] == 1


def test_a_client_that_never_reads_is_closed(box, client):
    """What it asks for is kept up to a limit, and it alone is cut off."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    ask = b'{"jsonrpc": "2.0", "id": 1, "method": "stats"}\n' * 100

    def closed():
        try:
            for _ in range(100):
                client.send(ask)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            return True
        return False

    assert wait_until(closed, 30)
    assert wait_until(lambda: "bytes unread: closed" in box.log.read_text(), 5)


def test_more_clients_than_there_is_room_for(box):
    clients = []
    try:
        for _ in range(300):
            clients.append(box.connect())
        for one in clients[:256]:
            still_serves(one)
        for one in clients[256:]:
            error = read_line(one)["error"]
            assert error["message"] == "256 clients are connected already: try again later"
            assert error["data"]["name"] == "busy"
            assert one.recv(1) == b""
    finally:
        for one in clients:
            one.close()
    assert wait_until(lambda: box.ctl("status").returncode == 0, 5)


def test_a_client_that_goes_away_during_its_load_cancels_it(box):
    box.ok("domain", "add", "example.net")
    table = box.dir / "many.csv"
    with open(table, "w") as out:
        out.writelines(f"+44{n}\n" for n in range(2_000_000_000, 2_001_000_000))
    before = box.json("domain", "list")
    argv = box.argv("load", table, "--domain", "example.net", "--replace")
    load = subprocess.Popen(argv, env=box.env, stdin=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: box.json("status")["writer"], 10)
    finally:
        load.send_signal(signal.SIGKILL)
        load.wait()
    assert wait_until(lambda: box.json("status")["writer"] is None, 10)
    assert box.json("domain", "list") == before
    assert "went away during its load: cancelling" in box.log.read_text()


def test_descriptors_nobody_asked_for_are_closed(box, client):
    def descriptors():
        return len(os.listdir(f"/proc/{box.daemon.pid}/fd"))

    still_serves(client)
    before = descriptors()
    line = b'{"jsonrpc": "2.0", "id": 1, "method": "status"}\n'
    with open("/dev/null", "rb") as file:
        for _ in range(20):
            socket.send_fds(client, [line], [file.fileno()] * 4)
            message = read_line(client)["error"]["message"]
            assert message == "status takes no descriptor: what came with it was closed"
    assert descriptors() == before
