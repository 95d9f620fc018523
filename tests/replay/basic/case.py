"""Known, unknown, gone: pass, 404, 604. What no range declares complete is open, what may still
grow is overlap; and what is not sent to the service is not looked at."""

from frames import *

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
    access(udp(invite(2, NOBODY)), unknown(2, "nx1078d6d0cb508095c7ee4baaa2")),
    access(udp(invite(3, GONE)), gone(3, "nx1029aefb6299848d58dbb3c356")),
    access(udp(invite(4, f"sip:+441632960000@{SBC}")), passes("open")),
    access(udp(invite(5, f"sip:+44207946000@{SBC}")), passes("overlap")),
    access(udp(invite(6, f"sip:+4420794600020@{SBC}")), passes("open")),
    access(udp(invite(7, f"sip:02079460000@{SBC}")), passes("known")),
    access(udp(invite(8, NATIONAL)), unknown(8, "nx107031030790eac59467ff5539", NATIONAL)),
    access(
        udp(invite(9, INTERNATIONAL)),
        unknown(9, "nx1041233eace1b2ef3ede00159f", INTERNATIONAL),
    ),
    access(udp(invite(10, f"sip:2079460002@{SBC}")), passes("plan")),
    access(
        udp(invite(11, f"{NOBODY};user=phone")),
        unknown(11, "nx102d5a6b3dc18829f7af5c5e04", f"{NOBODY};user=phone"),
    ),
    access(udp(WITH_SDP, sport=40000), unknown(12, "nx10d78b0ea1b90f5698f2ddd4de", port=40000)),
    access(udp(invite(13, NOBODY), dport=5070), passes("not-service")),
    access(udp(invite(14, NOBODY), dst="192.0.2.11"), passes("not-service")),
]
