"""Route, Proxy-Require and Max-Forwards (rule 9): answerable only if the route leads here and
nowhere else; Require does not matter."""

from frames import *


def call(n, *more, hops=70):
    return udp(invite(n, NOBODY, *more).replace("Max-Forwards: 70", f"Max-Forwards: {hops}"))


OURS = "<sip:192.0.2.10;lr>"
ELSEWHERE = "<sip:192.0.2.99;lr>"

FRAMES = [
    access(call(1, f"Route: {OURS}"), unknown(1, "nx10d9fb332a966865a610ba28fe")),
    access(
        call(2, "Route: <sip:192.0.2.10:5060;transport=udp;lr>"),
        unknown(2, "nx1078d6d0cb508095c7ee4baaa2"),
    ),
    access(call(3, "Route: <sip:[2001:db8:0::10];lr>"), unknown(3, "nx1029aefb6299848d58b43f97d5")),
    access(
        call(4, f"Route: {OURS}, {OURS}", f"route : {OURS}"),
        unknown(4, "nx10cd117bc5f250ee17ea6d3df5"),
    ),
    access(call(5, f"Route: {OURS},\n  {OURS}"), unknown(5, "nx104114806f3de6239526015efa")),
    access(call(6, f"Route: {ELSEWHERE}"), passes("route")),
    access(call(7, f"Route: {OURS}, {ELSEWHERE}"), passes("route")),
    access(call(8, f"Route: {OURS}", f"Route: {ELSEWHERE}"), passes("route")),
    access(call(9, "Route: <sip:trunk@192.0.2.10;lr>"), passes("route")),
    access(call(10, "Route: <sip:192.0.2.10;lr;ob>"), passes("route")),
    access(call(11, "Route: <sip:192.0.2.10;lr>;x=y"), passes("route")),
    access(call(12, "Route: <sip:sbc.example.net;lr>"), passes("route")),
    access(call(13, "Route: sip:192.0.2.10"), passes("route")),
    access(call(14, *8 * [f"Route: {OURS}"]), unknown(14, "nx102f8754d5efb193c777766819")),
    access(call(15, *9 * [f"Route: {OURS}"]), passes("too-many")),
    access(call(16, "Proxy-Require: sec-agree"), passes("proxy-require")),
    access(call(17, hops=0), passes("max-forwards")),
    access(call(18, hops="000"), passes("max-forwards")),
    access(call(19, hops=1), unknown(19, "nx1058fd9382017ce79d0a82ef43")),
    access(call(20, hops=255), unknown(20, "nx10bef3f915ff19e1c7996eea23")),
    access(
        call(21, "Require: 100rel", "Record-Route: <sip:192.0.2.99;lr>"),
        unknown(21, "nx103c9aafe9f6892229a38c05de"),
    ),
]
