"""Rules on the canonical key of users that are in no table (verdict step 6): by priority, then
in the order in which they were added; 604 only with the domain's authority."""

from frames import *

RULES = (
    "rule_27_a_rule_with_authority",
    "rule_27_not_a_rule_without",
)

OTHER = "192.0.2.11"  # a service of a domain without authority


def call(n, number, dst=SBC):
    return udp(invite(n, f"sip:{number}@{dst}"), dst=dst)


def by_rule(n, tag, number, status, dst=SBC):
    return answered(f"rule-{status}", reply(status, n, f"<sip:{number}@{dst}>", tag))


FRAMES = [
    access(
        call(1, "+442079461000"),
        by_rule(1, "nx10a49904bc65cc9c3586fd7a73", "+442079461000", 404),
    ),
    access(
        call(2, "+442079462000"),
        by_rule(2, "nx1047705ab2502c2db6bc3de2ea", "+442079462000", 604),
    ),
    access(call(3, "+442079463000"), dropped("rule-drop")),
    access(call(4, "+442079464000"), passes("rule-pass")),
    # outside every range, in whatever form the trunk writes it
    access(
        call(5, "+441632960000"),
        by_rule(5, "nx102f2586da8df6c6aa98313fce", "+441632960000", 404),
    ),
    access(call(6, "01632960000"), by_rule(6, "nx1082808bf2d582098df3fe6e9b", "01632960000", 404)),
    # the table comes before the rules
    access(call(7, "+442079463001"), passes("known")),
    access(
        call(8, "+442079464002"),
        answered(
            "gone-604",
            reply(604, 8, "<sip:+442079464002@192.0.2.10>", "nx105f27ba889539390ac9415fae"),
        ),
    ),
    # priority, and first come where it is equal
    access(call(9, "+442079461500"), passes("rule-pass")),
    access(call(10, "+442079461600"), dropped("rule-drop")),
    # one domain's rule is not the other's
    access(
        call(11, "+442079465000"),
        by_rule(11, "nx10b296359df23fdbe36532f838", "+442079465000", 404),
    ),
    access(call(12, "+442079465000", OTHER), passes("open")),
    access(
        call(13, "+442079462000", OTHER),
        by_rule(13, "nx10ff22d0571d8119f77e04b3c8", "+442079462000", 404, OTHER),
    ),
    # no rule: the range decides
    access(
        call(14, "+442079469999"),
        unknown(14, "nx105555946f8d969c94a12e65fb", "sip:+442079469999@192.0.2.10"),
    ),
    # rules are for keys: what has none passes before them
    access(call(15, "112"), passes("emergency")),
]
