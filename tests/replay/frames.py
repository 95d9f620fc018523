"""The words in which a case (CASE/case.py) says what is sent and what must become of it.

    FRAMES = [
        access(udp(invite(1, "sip:+442079460000@192.0.2.10")), passes("known")),
        access(udp(invite(2, "sip:+442079460002@192.0.2.10")), answered("unknown-number", TEXT)),
        core(udp(OPTIONS, src=SBC, dst=CARRIER), passes("from-core")),
    ]

What leaves is derived from that by scapy alone. A passed frame leaves on the other side as it is.
A reply leaves where the request came from, its headers mirrored: MAC and IP addresses and ports
change sides; VLAN tags and DSCP stay; ECN is cleared; IPv4 id 0, DF, TTL 64; no options and no
extension headers; and its SIP is the text that stands in the case.

Replies are literal texts, independent of the program, but for one thing: the last 24 digits of the
To tag depend on a key. They were taken from a first run with the fixed key of policy.yaml. What can
be said of them without the key is tested (test_replay.py): their first 16, the MAC, are equal where
Call-ID, From tag and CSeq number are, and nowhere else; their last 8 are equal where branch,
sent-by and Request-URI are, and nowhere else. And nxsipd absorbs ACKs that carry them (case ack)."""

from dataclasses import dataclass
from struct import pack
from textwrap import dedent

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

ACCESS, CORE = "access", "core"
OTHER = {ACCESS: CORE, CORE: ACCESS}

CARRIER, CARRIER6 = "198.51.100.1", "2001:db8:1::1"
SBC, SBC6 = "192.0.2.10", "2001:db8::10"
TAG_TYPES = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
CARRIER_MAC, SBC_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"

# who is who in the store of ../commands
KNOWN, GONE, NOBODY = (f"sip:+44207946000{n}@{SBC}" for n in range(3))
KNOWN6, GONE6, NOBODY6 = (f"sip:+44207946000{n}@[{SBC6}]" for n in range(3))


# ---- what becomes of a frame


@dataclass(frozen=True)
class Fate:
    reason: str
    passes: bool = False
    text: str = ""  # of the reply
    port: int = 0  # to which the reply goes; 0: the request's source port


def passes(reason):
    return Fate(reason, passes=True)


def answered(reason, text, port=0):
    return Fate(reason, text=text, port=port)


def absorbed():
    return Fate("ack-absorbed")


def dropped(reason):
    return Fate(reason)


# ---- a frame on its way


@dataclass(frozen=True)
class Frame:
    side: str
    data: bytes
    fate: Fate

    def outcome(self):
        """The side on which something leaves, and what; None where nothing does."""
        if self.fate.passes:
            return OTHER[self.side], self.data
        if self.fate.text:
            return self.side, mirrored(self.data, self.fate)
        return None


def access(packet, fate):
    return Frame(ACCESS, bytes(packet), fate)


def core(packet, fate):
    return Frame(CORE, bytes(packet), fate)


def mirrored(data, fate):
    """The reply's frame."""
    at = 12
    while data[at : at + 2] in TAG_TYPES:
        at += 4
    if data[at : at + 2] == b"\x08\x00":
        request = IP(data[at + 2 :])
        tos = request.tos & 0xFC
        head = IP(src=request.dst, dst=request.src, id=0, flags="DF", ttl=64, tos=tos)
    else:
        request = IPv6(data[at + 2 :])
        head = IPv6(src=request.dst, dst=request.src, fl=0, hlim=64, tc=request.tc & 0xFC)
    ports = UDP(sport=request[UDP].dport, dport=fate.port or request[UDP].sport)
    return data[6:12] + data[:6] + data[12 : at + 2] + bytes(head / ports / sip(fate.text))


# ---- packets


def sip(text):
    """SIP as it is sent: lines written here end in LF, there in CRLF. Bytes are left alone."""
    if isinstance(text, bytes):
        return text
    return dedent(text).lstrip("\n").replace("\n", "\r\n").encode("latin-1")


def ip(src=CARRIER, dst=SBC, **fields):
    """Ethernet and IP from the network to the SBC; the MAC addresses follow the IP addresses."""
    macs = {"src": CARRIER_MAC, "dst": SBC_MAC}
    if src in (SBC, SBC6):
        macs = {"src": SBC_MAC, "dst": CARRIER_MAC}
    return Ether(**macs) / (IPv6 if ":" in dst else IP)(src=src, dst=dst, **fields)


def udp(payload, src=CARRIER, dst=SBC, sport=5060, dport=5060, **fields):
    return ip(src, dst, **fields) / UDP(sport=sport, dport=dport) / sip(payload)


def udp6(payload, src=CARRIER6, dst=SBC6, **fields):
    return udp(payload, src, dst, **fields)


def behind(packet, *tags):
    """The packet behind VLAN tags, outermost first, each (type, priority, id)."""
    data = bytes(packet)
    words = (pack("!HH", kind, priority << 13 | vlan) for kind, priority, vlan in tags)
    return data[:12] + b"".join(words) + data[12:]


# ---- the usual request and the usual replies to it


def request(n, method, uri, *more, to="", source=CARRIER, cseq=0):
    """The n-th request: `more` are header lines, `to` another To than <uri>."""
    host = f"[{source}]" if ":" in source else source
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK-{n};rport",
        "Max-Forwards: 70",
        f'From: "Caller" <sip:+4989123456@{host}>;tag=from-{n}',
        f"To: {to or f'<{uri}>'}",
        f"Call-ID: call-{n}@{source.replace(':', '.')}",
        f"CSeq: {cseq or n} {method}",
        *more,
        f"Contact: <sip:+4989123456@{host}:5060>",
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY",
        "Supported: 100rel, timer, replaces",
        "User-Agent: a carrier",
        "Content-Length: 0",
    ]
    return "\n".join(lines) + "\n\n"


def invite(n, uri, *more, **fields):
    return request(n, "INVITE", uri, *more, **fields)


def long_invite(n, uri, ip_len, src=CARRIER, dst=SBC, **fields):
    """The n-th INVITE with a body that makes an IPv4 packet of so many bytes."""
    head = invite(n, uri, **fields).replace("Content-Length: 0\n", "Content-Length: {:04}\n")
    body = ip_len - 28 - len(sip(head.format(0)))
    return udp(sip(head.format(body)) + bytes(i % 251 for i in range(body)), src, dst)


STATUS = {404: "404 Not Found", 604: "604 Does Not Exist Anywhere"}
UNALLOCATED = 'Reason: Q.850;cause=1;text="Unallocated (unassigned) number"\n'


def reply(status, n, to, tag, method="INVITE", reason=True, source=CARRIER, cseq=0, port=5060):
    """What answers request(n, ...): `to` is the To header's value, `tag` ours behind it."""
    host = f"[{source}]" if ":" in source else source
    return (
        f"SIP/2.0 {STATUS[status]}\n"
        f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK-{n};rport={port};received={source}\n"
        f'From: "Caller" <sip:+4989123456@{host}>;tag=from-{n}\n'
        f"To: {to};tag={tag}\n"
        f"Call-ID: call-{n}@{source.replace(':', '.')}\n"
        f"CSeq: {cseq or n} {method}\n"
        f"{UNALLOCATED if reason else ''}"
        "Content-Length: 0\n"
        "\n"
    )


def unknown(n, tag, uri=NOBODY, why="unknown-number", **fields):
    """404 for request(n, ..., uri)."""
    port = fields.get("port", 0)
    return answered(why, reply(404, n, f"<{uri}>", tag, **fields), port)


def gone(n, tag, uri=GONE, why="gone-604", **fields):
    """604 for request(n, ..., uri)."""
    return answered(why, reply(604, n, f"<{uri}>", tag, **fields))
