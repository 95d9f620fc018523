"""Emergency first, before any table (rule 10): other schemes, short numbers, listed numbers in
every form that a plan's prefixes and country codes give them, and requests that say so in a
header."""

from frames import *

RULES = (
    "rule_10_emergency_in_every_form",
    "rule_10_not_ordinary_numbers",
)


def number(n, user, params=""):
    return udp(invite(n, f"sip:{user}@{SBC}{params}"))


def call(n, uri, *more):
    return udp(invite(n, uri, *more))


EMERGENCY = (
    "112", "911", "999", "000", "+112", "+44112", "+1911", "+353999", "0112", "00112", "0044112",
    "0044999", "1-1-2", "1%312", "%31%31%32", "112;phone-context=+44",
    "112;phone-context=example.com", "112;x=y", "112:secret", "0123", "+116117",
)

FRAMES = [
    *(access(number(n, user), passes("emergency")) for n, user in enumerate(EMERGENCY, 1)),
    access(number(22, "112", ";user=phone"), passes("emergency")),
    access(number(23, "112", ";user=dialstring"), passes("emergency")),
    access(call(24, "tel:112"), passes("emergency")),
    access(call(25, "tel:112;phone-context=+44"), passes("emergency")),
    access(call(26, "tel:+44112"), passes("emergency")),
    access(call(27, "sips:999@192.0.2.99"), passes("emergency")),
    access(call(28, "urn:service:sos"), passes("scheme")),
    access(call(29, "URN:Service:SOS.police"), passes("scheme")),
    access(call(30, NOBODY, "Resource-Priority: ets.0"), passes("emergency")),
    access(call(31, NOBODY, "Priority: emergency"), passes("emergency")),
    access(call(32, NOBODY, "priority : EMERGENCY"), passes("emergency")),
    access(call(33, NOBODY, "Priority: psap-callback"), passes("emergency")),
    access(call(34, GONE, "Priority: emergency"), passes("emergency")),
    # short, and so not plainly anybody's
    access(number(35, "116117"), passes("plan")),
    access(number(36, "+116200"), passes("short-number")),
    access(number(37, "+442079"), passes("short-number")),
    access(number(38, "0125"), passes("short-number")),
    # ordinary numbers stay what they are, also those that end in 112
    access(call(39, NOBODY, "Priority: normal"), unknown(39, "nx109a42d0fa4e7a2ce5514400b0")),
    access(call(40, NOBODY, "Priority: non-urgent"), unknown(40, "nx105ae8218292a94254430588ca")),
    access(
        number(41, "+442079460112"),
        unknown(41, "nx10560f0b61c2892d5beefc177c", f"sip:+442079460112@{SBC}"),
    ),
    access(
        number(42, "02079460999"),
        unknown(42, "nx1087b9383f8f249ffe9727f3b8", f"sip:02079460999@{SBC}"),
    ),
]
