"""604 becomes 404 where the request was visibly retargeted (rule 27): a 6xx would also end
branches of a fork that were never ours. Another way to write the same number is no retarget."""

from frames import *


def call(n, *more, to=""):
    return udp(invite(n, GONE, *more, to=to))


def as_604(n, tag, to=f"<{GONE}>"):
    return answered("gone-604", reply(604, n, to, tag))


def as_404(n, tag, to=f"<{GONE}>"):
    return answered("gone-404", reply(404, n, to, tag))


SAME = (
    "<sip:02079460001@192.0.2.10>",
    "<tel:+44-20-7946-0001>",
    '"Gone" <sips:+442079460001@sbc.example.net:5060;user=phone>;x=y',
    "sip:+442079460001@192.0.2.10",
)
OTHER = (
    "<sip:+442079460000@192.0.2.10>",
    "<sip:+442079460003@192.0.2.10>",
    "<sip:reception@192.0.2.10>",
    "<urn:service:sos>",
)

FRAMES = [
    access(call(1), as_604(1, "nx10d9fb332a966865a6382e547f")),
    access(
        call(2, "History-Info: <sip:+442079460000@192.0.2.10>;index=1"),
        as_404(2, "nx1078d6d0cb508095c715bfd623"),
    ),
    access(
        call(3, "Diversion: <sip:+442079460000@192.0.2.10>;reason=unconditional"),
        as_404(3, "nx1029aefb6299848d58dbb3c356"),
    ),
    access(call(4, "diversion :<sip:a@b>"), as_404(4, "nx10cd117bc5f250ee1711e16976")),
    access(call(5, to=SAME[0]), as_604(5, "nx104114806f3de623954d758a7b", SAME[0])),
    access(call(6, to=SAME[1]), as_604(6, "nx10b87c0c845633a53fdcc69006", SAME[1])),
    access(call(7, to=SAME[2]), as_604(7, "nx106cf5a159e238d0f67366210c", SAME[2])),
    access(call(8, to=SAME[3]), as_604(8, "nx107031030790eac59454d49441", SAME[3])),
    access(call(9, to=OTHER[0]), as_404(9, "nx1041233eace1b2ef3ec31490e6", OTHER[0])),
    access(call(10, to=OTHER[1]), as_404(10, "nx100fcdc372bcea15d7ca88a5bd", OTHER[1])),
    access(call(11, to=OTHER[2]), as_404(11, "nx102d5a6b3dc18829f770f9e202", OTHER[2])),
    access(call(12, to=OTHER[3]), as_404(12, "nx10d78b0ea1b90f56981a52005f", OTHER[3])),
]
