"""Whole frames as they crossed a lab's two far interfaces, by dumpcap, and what tshark says of it.

Recorded is what crosses between two marks, datagrams that are seen at both ends: so both
recordings hold the same traffic, whenever their dumpcaps began and ended."""

import shutil
import signal
import struct
from collections import Counter

from lab import LabError, run, wait_until
from trunk import Trunk, unique

MARK_PORT = 5075  # of no service
WAIT_S = 10
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)  # Ethernet
STRICT = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
FAULTY = (
    '_ws.malformed || _ws.expert.severity == "Error" '
    '|| ip.checksum.status == "Bad" || udp.checksum.status == "Bad"'
)


def read_pcap(path):
    data, at, frames = path.read_bytes(), len(PCAP_HEADER), []
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return frames


def write_pcap(path, frames):
    records = (struct.pack("<IIII", 0, 0, len(f), len(f)) + f for f in frames)
    path.write_bytes(PCAP_HEADER + b"".join(records))


def tshark(path, *options):
    """The lines that tshark prints about a capture."""
    return run("tshark", "-n", "-r", path, *STRICT, *options).stdout.splitlines()


class Dump:
    """Records both far interfaces while it is a context; afterwards the frames can be asked for."""

    def __init__(self, lab):
        if not shutil.which("dumpcap"):
            raise LabError("dumpcap: no such command. Run scripts/setup test.")
        self.lab = lab
        self.path = {r: lab.dir / f"{r}-{unique()}.pcap" for r in ("carrier", "sbc")}
        self.frames = {}

    def __enter__(self):
        self.running = [
            self.lab.start(role, ["dumpcap", "-q", "-P", "-i", "eth0", "-w", path])
            for role, path in self.path.items()
        ]
        self.begin = unique().encode()
        self._mark(self.begin)
        return self

    def __exit__(self, *_):
        end = unique().encode()
        try:
            self._mark(end)
        finally:
            for process in self.running:
                process.send_signal(signal.SIGINT)
            for process in self.running:
                process.wait(WAIT_S)
        self.end = end
        self.frames = {role: read_pcap(path) for role, path in self.path.items()}

    def _mark(self, mark):
        """Sends the mark both ways until both recordings hold it."""

        def recorded():
            with Trunk(self.lab, carrier_port=MARK_PORT, sbc_port=MARK_PORT) as trunk:
                trunk.exchange(mark, from_sbc=[mark])
            dumps = [p.read_bytes() if p.exists() else b"" for p in self.path.values()]
            return all(dump.count(mark) >= 2 for dump in dumps)  # the two ways alternate

        if not wait_until(recorded, WAIT_S, step=0.1):
            raise LabError("dumpcap records nothing")

    def sent_by(self, role, where):
        """The frames with role's MAC addresses in the recording at an end, between the marks: each
        direction has marks of its own, since it is only in order with itself."""
        shown = self.lab.ip(role, "-brief", "link").stdout.split()
        macs = {bytes.fromhex(w.replace(":", "")) for w in shown if w.count(":") == 5}
        frames = [f for f in self.frames[where] if f[6:12] in macs]
        first = max(i for i, f in enumerate(frames) if f.endswith(self.begin)) + 1
        last = min(i for i, f in enumerate(frames) if f.endswith(self.end))
        return Counter(frames[first:last])

    def differences(self, sender, receiver):
        """(frames that left the sender and did not reach the receiver, frames that reached it from
        the sender's MAC address but never left it)."""
        sent, got = self.sent_by(sender, sender), self.sent_by(sender, receiver)
        return list((sent - got).elements()), list((got - sent).elements())
