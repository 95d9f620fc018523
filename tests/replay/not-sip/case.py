"""What is no SIP request over UDP passes (rule 13), on the SIP port as well."""

from scapy.layers.inet import ICMP, TCP
from scapy.layers.l2 import ARP, LLC

from frames import *

RULES = (
    "rule_13_what_is_no_sip_passes",
    "rule_13_not_a_request",
    "rule_03_responses_pass",
)

STUN = bytes.fromhex("000100002112a442000102030405060708090a0b")
RTP = bytes.fromhex("80080001000000a0deadbeef") + b"\xd5" * 160
RTCP = bytes.fromhex("80c80006deadbeef") + b"\0" * 20
DNS = bytes.fromhex("1234010000010000000000000377777707657861") + b"mple\x03com\0\0\x01\0\x01"

RESPONSE = """
    SIP/2.0 404 Not Found
    Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-sbc-1
    From: <sip:+442079460000@192.0.2.10>;tag=sbc-1
    To: <sip:+4989123456@198.51.100.1>;tag=carrier-1
    Call-ID: sbc-call-1
    CSeq: 1 INVITE
    Content-Length: 0

    """


def tcp(flags, payload=b""):
    return ip() / TCP(sport=40000, dport=5060, flags=flags, seq=1) / payload


FRAMES = [
    access(
        Ether(src=CARRIER_MAC, dst="ff:ff:ff:ff:ff:ff")
        / ARP(psrc=CARRIER, pdst=SBC, hwsrc=CARRIER_MAC),
        passes("not-ip"),
    ),
    access(
        Ether(src=CARRIER_MAC, dst="01:80:c2:00:00:0e", type=0x88CC) / b"\x02\x07\x04",
        passes("not-ip"),
    ),
    access(Ether(src=CARRIER_MAC, dst="01:80:c2:00:00:00", type=3) / LLC(), passes("not-ip")),
    access(ip() / ICMP(id=1, seq=1) / b"ping", passes("not-udp")),
    access(
        ip() / ICMP(type=3, code=3) / bytes(udp("x", src=SBC, dst=CARRIER)[IP]),
        passes("not-udp"),
    ),
    access(tcp("S"), passes("not-udp")),
    access(tcp("PA", sip(invite(1, NOBODY))), passes("not-udp")),
    access(ip(proto=132) / b"\x13\xc4\x13\xc4" / (b"\0" * 16), passes("not-udp")),
    access(udp(RTP, sport=20000, dport=30000), passes("not-service")),
    access(udp(DNS, dport=53), passes("not-service")),
    access(udp(RTP), passes("not-sip")),
    access(udp(RTCP), passes("not-sip")),
    access(udp(DNS), passes("not-sip")),
    access(udp(b"GET / HTTP/1.1\r\nHost: 192.0.2.10\r\n\r\n"), passes("not-sip")),
    access(udp(b"INVITE"), passes("not-sip")),
    access(udp(b"\r\n\r\n"), passes("keepalive")),
    access(udp(b"\r\n"), passes("keepalive")),
    access(udp(b"\0\0\0\0"), passes("keepalive")),
    access(udp(b""), passes("keepalive")),
    access(udp(STUN), passes("keepalive")),
    access(udp(RESPONSE), passes("response")),
    access(udp(b"SIP/2.0 200 OK\r\n\r\n"), passes("response")),
    access(udp(invite(2, NOBODY)), unknown(2, "nx1047705ab2502c2db6b839e83c")),
]
