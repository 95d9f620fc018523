"""Replies of ours, judged by others and by the bytes.

A reply is sound where libosip2 and sofia-sip take it for a response and read in it what they read
in its request (sip_replies.c), where tshark dissects it without complaint, and where it repeats its
request's Via list, From, Call-ID and CSeq byte for byte, is no longer, and holds nothing that rule
19 does not name. What is compared here is cut out by code that shares nothing with the data plane.
"""

import re
import struct
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

REFERENCES = ("libosip2", "sofia-sip")  # in the order in which they are asked
STATUS_LINES = (b"SIP/2.0 404 Not Found", b"SIP/2.0 604 Does Not Exist Anywhere")
LONG = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id", b"l": b"content-length"}
ONCE = (b"from", b"to", b"call-id", b"cseq")
KNOWN = {b"via", *ONCE, b"reason", b"server", b"content-length"}
OUR_TAG = re.compile(rb";tag=nx1[0-9a-f]{25}")
QUOTED = rb'"(?:\\.|[^"\\])*"'
FIRST_VALUE = re.compile(rb"(?:%s|[^\",])*" % QUOTED, re.DOTALL)
PARAMETER = re.compile(rb";(?:%s|[^\";])*" % QUOTED, re.DOTALL)
EDITED = re.compile(rb";\s*(received|rport)\s*(?:=\s*(.*?)\s*)?$", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Exchange:
    """A request and our reply, as UDP payloads, and the request's (address, port)."""

    request: bytes
    reply: bytes
    source: tuple


def long_name(name):
    name = name.strip(b" \t").lower()
    return LONG.get(name, name)


def headers(message):
    """{name in lower case, long: [value, ...]}, values as they are, without white space around."""
    head = message.split(b"\r\n\r\n", 1)[0]
    found = {}
    for line in re.split(rb"\r\n(?![ \t])", head)[1:]:
        name, _, value = line.partition(b":")
        found.setdefault(long_name(name), []).append(value.strip(b" \t\r\n"))
    return found


def first_via(value):
    """A Via row cut: (first value without received and rport, {these: value}, the rest)."""
    first = FIRST_VALUE.match(value)[0]
    edited = {}

    def cut(parameter):
        found = EDITED.match(parameter[0])
        if not found:
            return parameter[0].rstrip()
        edited[found[1].lower()] = found[2]
        return b""

    kept = PARAMETER.sub(cut, first).rstrip()
    return re.sub(rb"\s+(?=;)", b"", kept), edited, value[len(first) :].lstrip()


def via_faults(asked, given, source):
    """RFC 3261 18.2.1 and RFC 3581 4: received and rport in the first value are ours to write."""
    if asked[1:] != given[1:]:
        yield "the Via rows differ"
    before, wanted, rest = first_via(asked[0])
    after, written, other_rest = first_via(given[0])
    if (before, rest) != (after, other_rest):
        yield f"the top Via differs: {asked[0]!r}, {given[0]!r}"
    if b"rport" in wanted and written.get(b"rport") != str(source[1]).encode():
        yield f"rport is {written.get(b'rport')!r}"
    if b"rport" in wanted and b"received" not in written:
        yield "rport without received"
    if b"received" in written and written[b"received"] != source[0].encode():
        yield f"received is {written[b'received']!r}"


def byte_faults(exchange):
    """What is wrong with a reply, by its bytes and its request's."""
    request, reply = headers(exchange.request), headers(exchange.reply)
    head, _, body = exchange.reply.partition(b"\r\n\r\n")
    if head.split(b"\r\n", 1)[0] not in STATUS_LINES:
        yield "neither 404 nor 604"
    if body or reply.get(b"content-length") != [b"0"]:
        yield "a body, or no Content-Length of 0"
    if reply.keys() - KNOWN:
        yield f"headers of no business: {reply.keys() - KNOWN}"
    if len(exchange.reply) > len(exchange.request):
        yield "longer than the request"
    for name in ONCE:
        asked, given = request.get(name, []), reply.get(name, [])
        if len(asked) != 1 or len(given) != 1:
            yield f"{name.decode()} stands {len(given)} times"
        elif name == b"to":
            if not given[0].startswith(asked[0]) or not OUR_TAG.fullmatch(given[0], len(asked[0])):
                yield "To is not the request's and our tag"
        elif asked != given:
            yield f"{name.decode()} differs"
    yield from via_faults(request.get(b"via", [b""]), reply.get(b"via", [b""]), exchange.source)


def under(request_line, message, only=None):
    """A message's headers as a request's: all of them, or the named ones."""
    head = message.split(b"\r\n\r\n", 1)[0]
    rows = re.split(rb"\r\n(?![ \t])", head)[1:]
    if only:
        rows = [row for row in rows if long_name(row.partition(b":")[0]) in only]
    return b"\r\n".join([request_line, *rows, b"", b""])


def read_by_references(build, exchanges):
    """What libosip2 and sofia-sip find: a text each for every reply, '' or 'abstains' or faults."""
    parts = []
    for e in exchanges:
        line = e.request.split(b" ", 1)[0] + b" sip:reply@example.net SIP/2.0"
        repeated = under(line, e.request, only=(b"via", *ONCE))
        parts += [repeated, under(line, e.reply), e.reply]
    program = Path(build) / "tests/torture/sip_replies"
    asked = b"".join(struct.pack("=I", len(part)) + part for part in parts)
    done = subprocess.run([program], input=asked, stdout=subprocess.PIPE, timeout=120, check=True)
    rows = [line.split("\t") for line in done.stdout.decode("latin-1").split("\n")[:-1]]
    if len(rows) != len(exchanges):
        raise RuntimeError(f"{program}: {len(rows)} answers for {len(exchanges)} replies")
    return rows


def faults(build, exchanges):
    """{index: what is wrong} of the replies that are not sound, and {reference: replies judged}."""
    found, judged = {}, Counter()
    for i, row in enumerate(read_by_references(build, exchanges)):
        said = [(name, text) for name, text in zip(REFERENCES, row) if text != "abstains"]
        judged.update(name for name, _ in said)
        wrong = [*byte_faults(exchanges[i]), *(f"{name} {text}" for name, text in said if text)]
        if wrong:
            found[i] = "; ".join(wrong)
    return found, judged


def tshark_rows(capture, fields, *options):
    """What tshark says of each packet, a list of texts in the fields' order."""
    argv = ["tshark", "-r", str(capture), *options, "-T", "fields"]
    for field in fields:
        argv += ["-e", field]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=True)
    return [line.split("\t") for line in done.stdout.split("\n")[:-1]]


def tshark_faults(requests, replies):
    """{index: what is wrong} of a capture of replies beside that of their requests. Of a value that
    tshark calls malformed in the request too (an E.164 number of letters), a reply may not repair a
    byte; all else that it complains of is ours."""
    complaints = ("_ws.malformed", "_ws.expert.message")
    fields = (*complaints, "sip.Status-Code", "ip.checksum.status", "udp.checksum.status")
    sums = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
    asked, given = tshark_rows(requests, complaints), tshark_rows(replies, fields, *sums)
    if len(asked) != len(given):
        raise RuntimeError(f"{len(asked)} requests and {len(given)} replies")
    found = {}
    for i, (before, row) in enumerate(zip(asked, given)):
        malformed, said, status, ip_sum, udp_sum = row
        ours = malformed and not set(said.split(",")) <= set(before[1].split(","))
        if ours or status not in ("404", "604") or ip_sum not in ("", "1") or udp_sum != "1":
            found[i] = f"tshark: {dict(zip(fields, row))}"
    return found
