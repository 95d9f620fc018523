"""Services on VLANs: the outermost tag that has an id counts, and a reply carries the tags of
its request, priorities included. A VLAN without the service passes."""

from frames import *

C_TAG, S_TAG, OLD_TAG = 0x8100, 0x88A8, 0x9100
UNTAGGED = "192.0.2.11"  # a service without a VLAN


def call(n, *tags, uri=NOBODY, dst=SBC):
    return behind(udp(invite(n, uri), dst=dst), *tags)


FRAMES = [
    access(call(1, (C_TAG, 0, 100), uri=KNOWN), passes("known")),
    access(call(2, (C_TAG, 0, 100)), unknown(2, "nx105e375755e50db39cee4baaa2")),
    access(call(3, (C_TAG, 5, 100)), unknown(3, "nx10d9d7cf57c5aefec6b43f97d5")),
    access(call(4, (S_TAG, 3, 200), (C_TAG, 6, 7)), unknown(4, "nx103abe6a56205a8e08ea6d3df5")),
    access(
        call(5, (S_TAG, 3, 200), (C_TAG, 6, 7), uri=GONE),
        gone(5, "nx10d7af8af90996b1de4d758a7b"),
    ),
    access(call(6, (C_TAG, 0, 200), (C_TAG, 0, 300)), unknown(6, "nx102c3d48ce09772816b5526485")),
    access(call(7, (OLD_TAG, 1, 200), (C_TAG, 0, 8)), unknown(7, "nx10993139a2b25672114bf1f58c")),
    access(call(8, (C_TAG, 0, 300)), passes("not-service")),
    access(call(9, (S_TAG, 0, 300), (C_TAG, 0, 100)), passes("not-service")),
    access(call(10), passes("not-service")),
    access(call(11, (C_TAG, 5, 0)), passes("not-service")),
    access(call(12, (C_TAG, 5, 0), (C_TAG, 2, 100)), unknown(12, "nx10a0690f2f244dd21ff2ddd4de")),
    access(call(13, (C_TAG, 5, 0), dst=UNTAGGED), unknown(13, "nx1033fd4c9b29b1cc5789160e31")),
    access(call(14, dst=UNTAGGED), unknown(14, "nx10754810465f6ac04d77766819")),
    access(call(15, (C_TAG, 0, 100), dst=UNTAGGED), passes("not-service")),
    access(call(16, (S_TAG, 0, 100), (C_TAG, 0, 100), (C_TAG, 0, 100)), passes("not-ip")),
    access(call(17, (C_TAG, 0, 100))[:16], passes("truncated")),
    access(
        behind(udp6(invite(18, NOBODY6, source=CARRIER6)), (C_TAG, 7, 100)),
        unknown(18, "nx1047ed7497aff36b460c2d399c", NOBODY6, source=CARRIER6),
    ),
]
