"""Which methods are answered. Reason (Q.850) goes with INVITE alone; all that is not listed
passes."""

from frames import *

RULES = (
    "rule_03_other_methods_pass",
    "rule_03_not_the_listed_ones",
    "rule_05_cancel",
    "rule_05_not_other_methods",
    "rule_07_register_passes",
    "rule_08_options_passes",
    "rule_24_reason_to_invite",
    "rule_24_not_to_other_methods",
)


def ask(n, method, uri=NOBODY, *more):
    return udp(request(n, method, uri, *more))


def nobody(n, method, tag):
    return unknown(n, tag, method=method, reason=False)


FRAMES = [
    access(ask(1, "INVITE"), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(ask(2, "MESSAGE"), nobody(2, "MESSAGE", "nx1047705ab2502c2db6b839e83c")),
    access(
        ask(3, "SUBSCRIBE", NOBODY, "Event: presence"),
        nobody(3, "SUBSCRIBE", "nx10697b3ce40151a57dade6782e"),
    ),
    access(
        ask(4, "PUBLISH", NOBODY, "Event: presence"),
        nobody(4, "PUBLISH", "nx109db59e94643e42a8bee0a7d8"),
    ),
    access(
        ask(5, "REFER", NOBODY, f"Refer-To: <{KNOWN}>"),
        nobody(5, "REFER", "nx102f2586da8df6c6aa7f3e93c0"),
    ),
    access(
        ask(6, "MESSAGE", GONE),
        gone(6, "nx1082808bf2d582098df18498c9", method="MESSAGE", reason=False),
    ),
    access(ask(7, "MESSAGE", KNOWN), passes("known")),
    access(ask(8, "CANCEL"), passes("cancel")),
    access(ask(9, "REGISTER"), passes("register")),
    access(ask(10, "REGISTER", f"sip:{SBC}"), passes("register")),
    access(ask(11, "OPTIONS"), passes("options")),
    access(ask(12, "OPTIONS", f"sip:ping@{SBC}"), passes("options")),
    access(ask(13, "OPTIONS", f"sip:{SBC}"), passes("options")),
    access(ask(14, "BYE"), passes("method")),
    access(ask(15, "INFO"), passes("method")),
    access(ask(16, "UPDATE"), passes("method")),
    access(ask(17, "PRACK"), passes("method")),
    access(ask(18, "NOTIFY"), passes("method")),
    access(ask(19, "FROBNICATE"), passes("method")),
    access(ask(20, "invite"), passes("method")),
    access(ask(21, "INVITES"), passes("method")),
]
