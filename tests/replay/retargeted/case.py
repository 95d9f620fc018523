"""604 becomes 404 where the request was visibly retargeted (rule 27): a 6xx would also end
branches of a fork that were never ours. Another way to write the same number is no retarget."""

from frames import *

RULES = (
    "rule_27_gone_under_any_name",
    "rule_27_not_where_retargeted",
)


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
    access(call(1), as_604(1, "nx10a49904bc65cc9c359bdf9fd3")),
    access(
        call(2, "History-Info: <sip:+442079460000@192.0.2.10>;index=1"),
        as_404(2, "nx1047705ab2502c2db681695c21"),
    ),
    access(
        call(3, "Diversion: <sip:+442079460000@192.0.2.10>;reason=unconditional"),
        as_404(3, "nx10697b3ce40151a57d32689be8"),
    ),
    access(call(4, "diversion :<sip:a@b>"), as_404(4, "nx109db59e94643e42a8921b3599")),
    access(call(5, to=SAME[0]), as_604(5, "nx102f2586da8df6c6aa6ff8edd2", SAME[0])),
    access(call(6, to=SAME[1]), as_604(6, "nx1082808bf2d582098df18498c9", SAME[1])),
    access(call(7, to=SAME[2]), as_604(7, "nx104b7d93cb7b3c960cb3510d24", SAME[2])),
    access(call(8, to=SAME[3]), as_604(8, "nx105f27ba889539390a4600e12a", SAME[3])),
    access(call(9, to=OTHER[0]), as_404(9, "nx1057b2d972a634106821e29099", OTHER[0])),
    access(call(10, to=OTHER[1]), as_404(10, "nx109606dcd3b4e3a2793b708b16", OTHER[1])),
    access(call(11, to=OTHER[2]), as_404(11, "nx10b296359df23fdbe3e6bbd002", OTHER[2])),
    access(call(12, to=OTHER[3]), as_404(12, "nx102b958ac084585e9b9def81c8", OTHER[3])),
]
