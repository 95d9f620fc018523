"""A retransmission gets identical bytes; the other branch of a fork gets a tag of its own, by
which its ACK is known as well (the MAC is that of the call)."""

from frames import *

OTHER_BRANCH = invite(1, NOBODY).replace("z9hG4bK-1", "z9hG4bK-fork")
OTHER_REPLY = reply(404, 1, f"<{NOBODY}>", "nx10d9fb332a966865a6fa469b86").replace(
    "z9hG4bK-1", "z9hG4bK-fork"
)

FRAMES = [
    access(udp(invite(1, NOBODY)), unknown(1, "nx10d9fb332a966865a610ba28fe")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10d9fb332a966865a610ba28fe")),
    access(udp(invite(2, GONE)), gone(2, "nx1078d6d0cb508095c715bfd623")),
    access(udp(OTHER_BRANCH), answered("unknown-number", OTHER_REPLY)),
    access(udp(invite(1, NOBODY)), unknown(1, "nx10d9fb332a966865a610ba28fe")),
    access(udp(invite(2, GONE)), gone(2, "nx1078d6d0cb508095c715bfd623")),
]
