"""An originating service: its subscribers dial the world, so nothing is judged; the terminating
service beside it is."""

from frames import *

RULES = (
    "rule_01_originating_passes",
    "rule_01_not_the_terminating_one_beside_it",
)

OUTBOUND = "192.0.2.12"

FRAMES = [
    access(udp(invite(1, NOBODY), dst=OUTBOUND), passes("originating")),
    access(udp(invite(2, GONE), dst=OUTBOUND), passes("originating")),
    access(udp(b"no SIP at all", dst=OUTBOUND), passes("originating")),
    access(udp(invite(3, NOBODY), dst=OUTBOUND, dport=5061), passes("not-service")),
    access(udp(invite(4, NOBODY)), unknown(4, "nx109db59e94643e42a8bee0a7d8")),
    access(udp(invite(5, NOBODY), dport=5061), unknown(5, "nx102f2586da8df6c6aa7f3e93c0")),
    access(udp(invite(6, NOBODY), dport=5062), passes("not-service")),
]
