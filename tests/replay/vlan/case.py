"""Services on VLANs: the outermost tag that has an id counts, and a reply carries the tags of
its request, priorities included. A VLAN without the service passes."""

from frames import *

RULES = (
    "rule_01_not_a_service_on_a_vlan",
    "rule_22_same_tags",
)

C_TAG, S_TAG, OLD_TAG = 0x8100, 0x88A8, 0x9100
UNTAGGED = "192.0.2.11"  # a service without a VLAN


def call(n, *tags, uri=NOBODY, dst=SBC):
    return behind(udp(invite(n, uri), dst=dst), *tags)


FRAMES = [
    access(call(1, (C_TAG, 0, 100), uri=KNOWN), passes("known")),
    access(call(2, (C_TAG, 0, 100)), unknown(2, "nx1047705ab2502c2db6b839e83c")),
    access(call(3, (C_TAG, 5, 100)), unknown(3, "nx10697b3ce40151a57dade6782e")),
    access(call(4, (S_TAG, 3, 200), (C_TAG, 6, 7)), unknown(4, "nx109db59e94643e42a8bee0a7d8")),
    access(
        call(5, (S_TAG, 3, 200), (C_TAG, 6, 7), uri=GONE),
        gone(5, "nx102f2586da8df6c6aa6ff8edd2"),
    ),
    access(call(6, (C_TAG, 0, 200), (C_TAG, 0, 300)), unknown(6, "nx1082808bf2d582098d56d6d67f")),
    access(call(7, (OLD_TAG, 1, 200), (C_TAG, 0, 8)), unknown(7, "nx104b7d93cb7b3c960c0ef181fd")),
    access(call(8, (C_TAG, 0, 300)), passes("not-service")),
    access(call(9, (S_TAG, 0, 300), (C_TAG, 0, 100)), passes("not-service")),
    access(call(10), passes("not-service")),
    access(call(11, (C_TAG, 5, 0)), passes("not-service")),
    access(call(12, (C_TAG, 5, 0), (C_TAG, 2, 100)), unknown(12, "nx102b958ac084585e9bd6864522")),
    access(call(13, (C_TAG, 5, 0), dst=UNTAGGED), unknown(13, "nx10ff22d0571d8119f75a66c57b")),
    access(call(14, dst=UNTAGGED), unknown(14, "nx105555946f8d969c948bb877d1")),
    access(call(15, (C_TAG, 0, 100), dst=UNTAGGED), passes("not-service")),
    access(call(16, (S_TAG, 0, 100), (C_TAG, 0, 100), (C_TAG, 0, 100)), passes("not-ip")),
    access(call(17, (C_TAG, 0, 100))[:16], passes("truncated")),
    access(
        behind(udp6(invite(18, NOBODY6, source=CARRIER6)), (C_TAG, 7, 100)),
        unknown(18, "nx100f6846ffa39406aee9af72ea", NOBODY6, source=CARRIER6),
    ),
]
