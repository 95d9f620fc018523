"""Route, Proxy-Require and Max-Forwards (rule 9): answerable only if the route leads here and
nowhere else; Require does not matter."""

from frames import *

RULES = (
    "rule_09_routes_elsewhere_pass",
    "rule_09_not_routes_to_us",
)


def call(n, *more, hops=70):
    return udp(invite(n, NOBODY, *more).replace("Max-Forwards: 70", f"Max-Forwards: {hops}"))


OURS = "<sip:192.0.2.10;lr>"
ELSEWHERE = "<sip:192.0.2.99;lr>"

FRAMES = [
    access(call(1, f"Route: {OURS}"), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(
        call(2, "Route: <sip:192.0.2.10:5060;transport=udp;lr>"),
        unknown(2, "nx1047705ab2502c2db6b839e83c"),
    ),
    access(call(3, "Route: <sip:[2001:db8:0::10];lr>"), unknown(3, "nx10697b3ce40151a57dade6782e")),
    access(
        call(4, f"Route: {OURS}, {OURS}", f"route : {OURS}"),
        unknown(4, "nx109db59e94643e42a8bee0a7d8"),
    ),
    access(call(5, f"Route: {OURS},\n  {OURS}"), unknown(5, "nx102f2586da8df6c6aa7f3e93c0")),
    access(call(6, f"Route: {ELSEWHERE}"), passes("route")),
    access(call(7, f"Route: {OURS}, {ELSEWHERE}"), passes("route")),
    access(call(8, f"Route: {OURS}", f"Route: {ELSEWHERE}"), passes("route")),
    access(call(9, "Route: <sip:trunk@192.0.2.10;lr>"), passes("route")),
    access(call(10, "Route: <sip:192.0.2.10;lr;ob>"), passes("route")),
    access(call(11, "Route: <sip:192.0.2.10;lr>;x=y"), passes("route")),
    access(call(12, "Route: <sip:sbc.example.net;lr>"), passes("route")),
    access(call(13, "Route: sip:192.0.2.10"), passes("route")),
    access(call(14, *8 * [f"Route: {OURS}"]), unknown(14, "nx105555946f8d969c948bb877d1")),
    access(call(15, *9 * [f"Route: {OURS}"]), passes("too-many")),
    access(call(16, "Proxy-Require: sec-agree"), passes("proxy-require")),
    access(call(17, hops=0), passes("max-forwards")),
    access(call(18, hops="000"), passes("max-forwards")),
    access(call(19, hops=1), unknown(19, "nx10f0281173ac5207c16f424dff")),
    access(call(20, hops=255), unknown(20, "nx10a4533682439ab90b2f4f84c8")),
    access(
        call(21, "Require: 100rel", "Record-Route: <sip:192.0.2.99;lr>"),
        unknown(21, "nx10d28c5583515d4d1117fc74d6"),
    ),
]
