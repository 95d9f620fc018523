"""Which messages are valid requests such as a trunk sends, for a user that nobody has: of them
nearly all have to be answered.

Valid: the RFC says so in EXPECT.tsv (of what applications refuse for its meaning too, but for what
it wants a 400 for). Elsewhere both references take the message for a request and read it alike, the
corpus does not expect otherwise, and it is one by two rules that neither enforces: an empty line
ends the headers (RFC 3261, 7), and From has one tag (7.3.1).

Such as a trunk sends: a judged method outside dialogs, SIP/2.0 over UDP by request line and top
Via, lines that end in CRLF. For a user that nobody has: no rule makes it pass, whoever is asked
for, but that it is not answerable or too short (rules 13 to 17, 23)."""

import re
from dataclasses import dataclass, field

from sip_replies import headers

METHODS = (b"INVITE", b"MESSAGE", b"SUBSCRIBE", b"PUBLISH", b"REFER", b"OPTIONS", b"REGISTER")
BY_RFC = ("valid", "valid-liberal", "liberal", "transaction", "app", "compat")
INVALID = ("invalid", "expects-ParseException")
NOT_ANSWERED = {  # reasons that no rule of who is asked for, or of dialogs and routes, gives
    *("bad-request-line", "bad-version", "bad-line-end", "bad-header", "no-header-end", "not-sip"),
    *("missing-header", "repeated-header", "bad-value", "cseq-method", "content-length"),
    *("bad-via", "too-many", "bad-uri", "reply-size"),
}
REQUEST_LINE = re.compile(rb"([A-Z]+) [^ \r\n]+ SIP/2\.0\r\n", re.IGNORECASE)
UDP_VIA = re.compile(rb"SIP\s*/\s*2\.0\s*/\s*UDP\s", re.IGNORECASE)
SHOWN = 4  # files of a reason
TAG = re.compile(rb";\s*tag\s*=", re.IGNORECASE)


def is_valid(message, text, expectations):
    """By the RFC's expectation, else by the references."""
    kind, expected = expectations.get(message.file, ("", ""))
    if kind in INVALID or (kind in BY_RFC and expected.startswith("400")):
        return False
    if kind in BY_RFC:
        return True
    tags = TAG.findall(headers(text).get(b"from", [b""])[0])
    alike = all(r.verdict == "request" for r in message.readings) and message.between == "-"
    return alike and b"\r\n\r\n" in text and len(tags) < 2


def is_as_trunks_send(text):
    """By the bytes."""
    line = REQUEST_LINE.match(text)
    head = text.split(b"\r\n\r\n", 1)[0]
    if not line or line[1] not in METHODS or re.search(rb"(?<!\r)\n", head):
        return False
    found = headers(text)
    via, to = found.get(b"via", [b""])[0], found.get(b"to", [b""])[0]
    return UDP_VIA.match(via) is not None and not TAG.search(to)


@dataclass
class Figure:
    """How many such requests there are, and what became of them."""

    answered: int = 0
    unanswered: dict = field(default_factory=dict)  # {reason: [file]}

    @property
    def total(self):
        return self.answered + sum(map(len, self.unanswered.values()))

    @property
    def share(self):
        return self.answered / self.total if self.total else 1.0

    def add(self, reason, files):
        self.unanswered.setdefault(reason, []).extend(files)

    def __str__(self):
        text = f"{self.total}, answered {self.answered} ({self.share:.1%})"
        for reason, files in sorted(self.unanswered.items(), key=lambda item: -len(item[1])):
            more = ", ..." if len(files) > SHOWN else ""
            text += f"; {reason} {len(files)} ({', '.join(files[:SHOWN])}{more})"
        return text


def summed(figures):
    total = Figure(sum(f.answered for f in figures))
    for one in figures:
        for reason, files in one.unanswered.items():
            total.add(reason, files)
    return total


def figure(messages, folder):
    """The figure of one folder; messages: those of it."""
    expectations, out = folder.expectations(), Figure()
    for m in messages:
        text = (folder.path / m.file).read_bytes()
        if m.form == "crlf":
            text = text.replace(b"\n", b"\r\n")
        if not is_as_trunks_send(text) or not is_valid(m, text, expectations):
            continue
        if m.is_answered:
            out.answered += 1
        elif m.reason in NOT_ANSWERED:
            out.add(m.reason, [m.file])
    return out
