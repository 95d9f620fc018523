"""Never longer than the request (rule 23): Server goes first, then Reason, then the long names;
what would still be longer passes. Each request is exactly as long as one of the forms, or a byte
shorter."""

from frames import *

RULES = (
    "rule_23_optional_fields_go_first",
    "rule_23_not_where_there_is_room",
)

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
    access(call(1, full, -100), nobody(1, full, "nx100c1720505f726fe1a7a50ad4")),
    access(call(2, full, 0), nobody(2, full, "nx1090e2036781acf7e4689064c0")),
    access(call(3, full, 1), nobody(3, without_server, "nx10f9e31e23f47ef80758db7742")),
    access(call(4, without_server, 0), nobody(4, without_server, "nx10f4768c3f688342c262adcc9e")),
    access(call(5, without_server, 1), nobody(5, bare, "nx10355683ab7ecff40b01e4833d")),
    access(call(6, bare, 0), nobody(6, bare, "nx10362c0e8256672e74b22ab1ea")),
    access(call(7, bare, 1), nobody(7, compact, "nx106f32bd8dca5f5e1edb8711a9")),
    access(call(8, compact, 0), nobody(8, compact, "nx1047d25b5cc3e4298bf705ecfa")),
    access(call(9, compact, 1), passes("reply-size")),
]
