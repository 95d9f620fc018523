"""What nxsipd is not to judge: it reaches the other end byte for byte, and its reason is counted.
Every request here asks for a number that nobody has or that is gone, so a rule that failed to bite
would show as an answer."""

import socket

import pytest
from counters import Counted
from lab import VLAN, wait_until
from numbers_in_use import GONE, UNKNOWN
from trunk import WAYS, Trunk, unique

RTP_PORT, MEDIA_PORT = 40000, 40002
STUN = bytes.fromhex("000100002112a442") + bytes(range(12))
RTP = bytes.fromhex("80080001000000a0deadbeef") + b"\xd5" * 160


@pytest.fixture(params=WAYS, ids=str)
def trunk(request, lab):
    with Trunk(lab, request.param) as made:
        yield made


@pytest.fixture
def v4(lab):
    with Trunk(lab) as made:
        yield made


def passes_as(lab, trunk, reason, *payloads):
    with Counted(lab) as counted:
        trunk.passes(*payloads)
    counted.exactly({reason: len(payloads)})


def in_dialog(trunk, method, **options):
    return trunk.request(UNKNOWN, method, to=f"<sip:{UNKNOWN}@{trunk.host}>;tag=sbc1", **options)


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE", "SUBSCRIBE", "REFER"])
def test_rule_06_requests_in_a_dialog(lab, trunk, method):
    passes_as(lab, trunk, "in-dialog", in_dialog(trunk, method, cseq=2))


@pytest.mark.parametrize("method", ["BYE", "PRACK", "UPDATE", "INFO", "NOTIFY", "FROB"])
def test_rule_03_methods_that_are_not_judged(lab, trunk, method):
    passes_as(lab, trunk, "method", in_dialog(trunk, method, cseq=2, body=""))
    passes_as(lab, trunk, "method", trunk.request(UNKNOWN, method, body=""))


def test_rule_05_cancel(lab, trunk):
    passes_as(lab, trunk, "cancel", trunk.request(UNKNOWN, "CANCEL", body=""))


def test_rule_07_register(lab, trunk):
    uri, to = f"sip:{trunk.host}", f"<sip:{UNKNOWN}@{trunk.host}>"
    passes_as(lab, trunk, "register", trunk.request(UNKNOWN, "REGISTER", body=""))
    passes_as(lab, trunk, "register", trunk.request(None, "REGISTER", uri=uri, to=to, body=""))


def test_rule_08_options(lab, trunk):
    uri = f"sip:{trunk.host}"
    passes_as(lab, trunk, "options", trunk.request(UNKNOWN, "OPTIONS", body=""))
    passes_as(lab, trunk, "options", trunk.request(None, "OPTIONS", uri=uri, body=""))


@pytest.mark.parametrize("number", ["112", "999", "911", "+44999", "0044112", "0999", "+1911"])
def test_rule_10_emergency_numbers(lab, trunk, number):
    passes_as(lab, trunk, "emergency", trunk.request(number))


@pytest.mark.parametrize(
    "row",
    [
        "Resource-Priority: esnet.1",
        "Priority: emergency",
        'Contact: <sip:a@192.0.2.1>;+sip.instance="x"\r\nPriority: Emergency',
        "P-X: 1\r\nresource-priority: ets.0",
    ],
)
def test_rule_10_emergency_calls_by_header(lab, v4, row):
    passes_as(lab, v4, "emergency", v4.request(UNKNOWN, more=[row]))


@pytest.mark.parametrize("uri", ["urn:service:sos", "URN:Service:SOS.police", "http://a.example"])
def test_rule_10_other_schemes_than_sip_sips_and_tel(lab, v4, uri):
    passes_as(lab, v4, "scheme", v4.request(None, uri=uri))


def test_rule_10_short_numbers(lab, trunk):
    passes_as(lab, trunk, "short-number", trunk.request("+44207"))


@pytest.mark.parametrize(
    "reason, options",
    [
        ("route", {"more": ["Route: <sip:198.51.100.77;lr>"]}),
        ("proxy-require", {"more": ["Proxy-Require: foo"]}),
        ("max-forwards", {"max_forwards": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule_09_what_is_routed_elsewhere(lab, v4, reason, options):
    passes_as(lab, v4, reason, v4.request(UNKNOWN, **options))


def test_rule_06_what_is_aimed_at_a_dialog(lab, v4):
    replaces = v4.request(UNKNOWN, more=["Replaces: a@b;to-tag=1;from-tag=2"])
    passes_as(lab, v4, "dialog-target", replaces)


def test_rule_14_what_is_ambiguous(lab, v4):
    passes_as(lab, v4, "repeated-header", v4.request(UNKNOWN, more=["Call-ID: another"]))
    passes_as(lab, v4, "cseq-method", v4.request(UNKNOWN, cseq="1 BYE\r\nX-Y: 1"))


def test_rule_18_top_vias_of_others(lab, v4):
    tcp = v4.request(UNKNOWN, via="SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKtcp")
    maddr = v4.request(UNKNOWN, via="SIP/2.0/UDP 192.0.2.1;maddr=192.0.2.9;branch=z9hG4bKm")
    passes_as(lab, v4, "via-transport", tcp)
    passes_as(lab, v4, "via-maddr", maddr)


def test_rule_13_what_is_not_sip(lab, v4):
    passes_as(lab, v4, "keepalive", b"\r\n\r\n", STUN)
    with Counted(lab) as counted:  # exchange() itself sends one
        v4.passes(b"\x00\x01\x02\x03 not sip at all")
    counted.exactly({"not-sip": 2})


def test_rule_03_responses_of_the_carrier(lab, trunk):
    request = trunk.request(UNKNOWN)
    passes_as(lab, trunk, "response", trunk.response(request, "404 Not Found"))


def test_rule_01_answers_of_the_sbc_reach_the_carrier_as_they_are(trunk):
    request = trunk.request(UNKNOWN, "OPTIONS", body="")
    answers = [
        trunk.response(request, status)
        for status in ("100 Trying", "180 Ringing", "202 Accepted", "404 Not Found")
        + ("480 Temporarily Unavailable", "604 Does Not Exist Anywhere")
    ]
    seen = trunk.exchange(request, from_sbc=answers)
    assert (seen.at_sbc, seen.at_carrier) == ([request], answers)


def test_rule_01_the_sbcs_own_requests_reach_the_carrier(trunk):
    """Even for a number that nobody has, from and to port 5060: they come from the core side."""
    request = trunk.request(UNKNOWN)
    gone = trunk.request(GONE)
    seen = trunk.exchange(from_sbc=[request, gone])
    assert seen.at_carrier == [request, gone]


def test_rule_01_other_ports_are_no_service(lab):
    with Trunk(lab, sbc_port=5070) as other:
        with Counted(lab) as counted:
            other.passes(other.request(UNKNOWN))
        counted.exactly({"not-service": 2})  # the fence is the other


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rule_13_rtp(lab, way):
    with Trunk(lab, way, carrier_port=RTP_PORT, sbc_port=MEDIA_PORT) as media:
        sent = [RTP[:2] + bytes([0, n]) + RTP[4:] for n in range(50)]
        back = [RTP[:2] + bytes([1, n]) + RTP[4:] for n in range(50)]
        seen = media.exchange(*sent, from_sbc=back)
        assert (seen.at_sbc, seen.at_carrier) == (sent, back)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_request_in_fragments(lab, way):
    with Trunk(lab, way) as trunk:
        long = trunk.request(UNKNOWN, more=["X-Long: " + "x" * 3000])
        with Counted(lab) as counted:
            trunk.passes(long)
        counted.exactly({"fragment": 3})


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rule_13_sip_over_tcp_on_the_same_port(lab, way):
    """A call for a number that nobody has, over a connection to port 5060 of the service."""
    with Trunk(lab, way, carrier_port=5099, sbc_port=5098) as shape:
        request = shape.request(UNKNOWN).replace(b"/UDP", b"/TCP")
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
                caller.sendall(request)
                caller.shutdown(socket.SHUT_WR)
                assert b"".join(iter(lambda: callee.recv(65536), b"")) == request
                callee.sendall(b"SIP/2.0 200 OK\r\n\r\n")
                callee.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: caller.recv(65536), b""))
    assert answer == b"SIP/2.0 200 OK\r\n\r\n"


ICMP = (socket.AF_INET, socket.IPPROTO_ICMP, 8, 0)
ICMPV6 = (socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rule_13_ping(lab, way):
    """The SBC's kernel echoes what was sent."""
    address = lab.sbc.addresses[way.index]
    family, proto, request, reply = ICMPV6 if ":" in address else ICMP
    rest = b"\x12\x34\x00\x01" + unique().encode()
    checksum = internet_checksum(bytes([request, 0, 0, 0]) + rest)  # ICMPv6's is the kernel's work
    with lab.socket("carrier", family, socket.SOCK_RAW, proto) as raw:
        raw.settimeout(5)
        raw.sendto(bytes([request, 0]) + checksum.to_bytes(2, "big") + rest, (address, 0))
        heard = (raw.recv(2048)[-4 - len(rest) :] for _ in range(100))
        assert any(packet[0] == reply and packet[4:] == rest for packet in heard)


def internet_checksum(data):
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rule_13_neighbours_find_each_other(lab, way):
    """ARP and neighbour discovery: each end learns the other's own MAC address, not nxsipd's."""
    interface = f"vlan{VLAN}" if way.vlans else "eth0"
    for role, other in (("carrier", "sbc"), ("sbc", "carrier")):
        address = getattr(lab, other).addresses[way.index]
        shown = lab.ip(other, "-brief", "link", "show", "dev", interface).stdout.split()
        mac = next(word for word in shown if word.count(":") == 5)
        lab.ip(role, "neigh", "flush", "dev", interface)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with lab.socket(role, family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"anyone there", (address, 9999))
        learnt = lambda: mac in lab.ip(role, "neigh", "show", address).stdout
        assert wait_until(learnt, 5), lab.ip(role, "neigh", "show").stdout


def test_every_packet_has_one_reason(lab):
    """After all of the above, and while it is quiet: the reasons add up to the packets received."""

    def agree():
        stats = lab.ctl_json("stats")
        total = sum(reason["count"] for reason in stats["reasons"].values())
        ports = sum(port["rx_packets"] for port in lab.ctl_json("ports")["ports"])
        by_class = sum(sum(c.values()) for c in stats["classes"].values())
        return stats["rx_packets"] if total == stats["rx_packets"] == ports == by_class else 0

    assert wait_until(agree, 5)
    assert agree() > 100
