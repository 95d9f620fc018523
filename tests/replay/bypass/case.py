"""Bypass: the box is a wire. Only ACKs for its own replies end here, for as long as they can
come."""

from frames import *

RULES = (
    "rule_04_our_acks_end_here_in_bypass",
    "rule_04_not_other_acks_in_bypass",
)

TAG = "nx10a49904bc65cc9c350bfded9b"  # as in case ack
ACK = request(1, "ACK", NOBODY, to=f"<{NOBODY}>;tag={TAG}")

FRAMES = [
    access(udp(invite(1, KNOWN)), passes("bypass")),
    access(udp(invite(2, NOBODY)), passes("bypass")),
    access(udp(invite(3, GONE)), passes("bypass")),
    access(udp(invite(4, f"sip:112@{SBC}")), passes("bypass")),
    access(udp(b"no SIP at all"), passes("bypass")),
    access(udp(ACK.replace(TAG, "sbc-1")), passes("bypass")),
    access(udp(ACK), absorbed()),
    access(udp(invite(5, NOBODY), dst="192.0.2.99"), passes("not-service")),
    core(udp(invite(6, KNOWN), src=SBC, dst=CARRIER), passes("from-core")),
]
