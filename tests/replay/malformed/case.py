"""Requests that are malformed or ambiguous pass bit for bit, each for its own reason (rules 14
to 18). What is merely unusual (RFC 2543, compact, folded, in any order) is answered."""

from frames import *

RULES = (
    "rule_13_each_cause_is_counted",
    "rule_14_headers_and_values",
    "rule_15_line_ends",
    "rule_16_control_bytes_in_names",
    "rule_17_beyond_the_datagram",
    "rule_14_not_what_is_merely_unusual",
    "rule_16_not_compact_folded_or_disordered",
    "rule_17_not_a_longer_datagram",
)

GOOD = """INVITE sip:+442079460002@192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-1;rport
Max-Forwards: 70
From: <sip:+4989123456@198.51.100.1>;tag=from-1
To: <sip:+442079460002@192.0.2.10>
Call-ID: call-1@198.51.100.1
CSeq: 1 INVITE
Contact: <sip:+4989123456@198.51.100.1:5060>
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY
Content-Length: 0

"""
LINES = GOOD.split("\n")


def bad(old, new, reason):
    """The good request with one thing changed, in bytes as they are sent."""
    payload = sip(GOOD)
    old, new = (text.encode("latin-1") for text in (old, new))
    assert payload.count(old) == 1
    return access(udp(payload.replace(old, new)), passes(reason))


def without(name):
    kept = [line for line in LINES if not line.startswith(name)]
    assert len(kept) == len(LINES) - 1
    return access(udp("\n".join(kept)), passes("missing-header"))


def twice(name):
    line = next(line for line in LINES if line.startswith(name))
    return access(udp("\n".join([*LINES[:-2], line, "", ""])), passes("repeated-header"))


ODD = """
    INVITE sip:+442079460002@192.0.2.10 SIP/2.0
    cseq: 0002  INVITE
    l : 4
    T:
     "Nobody, \\"really\\"" <sip:+442079460002@192.0.2.10>
    	;x=y
    i:call-2
    MAX-FORWARDS: 1
    f: sip:+4989123456@198.51.100.1
    X-Empty:
    X-Any: \xff\xfe (bytes) of any kind: ; , "
    Contact: <sip:+4989123456@198.51.100.1:5060>
    Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY
    v: SIP/2.0/UDP 198.51.100.1

    body, longer than its Content-Length says
    """
ODD_REPLY = """
    SIP/2.0 404 Not Found
    Via: SIP/2.0/UDP 198.51.100.1
    From: sip:+4989123456@198.51.100.1
    To: "Nobody, \\"really\\"" <sip:+442079460002@192.0.2.10>
    	;x=y;tag=nx106aa0f7b47072cbb5bea08eb7
    Call-ID: call-2
    CSeq: 0002  INVITE
    Reason: Q.850;cause=1;text="Unallocated (unassigned) number"
    Content-Length: 0

    """

FRAMES = [
    access(udp(ODD), answered("unknown-number", ODD_REPLY)),
    # request line
    bad("INVITE sip", "INVITE  sip", "bad-request-line"),
    bad("10 SIP/2.0\r\nV", "10  SIP/2.0\r\nV", "bad-request-line"),
    bad("SIP/2.0\r\nVia", "SIP/2.0 \r\nVia", "bad-request-line"),
    bad("INVITE sip", " INVITE sip", "not-sip"),
    bad("INVITE sip", "\r\nINVITE sip", "bad-request-line"),
    bad("INVITE sip", "INV\xe9TE sip", "not-sip"),
    bad("SIP/2.0\r\nVia", "SIP/3.0\r\nVia", "bad-version"),
    bad("SIP/2.0\r\nVia", "sip/2.0\r\nVia", "bad-version"),
    bad("SIP/2.0\r\nVia", "SIP/2.00\r\nVia", "bad-version"),
    bad("SIP/2.0\r\nVia", "SIP/2.0\nVia", "bad-line-end"),
    # lines
    bad("70\r\n", "70\n", "bad-line-end"),
    bad("70\r\n", "70\r", "bad-line-end"),
    bad("Contact", "Contact: a\0b\r\nX", "bad-line-end"),
    bad("Contact: ", "Contact ", "bad-header"),
    bad("Contact: ", "Con tact: ", "bad-header"),
    bad("Contact: ", "Con\x01tact: ", "bad-header"),
    bad("Contact: ", ": ", "bad-header"),
    bad("Contact", " \r\nContact", "bad-header"),
    access(udp(sip(GOOD)[:-2]), passes("no-header-end")),
    access(udp(sip(GOOD)[:-20]), passes("no-header-end")),
    access(udp(sip(GOOD)[:46]), passes("no-header-end")),
    # what must stand once, what may
    *(without(name) for name in ("Via", "From", "To", "Call-ID", "CSeq")),
    *(twice(name) for name in ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length")),
    # values
    bad("CSeq: 1 ", "CSeq: 2147483648 ", "bad-value"),
    bad("CSeq: 1 ", "CSeq: 36893488147419103232 ", "bad-value"),
    bad("CSeq: 1 ", "CSeq: one ", "bad-value"),
    bad("CSeq: 1 ", "CSeq: 1", "bad-value"),
    bad("CSeq: 1 INVITE", "CSeq: 1 MESSAGE", "cseq-method"),
    bad("CSeq: 1 INVITE", "CSeq: 1 invite", "cseq-method"),
    bad("Forwards: 70", "Forwards: 256", "bad-value"),
    bad("Forwards: 70", "Forwards: -1", "bad-value"),
    bad("Length: 0", "Length: 1", "content-length"),
    bad("Length: 0", "Length: 4294967296", "content-length"),
    bad("Length: 0", "Length: x", "bad-value"),
    bad("From: <", 'From: "unclosed <', "bad-value"),
    bad("tag=from-1", "tag=from-1;tag=from-2", "bad-value"),
    bad("tag=from-1", "tag=", "bad-value"),
    bad("To: <", "To: <<", "bad-value"),
    bad("To: <sip:+442079460002@192.0.2.10>", "To: ", "bad-value"),
    bad("call-1@198.51.100.1", "call 1", "bad-value"),
    bad("branch=z9hG4bK-1", "branch", "bad-via"),
]
