"""Limits by sender on what passes unjudged (rules 6 and 13), of one a second: the whole capture comes
in at once. All else passes, or is answered, as ever."""

from frames import *

RULES = (
    "rule_06_each_sender_is_held_to_its_rate_of_dialogs",
    "rule_06_not_limited_for_peers",
    "rule_13_each_sender_is_held_to_its_rate_of_malformed_requests",
    "rule_13_not_limited_what_is_well_formed",
)

UNTOLD, OTHER = "203.0.113.1", "203.0.113.2"  # of no class


def malformed(n, src):
    return udp(invite(n, NOBODY, "To: <sip:twice@example.com>", source=src), src=src)


def in_dialog(n, src, method="INVITE"):
    return udp(request(n, method, NOBODY, to=f"<{NOBODY}>;tag=forged", source=src), src=src)


def at_dialog(n, src):
    return udp(invite(n, f"{NOBODY};gr", source=src), src=src)


def malformed6(n, src):
    text = invite(n, NOBODY6, "To: <sip:twice@example.com>", source=src)
    return udp6(text, src=src)


FRAMES = [
    access(malformed(1, UNTOLD), passes("repeated-header")),
    access(malformed(2, UNTOLD), dropped("unanswerable-limit")),
    access(malformed(3, UNTOLD), dropped("unanswerable-limit")),
    access(malformed(4, OTHER), passes("repeated-header")),
    access(malformed(5, CARRIER), passes("repeated-header")),
    access(malformed(6, CARRIER), dropped("unanswerable-limit")),
    # an IPv6 sender is a network of 64 bits
    access(malformed6(7, "2001:db8:2::1"), passes("repeated-header")),
    access(malformed6(8, "2001:db8:2::2"), dropped("unanswerable-limit")),
    access(malformed6(9, "2001:db8:2:1::1"), passes("repeated-header")),
    # dialogs have an account of their own; peers' are never limited
    access(in_dialog(10, UNTOLD), passes("in-dialog")),
    access(in_dialog(11, UNTOLD), dropped("dialog-limit")),
    access(at_dialog(12, UNTOLD), dropped("dialog-limit")),
    access(at_dialog(13, OTHER), passes("dialog-target")),
    *(access(in_dialog(n, CARRIER), passes("in-dialog")) for n in range(14, 18)),
    # what is never limited
    *(access(in_dialog(n, UNTOLD, "BYE"), passes("method")) for n in range(18, 21)),
    access(udp(invite(21, KNOWN, source=UNTOLD), src=UNTOLD), passes("known")),
    access(udp(invite(22, NOBODY, source=UNTOLD), src=UNTOLD), passes("public-pass")),
    access(udp(invite(23, f"sip:112@{SBC}", source=UNTOLD), src=UNTOLD), passes("emergency")),
    access(udp(b"no SIP at all", src=UNTOLD), passes("not-sip")),
    access(udp(invite(24, NOBODY)), unknown(24, "nx105ad08873b54baea8477d3566")),
]
