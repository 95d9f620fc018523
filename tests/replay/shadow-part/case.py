"""One domain in shadow, and one rule: the rest is answered as ever."""

from frames import *

OTHER = "192.0.2.11"  # the service of the domain that is in shadow


def call(n, number, dst=SBC):
    return udp(invite(n, f"sip:{number}@{dst}"), dst=dst)


FRAMES = [
    access(call(1, "+442079460002"), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(call(2, "+442079460001"), gone(2, "nx1047705ab2502c2db681695c21")),
    access(call(3, "+442079461000"), passes("shadow-404")),
    access(call(4, "+442079462000"), passes("shadow-drop")),
    access(
        call(5, "+442079463000"),
        answered(
            "rule-404",
            reply(404, 5, "<sip:+442079463000@192.0.2.10>", "nx102f2586da8df6c6aaf7ee77cb"),
        ),
    ),
    access(call(6, "+442079460002", OTHER), passes("shadow-404")),
    access(call(7, "+442079460001", OTHER), passes("shadow-604")),
    access(call(8, "+442079463000", OTHER), passes("shadow-404")),
    access(call(9, "+442079460000", OTHER), passes("known")),
]
