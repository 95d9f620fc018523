"""Datagrams in fragments (rule 36): what becomes of the first becomes of the rest, if the first has
all the headers and comes first. Ids are used again as soon as a datagram is whole."""

from frames import *
from scapy.layers.inet6 import IPv6ExtHdrFragment

RULES = (
    "rule_36_later_fragments_follow_the_first",
    "rule_36_not_what_comes_before_it",
)

ENDS = dropped("fragment-drop")
PASSES = passes("fragment")


def cut(n, uri, at=(800, 1200), id=None):
    """The n-th INVITE, 1,600 bytes long, in three fragments."""
    payload = bytes(long_invite(n, uri, 1600)[IP].payload)
    ends = [0, *at, len(payload)]
    return [
        ip(id=id or n, flags="MF" if end < len(payload) else 0, frag=begin // 8, proto=17)
        / payload[begin:end]
        for begin, end in zip(ends, ends[1:])
    ]


def cut6(n, uri):
    payload = bytes(long_invite(n, uri, 1620, CARRIER6, SBC6, source=CARRIER6)[IPv6].payload)
    parts = [(0, 1000), (1000, len(payload))]
    return [
        ip(CARRIER6, SBC6)
        / IPv6ExtHdrFragment(nh=17, offset=begin // 8, m=int(end < len(payload)), id=1 << 31 | n)
        / payload[begin:end]
        for begin, end in parts
    ]


ANSWER = unknown(1, "nx10a49904bc65cc9c350bfded9b")
A, B, C = cut(1, NOBODY), cut(2, KNOWN), cut(3, NOBODY)
SHORT = cut(4, NOBODY, at=(160, 1200))  # the headers go on in the second
OTHER = cut(5, KNOWN, id=1)
SIX, SIX_KNOWN = cut6(6, NOBODY6), cut6(7, KNOWN6)

FRAMES = [
    *(access(f, fate) for f, fate in zip(A, (ANSWER, ENDS, ENDS))),
    # whole, and so forgotten; the same again with a duplicate, the last before the second
    *(access(A[i], fate) for i, fate in ((0, ANSWER), (0, ANSWER), (2, ENDS), (1, ENDS))),
    *(access(f, fate) for f, fate in zip(B, (passes("known"), PASSES, PASSES))),
    # the first is not the first to come
    *(access(C[i], PASSES) for i in (2, 0, 1)),
    *(access(f, PASSES) for f in SHORT),
    # the id of one that never was whole
    access(A[0], ANSWER),
    *(access(f, fate) for f, fate in zip(OTHER, (passes("known"), PASSES, PASSES))),
    access(SIX[0], unknown(6, "nx1057130b8bba0ecb0562a71986", NOBODY6, source=CARRIER6)),
    access(SIX[1], ENDS),
    *(access(f, fate) for f, fate in zip(SIX_KNOWN, (passes("known"), PASSES))),
]
