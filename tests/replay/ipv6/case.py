"""The same over IPv6, also behind extension headers. What cannot be read with certainty passes."""

from scapy.layers.inet6 import (
    ICMPv6ND_NS,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    RouterAlert,
)

from frames import *


def call(n, uri=NOBODY6):
    return invite(n, uri, source=CARRIER6)


def extended(n, *headers):
    """The INVITE behind extension headers."""
    packet = ip(CARRIER6, SBC6)
    for header in headers:
        packet /= header
    return packet / UDP(sport=5060, dport=5060) / sip(call(n))


def nobody(n, tag):
    return unknown(n, tag, NOBODY6, source=CARRIER6)


# sent-by is the source, in other letters, and there is no rport: nothing to add
SAME_ADDRESS = """
    INVITE sip:+442079460002@[2001:DB8:0::10]:5060 SIP/2.0
    Via: SIP/2.0/UDP [2001:DB8:1:0:0:0:0:1]:5060;branch=z9hG4bK-20
    From: <sip:+4989123456@[2001:db8:1::1]>;tag=from-20
    To: <sip:+442079460002@[2001:db8::10]>
    Call-ID: call-20
    CSeq: 20 INVITE
    Contact: <sip:+4989123456@[2001:db8:1::1]:5060>
    Subject: padding, since no answer is longer than its question
    Content-Length: 0

    """
SAME_ADDRESS_REPLY = """
    SIP/2.0 404 Not Found
    Via: SIP/2.0/UDP [2001:DB8:1:0:0:0:0:1]:5060;branch=z9hG4bK-20
    From: <sip:+4989123456@[2001:db8:1::1]>;tag=from-20
    To: <sip:+442079460002@[2001:db8::10]>;tag=nx10233c598f858e9540092bd879
    Call-ID: call-20
    CSeq: 20 INVITE
    Reason: Q.850;cause=1;text="Unallocated (unassigned) number"
    Content-Length: 0

    """

HOP_BY_HOP = IPv6ExtHdrHopByHop(options=[RouterAlert()])
OPTIONS = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)])
NEIGHBOUR = ip(CARRIER6, "ff02::1:ff00:10") / ICMPv6ND_NS(tgt=SBC6)

FRAMES = [
    access(udp6(call(1, KNOWN6)), passes("known")),
    access(udp6(call(2)), nobody(2, "nx10549901251b4df6ccf25ddde6")),
    access(udp6(call(3, GONE6)), gone(3, "nx10235916ae82ecc59a823eb323", GONE6, source=CARRIER6)),
    access(extended(4, HOP_BY_HOP), nobody(4, "nx1033d6a6a3ef0928235ab73188")),
    access(extended(5, HOP_BY_HOP, OPTIONS), nobody(5, "nx1063a9c0922bc8d907694d91df")),
    access(
        extended(6, IPv6ExtHdrRouting(type=4, segleft=0, addresses=[SBC6])),
        nobody(6, "nx1057130b8bba0ecb0562a71986"),
    ),
    access(extended(7, IPv6ExtHdrRouting(type=4, segleft=1, addresses=[SBC6])), passes("martian")),
    access(extended(8, IPv6ExtHdrFragment(m=1, id=8)), passes("truncated")),
    access(extended(9, IPv6ExtHdrFragment(m=0, id=9)), nobody(9, "nx1007292a4efb1bbcfe0ec9db4b")),
    access(extended(10, OPTIONS, HOP_BY_HOP), passes("truncated")),
    access(udp6(call(11), tc=0xB9, fl=0x12345, hlim=3), nobody(11, "nx10b34459a9bf51456283b46878")),
    access(
        ip(CARRIER6, SBC6) / UDP(sport=5060, dport=5060, chksum=0) / sip(call(12)),
        passes("udp-checksum"),
    ),
    access(
        ip(CARRIER6, SBC6) / UDP(sport=5060, dport=5060, chksum=1) / sip(call(13)),
        passes("udp-checksum"),
    ),
    access(ip(CARRIER6, SBC6, nh=17) / sip(call(14)), passes("truncated")),
    access(udp6(call(15), src="::ffff:198.51.100.1"), passes("martian")),
    access(udp6(call(16), src="::1"), passes("martian")),
    access(udp6(call(17), dst="ff02::10"), passes("martian")),
    access(udp6(call(18), dst="2001:db8::11"), passes("not-service")),
    access(NEIGHBOUR, passes("not-udp")),
    access(ip(CARRIER6, SBC6, nh=59), passes("not-udp")),
    access(udp6(SAME_ADDRESS), answered("unknown-number", SAME_ADDRESS_REPLY)),
]
