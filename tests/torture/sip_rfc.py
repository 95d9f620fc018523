"""What becomes of each message of RFC 4475 and RFC 5118 at a box that answers all it may
(sip_box.h), and why. 404: answered. Else the reason by which it passes untouched: nxsip has no
answer but 404 and 604, so what the RFC wants another one for is left to the SBC."""

USER_FIRST = "that nobody has the user is found before"
STRANGER = "valid; nobody has this user"
RESPONSE = "a response is never answered"
BY_LIBERTY = "the RFC lets it be ignored; nothing in the reply comes from it"
TOP_VIA = "the top Via is not UDP: over UDP the reply's way is uncertain (18.2.2)"

RFC4475 = {
    "wsinv.dat": ("in-dialog", "To has a tag: the dialog's own peer answers"),
    "intmeth.dat": ("bad-line-end", "a NUL among the headers, and a method that is none of ours"),
    "esc01.dat": ("404", STRANGER + "; %-decoded once, the user is sips:user@example.com"),
    "escnull.dat": ("404", STRANGER + "; %00 does not cut it"),
    "esc02.dat": ("method", "RE%47IST%45R is not REGISTER"),
    "lwsdisp.dat": ("reply-size", "read; too short for a reply that is no longer than itself"),
    "longreq.dat": ("via-transport", TOP_VIA),
    "dblreq.dat": ("404", STRANGER + "; what follows Content-Length is ignored"),
    "semiuri.dat": ("404", STRANGER + "; the user is user;par=u@example.net"),
    "transports.dat": ("404", STRANGER + "; all five Vias are repeated"),
    "mpart01.dat": ("route", "Route leads elsewhere"),
    "unreason.dat": ("response", RESPONSE),
    "noreason.dat": ("response", RESPONSE),
    "badinv01.dat": ("bad-via", "malformed: separators without values in Via"),
    "clerr.dat": ("content-length", "malformed: Content-Length beyond the datagram"),
    "ncl.dat": ("bad-value", "malformed: Content-Length below 0"),
    "scalar02.dat": ("bad-value", "malformed: CSeq out of range"),
    "scalarlg.dat": ("response", RESPONSE),
    "quotbal.dat": ("bad-value", "malformed: a quotation in To that does not end"),
    "ltgtruri.dat": ("bad-request-line", "malformed: Request-URI in <>"),
    "lwsruri.dat": ("bad-request-line", "malformed: white space in the Request-URI"),
    "lwsstart.dat": ("bad-request-line", "malformed: two spaces in the request line"),
    "trws.dat": ("bad-request-line", "malformed: white space behind the version"),
    "escruri.dat": ("dialog-target", "headers in the Request-URI"),
    "baddate.dat": ("404", BY_LIBERTY + ": Date"),
    "regbadct.dat": ("404", "nobody has this user; Contact is the registrar's business"),
    "badaspec.dat": ("bad-value", "malformed: spaces in To's addr-spec"),
    "baddn.dat": ("bad-value", "malformed: a display name that is no tokens"),
    "badvers.dat": ("bad-version", "SIP/7.0: 505 is the SBC's to give"),
    "mismatch01.dat": ("cseq-method", "malformed: CSeq names another method"),
    "mismatch02.dat": ("cseq-method", "malformed: CSeq names another method"),
    "bigcode.dat": ("response", RESPONSE),
    "badbranch.dat": ("404", "a request of RFC 2543; the branch is copied, not used as a key"),
    "insuf.dat": ("missing-header", "Call-ID, From and To are missing: nothing to reply with"),
    "unkscm.dat": ("via-transport", TOP_VIA),
    "novelsc.dat": ("via-transport", TOP_VIA),
    "unksm2.dat": ("scheme", "a REGISTER for something that is no SIP user"),
    "bext01.dat": ("via-transport", TOP_VIA),
    "invut.dat": ("404", USER_FIRST + " what the RFC wants 415 for (8.2.2, 8.2.3)"),
    "regaut01.dat": ("via-transport", TOP_VIA),
    "multi01.dat": ("repeated-header", "malformed: what may stand once stands twice"),
    "mcl01.dat": ("repeated-header", "malformed: two values of Content-Length"),
    "bcast.dat": ("response", RESPONSE),
    "zeromf.dat": ("max-forwards", "483 is a proxy's to give"),
    "cparam01.dat": ("404", STRANGER),
    "cparam02.dat": ("404", STRANGER),
    "regescrt.dat": ("404", STRANGER),
    "sdp01.dat": ("404", USER_FIRST + " what the RFC wants 406 for (8.2.2, 8.2.3)"),
    "inv2543.dat": ("404", "a request of RFC 2543; nobody has this user"),
}

RFC5118 = {
    "ipv6-good.sip": ("404", STRANGER),
    "ipv6-bad.sip": ("bad-uri", "malformed: IPv6 without brackets in the Request-URI"),
    "port-ambiguous.sip": ("404", STRANGER),
    "port-unambiguous.sip": ("404", STRANGER),
    "via-received-param-with-delim.sip": ("method", "a BYE"),
    "via-received-param-no-delim.sip": ("no-user", "an OPTIONS for the box itself"),
    "ipv6-in-sdp.sip": ("404", STRANGER),
    "mult-ip-in-header.sip": ("method", "a BYE"),
    "mult-ip-in-sdp.sip": ("404", STRANGER),
    "ipv4-mapped-ipv6.sip": ("404", STRANGER),
    "ipv6-bug-abnf-3-colons.sip": ("404", "taken liberally, as the RFC asks; nobody has this user"),
    "ipv6-correct-abnf-2-colons.sip": ("404", STRANGER),
}

DECIDED = {"rfc4475": RFC4475, "rfc5118": RFC5118}
