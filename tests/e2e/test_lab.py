"""The lab itself, with DPDK's own forwarder as the wire: what fails here is not nxsipd's fault."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lab import VLAN, Lab, LabError, ports_that_work  # noqa: E402
from wire import Capture  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def pair(lab, address_index, kind):
    """A bound socket of the SBC's and one of the carrier's on their addresses of that index."""
    ends = []
    for role, end in (("sbc", lab.sbc), ("carrier", lab.carrier)):
        address = end.addresses[address_index]
        made = lab.socket(role, family(address), kind)
        made.settimeout(5)
        made.bind((address, 5060))
        ends.append(made)
    return ends


@pytest.fixture(scope="module", params=["af_xdp", "tap"])
def wire(request):
    if request.param not in ports_that_work():
        pytest.skip(f"this kernel has no {request.param} ports")
    if not shutil.which("dpdk-testpmd"):
        pytest.skip("scripts/setup bench")
    with Lab(prefix="labtest", ports=request.param) as lab:
        lab.start_testpmd()
        yield lab


@pytest.mark.parametrize("index", range(4), ids=["v4", "v6", "vlan-v4", "vlan-v6"])
def test_udp_crosses_both_ways_and_is_tagged_on_the_vlan_only(wire, index):
    sbc, carrier = pair(wire, index, socket.SOCK_DGRAM)
    tags = (VLAN,) if index >= 2 else ()
    captures = [Capture(role, wire.netns[role], "eth0") for role in ("carrier", "sbc")]
    try:
        carrier.sendto(b"OPTIONS there", (wire.sbc.addresses[index], 5060))
        data, source = sbc.recvfrom(2048)
        assert (data, source[0]) == (b"OPTIONS there", wire.carrier.addresses[index])
        sbc.sendto(b"OPTIONS back", source[:2])
        assert carrier.recv(2048) == b"OPTIONS back"
    finally:
        for end in (sbc, carrier):
            end.close()
        for capture in captures:
            capture.stop()
    seen = [(m.where, m.outgoing, m.payload, m.vlans) for c in captures for m in c.messages]
    assert sorted(seen) == sorted(
        [
            ("carrier", True, b"OPTIONS there", tags),
            ("sbc", False, b"OPTIONS there", tags),
            ("sbc", True, b"OPTIONS back", tags),
            ("carrier", False, b"OPTIONS back", tags),
        ]
    )


@pytest.mark.parametrize("index", range(4), ids=["v4", "v6", "vlan-v4", "vlan-v6"])
def test_tcp_crosses(wire, index):
    sbc, carrier = pair(wire, index, socket.SOCK_STREAM)
    with sbc, carrier:
        sbc.listen()
        carrier.connect((wire.sbc.addresses[index], 5060))
        peer, _ = sbc.accept()
        with peer:
            carrier.sendall(b"y" * 50_000)
            carrier.shutdown(socket.SHUT_WR)
            got = b"".join(iter(lambda: peer.recv(65536), b""))
    assert got == b"y" * 50_000


def test_fragments_cross(wire):
    sbc, carrier = pair(wire, 0, socket.SOCK_DGRAM)
    with sbc, carrier:
        carrier.sendto(b"z" * 4000, (wire.sbc.v4, 5060))
        assert sbc.recv(8192) == b"z" * 4000


def test_without_a_wire_nothing_crosses():
    with Lab(prefix="labtest2") as lab:
        sbc, carrier = pair(lab, 0, socket.SOCK_DGRAM)
        with sbc, carrier:
            sbc.settimeout(0.5)
            carrier.sendto(b"OPTIONS", (lab.sbc.v4, 5060))
            with pytest.raises(TimeoutError):
                sbc.recv(2048)


def test_a_call_rings_through_the_wire(wire):
    uas = wire.start("sbc", wire.sipp("sbc", local=wire.sbc.v4))
    try:
        call = wire.sipp("carrier", wire.carrier.v4, wire.sbc.v4, ["+442079460000"])
        assert wire.run("carrier", call).returncode == 0
    finally:
        uas.kill()
        uas.wait()


def test_a_lab_in_use_is_refused():
    with Lab(prefix="labtest3"):
        with pytest.raises(LabError, match=r"in use by process \d+"):
            Lab(prefix="labtest3").__enter__()


def test_a_namespace_that_is_not_ours_is_refused_and_left():
    subprocess.run(["ip", "netns", "add", "labtest4-sbc"], check=True)
    try:
        with pytest.raises(LabError, match="labtest4-sbc.*not ours"):
            Lab(prefix="labtest4").__enter__()
        assert Path("/run/netns/labtest4-sbc").exists()
        assert not Path("/run/netns/labtest4-carrier").exists()
    finally:
        subprocess.run(["ip", "netns", "del", "labtest4-sbc"], check=True)


def test_a_killed_lab_leaves_no_process_and_is_removed_by_the_next():
    script = (
        f"import sys, time; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from lab import Lab\n"
        "lab = Lab(prefix='labtest5').__enter__()\n"
        "print(lab.start('sbc', ['sleep', '1000']).pid, lab.dir, flush=True)\n"
        "time.sleep(1000)\n"
    )
    victim = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid, directory = victim.stdout.readline().split()
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert Path("/run/netns/labtest5-sbc").exists()
    assert Path(directory).exists()
    with Lab(prefix="labtest5") as lab:
        assert not Path(directory).exists()
        assert not Path("/proc", pid, "root").exists()
        assert str(lab.dir) != directory
    assert not [name for name in os.listdir("/run/netns") if name.startswith("labtest5")]
