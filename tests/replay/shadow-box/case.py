"""The whole box in shadow (rule 28, verdict step 9): what would be answered or dropped is
counted, and passes. ACKs for replies given before still end here."""

from frames import *

STRICT = "203.0.113.209"
TAG = "nx10a49904bc65cc9c350bfded9b"  # as in case ack
ACK = request(1, "ACK", NOBODY, to=f"<{NOBODY}>;tag={TAG}")

FRAMES = [
    access(udp(invite(1, KNOWN)), passes("known")),
    access(udp(invite(2, NOBODY)), passes("shadow-404")),
    access(udp(invite(3, GONE)), passes("shadow-604")),
    access(udp(invite(4, f"sip:+442079463000@{SBC}")), passes("shadow-drop")),
    access(udp(invite(5, f"sip:+441632960000@{SBC}")), passes("open")),
    access(
        udp(invite(6, NOBODY, "To: <sip:twice@example.com>", source=STRICT), src=STRICT),
        passes("shadow-drop"),
    ),
    access(udp(ACK), absorbed()),
]
