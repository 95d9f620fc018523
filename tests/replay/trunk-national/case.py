"""A trunk whose Request-URI host is the SBC's IP address and whose numbers are bare national
digits (`bare: national`): judged like any other form of the same numbers. Other hosts pass."""

from frames import *

RULES = (
    "rule_33_bare_national_digits",
    "rule_33_not_short_or_foreign_ones",
    "rule_30_not_other_hosts",
)


def call(n, user, host="192.0.2.10"):
    return udp(invite(n, f"sip:{user}@{host}"))


def nobody(n, tag, user, host="192.0.2.10"):
    return unknown(n, tag, f"sip:{user}@{host}")


FRAMES = [
    access(call(1, "2079460000"), passes("known")),
    access(call(2, "2079460002"), nobody(2, "nx1047705ab2502c2db65024e16e", "2079460002")),
    access(call(3, "2079460001"), gone(3, "nx10697b3ce40151a57dc49135bf", f"sip:2079460001@{SBC}")),
    access(call(4, "02079460000"), passes("known")),
    access(call(5, "02079460002"), nobody(5, "nx102f2586da8df6c6aa9321548f", "02079460002")),
    access(call(6, "00442079460002"), nobody(6, "nx1082808bf2d582098d53218dbb", "00442079460002")),
    access(call(7, "+442079460002"), nobody(7, "nx104b7d93cb7b3c960c0ef181fd", "+442079460002")),
    access(
        call(8, "2079460002;npdi"),
        nobody(8, "nx105f27ba889539390a2754d4a0", "2079460002;npdi"),
    ),
    access(call(9, "20-7946-0002"), nobody(9, "nx1057b2d972a63410687413027c", "20-7946-0002")),
    access(
        call(10, "2079460002", "192.0.2.10:5060"),
        nobody(10, "nx109606dcd3b4e3a279e9174d93", "2079460002", "192.0.2.10:5060"),
    ),
    access(call(11, "1632960000"), passes("open")),
    access(call(12, "207946000"), passes("overlap")),
    access(call(13, "116117"), passes("short-number")),
    access(call(14, "999"), passes("emergency")),
    access(call(15, "00492079460002"), passes("open")),
    access(call(16, "4402079460002"), passes("open")),
    access(call(17, "2079460002", "192.0.2.10:5070"), passes("host")),
    access(call(18, "2079460002", "192.0.2.11"), passes("host")),
    access(call(19, "2079460002", "sbc.example.net"), passes("host")),
    access(call(20, "alice"), passes("not-number")),
]
