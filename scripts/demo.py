#!/usr/bin/python3
"""nxsip at work: SIPp calls cross nxsipd from a carrier to an SBC, in a network made for it.

Three sorts of number, live, unknown and gone, and one that is added while the daemon runs; each
over IPv4, IPv6 and a VLAN.  What is printed was read from the wire at both ends, not from SIPp's
report: who got which message, and when.  A call is as expected only if its final answer is, nxsipd
explains it so, and the SBC saw all of it (live: the same bytes in the same order) or nothing of it
(answered by nxsipd, the ACK included).

`make run` starts it; Ctrl-C ends it and leaves nothing behind.  --once: the calls alone; the exit
code is 0 if all were as expected, else 1."""

import argparse
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass

from lab import VLAN, Lab, LabError, wait_until
from wire import Capture

DOMAIN = "example.net"
BLOCKS = ("+441632", "+442079")  # each a range of a million numbers, declared complete
USERS = 1_000_000
LIVE, UNKNOWN, GONE = "+442079460000", "+442079460999", "+442079460100"
VERDICT_OF = {200: "pass", 404: "404", 604: "604"}
LIVE_RATE = 50  # calls a second behind the live view
SETTLE_S = 0.1  # after a call: what should not have crossed has had the time to


@dataclass(frozen=True)
class Path:
    """A way from the carrier to the SBC, and the number that is added on it."""

    name: str
    carrier: str
    sbc: str
    added: str
    vlans: tuple = ()


@dataclass(frozen=True)
class Call:
    what: str
    path: Path
    number: str
    expected: int  # final SIP status


def say(text=""):
    print(text, flush=True)


class Timer:
    """Prints what is being done, then how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        print(f"{self.text} ... ", end="", flush=True)
        self.start = time.monotonic()

    def __exit__(self, kind, *_):
        say(f"{time.monotonic() - self.start:.1f} s" if kind is None else "failed")


# ---- the table ----


def write_table(path):
    """Every second number of both blocks exists; one of them is gone for good."""
    with open(path, "w", encoding="ascii") as out:
        out.write("user,state\n")
        for block in BLOCKS:
            numbers = (f"{block}{n:06d}" for n in range(0, 2 * USERS // len(BLOCKS), 2))
            out.writelines(f"{n},{'gone' if n == GONE else 'known'}\n" for n in numbers)


def load(lab):
    table = lab.dir / "users.csv"
    lab.ctl("domain", "add", DOMAIN, "--authoritative", "--complete")
    for block in BLOCKS:
        lab.ctl("range", "add", block, "--domain", DOMAIN, "--min", "12", "--max", "12")
    with Timer(f"writing a table of {USERS:,} users"):
        write_table(table)
    with Timer("loading it through the control socket"):
        lab.ctl("load", table, "--domain", DOMAIN, "--replace")
    table.unlink()


# ---- a call, as both ends saw it ----


class Seen:
    """The messages of one call at the carrier's and at the SBC's end of the wire."""

    def __init__(self, carrier, sbc):
        self.carrier = carrier
        self.sent = [m for m in carrier if m.outgoing]
        self.received = [m for m in carrier if not m.outgoing]
        self.at_sbc = [m for m in sbc if not m.outgoing]
        self.from_sbc = [m for m in sbc if m.outgoing]

    @property
    def final(self):
        """The status of the first final answer to the INVITE, 0 for none."""
        answers = (m.status for m in self.received if m.header("CSeq").endswith("INVITE"))
        return next((s for s in answers if s >= 200), 0)

    def crossed(self, message):
        """Whether the other end had the same bytes."""
        other = self.at_sbc if message.outgoing else self.from_sbc
        return any(m.payload == message.payload for m in other)

    def reply_ms(self, reply):
        """From the request to its reply, both as the carrier's end saw them."""
        asked = [m.time_ns for m in self.sent if m.header("CSeq") == reply.header("CSeq")]
        return (reply.time_ns - asked[0]) / 1e6 if asked else 0.0

    def faults(self, expected, vlans):
        """What is not as it must be, in words."""
        if any(m.vlans != vlans for m in self.carrier + self.at_sbc + self.from_sbc):
            yield "a message lost or gained a VLAN tag"
        if self.final != expected:
            yield f"got {self.final or 'no final answer'}"
        if not any(m.method == "ACK" for m in self.sent):
            yield "no ACK was sent"
        if expected == 200:
            if [m.payload for m in self.sent] != [m.payload for m in self.at_sbc]:
                yield "the SBC did not get what the carrier sent"
            if [m.payload for m in self.from_sbc] != [m.payload for m in self.received]:
                yield "the carrier did not get what the SBC sent"
        elif self.at_sbc:
            yield "the SBC saw " + ", ".join(m.first_line for m in self.at_sbc)

    def ladder(self):
        for m in self.carrier:
            if m.outgoing:
                way = "carrier -> nxsip -> sbc" if self.crossed(m) else "carrier -> nxsip       "
                what = m.first_line.removesuffix(" SIP/2.0") if m.method == "INVITE" else m.method
                tags = "".join(f" [VLAN {tag}]" for tag in m.vlans)
                yield f"{way}  {what}{tags}"
            else:
                way = "carrier <- nxsip <- sbc" if self.crossed(m) else "carrier <- nxsip       "
                what = m.first_line.removeprefix("SIP/2.0 ")
                yield f"{way}  {what:<44}{self.reply_ms(m):8.3f} ms"


class Demo:
    def __init__(self, lab):
        self.lab = lab
        self.captures = {}
        self.made = self.good = 0
        self.paths = [
            Path("IPv4", lab.carrier.v4, lab.sbc.v4, "+442079460001"),
            Path("IPv6", lab.carrier.v6, lab.sbc.v6, "+442079460003"),
            Path(f"VLAN {VLAN}", lab.carrier.vlan_v4, lab.sbc.vlan_v4, "+442079460005", (VLAN,)),
        ]

    def start_sbc(self):
        lab = self.lab
        for path in self.paths:
            lab.start("sbc", lab.sipp("sbc", local=path.sbc), log=lab.dir / "sbc.log")
        listening = lambda: lab.run("sbc", ["ss", "-Hlnu", "sport", "5060"]).stdout.count("\n")
        if not wait_until(lambda: listening() == len(self.paths), 5):
            raise LabError("SIPp does not start as the SBC:\n" + (lab.dir / "sbc.log").read_text())
        for role in ("carrier", "sbc"):
            self.captures[role] = Capture(role, lab.netns[role], "eth0")

    def call(self, call):
        lab, path = self.lab, call.path
        self.made += 1
        call_id = f"{self.made}@demo.{DOMAIN}"
        sipp = lab.sipp("carrier", path.carrier, path.sbc, [call.number], call_id=call_id)
        done = lab.run("carrier", sipp, check=False)
        time.sleep(SETTLE_S)
        seen = Seen(*(self.captures[role].of_call(call_id) for role in ("carrier", "sbc")))
        host = f"[{path.sbc}]" if ":" in path.sbc else path.sbc
        why = lab.ctl_json("explain", f"sip:{call.number}@{host}", "--from", path.carrier)

        faults = list(seen.faults(call.expected, path.vlans))
        if done.returncode:
            faults.append(f"SIPp ended with {done.returncode}")
        if why["verdict"] != VERDICT_OF[call.expected]:
            faults.append(f"explain says {why['verdict']}")
        self.good += not faults

        verdict = "as expected" if not faults else "NOT AS EXPECTED: " + "; ".join(faults)
        title = f"{call.what}, {path.name}"
        say(f"\n{self.made:>2}  {title:<50} expected {call.expected}: {verdict}")
        for line in seen.ladder():
            say(f"      {line}")
        say(f"      decided by step {why['step']}, {why['reason']}: {why['text']}")

    def calls(self):
        for path in self.paths:
            self.call(Call("live number", path, LIVE, 200))
            self.call(Call("number that nobody has", path, UNKNOWN, 404))
            self.call(Call("number that is gone for good", path, GONE, 604))
            self.call(Call("number not yet added", path, path.added, 404))
            self.lab.ctl("user", "add", path.added, "--domain", DOMAIN)
            say(f"\n    nxsipctl user add {path.added} --domain {DOMAIN}")
            self.call(Call("the same number, added", path, path.added, 200))

    def counters_agree(self):
        """nxsipd's counters against the wire: answers, ACKs absorbed, no packet lost count of."""
        statuses = (m.status for m in self.captures["carrier"].messages)
        wire = Counter(str(status) for status in statuses if status in (404, 604))
        wire["absorb"] = wire.total()
        stats = self.lab.ctl_json("stats")
        counted = verdicts(stats)
        faults = [
            f"{what}: {wire[what]} on the wire, {counted[what]} counted"
            for what in ("404", "604", "absorb")
            if wire[what] != counted[what]
        ]
        if counted.total() != stats["rx_packets"]:
            faults.append(f"{stats['rx_packets']} packets came, {counted.total()} were counted")
        for fault in faults:
            say(f"counters NOT AS EXPECTED: {fault}")
        return not faults

    def finish(self):
        """The last words on the calls; True if all was as expected."""
        agree = self.counters_agree()
        for capture in self.captures.values():
            capture.stop()
        at_sbc = Counter(m.method for m in self.captures["sbc"].messages if not m.outgoing)
        saw = f"{at_sbc['INVITE']} INVITEs and {at_sbc['ACK']} ACKs"
        say(f"\nOf {self.made} calls the SBC saw {saw}.")
        say(f"calls={self.made} as_expected={self.good}")
        return agree and self.good == self.made

    def watch(self):
        """Calls without end, one in ten of them live, and the counters as they grow."""
        lab, path = self.lab, self.paths[0]
        numbers = [LIVE] + [f"+442079{n:06d}" for n in range(1, 19, 2)]
        sipp = lab.sipp("carrier", path.carrier, path.sbc, numbers, calls=None, rate=LIVE_RATE)
        lab.start("carrier", sipp)
        say(f"\n{LIVE_RATE} calls a second, one in ten to a live number. Ctrl-C ends it.\n")
        before = lab.ctl_json("stats")
        drawn = 0
        while True:
            time.sleep(1)
            now = lab.ctl_json("stats")
            lines = view(before, now)
            if sys.stdout.isatty() and drawn:
                print(f"\033[{drawn}A\033[J", end="")
            say("\n".join(lines))
            before, drawn = now, len(lines)


def verdicts(stats):
    """Packets by verdict, summed over the reasons."""
    total = Counter()
    for reason in stats["reasons"].values():
        total[reason["verdict"]] += reason["count"]
    return total


def view(before, now):
    """The counters of an interval as lines: verdicts, then the reasons that occurred."""
    seconds = max((now["monotonic_ns"] - before["monotonic_ns"]) / 1e9, 0.001)
    was, total = verdicts(before), verdicts(now)
    rows = [("received", now["rx_packets"], before["rx_packets"])]
    rows += [(v, total[v], was[v]) for v in ("pass", "404", "604", "absorb", "drop")]
    rows += [
        (f"  {name}", reason["count"], before["reasons"][name]["count"])
        for name, reason in now["reasons"].items()
        if reason["count"]
    ]
    lines = [f"{'':<24}{'packets':>12}{'a second':>12}"]
    lines += [f"{name:<24}{new:>12,}{(new - old) / seconds:>12.1f}" for name, new, old in rows]
    return [*lines, ""]


def demonstrate(options):
    with Lab(prefix=options.prefix, build=options.build, ports=options.ports) as lab:
        demo = Demo(lab)
        ends = f"{lab.netns['carrier']} and {lab.netns['sbc']}"
        with Timer(f"starting nxsipd on {lab.ports} ports between {ends}"):
            lab.start_nxsipd()
        load(lab)
        demo.start_sbc()
        demo.calls()
        all_good = demo.finish()
        if not options.once:
            try:
                demo.watch()
            except KeyboardInterrupt:
                say()
        return all_good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--once", action="store_true", help="only the calls, no live view")
    parser.add_argument("--build", default="build/gcc", help="where nxsipd and nxsipctl are")
    parser.add_argument("--prefix", default="", help="before the names of the namespaces")
    parser.add_argument("--ports", default="auto", choices=("auto", "af_xdp", "tap"))
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda number, _: sys.exit(128 + number))
    try:
        return 0 if demonstrate(options) else 1
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
