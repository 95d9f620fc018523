"""A trunk whose Request-URI host is the SBC's IP address and whose numbers are bare national
digits (`bare: national`): judged like any other form of the same numbers. Other hosts pass."""

from frames import *


def call(n, user, host="192.0.2.10"):
    return udp(invite(n, f"sip:{user}@{host}"))


def nobody(n, tag, user, host="192.0.2.10"):
    return unknown(n, tag, f"sip:{user}@{host}")


FRAMES = [
    access(call(1, "2079460000"), passes("known")),
    access(call(2, "2079460002"), nobody(2, "nx105e375755e50db39c640071c4", "2079460002")),
    access(call(3, "2079460001"), gone(3, "nx10d9d7cf57c5aefec69b5e3629", f"sip:2079460001@{SBC}")),
    access(call(4, "02079460000"), passes("known")),
    access(call(5, "02079460002"), nobody(5, "nx10d7af8af90996b1de60a04b73", "02079460002")),
    access(call(6, "00442079460002"), nobody(6, "nx102c3d48ce09772816f7b214bf", "00442079460002")),
    access(call(7, "+442079460002"), nobody(7, "nx10993139a2b25672114bf1f58c", "+442079460002")),
    access(
        call(8, "2079460002;npdi"),
        nobody(8, "nx100b65488c593c984c7e3905c6", "2079460002;npdi"),
    ),
    access(call(9, "20-7946-0002"), nobody(9, "nx1062558f89c73190df8e24a0dd", "20-7946-0002")),
    access(
        call(10, "2079460002", "192.0.2.10:5060"),
        nobody(10, "nx106dd2f78e228aa88a4b9672ed", "2079460002", "192.0.2.10:5060"),
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
