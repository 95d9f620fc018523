"""ACK (rules 4 and 20): one for a reply of ours ends here, also when a device on the way has
rewritten its branch, Via and Request-URI, and whatever else it carries. Any other passes."""

from frames import *

RULES = (
    "rule_04_acks_for_our_replies_are_absorbed",
    "rule_04_not_other_acks",
    "rule_20_the_tag_is_known_through_rewriting_devices",
    "rule_20_not_another_calls_tag",
)

TAG, TAG_604 = "nx10a49904bc65cc9c350bfded9b", "nx1047705ab2502c2db681695c21"
REWRITTEN = "sip:00442079460002@sbc.example.net;user=phone"


def ack(n, tag, *more, uri=NOBODY, to=NOBODY, cseq=0):
    return request(n, "ACK", uri, *more, to=f"<{to}>;tag={tag}", cseq=cseq)


def changed(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


FOREIGN = "sbc-4711"
FORGED = TAG[:19] + ("0" if TAG[19] != "0" else "1") + TAG[20:]  # the last digit of the MAC
OTHER_HASH = TAG[:20] + "00000000"
OTHER_KEY = TAG[:3] + "1" + TAG[4:]

FRAMES = [
    access(udp(invite(1, NOBODY)), unknown(1, TAG)),
    access(udp(ack(1, TAG)), absorbed()),
    access(udp(ack(1, TAG)), absorbed()),
    access(udp(changed(ack(1, TAG, uri=REWRITTEN), ("z9hG4bK-1", "z9hG4bK-b2bua"))), absorbed()),
    access(
        udp(changed(ack(1, TAG), ("UDP 198.51.100.1:5060", "UDP proxy.example.com")), sport=6000),
        absorbed(),
    ),
    access(udp(changed(ack(1, TAG), ("from-1", "FROM-1"))), absorbed()),
    access(udp(ack(1, TAG.upper())), absorbed()),
    access(udp(ack(1, OTHER_HASH)), absorbed()),
    access(udp(ack(1, TAG, "Priority: emergency", "Route: <sip:192.0.2.99;lr>")), absorbed()),
    access(udp(ack(1, TAG, uri=f"sip:112@{SBC}")), absorbed()),
    access(udp(invite(2, GONE)), gone(2, TAG_604)),
    access(udp(ack(2, TAG_604, uri=GONE, to=GONE)), absorbed()),
    access(udp(ack(1, FORGED)), passes("ack-unmatched")),
    access(udp(ack(1, OTHER_KEY)), passes("ack-unmatched")),
    access(udp(ack(1, TAG[:-1])), passes("ack-unmatched")),
    access(udp(ack(1, TAG + "0")), passes("ack-unmatched")),
    access(udp(ack(1, TAG_604)), passes("ack-unmatched")),
    access(udp(ack(1, FOREIGN)), passes("ack-unmatched")),
    access(udp(ack(1, TAG, cseq=2)), passes("ack-unmatched")),
    access(udp(changed(ack(1, TAG), ("call-1@", "call-x@"))), passes("ack-unmatched")),
    access(udp(changed(ack(1, TAG), ("tag=from-1", "tag=from-x"))), passes("ack-unmatched")),
    access(udp(changed(ack(1, TAG), (f";tag={TAG}", ""))), passes("ack-unmatched")),
    access(udp(changed(ack(1, TAG), ("CSeq: 1 ACK\n", ""))), passes("missing-header")),
    access(udp(ack(1, TAG), dport=5070), passes("not-service")),
    core(udp(ack(1, TAG), src=SBC, dst=CARRIER), passes("from-core")),
]
