"""A source class with `options: as-invite` and `register: answer`: 404 only, never 604. REGISTER
is judged by the user in To, in the domain of the Request-URI."""

from frames import *

RULES = (
    "rule_07_answered_where_opted",
    "rule_07_not_with_a_user_or_in_a_dialog",
    "rule_08_judged_where_opted",
    "rule_08_not_with_604",
    "rule_11_no_user",
)

REGISTRAR = f"sip:{SBC}"


def register(n, user, uri=REGISTRAR, tag=""):
    return udp(request(n, "REGISTER", uri, "Expires: 3600", to=f"<{user}>{tag}"))


def no_binding(n, tag, user):
    return unknown(n, tag, user, why="register-404", method="REGISTER", reason=False)


FRAMES = [
    access(udp(request(1, "OPTIONS", KNOWN)), passes("known")),
    access(
        udp(request(2, "OPTIONS", NOBODY)),
        unknown(2, "nx1047705ab2502c2db6b839e83c", method="OPTIONS", reason=False),
    ),
    access(
        udp(request(3, "OPTIONS", GONE)),
        unknown(
            3, "nx10697b3ce40151a57d32689be8", GONE, why="gone-404", method="OPTIONS", reason=False
        ),
    ),
    access(udp(request(4, "OPTIONS", REGISTRAR)), passes("no-user")),
    access(udp(request(5, "OPTIONS", f"sip:ping@{SBC}")), passes("not-number")),
    access(register(6, KNOWN), passes("known")),
    access(register(7, NOBODY), no_binding(7, "nx104b7d93cb7b3c960ce9285879", NOBODY)),
    access(register(8, GONE), no_binding(8, "nx105f27ba889539390ac11e334c", GONE)),
    access(register(9, NOBODY, uri=NOBODY), passes("register")),
    access(register(10, NOBODY, tag=";tag=1"), passes("in-dialog")),
    access(register(11, f"sip:+441632960000@{SBC}"), passes("open")),
    access(register(12, REGISTRAR), passes("no-user")),
    access(udp(invite(13, GONE)), gone(13, "nx10ff22d0571d8119f7f39b8171")),
]
