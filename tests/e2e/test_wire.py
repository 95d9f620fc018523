"""Mixed traffic, frame by frame: what passes crosses bit for bit, Ethernet and VLAN headers
included, what is answered and absorbed is all that is missing, and nothing that nxsipd sends is
malformed."""

import socket
from collections import Counter

import pytest
from dump import FAULTY, Dump, tshark, write_pcap
from lab import VLAN
from numbers_in_use import GONE, LIVE, UNKNOWN
from trunk import WAYS, Trunk, unique

RTP = bytes.fromhex("80080001000000a0deadbeef") + b"\xd5" * 160


def vias(trunk):
    """Top Via headers that a request may have, by what is special about them."""
    address, port = trunk.carrier.address
    host = f"[{address}]" if ":" in address else address
    branch = f"branch=z9hG4bK{unique()}"
    return [
        f"SIP/2.0/UDP {host}:{port};{branch};rport",
        f"SIP/2.0/UDP {host}:{port};{branch}",
        f"SIP/2.0/UDP proxy.example.com:{port};{branch};rport",
        f"SIP / 2.0 / UDP {host}:{port} ;{branch} ; rport",
        f"SIP/2.0/UDP {host}:{port};rport;{branch}, SIP/2.0/TCP a.example:5061;branch=z9hG4bK2",
        f"SIP/2.0/UDP {host}:{port};rport;{branch}\r\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKb",
        f"SIP/2.0/UDP {host}:{port}\r\n ;{branch}\r\n\t;rport",
        f"SIP/2.0/UDP {host}:{port};received=203.0.113.77;{branch};rport=9",
    ]


def shapes(trunk):
    """Requests that are answered, in many shapes."""
    requests = [trunk.request(number, via=via) for via in vias(trunk) for number in (UNKNOWN, GONE)]
    requests += [trunk.request(UNKNOWN, method) for method in ("MESSAGE", "SUBSCRIBE", "REFER")]
    plain = trunk.request(UNKNOWN)
    for long, short in (("Via", "v"), ("From", "f"), ("To", "t"), ("Call-ID", "i")):
        requests.append(plain.replace(f"\r\n{long}: ".encode(), f"\r\n{short}:".encode()))
    requests.append(plain.replace(b"\r\nFrom: <", '\r\nFrom: "Zoë \\"Z\\" Müller" <'.encode()))
    requests.append(plain.replace(b"\r\nTo: ", b"\r\nTo:\r\n  "))
    return requests


@pytest.fixture(scope="module")
def recorded(lab):
    """A recording of all sorts of traffic, and how many requests in it were to be answered."""
    answered = Counter()
    with Dump(lab) as dump:
        for way in WAYS:
            with Trunk(lab, way) as trunk:
                for request in shapes(trunk):
                    answered[trunk.answer(request).split(b" ")[1]] += 1
                for request in (trunk.request(UNKNOWN), trunk.request(GONE)):
                    reply = trunk.answer(request)
                    answered[reply.split(b" ")[1]] += 1
                    trunk.exchange(trunk.ack(request, reply))
                trunk.passes(trunk.request(LIVE))
                trunk.passes(trunk.request(UNKNOWN, "OPTIONS", body=""))
                trunk.passes(trunk.request(UNKNOWN, more=["X-Long: " + "x" * 3000]))
                trunk.exchange(from_sbc=[trunk.request(UNKNOWN)])
            with Trunk(lab, way, carrier_port=40000, sbc_port=40002) as media:
                media.exchange(*[RTP] * 20, from_sbc=[RTP] * 20)
            tcp(lab, way)
    return dump, answered


def tcp(lab, way):
    address = lab.sbc.addresses[way.index]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with lab.socket("sbc", family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, 5060))
        listener.listen()
        with lab.socket("carrier", family, socket.SOCK_STREAM) as caller:
            for end in (listener, caller):
                end.settimeout(5)
            caller.connect((address, 5060))
            callee, _ = listener.accept()
            with callee:
                callee.settimeout(5)
                caller.sendall(b"x" * 20_000)
                caller.shutdown(socket.SHUT_WR)
                assert sum(map(len, iter(lambda: callee.recv(65536), b""))) == 20_000


def ours(dump):
    """The frames that the SBC's end never sent: nxsipd's own."""
    return dump.differences("sbc", "carrier")[1]


def test_all_but_what_was_answered_crosses_bit_for_bit(lab, recorded):
    dump, answered = recorded
    missing, added = dump.differences("carrier", "sbc")
    assert added == []
    write_pcap(lab.dir / "missing.pcap", missing)
    methods = Counter(tshark(lab.dir / "missing.pcap", "-T", "fields", "-e", "sip.Method"))
    assert methods["ACK"] == 2 * len(WAYS)
    assert methods.total() - methods["ACK"] == answered.total()
    assert set(methods) == {"INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "ACK"}


def test_what_the_sbc_sent_crosses_bit_for_bit_and_only_replies_are_added(lab, recorded):
    dump, answered = recorded
    missing, added = dump.differences("sbc", "carrier")
    assert missing == []
    write_pcap(lab.dir / "ours.pcap", added)
    fields = ("-T", "fields", "-e", "sip.Status-Code")
    statuses = Counter(tshark(lab.dir / "ours.pcap", *fields))
    assert {k.encode(): v for k, v in statuses.items()} == answered


def test_no_reply_is_malformed(lab, recorded):
    dump, answered = recorded
    frames = ours(dump)
    write_pcap(lab.dir / "ours.pcap", frames)
    assert tshark(lab.dir / "ours.pcap", "-Y", FAULTY, "-V") == []

    good = 'udp.checksum.status == "Good" && sip.Status-Code'
    assert len(tshark(lab.dir / "ours.pcap", "-Y", good)) == answered.total() == len(frames)
    each = answered.total() // 4
    assert len(tshark(lab.dir / "ours.pcap", "-Y", f"ipv6 && {good}")) == 2 * each
    assert len(tshark(lab.dir / "ours.pcap", "-Y", f"vlan.id == {VLAN} && {good}")) == 2 * each
    assert len(tshark(lab.dir / "ours.pcap", "-Y", 'ip.checksum.status == "Good"')) == 2 * each


def test_tshark_would_have_seen_a_malformed_one(lab, recorded):
    """Every way in which a reply could be wrong is found by the filter that found none."""
    frame = next(f for f in ours(recorded[0]) if f[12:14] == b"\x08\x00")
    broken = [
        frame[:24] + bytes([frame[24] ^ 1]) + frame[25:],  # IP checksum
        frame[:40] + bytes([frame[40] ^ 1]) + frame[41:],  # UDP checksum
        frame[:38] + b"\x00\x01" + frame[40:],  # UDP length
        frame.replace(b"\r\nCSeq: 1", b"\r\nCSeq: x"),
    ]
    for fault in broken:
        write_pcap(lab.dir / "broken.pcap", [fault])
        assert tshark(lab.dir / "broken.pcap", "-Y", FAULTY), fault


def test_replies_leave_by_the_way_the_request_came(recorded):
    """Ethernet and VLAN headers of a reply are the request's, the addresses exchanged."""
    asked = recorded[0].sent_by("carrier", "carrier")
    heads = {f[:12] + f[12:16] * (f[12:14] == b"\x81\x00") for f in asked}
    for frame in ours(recorded[0]):
        tag = frame[12:16] * (frame[12:14] == b"\x81\x00")
        assert frame[6:12] + frame[:6] + tag in heads
