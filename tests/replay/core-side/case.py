"""What comes from the SBC's side passes, all of it: its responses, its own requests, and what
would be answered if it came from the network. Meanwhile the network's side is judged."""

from scapy.layers.inet import ICMP
from scapy.layers.l2 import ARP

from frames import *

RULES = (
    "rule_01_all_from_the_core_side_passes",
    "rule_01_not_the_network_side",
    "rule_03_responses_pass",
)


def from_sbc(payload, **fields):
    return udp(payload, src=SBC, dst=CARRIER, **fields)


def response(status, n=1):
    return f"""SIP/2.0 {status}
Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-{n};rport=5060;received=198.51.100.1
From: "Caller" <sip:+4989123456@198.51.100.1>;tag=from-{n}
To: <{KNOWN}>;tag=sbc-{n}
Call-ID: call-{n}@198.51.100.1
CSeq: {n} INVITE
Contact: <sip:192.0.2.10:5060>
Content-Length: 0

"""


METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "NOTIFY")
STATUS_LINES = (
    "100 Trying",
    "180 Ringing",
    "183 Session Progress",
    "200 OK",
    "202 Accepted",
    "404 Not Found",
    "480 Temporarily Unavailable",
    "486 Busy Here",
    "604 Does Not Exist Anywhere",
)
OUTSIDE = f"sip:+4989123456@{CARRIER}"

FRAMES = [
    access(udp(invite(1, KNOWN)), passes("known")),
    access(udp(invite(2, NOBODY)), unknown(2, "nx1047705ab2502c2db6b839e83c")),
    access(udp(request(1, "ACK", KNOWN, to=f"<{KNOWN}>;tag=sbc-1")), passes("ack-unmatched")),
    access(udp(response("200 OK", 7)), passes("response")),
    access(udp(request(1, "BYE", KNOWN, to=f"<{KNOWN}>;tag=sbc-1")), passes("method")),
    *(core(from_sbc(response(line)), passes("from-core")) for line in STATUS_LINES),
    *(
        core(from_sbc(request(n, method, OUTSIDE, source=SBC)), passes("from-core"))
        for n, method in enumerate(METHODS, 20)
    ),
    core(from_sbc(invite(30, NOBODY)), passes("from-core")),
    core(udp(invite(31, NOBODY)), passes("from-core")),
    core(from_sbc(b"\r\n\r\n"), passes("from-core")),
    core(from_sbc(b"\x80\x08" + b"\xd5" * 170, sport=30000, dport=20000), passes("from-core")),
    core(ip(SBC, CARRIER) / ICMP() / b"ping", passes("from-core")),
    core(udp6(invite(32, KNOWN6), src=SBC6, dst=CARRIER6), passes("from-core")),
    core(
        Ether(src=SBC_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=SBC, pdst=CARRIER, hwsrc=SBC_MAC),
        passes("from-core"),
    ),
    core(bytes(from_sbc(invite(33, NOBODY)))[:40], passes("from-core")),
]
