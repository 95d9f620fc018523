"""Captures of SIP calls for the benchmarks: INVITEs with SDP as trunks send them, in pcap files.

Standard library only, so that a benchmark runs wherever nxsipd does."""

import ipaddress
import struct

SDP = (
    "v=0\r\n"
    "o=- {sess} {sess} IN IP4 {src}\r\n"
    "s=-\r\n"
    "c=IN IP4 {src}\r\n"
    "t=0 0\r\n"
    "m=audio {media} RTP/AVP 8 0 101\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=ptime:20\r\n"
)

INVITE = (
    "INVITE sip:{user}@{dst}:5060;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {src}:5060;branch=z9hG4bK{n:016x};rport\r\n"
    "Max-Forwards: 69\r\n"
    'From: "Carrier {n:04d}" <sip:+4989{n:07d}@{src}>;tag={tag:08x}\r\n'
    "To: <sip:{user}@{dst}:5060;user=phone>\r\n"
    "Call-ID: {call:032x}@{src}\r\n"
    "CSeq: {cseq} INVITE\r\n"
    "Contact: <sip:+4989{n:07d}@{src}:5060>\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
    "P-Asserted-Identity: <sip:+4989{n:07d}@{src}>\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: {length}\r\n"
    "\r\n"
)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp4(src: str, dst: str, sport: int, dport: int, payload: bytes) -> bytes:
    """An Ethernet frame with an IPv4 UDP datagram, every checksum right."""
    s, d = ipaddress.IPv4Address(src).packed, ipaddress.IPv4Address(dst).packed
    length = 8 + len(payload)
    pseudo = s + d + struct.pack("!BBH", 0, 17, length)
    head = struct.pack("!HHHH", sport, dport, length, 0)
    udp_sum = checksum(pseudo + head + payload) or 0xFFFF
    udp = struct.pack("!HHHH", sport, dport, length, udp_sum) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0x4000, 64, 17, 0, s, d)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return bytes.fromhex("020000000002 020000000001 0800") + ip + udp


def invite(n: int, user: str, src: str, dst: str) -> bytes:
    """The n-th INVITE to a user, about 740 bytes of frame, different in every field that may be."""
    sdp = SDP.format(sess=3900000000 + n, src=src, media=20000 + 2 * n)
    head = INVITE.format(
        n=n,
        user=user,
        src=src,
        dst=dst,
        tag=(n * 2654435761) & 0xFFFFFFFF,
        call=(n * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128),
        cseq=1000 + n,
        length=len(sdp),
    )
    return (head + sdp).encode()


def write_pcap(path: str, frames: list[bytes]) -> None:
    """A classic pcap file, microseconds, Ethernet."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames):
            f.write(struct.pack("<IIII", i // 1000000, i % 1000000, len(frame), len(frame)))
            f.write(frame)
