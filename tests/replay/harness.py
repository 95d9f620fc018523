"""Runs nxsipd on a case: a folder with a policy, a store's content, captures that come in by each
side, captures that must leave by each side, and how often each reason must be counted.

A finite capture flows as soon as its port starts, so the store is filled first, by an nxsipd whose
ports carry nothing; a second one on the same store then starts its workers when the tables are
loaded (workers.start). A file that a case lacks (box.yaml, policy.yaml, commands) is that of the
folder above. Every wait is bounded, and what was started is ended, also on failure."""

import itertools
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pcap

CASES_DIR = Path(__file__).resolve().parent
SIDES = ("access", "core")
DEADLINE_S = 20  # for a start, for all packets, for the end; on a quiet machine each takes 0.2 s
RUNTIME_DIR = Path("/var/run/dpdk")  # EAL leaves a directory there for every file prefix
FINDINGS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "DEADLYSIGNAL")
SANITIZER_ENV = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=98",
}

serial = itertools.count()


class ReplayError(AssertionError):
    """What went wrong, with the daemon's log."""


def cases():
    return sorted(path.parent for path in CASES_DIR.glob("*/case.py"))


def case_file(case, name):
    own = case / name
    return own if own.exists() else CASES_DIR / name


def expected_reasons(case):
    words = (line.split() for line in (case / "reasons").read_text().splitlines())
    return {name: int(count) for name, count in words}


@dataclass
class Outcome:
    frames: dict  # side: packets that left by it
    stats: dict  # nxsipctl --json stats, when all packets were counted


class Nxsipd:
    """One run of nxsipd in a directory of its own."""

    def __init__(self, build, directory, config):
        self.build, self.directory = build, directory
        self.log = directory / "log"
        (directory / "nxsip.yaml").write_text(config)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [build / "nxsipd", "-c", directory / "nxsip.yaml"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | SANITIZER_ENV,
            )

    def fail(self, what):
        raise ReplayError(f"{what}\n---- nxsipd's log\n{self.log.read_text(errors='replace')}")

    def wait(self, what, done):
        """The first true value of done(), which is asked until the time is over."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.fail(f"nxsipd ended with status {self.process.returncode}, expected {what}")
            value = done()
            if value:
                return value
            time.sleep(0.01)
        self.fail(f"no {what} within {DEADLINE_S} s")

    def run(self, *words):
        return subprocess.run(
            [self.build / "nxsipctl", "--socket", self.directory / "sock", *words],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            env=os.environ | SANITIZER_ENV,
        )

    def ctl(self, *words):
        done = self.run(*words)
        if done.returncode:
            self.fail(f"nxsipctl {shlex.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def wait_ready(self):
        def serving():
            done = self.run("--json", "status")
            return done.returncode == 0 and json.loads(done.stdout)["state"] == "serving"

        self.wait("readiness", serving)

    def wait_counted(self, packets):
        """Statistics of the moment at which every packet has its reason."""
        seen = {}

        def counted():
            seen.update(json.loads(self.ctl("--json", "stats")))
            return seen["rx_packets"] >= packets and total(seen) >= packets and seen

        try:
            return self.wait(f"reason for each of {packets} packets", counted)
        except ReplayError as error:
            raise ReplayError(f"counted so far: {reasons(seen)}\n{error}") from None

    def stop(self):
        """Ends it as an operator would: it must stop in time, with status 0 and no finding."""
        self.process.terminate()
        try:
            status = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.fail("nxsipd did not stop")
        said = self.log.read_text(errors="replace")
        if status != 0 or any(finding in said for finding in FINDINGS):
            self.fail(f"nxsipd ended with status {status}, or a sanitizer has found something")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def nxsipd(build, directory, config):
    daemon = Nxsipd(build, directory, config)
    try:
        daemon.wait_ready()
        yield daemon
        daemon.stop()
    finally:
        daemon.kill()


def reasons(stats):
    """The reasons that occurred, and how often."""
    every = stats.get("reasons", {})
    return {name: one["count"] for name, one in every.items() if one["count"]}


def total(stats):
    return sum(reasons(stats).values())


def configuration(case, directory, access, core):
    text = case_file(case, "box.yaml").read_text() + case_file(case, "policy.yaml").read_text()
    fill = {"@DIR@": directory, "@PREFIX@": directory.name, "@ACCESS@": access, "@CORE@": core}
    for name, value in fill.items():
        text = text.replace(name, str(value))
    return text


def fill_store(case, build, directory):
    config = configuration(case, directory, "net_null0,no-rx=1", "net_null1,no-rx=1")
    with nxsipd(build, directory, config) as daemon:
        for line in case_file(case, "commands").read_text().splitlines():
            words = shlex.split(line, comments=True)
            if words:
                daemon.ctl(*(word.replace("@CASE@", str(case)) for word in words))


def send(case, build, directory):
    """Plays the captures; a side without one receives nothing."""
    packets, ports = 0, []
    for n, side in enumerate(SIDES):
        source = case / f"{side}.pcap"
        if not source.exists():
            source = directory / "nothing.pcap"
            source.write_bytes(pcap.dump([]))
        packets += len(pcap.load(source))
        ports.append(f"net_pcap{n},rx_pcap={source},tx_pcap={directory}/{side}.pcap")
    with nxsipd(build, directory, configuration(case, directory, *ports)) as daemon:
        stats = daemon.wait_counted(packets)
    return Outcome({side: pcap.load(directory / f"{side}.pcap") for side in SIDES}, stats)


def replay(case, build):
    directory = Path(tempfile.mkdtemp(prefix=f"nxreplay{os.getpid()}.{next(serial)}."))
    try:
        fill_store(case, build, directory)
        return send(case, build, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(RUNTIME_DIR / directory.name, ignore_errors=True)


# ---- telling what differs

SHOWN = 2000  # bytes of headers and of text


def show(frame):
    """A frame for a person: headers in hex, text as text."""
    if frame is None:
        return "  (nothing)"
    at = next((i for i in (42, 46, 50, 62, 66, 70) if frame[i : i + 3].isalpha()), len(frame))
    lines = frame[at : at + SHOWN].decode("latin-1").split("\r\n")
    text = "".join(f"\n    {line if line.isprintable() else ascii(line)}" for line in lines)
    return f"  {len(frame)} bytes {frame[: min(at, SHOWN)].hex(' ', 2)}{text}"


def differences(side, got, expected):
    """The first packet that is not as expected, or ''."""
    for n, (one, other) in enumerate(itertools.zip_longest(got, expected)):
        if one != other:
            return (
                f"{side}: packet {n} of {len(expected)} expected, {len(got)} seen\n"
                f"seen:\n{show(one)}\nexpected:\n{show(other)}"
            )
    return ""
