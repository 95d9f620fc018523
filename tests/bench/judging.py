"""nxsipd as it judges INVITEs on one core: a capture is replayed without end from memory (net_pcap,
infinite_rx=1), one in ten of its calls goes to a number that is in the table."""

import capture
from daemon import Nxsipd

SRC, DST, DOMAIN = "198.51.100.1", "192.0.2.10", "bench.example"
PACKETS = 4096
MEMPOOL = 16383

CONFIG = """\
box: {{name: bench, settle: 0}}
eal: {{hugepages: {huge}, memory: {memory}, file_prefix: nxbench}}
workers: {{control_core: {cores[0]}, cores: [{cores[1]}], idle: busy, start: when-loaded}}
queues: {{mempool: {mempool}}}
ports:
  - name: bench
    access: "net_pcap0,rx_pcap={dir}/bench.pcap,infinite_rx=1"
    core: "net_null0,no-rx=1"
socket: {{path: {dir}/nxsipd.sock}}
store: {{path: {dir}/store}}
services:
  - name: bench
    addresses: [{dst}]
    kind: phone
    hosts: [{{host: any, domain: {domain}}}]
sources:
  - {{class: carriers, trust: peer, prefixes: [198.51.100.0/24], "604": on}}
"""


def called(i: int) -> str:
    """The i-th number that is called; odd ones are in the table, even ones are not."""
    return f"+4420{10000000 + i:08d}"


def config(directory: str, cores: list[int], memory: int = 512, huge: bool = False) -> str:
    """cores: control's, the worker's.  memory: MiB for EAL."""
    return CONFIG.format(dir=directory, cores=cores, memory=memory, huge="on" if huge else "off",
                         mempool=MEMPOOL, dst=DST, domain=DOMAIN)


def make_capture(directory: str, numbers: int) -> str:
    """What the configuration replays: PACKETS calls spread over so many numbers.
    Returns what it holds."""
    frames = []
    for n in range(PACKETS):
        i = (n * 7919) % numbers // 2 * 2
        payload = capture.invite(n, called(i + 1 if n % 10 == 0 else i), SRC, DST)
        frames.append(capture.udp4(SRC, DST, 5060, 5060, payload))
    capture.write_pcap(f"{directory}/bench.pcap", frames)
    return (f"capture: {PACKETS} INVITEs of {len(frames[0])} to {len(frames[-1])} bytes, "
            f"10 % known, 90 % unknown")


def add_domain(daemon: Nxsipd) -> None:
    """In which no number is that is not in the table."""
    daemon.call("domain", "add", DOMAIN, "--authoritative")
    daemon.call("range", "add", "+4420", "--domain", DOMAIN, "--min", "12", "--max", "12")
