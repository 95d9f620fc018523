#!/usr/bin/python3
"""Many calls between SIPps through nxsipd, half of them to numbers that nobody has: every live call
must be set up and hung up, every other one answered 404 and acknowledged, and no end may see a
message that it does not expect. Prints what each end saw and what nxsipd counted; last line
`soak calls=N failed=0 unexpected=0 ...`, status 1 where there is anything of what must not be.

The network is that of scripts/lab.py, the calls those of scripts/sipp. Bounded: what is not done in
three times its time is a failure."""

import argparse
import csv
import shutil
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lab import Lab, LabError, tail, wait_until  # noqa: E402

DOMAIN, RANGE = "example.net", "+44207946"
LIVE = [f"{RANGE}0{i:03d}" for i in range(1000)]
UNKNOWN = [f"{RANGE}9{i:03d}" for i in range(1000)]
SPARE_S = 60  # for starts, ends and the last calls
# what each scenario's steps may count; a step is named by its place and message
NEVER = {"live": ("404_Recv", "604_Recv"), "unknown": ("180_Recv", "604_Recv", "200_Recv")}
FAULTS = ("FailedCall(C)", "FatalErrors(C)", "OutOfCallMsgs(C)", "DeadCallMsgs(C)")


class End:
    """One SIPp: a scenario under a name of its own, by which its files are found."""

    def __init__(self, lab, role, name, scenario, port, numbers=(), calls=0, rate=0):
        self.lab, self.name, self.calls = lab, name, calls
        own = lab.dir / f"{name}.xml"
        shutil.copy(SCRIPTS / "sipp" / f"{scenario}.xml", own)
        remote = lab.sbc.v4 if calls else None
        here = getattr(lab, role).v4
        argv = lab.sipp(own, here, remote, numbers, calls=None, rate=rate, port=port)
        options = ["-trace_stat", "-stf", lab.dir / f"{name}.csv", "-trace_counts", "-fd", "1"]
        options += ["-buff_size", 1 << 20]
        if calls:
            argv[-1] = f"{remote}:5060"
            limit = f"{3 * calls // rate + SPARE_S}s"
            options += ["-m", calls, "-l", 3 * rate, "-timeout", limit]
        self.log = lab.dir / f"{name}.log"
        self.process = lab.start(role, [argv[0], *options, *argv[1:]], log=self.log)

    def _last_row(self, path):
        with open(path, newline="") as f:
            rows = [row for row in csv.reader(f, delimiter=";") if row]
        return dict(zip(rows[0], rows[-1]))

    def stats(self):
        return self._last_row(self.lab.dir / f"{self.name}.csv")

    def messages(self):
        """{step_message_what: count}, as SIPp names them."""
        (path,) = self.lab.dir.glob(f"{self.name}_*_counts.csv")
        return {k: int(v) for k, v in self._last_row(path).items() if v.isdigit() and "_" in k}

    def faults(self):
        """What this end saw that it should not have."""
        stats, messages = self.stats(), self.messages()
        found = {name: int(stats[name]) for name in FAULTS if int(stats.get(name, 0))}
        for name, n in messages.items():
            step = name.partition("_")[2]
            if n and (name.endswith(("_Unexp", "_Timeout")) or step in NEVER.get(self.name, ())):
                found[name] = n
        if self.calls and int(stats["SuccessfulCall(C)"]) != self.calls:
            found["successful"] = int(stats["SuccessfulCall(C)"])
        return found

    def again(self):
        """Messages that had to be sent again, or came again."""
        return sum(n for name, n in self.messages().items() if name.endswith("_Retrans"))


def fill(lab):
    users = lab.dir / "users.csv"
    users.write_text("".join(f"{number}\n" for number in LIVE))
    lab.ctl("domain", "add", DOMAIN)
    lab.ctl("range", "add", RANGE, "--domain", DOMAIN, "--min", "12", "--max", "12")
    lab.ctl("load", users, "--domain", DOMAIN, "--replace")


def listen(lab):
    sbc = End(lab, "sbc", "sbc", "sbc", 5060)
    show = ["ss", "-Hlun", "sport", "5060"]
    if not wait_until(lambda: lab.run("sbc", show).stdout, 5):
        raise LabError(f"SIPp does not start:\n{tail(sbc.log)}")
    return sbc


def finish(ends, seconds):
    """Waits for the calling ends."""
    last = time.monotonic() + seconds
    for end in ends:
        try:
            end.process.wait(max(last - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise LabError(f"{end.name}: not done in {seconds:.0f} s:\n{tail(end.log)}") from None


def counted(lab):
    """nxsipd's reasons, when nothing moves any more."""
    before = None
    for _ in range(50):
        stats = lab.ctl_json("stats")
        now = {name: r["count"] for name, r in stats["reasons"].items() if r["count"]}
        if now == before:
            break
        before = now
        time.sleep(0.2)
    return now, stats["rx_packets"]


def soak(lab, calls, rate):
    half = calls // 2
    lab.start_nxsipd()
    fill(lab)
    sbc = listen(lab)
    begin = time.monotonic()
    callers = [
        End(lab, "carrier", "live", "carrier", 5060, LIVE, half, rate),
        End(lab, "carrier", "unknown", "carrier", 5062, UNKNOWN, half, rate),
    ]
    finish(callers, 3 * half / rate + 2 * SPARE_S)
    seconds = time.monotonic() - begin
    time.sleep(6)  # the SBC lets go of its last calls, and its statistics are a second old
    reasons, received = counted(lab)
    return [sbc, *callers], reasons, received, seconds


def lost(lab, role):
    """Datagrams that an end's kernel had no room for in a socket; SIP sends them again."""
    names, values = (
        line.split()
        for line in lab.run(role, ["cat", "/proc/net/snmp"]).stdout.splitlines()
        if line.startswith("Udp: ")
    )
    return int(dict(zip(names, values))["RcvbufErrors"])


def show(lab, ends, reasons, received, seconds, calls):
    """Prints the account; returns whether all is as it must be."""
    faults = {end.name: end.faults() for end in ends}
    again = sum(end.again() for end in ends)
    for end in ends:
        stats = end.stats()
        said = ", ".join(f"{k} {v}" for k, v in faults[end.name].items()) or "nothing unexpected"
        print(f"{end.name}: {stats['SuccessfulCall(C)']} calls done, {said}; "
              f"sent or received again: {end.again()}")
    print("lost for want of room in a socket: " +
          ", ".join(f"{role} {lost(lab, role)}" for role in ("carrier", "sbc")))
    print("nxsipd: " + ", ".join(f"{k} {v}" for k, v in sorted(reasons.items())))
    failed = sum(n for f in faults.values() for k, n in f.items() if k == "FailedCall(C)")
    unexpected = sum(len(f) for f in faults.values())
    missing = abs(sum(reasons.values()) - received)
    answered = reasons.get("unknown-number", 0)
    print(f"soak calls={calls} failed={failed} unexpected={unexpected} answered={answered} "
          f"absorbed={reasons.get('ack-absorbed', 0)} again={again} uncounted={missing} "
          f"seconds={seconds:.1f} rate={calls / seconds:.0f}")
    return not unexpected and not missing and answered >= calls // 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where nxsipd is")
    parser.add_argument("--calls", type=int, default=1_000_000, help="half of them to strangers")
    parser.add_argument("--rate", type=int, default=2000, help="calls a second, of each half")
    args = parser.parse_args()
    try:
        with Lab(prefix="soak", build=args.build) as lab:
            return int(not show(lab, *soak(lab, args.calls, args.rate), args.calls))
    except LabError as error:
        sys.exit(f"soak: {error}")


if __name__ == "__main__":
    sys.exit(main())
