"""A retransmission gets identical bytes; the other branch of a fork gets a tag of its own, by
which its ACK is known as well (the MAC is that of the call)."""

from frames import *

RULES = (
    "rule_25_identical_bytes",
    "rule_25_not_for_another_branch",
)

OTHER_BRANCH = invite(1, NOBODY).replace("z9hG4bK-1", "z9hG4bK-fork")
OTHER_REPLY = reply(404, 1, f"<{NOBODY}>", "nx10a49904bc65cc9c355af8196a").replace(
    "z9hG4bK-1", "z9hG4bK-fork"
)

FRAMES = [
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(udp(invite(2, GONE)), gone(2, "nx1047705ab2502c2db681695c21")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(udp(invite(2, GONE)), gone(2, "nx1047705ab2502c2db681695c21")),
]
