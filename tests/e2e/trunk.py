"""A carrier's and an SBC's UDP socket that face each other through nxsipd, and the SIP that they
speak, written out byte by byte: what comes out can be compared with what went in.

That something did not arrive is shown by a fence, not by waiting: nxsipd has one worker and one
queue here, so when a datagram sent later has arrived, all that was to come has come.  That holds
once the ends know each other's link-layer address: datagrams that wait for it in the kernel are
overtaken by those sent as it comes."""

import itertools
import os
import socket
from dataclasses import dataclass

from lab import VLAN
from sip_replies import Exchange, byte_faults

WAIT_S = 5
SDP = (
    "v=0\r\no=carrier 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)

_serial = itertools.count(1)


@dataclass(frozen=True)
class Way:
    """One of the pairs of addresses that a lab's ends have."""

    name: str
    index: int  # in lab.carrier.addresses
    vlans: tuple = ()

    def __str__(self):
        return self.name


WAYS = (Way("v4", 0), Way("v6", 1), Way("vlan-v4", 2, (VLAN,)), Way("vlan-v6", 3, (VLAN,)))
V4 = WAYS[0]


def bracketed(address):
    """The address as a URI or a Via has it."""
    return f"[{address}]" if ":" in address else address


def unique():
    """A token that no other call of the function gives, nor another run."""
    return f"{os.getpid()}x{next(_serial)}"


def headers(message):
    """[(name, value)] of a message, as they stand."""
    head = message.split(b"\r\n\r\n", 1)[0].decode()
    return [tuple(line.split(": ", 1)) for line in head.split("\r\n")[1:]]


def header(message, name):
    """The value of a header that stands once."""
    (value,) = [v for n, v in headers(message) if n == name]
    return value


def start_line(message):
    return message.split(b"\r\n", 1)[0].decode()


@dataclass(frozen=True)
class Seen:
    """The datagrams that reached either end."""

    at_sbc: list
    at_carrier: list


class Peer:
    """A UDP socket at one end of a lab."""

    def __init__(self, lab, role, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address = (address, port)
        self.sock = lab.socket(role, family, socket.SOCK_DGRAM)
        self.sock.settimeout(WAIT_S)
        self.sock.bind(self.address)

    def send(self, payload, peer):
        self.sock.sendto(payload, peer.address)

    def receive(self):
        return self.sock.recv(65536)

    def until(self, fence):
        """What arrives before the fence."""
        return list(iter(self.receive, fence))


class Trunk:
    """Both ends of one way, while it is a context; each has reached the other."""

    def __init__(self, lab, way=V4, carrier_port=5060, sbc_port=5060):
        self.lab, self.way = lab, way
        self.carrier = Peer(lab, "carrier", lab.carrier.addresses[way.index], carrier_port)
        self.sbc = Peer(lab, "sbc", lab.sbc.addresses[way.index], sbc_port)

    def __enter__(self):
        try:
            self.exchange()  # one datagram each way alone asks for the other's link-layer address
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.carrier.sock.close()
        self.sbc.sock.close()

    @property
    def host(self):
        return bracketed(self.sbc.address[0])

    # ---- messages ----

    def request(
        self,
        user,
        method="INVITE",
        *,
        uri=None,
        to=None,
        via=None,
        cseq=1,
        max_forwards=70,
        more=(),
        body=SDP,
    ):
        """A request of the carrier's for a user at the SBC's address (or for the URI)."""
        uri = uri or f"sip:{user}@{self.host}"
        address, port = self.carrier.address
        sent_by = f"{bracketed(address)}:{port}"
        token = unique()
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: {via or f'SIP/2.0/UDP {sent_by};branch=z9hG4bK{token};rport'}",
            f"Max-Forwards: {max_forwards}",
            f"From: <sip:+442079460900@{bracketed(address)}>;tag=c{token}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {token}@carrier.example.com",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:+442079460900@{sent_by}>",
            *more,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    @staticmethod
    def ack(request, reply):
        """The ACK for a final answer other than 2xx (RFC 3261, 17.1.1.3)."""
        uri = start_line(request).split(" ")[1]
        lines = [
            f"ACK {uri} SIP/2.0",
            f"Via: {header(request, 'Via')}",
            "Max-Forwards: 70",
            f"From: {header(request, 'From')}",
            f"To: {header(reply, 'To')}",
            f"Call-ID: {header(request, 'Call-ID')}",
            f"CSeq: {header(request, 'CSeq').split(' ')[0]} ACK",
            "Content-Length: 0",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    @staticmethod
    def response(request, status, more=()):
        """The SBC's response to a request."""
        copied = ("Via", "From", "To", "Call-ID", "CSeq")
        lines = [
            f"SIP/2.0 {status}",
            *(f"{n}: {v}" for n, v in headers(request) if n in copied),
            *more,
            "Content-Length: 0",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    # ---- exchanges ----

    def exchange(self, *from_carrier, from_sbc=()):
        """Sends the datagrams in order and gives what reached either end of it all."""
        fence = f"fence {unique()}".encode()
        for payload in from_carrier:
            self.carrier.send(payload, self.sbc)
        self.carrier.send(fence, self.sbc)
        at_sbc = self.sbc.until(fence)
        for payload in from_sbc:
            self.sbc.send(payload, self.carrier)
        self.sbc.send(fence, self.carrier)
        return Seen(at_sbc, self.carrier.until(fence))

    def answer(self, request):
        """nxsipd's answer to the request, of which the SBC must see nothing; a sound one."""
        seen = self.exchange(request)
        assert seen.at_sbc == []
        (reply,) = seen.at_carrier
        assert list(byte_faults(Exchange(request, reply, self.carrier.address))) == []
        return reply

    def passes(self, *payloads):
        """The datagrams reach the SBC byte for byte, and nobody answers them."""
        assert self.exchange(*payloads) == Seen(list(payloads), [])
