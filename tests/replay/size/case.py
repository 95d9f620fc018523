"""Never longer than the request (rule 23): Server goes first, then Reason, then the long names;
what would still be longer passes. Each request is exactly as long as one of the forms, or a byte
shorter."""

from frames import *

REQUEST = """INVITE sip:+442079460002@192.0.2.10 SIP/2.0
v: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-{n};rport
f: <sip:+4989123456@198.51.100.1>;tag=from-{n}
t: <sip:+442079460002@192.0.2.10>
i: call-{n}
CSeq: {n} INVITE
s: {padding}

"""
LONG = """SIP/2.0 404 Not Found
Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-{n};rport=5060;received=198.51.100.1
From: <sip:+4989123456@198.51.100.1>;tag=from-{n}
To: <sip:+442079460002@192.0.2.10>;tag={tag}
Call-ID: call-{n}
CSeq: {n} INVITE
{optional}Content-Length: 0

"""
SERVER = "Server: nxsip at the edge\n"
COMPACT = """SIP/2.0 404 Not Found
v: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-{n};rport=5060;received=198.51.100.1
f: <sip:+4989123456@198.51.100.1>;tag=from-{n}
t: <sip:+442079460002@192.0.2.10>;tag={tag}
i: call-{n}
CSeq: {n} INVITE
l: 0

"""


def full(n, tag):
    return LONG.format(n=n, tag=tag, optional=UNALLOCATED + SERVER)


def without_server(n, tag):
    return LONG.format(n=n, tag=tag, optional=UNALLOCATED)


def bare(n, tag):
    return LONG.format(n=n, tag=tag, optional="")


def compact(n, tag):
    return COMPACT.format(n=n, tag=tag)


def call(n, form, less):
    """The n-th request, so many bytes less than that form of the reply to it."""
    room = len(sip(form(n, "nx10" + 24 * "0"))) - less
    padding = room - len(sip(REQUEST.format(n=n, padding="")))
    payload = sip(REQUEST.format(n=n, padding=padding * "x"))
    assert padding > 0 and len(payload) == room
    return udp(payload)


def nobody(n, form, tag):
    return answered("unknown-number", form(n, tag))


FRAMES = [
    access(call(1, full, -100), nobody(1, full, "nx10288a72a8600ab9d2c47230e6")),
    access(call(2, full, 0), nobody(2, full, "nx1090e3c99f4003d941a203b28b")),
    access(call(3, full, 1), nobody(3, without_server, "nx10df9b86b7f973cf2167f79fbe")),
    access(call(4, without_server, 0), nobody(4, without_server, "nx10bf02ef0c5ab609cb9e2545dd")),
    access(call(5, without_server, 1), nobody(5, bare, "nx10d62bf788e2cea4e9d9b966e3")),
    access(call(6, bare, 0), nobody(6, bare, "nx10b7a464d40905b9e0690a6c6d")),
    access(call(7, bare, 1), nobody(7, compact, "nx10ae137527eb2ab870ffa9fd74")),
    access(call(8, compact, 0), nobody(8, compact, "nx10117b2760fa313dfbe11870a8")),
    access(call(9, compact, 1), passes("reply-size")),
]
