"""Services on VLANs: the outermost tag that has an id counts, and a reply carries the tags of
its request, priorities included. A VLAN without the service passes."""

from frames import *

C_TAG, S_TAG, OLD_TAG = 0x8100, 0x88A8, 0x9100
UNTAGGED = "192.0.2.11"  # a service without a VLAN


def call(n, *tags, uri=NOBODY, dst=SBC):
    return behind(udp(invite(n, uri), dst=dst), *tags)


FRAMES = [
    access(call(1, (C_TAG, 0, 100), uri=KNOWN), passes("known")),
    access(call(2, (C_TAG, 0, 100)), unknown(2, "nx1078d6d0cb508095c7ee4baaa2")),
    access(call(3, (C_TAG, 5, 100)), unknown(3, "nx1029aefb6299848d58b43f97d5")),
    access(call(4, (S_TAG, 3, 200), (C_TAG, 6, 7)), unknown(4, "nx10cd117bc5f250ee17ea6d3df5")),
    access(
        call(5, (S_TAG, 3, 200), (C_TAG, 6, 7), uri=GONE),
        gone(5, "nx104114806f3de623954d758a7b"),
    ),
    access(call(6, (C_TAG, 0, 200), (C_TAG, 0, 300)), unknown(6, "nx10b87c0c845633a53fb5526485")),
    access(call(7, (OLD_TAG, 1, 200), (C_TAG, 0, 8)), unknown(7, "nx106cf5a159e238d0f64bf1f58c")),
    access(call(8, (C_TAG, 0, 300)), passes("not-service")),
    access(call(9, (S_TAG, 0, 300), (C_TAG, 0, 100)), passes("not-service")),
    access(call(10), passes("not-service")),
    access(call(11, (C_TAG, 5, 0)), passes("not-service")),
    access(call(12, (C_TAG, 5, 0), (C_TAG, 2, 100)), unknown(12, "nx10d78b0ea1b90f5698f2ddd4de")),
    access(call(13, (C_TAG, 5, 0), dst=UNTAGGED), unknown(13, "nx10bd21e579dc95e88c89160e31")),
    access(call(14, dst=UNTAGGED), unknown(14, "nx102f8754d5efb193c777766819")),
    access(call(15, (C_TAG, 0, 100), dst=UNTAGGED), passes("not-service")),
    access(call(16, (S_TAG, 0, 100), (C_TAG, 0, 100), (C_TAG, 0, 100)), passes("not-ip")),
    access(call(17, (C_TAG, 0, 100))[:16], passes("truncated")),
    access(
        behind(udp6(invite(18, NOBODY6, source=CARRIER6)), (C_TAG, 7, 100)),
        unknown(18, "nx10536aef87fde999e70c2d399c", NOBODY6, source=CARRIER6),
    ),
]
