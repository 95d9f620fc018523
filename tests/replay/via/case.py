"""Via (rules 18, 19, 21, 22): all values come back in order, byte for byte, but for rport and
received in the first, which say where the request came from."""

from frames import *

RULES = (
    "rule_18_other_transports_and_maddr",
    "rule_18_not_lower_vias",
    "rule_19_every_via_in_order",
    "rule_21_received_and_rport",
    "rule_21_not_lower_vias",
)

HEAD = """INVITE sip:+442079460002@192.0.2.10 SIP/2.0
{via}
Max-Forwards: 70
From: <sip:+4989123456@198.51.100.1>;tag=from-{n}
To: <sip:+442079460002@192.0.2.10>
Call-ID: call-{n}@198.51.100.1
CSeq: {n} INVITE
Contact: <sip:+4989123456@198.51.100.1:5060>
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY
User-Agent: a carrier
Content-Length: 0

"""
NOT_FOUND = """SIP/2.0 404 Not Found
{via}
From: <sip:+4989123456@198.51.100.1>;tag=from-{n}
To: <sip:+442079460002@192.0.2.10>;tag={tag}
Call-ID: call-{n}@198.51.100.1
CSeq: {n} INVITE
Reason: Q.850;cause=1;text="Unallocated (unassigned) number"
Content-Length: 0

"""


def call(n, via, **fields):
    return udp(HEAD.format(n=n, via=via), **fields)


def nobody(n, tag, via, port=0):
    return answered("unknown-number", NOT_FOUND.format(n=n, tag=tag, via=via), port)


FRAMES = [
    # the source itself, without rport: nothing to add
    access(
        call(1, "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-1"),
        nobody(
            1, "nx10a49904bc65cc9c350bfded9b", "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-1"
        ),
    ),
    # a name, without rport: received; the reply goes to the port of sent-by
    access(
        call(2, "Via: SIP/2.0/UDP gw.carrier.example:5080;branch=z9hG4bK-2", sport=33000),
        nobody(
            2,
            "nx1047705ab2502c2db6b6b66574",
            "Via: SIP/2.0/UDP gw.carrier.example:5080;received=198.51.100.1;branch=z9hG4bK-2",
            port=5080,
        ),
    ),
    # no port in sent-by: 5060
    access(
        call(3, "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-3", sport=33000),
        nobody(
            3,
            "nx10697b3ce40151a57d58db7742",
            "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-3",
            port=5060,
        ),
    ),
    # another address
    access(
        call(4, "Via: SIP/2.0/UDP 10.1.2.3:5060;branch=z9hG4bK-4"),
        nobody(
            4,
            "nx109db59e94643e42a836c7be95",
            "Via: SIP/2.0/UDP 10.1.2.3:5060;received=198.51.100.1;branch=z9hG4bK-4",
        ),
    ),
    # rport: the source port, and received also where it is equal
    access(
        call(5, "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-5;rport", sport=33000),
        nobody(
            5,
            "nx102f2586da8df6c6aa7f3e93c0",
            "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-5"
            ";rport=33000;received=198.51.100.1",
        ),
    ),
    access(
        call(6, "Via: SIP/2.0/UDP 10.1.2.3;rport;branch=z9hG4bK-6"),
        nobody(
            6,
            "nx1082808bf2d582098dfabdfcf5",
            "Via: SIP/2.0/UDP 10.1.2.3;rport=5060;received=198.51.100.1;branch=z9hG4bK-6",
        ),
    ),
    # values that came in the request are its sender's word: replaced
    access(
        call(7, "Via: SIP/2.0/UDP 10.1.2.3;rport=9;branch=z9hG4bK-7"),
        nobody(
            7,
            "nx104b7d93cb7b3c960c7f82a9f5",
            "Via: SIP/2.0/UDP 10.1.2.3;rport=5060;received=198.51.100.1;branch=z9hG4bK-7",
        ),
    ),
    access(
        call(8, "Via: SIP/2.0/UDP 10.1.2.3;received=192.0.2.66;branch=z9hG4bK-8"),
        nobody(
            8,
            "nx105f27ba889539390ae3e59130",
            "Via: SIP/2.0/UDP 10.1.2.3;received=198.51.100.1;branch=z9hG4bK-8",
        ),
    ),
    access(
        call(9, "Via: SIP/2.0/UDP 10.1.2.3;received=192.0.2.66;branch=z9hG4bK-9;rport=1"),
        nobody(
            9,
            "nx1057b2d972a63410684ebe495e",
            "Via: SIP/2.0/UDP 10.1.2.3;received=198.51.100.1;branch=z9hG4bK-9;rport=5060",
        ),
    ),
    access(
        call(10, "Via: SIP/2.0/UDP 10.1.2.3;rport;branch=z9hG4bK-10;received=1.2.3.4"),
        nobody(
            10,
            "nx109606dcd3b4e3a279c3eb9e6b",
            "Via: SIP/2.0/UDP 10.1.2.3;rport=5060;branch=z9hG4bK-10;received=198.51.100.1",
        ),
    ),
    # several in a row: the first alone is edited
    access(
        call(
            11,
            "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK-11;rport, SIP/2.0/TCP 10.9.9.9"
            ";branch=z9hG4bK-11a;rport",
        ),
        nobody(
            11,
            "nx10b296359df23fdbe31053b456",
            "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK-11;rport=5060;received=198.51.100.1"
            ", SIP/2.0/TCP 10.9.9.9;branch=z9hG4bK-11a;rport",
        ),
    ),
    # several rows, compact and folded, with white space; names come back in their long form
    access(
        call(
            12,
            "v: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK-12;rport\nVIA :SIP/2.0/UDP 10.9.9.9\n"
            "  ;branch=z9hG4bK-12a,\n\tSIP/2.0/TLS proxy.example.com  \n"
            "v:SIP / 2.0 / UDP first.example.com",
        ),
        nobody(
            12,
            "nx102b958ac084585e9b2e842f9e",
            "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK-12;rport=5060"
            ";received=198.51.100.1\nVia: SIP/2.0/UDP 10.9.9.9\n"
            "  ;branch=z9hG4bK-12a,\n\tSIP/2.0/TLS proxy.example.com\n"
            "Via: SIP / 2.0 / UDP first.example.com",
        ),
    ),
    access(
        call(13, "Via: SIP/2.0/UDP 10.1.2.3 :5062 ; branch=z9hG4bK-13 ; x=[::1] ; rport"),
        nobody(
            13,
            "nx10ff22d0571d8119f7c360c4cc",
            "Via: SIP/2.0/UDP 10.1.2.3 :5062 ; branch=z9hG4bK-13 ; x=[::1] "
            ";rport=5060;received=198.51.100.1",
        ),
    ),
    access(
        call(14, "Via: SIP/2.0/UDP 10.1.2.3\n ;rport;branch=z9hG4bK-14"),
        nobody(
            14,
            "nx105555946f8d969c94af8d674a",
            "Via: SIP/2.0/UDP 10.1.2.3\n ;rport=5060;received=198.51.100.1;branch=z9hG4bK-14",
        ),
    ),
    access(
        call(15, "Via: sip/2.0/udp 10.1.2.3;Branch=z9hG4bK-15;RPORT"),
        nobody(
            15,
            "nx104df151288e69dc21c619e5c0",
            "Via: sip/2.0/udp 10.1.2.3;Branch=z9hG4bK-15;rport=5060;received=198.51.100.1",
        ),
    ),
    # no branch: a peer of RFC 2543
    access(
        call(16, "Via: SIP/2.0/UDP 198.51.100.1:5060"),
        nobody(16, "nx1074af2398ed032a33815d5a69", "Via: SIP/2.0/UDP 198.51.100.1:5060"),
    ),
    # not over UDP, or the reply would go where the sender wants it
    access(
        call(17, "Via: SIP/2.0/TCP 198.51.100.1:5060;branch=z9hG4bK-17"),
        passes("via-transport"),
    ),
    access(
        call(18, "Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK-18"),
        passes("via-transport"),
    ),
    access(
        call(19, "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-19;maddr=192.0.2.66"),
        passes("via-maddr"),
    ),
    # malformed
    access(call(20, "Via: SIP/2.0/UDP ;branch=z9hG4bK-20"), passes("bad-via")),
    access(call(21, "Via: SIP/2.0/UDP 198.51.100.1:99999;branch=z9hG4bK-21"), passes("bad-via")),
    access(call(22, "Via: SIP/2.0/UDP 198.51.100.1;rport;branch=a;rport"), passes("bad-via")),
    access(call(23, "Via: SIP/2.0/UDP 198.51.100.1;branch=a;branch=b"), passes("bad-via")),
    access(call(24, "Via: SIP/1.0/UDP 198.51.100.1;branch=z9hG4bK-24"), passes("bad-via")),
    access(call(25, "Via:"), passes("bad-via")),
]
