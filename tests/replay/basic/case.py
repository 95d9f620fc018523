"""Known, unknown, gone: pass, 404, 604. What no range declares complete is open, what may still
grow is overlap; and what is not sent to the service is not looked at."""

from frames import *

RULES = (
    "rule_01_not_what_is_for_the_service",
    "rule_26_strangers_in_a_complete_range",
    "rule_26_not_outside_it",
    "rule_27_gone_with_authority",
    "rule_33_every_form_is_one_number",
    "rule_35_too_short_passes",
    "rule_35_not_whole_numbers",
)

NATIONAL, INTERNATIONAL = f"sip:02079460002@{SBC}", f"sip:00442079460002@{SBC}"

# with a body, an unusual source port, and without a Content-Length
WITH_SDP = """
    INVITE sip:+442079460002@192.0.2.10 SIP/2.0
    Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-12;rport
    Max-Forwards: 70
    From: "Caller" <sip:+4989123456@198.51.100.1>;tag=from-12
    To: <sip:+442079460002@192.0.2.10>
    Call-ID: call-12@198.51.100.1
    CSeq: 12 INVITE
    Contact: <sip:+4989123456@198.51.100.1:5060>
    Content-Type: application/sdp

    v=0
    o=- 1 1 IN IP4 198.51.100.1
    s=-
    c=IN IP4 198.51.100.1
    t=0 0
    m=audio 20000 RTP/AVP 8 101
    a=rtpmap:101 telephone-event/8000
    """

FRAMES = [
    access(udp(invite(1, KNOWN)), passes("known")),
    access(udp(invite(2, NOBODY)), unknown(2, "nx1047705ab2502c2db6b839e83c")),
    access(udp(invite(3, GONE)), gone(3, "nx10697b3ce40151a57d32689be8")),
    access(udp(invite(4, f"sip:+441632960000@{SBC}")), passes("open")),
    access(udp(invite(5, f"sip:+44207946000@{SBC}")), passes("overlap")),
    access(udp(invite(6, f"sip:+4420794600020@{SBC}")), passes("open")),
    access(udp(invite(7, f"sip:02079460000@{SBC}")), passes("known")),
    access(udp(invite(8, NATIONAL)), unknown(8, "nx105f27ba889539390ae751c087", NATIONAL)),
    access(
        udp(invite(9, INTERNATIONAL)),
        unknown(9, "nx1057b2d972a6341068e66f2b6b", INTERNATIONAL),
    ),
    access(udp(invite(10, f"sip:2079460002@{SBC}")), passes("plan")),
    access(
        udp(invite(11, f"{NOBODY};user=phone")),
        unknown(11, "nx10b296359df23fdbe37ea3f7b0", f"{NOBODY};user=phone"),
    ),
    access(udp(WITH_SDP, sport=40000), unknown(12, "nx102b958ac084585e9bd6864522", port=40000)),
    access(udp(invite(13, NOBODY), dport=5070), passes("not-service")),
    access(udp(invite(14, NOBODY), dst="192.0.2.11"), passes("not-service")),
]
