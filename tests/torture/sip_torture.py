#!/usr/bin/python3
"""Every message of the corpora, and of any further folder, put to nxsip's core; see sip_torture.c.

By folder: requests, answered, passed by reason; and what must not be: crashes, answers to what both
reference parsers read otherwise, replies longer than their requests, replies that a reference
refuses. What one of them alone reads otherwise is listed, for a person to say who is right. The
last line sums up; exit status 1 where there is anything that must not be. A folder holds a datagram
a file; the corpora are found beside the project, or in NX_CORPORA."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "replay"), str(HERE.parents[1] / "scripts")]

import pcap  # noqa: E402
import sip_corpora  # noqa: E402
import sip_replies  # noqa: E402
import sip_valid  # noqa: E402
from wire import udp_in_frame  # noqa: E402

NO_REQUEST = ("response", "keepalive", "not-sip")  # reasons
FORM = {"as-is": "", "crlf": ", LF made CRLF"}
TIMEOUT_S = 600
SHOWN = 20  # faults of a kind


@dataclass(frozen=True)
class Reading:
    """What a reference parser makes of a message."""

    verdict: str  # request, response, rejects, died
    differs: str  # the fields that it reads otherwise than we do
    unexcused: str  # those of them that are a finding
    excuse: str  # why the others are none


@dataclass(frozen=True)
class Message:
    """One message, and what became of it."""

    folder: str
    file: str
    form: str
    length: int
    parsed: str  # answerable, or the reason why it is not
    ways: tuple  # (reason, reply's length): over IPv4, unknown user; over IPv6, user gone
    readings: tuple
    between: str  # the fields that the references read otherwise than each other
    values: str  # what was read otherwise than we do, for a person

    @property
    def name(self):
        return f"{self.folder}/{self.file}{FORM[self.form]}"

    @property
    def reason(self):
        return self.ways[0][0]

    @property
    def is_request(self):
        return self.parsed not in NO_REQUEST

    @property
    def is_answered(self):
        return any(length for _, length in self.ways)

    @property
    def against(self):
        """How many references read otherwise what we answer, and no known reason explains it."""
        return sum(self.is_answered and r.unexcused != "-" for r in self.readings)

    @property
    def dispute(self):
        pairs = zip(sip_replies.REFERENCES, self.readings)
        said = "; ".join(f"{name} {reading.unexcused}" for name, reading in pairs)
        return f"{self.name}: {said} ({self.values})"

    @property
    def is_longer(self):
        return any(length > self.length for _, length in self.ways)


@dataclass
class Run:
    """What came of a set of folders."""

    messages: list = field(default_factory=list)
    crashes: list = field(default_factory=list)  # texts
    deaths: list = field(default_factory=list)  # of references: texts
    rejected: dict = field(default_factory=dict)  # folder: [text]
    judged: Counter = field(default_factory=Counter)  # replies by who judged them


def read_row(row, name_of):
    folder, file, form, length, parsed, *rest = row
    ways = ((rest[0], int(rest[1])), (rest[2], int(rest[3])))
    readings = (Reading(*rest[4:8]), Reading(*rest[8:12]))
    return Message(
        name_of[folder], file, form, int(length), parsed, ways, readings, rest[12], rest[13]
    )


def read_table(text, folders):
    name_of = {str(f.path): f.name for f in folders}
    run = Run()
    for line in text.splitlines():
        row = line.split("\t")
        if row[3] == "crash":
            folder, file, form, _, who, how = row
            what = f"{name_of[folder]}/{file}{FORM[form]}: {who} {how}"
            (run.crashes if who == "nxsip" else run.deaths).append(what)
        else:
            run.messages.append(read_row(row, name_of))
    return run


def exchanges_in(prefix):
    """What was asked and answered, in the order of the table."""
    frames = (pcap.load(Path(f"{prefix}-{what}.pcap")) for what in ("requests", "replies"))
    for request, reply in zip(*frames, strict=True):
        _, source, _, asked = udp_in_frame(request)
        yield sip_replies.Exchange(asked, udp_in_frame(reply)[3], source)


def judge_replies(run, build, prefix):
    """Has every reply judged; a reply belongs to the message whose answered way it is."""
    exchanges = list(exchanges_in(prefix))
    owners = [m for m in run.messages for _, length in m.ways if length]
    if len(owners) != len(exchanges):
        raise RuntimeError(f"{len(owners)} replies in the table, {len(exchanges)} captured")
    faults, run.judged = sip_replies.faults(build, exchanges)
    run.judged["tshark"] = run.judged["bytes"] = len(exchanges)
    captures = [f"{prefix}-{what}.pcap" for what in ("requests", "replies")]
    for i, what in sip_replies.tshark_faults(*captures).items():
        faults[i] = f"{faults[i]}; {what}" if i in faults else what
    for i, what in sorted(faults.items()):
        run.rejected.setdefault(owners[i].folder, []).append(f"{owners[i].name}: {what}")


def torture(build, folders):
    """Runs all folders; see Run."""
    with tempfile.TemporaryDirectory(prefix="nxtorture-") as directory:
        prefix = Path(directory) / "torture"
        argv = [Path(build) / "tests/torture/sip_torture", "-o", prefix]
        done = subprocess.run(
            [*argv, *(f.path for f in folders)], stdout=subprocess.PIPE, timeout=TIMEOUT_S
        )
        if done.returncode != 0:
            raise RuntimeError(f"sip_torture ended with status {done.returncode}")
        run = read_table(os.fsdecode(done.stdout), folders)
        judge_replies(run, build, prefix)
    return run


# ---- the account

def by_count(counter):
    return ", ".join(f"{name} {n}" for name, n in sorted(counter.items(), key=lambda i: (-i[1], i)))


def counts(run, messages, crashes):
    requests = [m for m in messages if m.is_request]
    answered = [m for m in requests if m.is_answered]
    folders = {m.folder for m in messages}
    return {
        "requests": len(requests),
        "answered": len(answered),
        "passed": len(requests) - len(answered),
        "crashes": len(crashes),
        "disagreements": sum(m.against == len(m.readings) for m in messages),
        "longer": sum(m.is_longer for m in messages),
        "rejected": sum(len(t) for f, t in run.rejected.items() if f in folders),
    }


def show_folder(run, folder):
    """Prints a folder's part; returns its figure of valid requests."""
    messages = [m for m in run.messages if m.folder == folder.name]
    crashes = [c for c in run.crashes if c.startswith(f"{folder.name}/")]
    sums = counts(run, messages, crashes)
    print(f"{folder.name}: " + ", ".join(f"{name} {n}" for name, n in sums.items()))
    passed = Counter(m.reason for m in messages if m.is_request and not m.is_answered)
    others = Counter(m.parsed for m in messages if not m.is_request)
    crlf = sum(m.form == "crlf" for m in messages)
    excused = Counter(
        f"{name} differs: {reading.excuse}"
        for m in messages if m.is_answered
        for name, reading in zip(sip_replies.REFERENCES, m.readings) if reading.excuse
    )
    for title, text in (
        ("passed", by_count(passed)),
        ("no requests, passed", by_count(others)),
        ("stored with LF, sent again with CRLF", str(crlf) if crlf else ""),
    ):
        if text:
            print(f"    {title}: {text}")
    for text, n in excused.most_common():
        print(f"    answered, {text}: {n}")
    figure = sip_valid.figure(messages, folder)
    print(f"    valid, as trunks send, for unknown users: {figure}")
    return figure


def show_faults(title, texts):
    if texts:
        print(f"{title}:")
        for text in texts[:SHOWN]:
            print(f"    {text}")
        if len(texts) > SHOWN:
            print(f"    and {len(texts) - SHOWN} more")


def show(run, folders):
    """Prints the account; returns the sums."""
    figures = [show_folder(run, folder) for folder in folders]
    print(f"valid, as trunks send, for unknown users: {sip_valid.summed(figures)}")
    show_faults("crashes", run.crashes)
    show_faults("references that died (left out of the comparison)", run.deaths)
    for title, against in (("disagreements", 2), ("one reference alone disagrees", 1)):
        show_faults(title, [m.dispute for m in run.messages if m.against == against])
    show_faults("replies longer than the request", [m.name for m in run.messages if m.is_longer])
    show_faults("replies refused", [t for texts in run.rejected.values() for t in texts])
    print(f"replies judged by: {by_count(run.judged)}")
    return counts(run, run.messages, run.crashes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where the programs are")
    parser.add_argument("folder", nargs="*", type=Path, help="further folders of raw datagrams")
    args = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # file names are bytes

    missing = [str(d) for d in args.folder if not d.is_dir()]
    if missing:
        sys.exit(f"no such folder: {', '.join(missing)}")
    root = sip_corpora.root()
    folders = sip_corpora.folders([*([root] if root else []), *args.folder])
    if not folders:
        print("skipped: no corpora")
        return 0
    sums = show(run := torture(args.build, folders), folders)
    print("torture " + " ".join(f"{k}={v}" for k, v in sums.items()))
    return int(any(sums[k] for k in ("crashes", "disagreements", "longer", "rejected")))


if __name__ == "__main__":
    sys.exit(main())
