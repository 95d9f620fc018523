"""A retransmission gets identical bytes; the other branch of a fork gets a tag of its own, by
which its ACK is known as well (the MAC is that of the call)."""

from frames import *

OTHER_BRANCH = invite(1, NOBODY).replace("z9hG4bK-1", "z9hG4bK-fork")
OTHER_REPLY = reply(404, 1, f"<{NOBODY}>", "nx10a31fea88465b795cfa469b86").replace(
    "z9hG4bK-1", "z9hG4bK-fork"
)

FRAMES = [
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a31fea88465b795c10ba28fe")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a31fea88465b795c10ba28fe")),
    access(udp(invite(2, GONE)), gone(2, "nx105e375755e50db39c15bfd623")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10a31fea88465b795c10ba28fe")),
    access(udp(invite(2, GONE)), gone(2, "nx105e375755e50db39c15bfd623")),
]
