"""Requests inside a dialog (To tag), and those aimed at a dialog or a contact, pass (rule 6)."""

from frames import *

RULES = (
    "rule_06_dialogs_and_contacts_pass",
    "rule_06_not_a_parameter_like_tag",
)


def to(tag):
    return f"<{NOBODY}>{tag}"


def call(n, *more, uri=NOBODY, tag=""):
    return udp(invite(n, uri, *more, to=to(tag)))


FRAMES = [
    access(call(1), unknown(1, "nx10a49904bc65cc9c350bfded9b")),
    access(call(2, tag=";tag=sbc-1"), passes("in-dialog")),
    access(call(3, tag=";TAG=sbc-1"), passes("in-dialog")),
    access(call(4, tag=" ; x=1 ; tag = sbc-1"), passes("in-dialog")),
    access(call(5, tag=";tag"), passes("in-dialog")),
    access(call(6, tag=";tag=nx1000000000000000000000000000"), passes("in-dialog")),
    access(
        call(7, tag=";tagged=no"),
        answered("unknown-number", reply(404, 7, to(";tagged=no"), "nx104b7d93cb7b3c960c0ef181fd")),
    ),
    access(
        udp(request(8, "REFER", NOBODY, f"Refer-To: <{KNOWN}>", to=to(";tag=1"))),
        passes("in-dialog"),
    ),
    access(
        udp(request(9, "SUBSCRIBE", NOBODY, "Event: dialog", to=to(";tag=1"))),
        passes("in-dialog"),
    ),
    access(call(10, uri=f"{NOBODY};gr=urn:uuid:1"), passes("dialog-target")),
    access(call(11, uri=f"{NOBODY};gr"), passes("dialog-target")),
    access(call(12, uri=f"{NOBODY};lr"), passes("dialog-target")),
    access(call(13, uri=f"{NOBODY};maddr=192.0.2.77"), passes("dialog-target")),
    access(call(14, uri=f"{NOBODY}?Subject=hello"), passes("dialog-target")),
    access(
        call(15, "Replaces: 98732@sip.example.com;from-tag=r33;to-tag=ff"),
        passes("dialog-target"),
    ),
    access(call(16, "Join: 98732@sip.example.com;from-tag=r33;to-tag=ff"), passes("dialog-target")),
    access(call(17, "Target-Dialog: 98732;local-tag=kk;remote-tag=mm"), passes("dialog-target")),
    access(call(18, "replaces : 98732;from-tag=r33;to-tag=ff"), passes("dialog-target")),
]
