"""Which methods are answered. Reason (Q.850) goes with INVITE alone; all that is not listed
passes."""

from frames import *


def ask(n, method, uri=NOBODY, *more):
    return udp(request(n, method, uri, *more))


def nobody(n, method, tag):
    return unknown(n, tag, method=method, reason=False)


FRAMES = [
    access(ask(1, "INVITE"), unknown(1, "nx10d9fb332a966865a610ba28fe")),
    access(ask(2, "MESSAGE"), nobody(2, "MESSAGE", "nx1078d6d0cb508095c7ee4baaa2")),
    access(
        ask(3, "SUBSCRIBE", NOBODY, "Event: presence"),
        nobody(3, "SUBSCRIBE", "nx1029aefb6299848d58b43f97d5"),
    ),
    access(
        ask(4, "PUBLISH", NOBODY, "Event: presence"),
        nobody(4, "PUBLISH", "nx10cd117bc5f250ee17ea6d3df5"),
    ),
    access(
        ask(5, "REFER", NOBODY, f"Refer-To: <{KNOWN}>"),
        nobody(5, "REFER", "nx104114806f3de6239526015efa"),
    ),
    access(
        ask(6, "MESSAGE", GONE),
        gone(6, "nx10b87c0c845633a53fdcc69006", method="MESSAGE", reason=False),
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
