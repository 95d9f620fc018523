"""A trunk whose Request-URI host is the SBC's IP address and whose numbers are bare national
digits (`bare: national`): judged like any other form of the same numbers. Other hosts pass."""

from frames import *


def call(n, user, host="192.0.2.10"):
    return udp(invite(n, f"sip:{user}@{host}"))


def nobody(n, tag, user, host="192.0.2.10"):
    return unknown(n, tag, f"sip:{user}@{host}")


FRAMES = [
    access(call(1, "2079460000"), passes("known")),
    access(call(2, "2079460002"), nobody(2, "nx1078d6d0cb508095c7640071c4", "2079460002")),
    access(call(3, "2079460001"), gone(3, "nx1029aefb6299848d589b5e3629", f"sip:2079460001@{SBC}")),
    access(call(4, "02079460000"), passes("known")),
    access(call(5, "02079460002"), nobody(5, "nx104114806f3de6239560a04b73", "02079460002")),
    access(call(6, "00442079460002"), nobody(6, "nx10b87c0c845633a53ff7b214bf", "00442079460002")),
    access(call(7, "+442079460002"), nobody(7, "nx106cf5a159e238d0f64bf1f58c", "+442079460002")),
    access(
        call(8, "2079460002;npdi"),
        nobody(8, "nx107031030790eac5947e3905c6", "2079460002;npdi"),
    ),
    access(call(9, "20-7946-0002"), nobody(9, "nx1041233eace1b2ef3e8e24a0dd", "20-7946-0002")),
    access(
        call(10, "2079460002", "192.0.2.10:5060"),
        nobody(10, "nx100fcdc372bcea15d74b9672ed", "2079460002", "192.0.2.10:5060"),
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
