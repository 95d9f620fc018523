"""Ports with an MTU of 9000: long frames pass bit for bit both ways and are judged like others;
what is longer than a port may send is dropped, and counted as that."""

from frames import *

C_TAG, S_TAG = 0x8100, 0x88A8
HOPS = [f"Via: SIP/2.0/UDP 203.0.113.{n};branch=z9hG4bK-{n}" for n in range(64)]

MANY_HOPS = """INVITE sip:+442079460002@192.0.2.10 SIP/2.0
{via}
From: <sip:+4989123456@198.51.100.1>;tag=from-9
To: <sip:+442079460002@192.0.2.10>
Call-ID: call-9@198.51.100.1
CSeq: 9 INVITE
Contact: <sip:+4989123456@198.51.100.1:5060>
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY
Content-Length: 0

"""
MANY_HOPS_REPLY = """SIP/2.0 404 Not Found
{via}
From: <sip:+4989123456@198.51.100.1>;tag=from-9
To: <sip:+442079460002@192.0.2.10>;tag=nx1057b2d972a6341068aaad5bf8
Call-ID: call-9@198.51.100.1
CSeq: 9 INVITE
Reason: Q.850;cause=1;text="Unallocated (unassigned) number"
Content-Length: 0

"""


FRAMES = [
    access(long_invite(1, KNOWN, 9000), passes("known")),
    access(long_invite(2, KNOWN, 2100), passes("known")),
    access(long_invite(3, NOBODY, 9000), unknown(3, "nx10697b3ce40151a57dade6782e")),
    access(
        behind(long_invite(4, KNOWN, 9000), (S_TAG, 0, 100), (C_TAG, 0, 100)),
        passes("not-service"),
    ),
    access(long_invite(5, KNOWN, 9009), dropped("tx-oversize")),
    access(long_invite(6, KNOWN, 9600), dropped("tx-oversize")),
    access(long_invite(7, NOBODY, 9600), unknown(7, "nx104b7d93cb7b3c960c0ef181fd")),
    access(ip(proto=6) / (b"\x5a" * 8980), passes("not-udp")),
    access(
        udp(MANY_HOPS.format(via="\n".join(HOPS))),
        answered(
            "unknown-number",
            MANY_HOPS_REPLY.format(
                via="\n".join([f"{HOPS[0]}".replace(";", ";received=198.51.100.1;"), *HOPS[1:]])
            ),
        ),
    ),
    access(udp(MANY_HOPS.format(via="\n".join(HOPS + HOPS[:1]))), passes("too-many")),
    core(long_invite(11, KNOWN, 9000, SBC, CARRIER), passes("from-core")),
    core(long_invite(12, KNOWN, 9600, SBC, CARRIER), dropped("tx-oversize")),
]
