"""Source classes (verdict step 10; rules 13, 22, 27, 33): who is answered, who gets 604, to
which port, by which plan; the longest prefix decides, also one added over the control socket."""

from frames import *

RULES = (
    "rule_13_dropped_where_opted",
    "rule_13_not_what_is_well_formed",
    "rule_22_the_port_by_class",
    "rule_22_not_where_rport_says",
    "rule_27_not_without_the_classs_leave",
    "rule_33_the_classs_plan",
    "rule_33_not_for_other_classes",
)

UNTOLD = "203.0.113.1"  # of no class: public, passes
DROPPED, ANSWERED, SYMMETRIC, STRICT = (f"203.0.113.{n}" for n in (65, 129, 193, 209))
PEER, TRUSTED, ADDED, GERMAN = (f"198.51.100.{n}" for n in (1, 129, 7, 65))


def call(n, uri, src, sport=5060, **fields):
    return udp(invite(n, uri, source=src), src=src, sport=sport, **fields)


def without_rport(n, src, sport, uri=NOBODY):
    """From the port sport of src, with 5060 in the Via and no rport."""
    return udp(invite(n, uri, source=src).replace(";rport", ""), src=src, sport=sport)


def plain(n, src, tag, port):
    """The 404 for that, sent to the port."""
    text = reply(404, n, f"<{NOBODY}>", tag, source=src)
    return answered("unknown-number", text.replace(f";rport=5060;received={src}", ""), port)


def malformed(n, src):
    return udp(invite(n, NOBODY, "To: <sip:twice@example.com>", source=src), src=src)


HERE = "sip:02079460002@192.0.2.10"  # by the British plan and by the German one

FRAMES = [
    # public
    access(call(1, KNOWN, UNTOLD), passes("known")),
    access(call(2, NOBODY, UNTOLD), passes("public-pass")),
    access(call(3, GONE, UNTOLD), passes("public-pass")),
    access(call(4, KNOWN, DROPPED), passes("known")),
    access(call(5, NOBODY, DROPPED), dropped("public-drop")),
    access(call(6, GONE, DROPPED), dropped("public-drop")),
    access(call(7, f"sip:112@{SBC}", DROPPED), passes("emergency")),
    access(call(8, NOBODY, ANSWERED), unknown(8, "nx10d05c30e9c9658d6e723d214e", source=ANSWERED)),
    access(
        call(9, GONE, ANSWERED),
        unknown(9, "nx10864cdc806eeba2d8888d04f7", GONE, why="gone-404", source=ANSWERED),
    ),
    # symmetric: pass (default of public), always, rfc (default of peers)
    access(
        without_rport(10, ANSWERED, 5060),
        plain(10, ANSWERED, "nx107eaf7b425d2b6ea9d08e71b8", 5060),
    ),
    access(without_rport(11, ANSWERED, 6000), passes("symmetric")),
    access(
        call(12, NOBODY, ANSWERED, sport=6000),
        unknown(12, "nx107e9cd18fad8a3caced54f352", source=ANSWERED, port=6000),
    ),
    access(
        without_rport(13, SYMMETRIC, 6000),
        plain(13, SYMMETRIC, "nx104d94bda351deaa8997335b48", 6000),
    ),
    access(without_rport(14, PEER, 6000), plain(14, PEER, "nx105555946f8d969c948bb877d1", 5060)),
    # 604 is off unless it is switched on
    access(
        call(15, GONE, PEER),
        unknown(15, "nx104df151288e69dc21a0f7300d", GONE, why="gone-404", source=PEER),
    ),
    access(call(16, GONE, TRUSTED), gone(16, "nx101dcbe40e0151555e7dd0bd09", source=TRUSTED)),
    access(call(17, NOBODY, TRUSTED), unknown(17, "nx10c667b4c921902e6ffa8bb2a4", source=TRUSTED)),
    access(call(18, GONE, ADDED), gone(18, "nx10f32283df7a8aee9d2e932020", source=ADDED)),
    access(
        call(19, GONE, "198.51.100.8"),
        unknown(19, "nx1009e97641b63df00d48d67230", GONE, why="gone-404", source="198.51.100.8"),
    ),
    # unanswerable
    access(malformed(20, PEER), passes("repeated-header")),
    access(malformed(21, STRICT), dropped("unanswerable-drop")),
    access(call(22, NOBODY, STRICT), unknown(22, "nx1043b6852e2d572cbd98164834", source=STRICT)),
    access(udp(b"\r\n\r\n", src=STRICT), passes("keepalive")),
    access(udp(b"no SIP at all", src=STRICT), passes("not-sip")),
    # a plan of their own
    access(call(23, HERE, PEER), unknown(23, "nx10155cfe44206a41b5ed92eaaf", HERE, source=PEER)),
    access(call(24, HERE, GERMAN), passes("open")),
    access(
        call(25, "sip:00442079460002@192.0.2.10", GERMAN),
        unknown(25, "nx1030d2af1ee4f7c9236753e27d", "sip:00442079460002@192.0.2.10", source=GERMAN),
    ),
    # IPv6
    access(
        udp6(invite(26, NOBODY6, source=CARRIER6)),
        unknown(26, "nx10c7f469f1db8f468b4057ceb8", NOBODY6, source=CARRIER6),
    ),
    access(
        udp6(invite(27, NOBODY6, source="2001:db8:2::1"), src="2001:db8:2::1"),
        passes("public-pass"),
    ),
]
