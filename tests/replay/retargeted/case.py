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
    access(call(1), as_604(1, "nx10a31fea88465b795c382e547f")),
    access(
        call(2, "History-Info: <sip:+442079460000@192.0.2.10>;index=1"),
        as_404(2, "nx105e375755e50db39c15bfd623"),
    ),
    access(
        call(3, "Diversion: <sip:+442079460000@192.0.2.10>;reason=unconditional"),
        as_404(3, "nx10d9d7cf57c5aefec6dbb3c356"),
    ),
    access(call(4, "diversion :<sip:a@b>"), as_404(4, "nx103abe6a56205a8e0811e16976")),
    access(call(5, to=SAME[0]), as_604(5, "nx10d7af8af90996b1de4d758a7b", SAME[0])),
    access(call(6, to=SAME[1]), as_604(6, "nx102c3d48ce09772816dcc69006", SAME[1])),
    access(call(7, to=SAME[2]), as_604(7, "nx10993139a2b25672117366210c", SAME[2])),
    access(call(8, to=SAME[3]), as_604(8, "nx100b65488c593c984c54d49441", SAME[3])),
    access(call(9, to=OTHER[0]), as_404(9, "nx1062558f89c73190dfc31490e6", OTHER[0])),
    access(call(10, to=OTHER[1]), as_404(10, "nx106dd2f78e228aa88aca88a5bd", OTHER[1])),
    access(call(11, to=OTHER[2]), as_404(11, "nx101fbc28f3ed58d69670f9e202", OTHER[2])),
    access(call(12, to=OTHER[3]), as_404(12, "nx10a0690f2f244dd21f1a52005f", OTHER[3])),
]
