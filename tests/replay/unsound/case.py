"""Packets that are not sound are never answered (rules 2 and 12), whatever they ask for; each
leaves bit for bit. Padding, options that do not redirect, and no UDP checksum over IPv4 are
sound."""

from scapy.layers.inet import IPOption, IPOption_LSRR, IPOption_NOP, IPOption_Router_Alert

from frames import *

RULES = (
    "rule_02_unsound_packets_pass",
    "rule_02_not_padding_or_options",
    "rule_12_reflectors",
    "rule_12_not_the_port_beside",
)

GROUP_MAC = "01:00:5e:00:01:4b"


def call(n, uri=NOBODY, **fields):
    return udp(invite(n, uri), **fields)


def datagram(n, **fields):
    """The INVITE with fields of UDP as given."""
    return ip() / UDP(**({"sport": 5060, "dport": 5060} | fields)) / sip(invite(n, NOBODY))


def to_mac(packet, mac):
    packet.dst = mac
    return packet


def without_rport(n, sent_by):
    return invite(n, NOBODY).replace("198.51.100.1:5060;", f"{sent_by};").replace(";rport", "")


TO_PORT_54 = """
    SIP/2.0 404 Not Found
    Via: SIP/2.0/UDP 198.51.100.1:54;branch=z9hG4bK-35
    From: "Caller" <sip:+4989123456@198.51.100.1>;tag=from-35
    To: <sip:+442079460002@192.0.2.10>;tag=nx1023ab94645f89bba5c6b8ff45
    Call-ID: call-35@198.51.100.1
    CSeq: 35 INVITE
    Reason: Q.850;cause=1;text="Unallocated (unassigned) number"
    Content-Length: 0

    """

# an INVITE in two fragments, made by hand: the first 8 * 40 bytes, and the rest
WHOLE = bytes(call(20)[IP].payload)
FIRST = ip(id=20, flags="MF", frag=0, proto=17) / WHOLE[:320]
LAST = ip(id=20, frag=40, proto=17) / WHOLE[320:]
TINY = ip(id=21, flags="MF", frag=0, proto=17) / WHOLE[:8]

FRAMES = [
    access(call(1), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    # checksums
    access(call(2, chksum=0x1234), passes("ip-checksum")),
    access(datagram(3, chksum=0x1234), passes("udp-checksum")),
    access(datagram(4, chksum=0), unknown(4, "nx109db59e94643e42a8bee0a7d8")),
    # lengths and versions
    access(bytes(call(5))[:-1], passes("truncated")),
    access(bytes(call(6))[:38], passes("truncated")),
    access(bytes(call(7))[:30], passes("truncated")),
    access(bytes(call(8))[:12], passes("truncated")),
    access(call(9, len=2000), passes("truncated")),
    access(call(10, ihl=4), passes("truncated")),
    access(call(11, version=5), passes("truncated")),
    access(datagram(12, len=200), passes("truncated")),
    access(datagram(13, len=2000), passes("truncated")),
    access(datagram(14, len=7), passes("truncated")),
    # padding behind the datagram
    access(bytes(call(15)) + b"\0" * 6, unknown(15, "nx104df151288e69dc21779388e7")),
    access(bytes(call(16, KNOWN)) + b"\xff" * 6, passes("known")),
    # options
    access(
        call(17, options=[IPOption_NOP(), IPOption_Router_Alert()]),
        unknown(17, "nx108aa3e39dcdee95f2e6f772d5"),
    ),
    access(call(18, options=[IPOption_LSRR(routers=["192.0.2.99"])]), passes("martian")),
    access(call(19, options=[IPOption(b"\x44\x01\x00\x00")]), passes("truncated")),
    # fragments
    access(FIRST, passes("fragment")),
    access(LAST, passes("fragment")),
    access(TINY, passes("keepalive")),
    # addresses and ports
    access(to_mac(call(22, dst="224.0.1.75"), GROUP_MAC), passes("martian")),
    access(to_mac(call(23), GROUP_MAC), passes("martian")),
    access(to_mac(call(24), "ff:ff:ff:ff:ff:ff"), passes("martian")),
    access(call(25, dst="255.255.255.255"), passes("martian")),
    access(call(26, src="0.0.0.0"), passes("martian")),
    access(call(27, src="127.0.0.1"), passes("martian")),
    access(call(28, src="224.0.0.1"), passes("martian")),
    access(call(29, src="255.255.255.255"), passes("martian")),
    access(call(30, sport=0), passes("martian")),
    access(call(31, src=SBC), passes("self-source")),
    access(call(32, src="192.0.2.11"), passes("self-source")),
    # ports of protocols that would answer the reply
    *(access(call(33, sport=port), passes("reflection"))
      for port in (7, 9, 17, 19, 53, 69, 123, 161, 389, 1900, 5353, 11211)),
    access(udp(without_rport(34, "198.51.100.1:53")), passes("reflection")),
    access(udp(without_rport(35, "198.51.100.1:54")), answered("unknown-number", TO_PORT_54, 54)),
    # DSCP comes back, ECN does not; TTL and id are ours
    access(
        call(36, tos=0xB9, ttl=1, id=4711, flags=0),
        unknown(36, "nx103962bf9cbb5a52c4260ac624"),
    ),
]
