"""Two tag keys while they are rotated: the first signs, both verify; a third is unknown."""

from frames import *

RULES = (
    "rule_20_two_keys_live_during_a_rotation",
    "rule_20_not_a_third_key",
)

NEW = "nx1f809e6f27b90ead9d9f47a774"
OLD = "nx10a49904bc65cc9c350bfded9b"  # as in case ack, whose key is the second here


def ack(n, tag):
    return udp(request(n, "ACK", NOBODY, to=f"<{NOBODY}>;tag={tag}"))


FRAMES = [
    access(udp(invite(1, NOBODY)), unknown(1, NEW)),
    access(ack(1, NEW), absorbed()),
    access(ack(1, OLD), absorbed()),
    access(ack(1, f"nx10{NEW[4:]}"), passes("ack-unmatched")),
    access(ack(1, f"nx1f{OLD[4:]}"), passes("ack-unmatched")),
]
