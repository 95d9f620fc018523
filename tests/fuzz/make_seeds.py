#!/usr/bin/python3
"""Writes the fuzz targets' seeds into tests/fuzz/corpus/TARGET/, one file each.

What a target needs to begin with is stated here; what a fuzzer found later, as the smallest input
that shows it, is put beside these by hand, under the name found-*, and stays.
"""
import itertools
import random
import struct
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"

SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
       b"m=audio 20000 RTP/AVP 8\r\n")

VIA = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK776asdhds"


def request(method="INVITE", uri="sip:+442079460000@example.net", via=VIA, extra=(), body=b"",
            from_="\"Caller\" <sip:caller@example.org>;tag=1928301774",
            to="<sip:+442079460000@example.net>", call_id="a84b4c76e66710@198.51.100.7",
            cseq=None, compact=False, length=True):
    """One request; via: a line, or a list of them."""
    names = ("f", "t", "i", "l") if compact else ("From", "To", "Call-ID", "Content-Length")
    lines = [f"{method} {uri} SIP/2.0"]
    lines += [via] if isinstance(via, str) else list(via)
    lines += ["Max-Forwards: 70", f"{names[0]}: {from_}", f"{names[1]}: {to}",
              f"{names[2]}: {call_id}", f"CSeq: {cseq or '314159 ' + method}", *extra]
    if length:
        lines.append(f"{names[3]}: {len(body)}")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


PAD = ["Contact: <sip:caller@198.51.100.7:5060>", "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS",
       "Supported: timer, 100rel", "User-Agent: sample/1.0"]


def sip():
    """Requests that are answered, and such as pass, one for each thing the parser knows."""
    yield "invite", request(extra=[*PAD, "Content-Type: application/sdp"], body=SDP)
    yield "small", request()
    yield "compact", request(via=VIA.replace("Via", "v"), compact=True, body=SDP)
    yield "rport", request(via=VIA + ";rport", body=SDP)
    yield "rport-value", request(via=VIA + ";rport=5062;received=192.0.2.99", body=SDP)
    yield "received-quoted", request(via=VIA + ";received=\"192.0.2.99\"", extra=PAD)
    yield "via-name", request(via=VIA.replace("198.51.100.7:5060", "pc33.example.org"), body=SDP)
    yield "via-v6", request(via=VIA.replace("198.51.100.7", "[2001:db8:1::1]"), extra=PAD)
    yield "via-rows", request(via=[VIA, VIA.replace("7:5060", "8"), VIA.replace("UDP", "TCP")],
                              extra=PAD, body=SDP)
    yield "via-joined-rport", request(via=VIA + ";rport,SIP/2.0/UDP 192.0.2.1", extra=PAD)
    yield "via-joined", request(via=VIA + ", SIP/2.0/TCP 192.0.2.1;x=\"a,b\" ,SIP/2.0/TLS b",
                                extra=PAD)
    yield "via-spaced", request(via="Via : SIP / 2.0 / UDP 198.51.100.7 : 5060 ; branch = z9hG4bKx",
                                extra=PAD)
    yield "via-folded", request(via="Via: SIP/2.0/UDP\r\n 198.51.100.7\r\n\t;branch=z9hG4bKx",
                                extra=PAD)
    yield "via-tcp", request(via=VIA.replace("UDP", "TCP"))
    yield "via-maddr", request(via=VIA + ";maddr=192.0.2.1")
    yield "via-ttl", request(via=VIA + ";ttl=16;alias;x=[::1]", extra=PAD)
    yield "via-no-branch", request(via="Via: SIP/2.0/UDP 198.51.100.7", extra=PAD)
    yield "via-many", request(via=[f"v: SIP/2.0/UDP h{i};branch=z9hG4bK{i}" for i in range(40)])
    yield "via-too-many", request(via=[f"v: SIP/2.0/UDP h{i}" for i in range(66)])
    yield "from-bare", request(from_="sip:caller@example.org;tag=1", to="sip:callee@example.net",
                               body=SDP)
    yield "from-tokens", request(from_="A B. <sip:caller@example.org>;tag=1;x=y", body=SDP)
    yield "from-quoted", request(from_='"a \\" <b>;tag=x" <sip:c@example.org>;tag=1', body=SDP)
    yield "from-no-tag", request(from_="<sip:caller@example.org>", body=SDP)
    yield "from-folded", request(from_='"A"\r\n <sip:a@example.org>\r\n ; tag\r\n = 1', body=SDP)
    yield "from-utf8", request(from_="\"\u00c9ric\" <sip:e@example.org>;tag=\u0031", body=SDP)
    yield "to-tag", request(to="<sip:+442079460000@example.net>;tag=a")
    yield "to-tag-empty", request(to="<sip:+442079460000@example.net>;tag")
    yield "to-tel", request(uri="tel:+442079460000", to="<tel:+442079460000>", body=SDP)
    yield "to-hash", request(to="<tel:7042#1;phone-context=+44>", body=SDP)
    yield "to-other", request(to="<urn:service:sos>", body=SDP)
    yield "to-tel-bare", request(to="tel:+44(20)7946.0000 ;x=y", body=SDP)
    for name, uri in (("password", "sip:a:@example.org"), ("no-at", "sip:a:pwexample.org"),
                      ("no-user", "sip::pw@example.org"), ("bad-port", "sip:a@example.org:0"),
                      ("bad-v6", "sip:a@[::1:5060"), ("bad-escape", "sip:a%4@example.org"),
                      ("odd-host", "sip:a@-example..1"), ("underscore", "sip:a_b@192.0.2.1:5060"),
                      ("params", "sip:a@h.org:5060;user=phone;x"), ("param", "sip:a@h.org;x=y"),
                      ("bad-param", "sip:a@h.org;x="), ("odd-scheme", "s%69p:a@h.org"),
                      ("sip-like", "sipx:a@h.org"), ("tel", "tel:*21;isub=1"), ("im", "im:a@h.org"),
                      ("bad-tel", "tel:+..#"), ("http", "http://h.org:x/a")):
        yield "from-uri-" + name, request(from_=f"<{uri}>;tag=1", extra=PAD)
    for name, uri in (("name", "sip:alice@example.net"), ("gone", "sip:gone@example.net"),
                      ("gone-number", "sip:+441632960000@example.net;user=phone"),
                      ("escaped", "sip:a%6cic%65@example.net"), ("nul", "sip:a%00b@example.net"),
                      ("twice", "sip:a%2541@example.net"), ("params", "sip:a;b=c;d@example.net"),
                      ("password", "sip:alice:secret@example.net"), ("sips", "sips:a@example.net"),
                      ("port", "sip:alice@example.net:5060"), ("dot", "sip:alice@example.net."),
                      ("v4", "sip:alice@192.0.2.10"), ("v6", "sip:alice@[2001:db8::10]:5060"),
                      ("uri-params", "sip:alice@example.net;transport=udp;x=%41;y"),
                      ("headers", "sip:alice@example.net?subject=x"),
                      ("visual", "sip:+44-20.7946(0000)@example.net"), ("no-user", "sip:example.net"),
                      ("odd", "sip:a&b=c+d$e,f;g?h/i@example.net"), ("sos", "urn:service:sos"),
                      ("brackets", "sip:a@h.net;[x]=[::1]"), ("no-password", "sip:a:@h.net"),
                      ("maddr", "sip:a@example.net;maddr=192.0.2.1"), ("gr", "sip:a@h.net;gr=x"),
                      ("local", "tel:7042;phone-context=+44"), ("rn", "tel:+44207946;rn=+441"),
                      ("dial", "sip:112@example.net"), ("star", "sip:*21@example.net")):
        yield "uri-" + name, request(uri=uri, to=f"<{uri}>", extra=PAD)
    for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "CANCEL", "REGISTER", "OPTIONS",
                   "BYE", "NEW-METHOD.!%*_+`'~"):
        yield "method-" + method.lower()[:9], request(method=method, extra=PAD)
    yield "register-user", request(method="REGISTER", uri="sip:example.net", extra=PAD,
                                   to="<sip:alice@example.net>")
    yield "ack", request(method="ACK", to="<sip:a@b>;tag=nx170123456789abcdef01234567")
    for header in ("Route: <sip:192.0.2.10;lr>", "Route: <sip:192.0.2.10;lr>, <sip:[2001:db8::10]>",
                   "Route: <sip:other.example;lr>", "Proxy-Require: sec-agree",
                   "Replaces: a;to-tag=1;from-tag=2", "Join: a;to-tag=1;from-tag=2",
                   "Target-Dialog: a;local-tag=1", "Resource-Priority: ets.0",
                   "Priority: emergency", "Priority: psap-callback", "Priority: normal",
                   "History-Info: <sip:a@b>;index=1", "Diversion: <sip:a@b>;reason=unknown",
                   "CSeq: 1 INVITE", "Max-Forwards: 1", "X-Long: " + 300 * "x", "X-Empty:",
                   "Subject: a\r\n b\r\n\tc", "X-Utf8: \u00e9\u4e00", "CONTACT  :<sip:a@b>"):
        name = "".join(c if c.isalnum() else "-" for c in header.lower()[:18]).strip("-")
        yield "header-" + name, request(extra=[*PAD, header])
    hops = request().replace(b"Forwards: 70", b"Forwards: 0")
    yield "hops-0", hops
    yield "length-short", request(body=SDP).replace(b"Length: ", b"Length: 1\r\nX: ")
    yield "length-long", request(length=False, extra=["Content-Length: 9"])
    yield "length-none", request(length=False, body=SDP)
    yield "cseq-zeros", request(cseq="0000000314159 INVITE", extra=PAD)
    yield "cseq-max", request(cseq="2147483647  INVITE", extra=PAD)
    yield "cseq-large", request(cseq="2147483648 INVITE")
    yield "cseq-method", request(cseq="1 ACK")
    yield "call-id-odd", request(call_id="w()<>:\\\"/[]?{}-.!%*_+`'~@h", extra=PAD)
    yield "call-id-two-at", request(call_id="a@b@c")
    yield "lf", request().replace(b"\r\n", b"\n")
    yield "cr", request().replace(b"To:", b"X: a\rb\r\nTo:")
    yield "nul", request().replace(b"To:", b"X: a\0b\r\nTo:")
    yield "version", request().replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1)
    yield "two-spaces", request().replace(b"INVITE ", b"INVITE  ", 1)
    yield "crlf-before", b"\r\n" + request()
    yield "cut", request()[:-2]
    yield "no-call-id", request().replace(b"Call-ID", b"X-Call-ID")
    yield "response", b"SIP/2.0 200 OK\r\n" + request().split(b"\r\n", 1)[1]
    yield "keepalive", b"\r\n\r\n"
    yield "stun", struct.pack("!HHI12x", 1, 0, 0x2112a442)
    yield "rtp", struct.pack("!BBHII", 0x80, 8, 1, 160, 1) + 20 * b"\xd5"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(payload, v6=False, tags=(), options=b"", ext=b"", next_=17, frag=0, proto=17, cut=None):
    """Ethernet, tags, IP with options or extension headers, UDP."""
    src, dst = ((bytes.fromhex("20010db8000100000000000000000001"),
                 bytes.fromhex("20010db8000000000000000000000010")) if v6 else
                (bytes([198, 51, 100, 1]), bytes([192, 0, 2, 10])))
    udp_len = 8 + len(payload)
    udp = struct.pack("!HHHH", 5060, 5060, udp_len, 0)
    pseudo = src + dst + struct.pack("!II", udp_len, 17)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload) or 0xffff) + payload
    if v6:
        ip = struct.pack("!IHBB", 0x60000000, len(ext) + udp_len, next_, 64) + src + dst + ext
    else:
        ihl = 5 + len(options) // 4
        ip = struct.pack("!BBHHHBBH", 0x40 | ihl, 0x10, 4 * ihl + udp_len, 1, frag, 64, proto, 0)
        ip += src + dst + options
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    ether = bytes.fromhex("020000000001020000000002")
    for tpid, tci in tags:
        ether += struct.pack("!HH", tpid, tci)
    return (ether + struct.pack("!H", 0x86dd if v6 else 0x0800) + ip + udp)[:cut]


def decode():
    """Frames of every kind that nx_decode tells apart."""
    call = request(uri="sip:gone@example.net", to="<sip:gone@example.net>", extra=PAD)
    number = request(extra=PAD)
    yield "v4", frame(number)
    yield "v6", frame(number, v6=True)
    yield "tag", frame(call, tags=[(0x8100, 100)])
    yield "priority-tag", frame(number, tags=[(0x8100, 0xa000)])
    yield "qinq", frame(call, tags=[(0x88a8, 100), (0x8100, 7)])
    yield "qinq-v6", frame(call, v6=True, tags=[(0x9100, 100), (0x8100, 7)])
    yield "three-tags", frame(call, tags=[(0x88a8, 1), (0x8100, 2), (0x8100, 3)])
    yield "padding", frame(b"\r\n\r\n") + 20 * b"\0"
    yield "options", frame(number, options=bytes([1, 7, 7, 4, 0, 0, 0, 0]))
    yield "source-route", frame(number, options=bytes([131, 7, 4, 192, 0, 2, 1, 0]))
    yield "strict-route", frame(number, options=bytes([137, 3, 4, 0]))
    yield "bad-option", frame(number, options=bytes([7, 1, 0, 0]))
    yield "first-fragment", frame(number, frag=0x2000)
    yield "last-fragment", frame(number, frag=0x0010)
    yield "dont-fragment", frame(number, frag=0x4000)
    yield "tcp", frame(number, proto=6)
    yield "cut", frame(number, cut=200)
    yield "short", frame(number, cut=13)
    yield "hop-by-hop", frame(number, v6=True, next_=0, ext=bytes([17, 0, 1, 4, 0, 0, 0, 0]))
    yield "routing", frame(number, v6=True, next_=43, ext=bytes([17, 0, 0, 0, 0, 0, 0, 0]))
    yield "routing-left", frame(number, v6=True, next_=43, ext=bytes([17, 0, 0, 1, 0, 0, 0, 0]))
    yield "ah", frame(number, v6=True, next_=51, ext=bytes([17, 4]) + bytes(22))
    yield "chain", frame(number, v6=True, next_=0,
                         ext=bytes([60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12]) + bytes(12) +
                         bytes([17, 0, 0, 0, 0, 0, 0, 0]))
    yield "fragment-v6", frame(number, v6=True, next_=44, ext=bytes([17, 0, 0, 1, 0, 0, 0, 9]))
    yield "no-checksum", frame(number)[:40] + b"\0\0" + frame(number)[42:]
    yield "arp", bytes.fromhex("ffffffffffff0200000000020806") + bytes(46)
    yield "empty", frame(b"")


def uri():
    """First byte: bit 0 names instead of numbers, bits 1 and 2 the plan."""
    texts = ["sip:+442079460000@example.net", "sip:02079460000@example.net",
             "sip:00442079460000@example.net;user=phone", "sip:147702079460000@h.net",
             "tel:+44-20-7946-0000", "tel:7946(0000);phone-context=+44", "tel:112",
             "tel:2025550123;phone-context=+1", "tel:+1.202.555.0123;ext=9;isub=2",
             "sip:12025550123@h.net", "sip:011442079460000@h.net", "sip:99442079460000@h.net",
             "sip:alice@example.net", "sip:a%6c%69ce@example.net", "sip:%31%31%32@example.net",
             "sip:a%00b@example.net", "sip:%2b442079460000@example.net", "sip:1234567@example.net",
             "sip:alice;x=y@example.net", "sip:123;phone-context=h@example.net",
             "sips:alice:pw@[2001:db8::10]:5061;transport=tls;lr?x=y", "sip:192.0.2.10:5060",
             "sip:alice@example.net;user=dialstring", "sip:a@h.net;GR;maddr=1.2.3.4",
             "sip:a@h.net;rn=1;cic=+1", "sip:a@h.net;x=%41;y;z=[::1]", "sip:a@h.net;u%73er=phone",
             "sip:" + 130 * "a" + "@h.net", "sip:a@" + 70 * "label.x" + "y", "urn:service:sos",
             "http://example.net/", "sip:@h.net", "sip:a@", "sip:a@h..net", "sip:a@h.net:65536",
             "sip:a@h.net:05060", "sip:a@256.1.1.1", "sip:a@1.2.3", "sip:a@[::1", "sip:a%4",
             "sip:a@@h", "tel:+44;rn=+44;rn=+44", "tel:*21#", "tel:", "SIP:A@H.NET.", "sip:999@h.net",
             "sip:+999@h.net", "sip:00999@h.net", "sip:+44116117@h.net", "sip:0116117@h.net"]
    for i, text in enumerate(texts):
        for options in (0, 3) if i % 2 else (1, 2, 6):
            yield f"{i:02}-{options}", bytes([options]) + text.encode()
    pairs = [(texts[0], texts[4]), ("sip:a%62@H.net", "sips:ab@h.NET."), (texts[5], texts[5]),
             (texts[12], texts[0])]
    for i, (a, b) in enumerate(pairs):
        yield f"pair-{i}", b"\1" + a.encode() + b"\n" + b.encode()


def jsonrpc():
    lines = ['{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}',
             '{"jsonrpc":"2.0","id":"a\\u00e9","method":"user.add","params":'
             '{"domain":"example.com","user":"+44","force":true,"limit":7}}',
             '{"jsonrpc":"2.0","method":"status"}', '{"jsonrpc":"2.0","id":null,"method":"status"}',
             '{"jsonrpc":"2.0","id":1,"method":"x","params":{"domain":"d","workers":["a","b"]}}',
             '{"jsonrpc":"2.0","id":1,"method":"x","params":{"domain":"d","limit":1001}}',
             '{"jsonrpc":"2.0","id":1,"method":"x","params":{"domain":1,"other":[]}}',
             '{"jsonrpc":"1.0","id":1.5,"method":7}', '[{"jsonrpc":"2.0"}]', '{}', '', '{"a":1,"a":2}',
             40 * '[' + 40 * ']', '{"jsonrpc":"2.0","id":{},"method":"\\ud800"}',
             '{"id":99999999999999999999}', '{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}',
             '{"jsonrpc":"2.0","id":1,"method":"a\\nb","more":1}\r', 'nonsense']
    for i, line in enumerate(lines):
        yield f"{i:02}", line.encode()
    yield "not-utf8", b'{"jsonrpc":"2.0","id":"\xff","method":"x"}'


def csv():
    """First byte: digits are names. The rest: a file, also compressed."""
    import gzip
    plain = (b"user,state\r\n+442079460000,known\r\n+44 20 7946-0001,gone\n\"alice \"\"a\"\"\",head\n"
             b"# comment\n\n bob , known\n0123456789\n,\n+0123,known\n" + 125 * b"x" + b"\n")
    for digits in (b"\0", b"\1"):
        name = "digits-" if digits == b"\1" else ""
        yield name + "plain", digits + plain
        yield name + "gzip", digits + gzip.compress(plain, mtime=0)
    yield "bom", b"\0\xef\xbb\xbfUser\n\xc3\xa9\n"
    yield "long-line", b"\0" + 1100 * b"a" + b",known\nb\n"
    yield "control", b"\0a\x01b\nc\0d\n\"a\nb\"\n\"a\"b\n"
    yield "no-end", b"\0alice,gone"
    yield "two-members", b"\0" + 2 * gzip.compress(b"a\n", mtime=0)
    # one zstd frame of raw bytes (RFC 8878 3.1.1): no content size, one last raw block
    yield "zstd", (b"\0" + struct.pack("<IBB", 0xfd2fb528, 0, 0x58) + b"\x51\0\0" + b"alice,gone")


def config():
    small = "workers: {cores: [1]}\nports:\n  - {name: p, access: net_null0, core: net_null1}\n"
    full = (CORPUS.parents[2] / "scripts" / "nxsip.yaml").read_text()
    bare = "\n".join(line.split("#")[0].rstrip() for line in full.splitlines())
    yield "example", "\n".join(line for line in bare.splitlines() if line).encode() + b"\n"
    yield "small", small.encode()
    extra = {"services": "services:\n  - {name: s, vlan: [100, null], addresses: [192.0.2.10, "
                         "'2001:db8::10'], ports: [5060], kind: phone, hosts: [{host: any, domain: "
                         "example.net}]}\n",
             "classes": "classes:\n  - {name: default, answer: pass}\n  - {name: c, trust: peer, "
                        "sources: [10.0.0.0/8]}\n",
             "plans": "plans:\n  - {name: uk, country_code: 44, international: ['00'], national: "
                      "['0'], min_digits: 7}\n",
             "unknown": "colour: blue\n", "anchor": "a: &x 1\nb: *x\n", "twice": "box: {}\nbox: {}\n",
             "tag": "box: !!str x\n", "deep": "box: " + 40 * "[" + 40 * "]" + "\n",
             "documents": "---\na: 1\n---\nb: 2\n", "keys": "reply: {tag_keys: [{id: 0, key: "
             "'000102030405060708090a0b0c0d0e0f'}], server: x, reason: off}\n"}
    for name, text in extra.items():
        yield name, (small + text).encode()
    yield "empty", b""
    yield "control", b"box: {name: \"a\\u0001\"}\n"
    yield "utf16", "box: {}\n".encode("utf-16")


def store():
    """Damage: see fuzz_store.c."""
    yield "none", b"\0\0"
    for page in (0, 1, 2, 5, 9):
        yield f"cut-{page}", bytes([1, page])
    for page in range(0, 14):
        for off in (0, 8, 10, 12, 16, 24, 64, 152, 4000):
            yield f"byte-{page:02}-{off}", b"\0\0" + (page * 4096 + off).to_bytes(3, "big") + b"\1\xff"
    yield "two", b"\0\0" + b"\0\0\x10\1\1" + b"\0\x10\x10\1\1"
    yield "headers", b"\0\0" + b"\0\0\0\x10" + 16 * b"\xff" + b"\0\x10\0\x10" + 16 * b"\xff"


def fragment():
    """Steps: see fuzz_fragment.c. A datagram of 2400 bytes in three fragments, and odd ones."""
    def step(part, which=0, ends=True, wait=0, len_=100):
        bits = (part == 0) | ends << 1 | (0xe0 if wait else 0)
        return bytes([which, bits, max(100 * part - 1, 0), len_, 0, 150 if part == 0 else wait])

    for order in itertools.permutations(range(3)):
        name = "".join(map(str, order))
        yield f"order-{name}", b"\2" + b"".join(step(part) for part in order)
        yield f"twice-{name}", b"\2" + 2 * b"".join(step(part, 1) + step(part, 2) for part in order)
        yield f"waits-{name}", b"\3" + b"".join(step(part, wait=99) for part in order + order)
    yield "passes", b"\2" + step(0, ends=False) + step(1) + step(0) + step(2)
    yield "taken-back", b"\2" + step(0) + step(0, ends=False) + step(1) + step(2)
    yield "overlap", b"\2" + step(0) + step(1, len_=150) + step(1, len_=50) + step(2, len_=255)
    yield "unsound", b"\2" + step(0, len_=0) + step(1) + step(0, len_=200) + step(2)
    dice = random.Random(36)
    for few in (0, 2):
        for i in range(8):
            yield f"many-{few}-{i}", bytes([dice.randrange(64) & ~2 | few]) + b"".join(
                step(dice.randrange(3), dice.randrange(256), dice.random() < 0.7,
                     dice.choice((0, 0, 0, 0, 0, 20, 21)), dice.choice((100, 100, 100, 50, 201)))
                for _ in range(40))


def main():
    for target in (sip, decode, uri, jsonrpc, csv, config, store, fragment):
        folder = CORPUS / target.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("[!f]*"):
            old.unlink()
        for old in folder.glob("f*"):
            if not old.name.startswith("found-"):
                old.unlink()
        for name, data in target():
            (folder / name).write_bytes(data)
    for alike in ("reply", "differential", "burst"):
        if not (CORPUS / alike).is_symlink():
            (CORPUS / alike).symlink_to("sip")


if __name__ == "__main__":
    main()
