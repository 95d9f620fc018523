#!/usr/bin/python3
"""Runs the fuzz targets, each for so many seconds, as many at a time as there are cores; one that is
named twice, twice.

In depth, with libFuzzer, its coverage and sanitizers; or, with --mass, at many times the rate by
mass.c, with unreadable pages around the input and undefined behaviour trapped, from what the former
has kept. Both count alike: an execution is one call of a target with one input, and all that the
target checks of it, whatever that takes: the parser's three ways, a reply's retransmission, the
references asked again. `differential` counts those of that target in which we would have answered
and both references read the request; the others, refused before, are executions only.

What is found on the way is kept in build/fuzz: TARGET/ are inputs that reach new code, for the next
run to begin with; findings/ are those that fail, made as small as they get (what only fails with
--mass is left as it is). Ends with a line `fuzz executions=N differential=N findings=N` and status 0
only where nothing failed.
"""
import argparse
import hashlib
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "tests" / "fuzz" / "corpus"
KEPT = ROOT / "build" / "fuzz"
FINDINGS = KEPT / "findings"

# Bytes of the longest input: some mutations' worth more than the seeds have.
MAX_LEN = {"sip": 1536, "reply": 1536, "differential": 1536, "burst": 1536,
           "decode": 1024, "uri": 256,
           "jsonrpc": 512, "csv": 1024, "config": 4096, "store": 256, "fragment": 241}
RSS_MB = 1024
MINIMIZE_S = 20
SLOW_S = 10  # an input that takes longer is a finding


class Target:
    """One fuzz target and what has come of it so far."""

    def __init__(self, program, seconds, mass):
        self.program, self.name, self.seconds, self.mass = program, program.name, seconds, mass
        self.executions = self.compared = self.status = 0
        self.excused = {}
        self.findings = {}  # what it says -> file

    def start(self, arguments, scratch, timeout):
        """Runs the program once, for at most timeout seconds.  Return: what it wrote."""
        env = dict(os.environ, TMPDIR=scratch, ASAN_OPTIONS="quarantine_size_mb=16",
                   UBSAN_OPTIONS="print_stacktrace=1")
        with subprocess.Popen([str(self.program), *arguments], env=env, cwd=scratch,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              start_new_session=True) as process:
            try:
                said = process.communicate(timeout=timeout)[1]
            except subprocess.TimeoutExpired:  # minimising starts processes of its own
                os.killpg(process.pid, signal.SIGKILL)
                said = process.communicate()[1]
                said += f"\nstopped: it had not ended after {timeout} s\n".encode()
        self.status = process.returncode
        return said.decode("utf-8", "replace")

    def run(self):
        """Goes on after each finding until the time is over."""
        end = time.monotonic() + self.seconds
        kept = KEPT / self.name
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="nxsip-fuzz-") as scratch:
            while (left := round(end - time.monotonic())) > 0:
                before = self.executions
                self.once(kept, scratch, left)
                if self.executions == before and self.findings:
                    break  # the seeds alone fail
        return self

    def once(self, kept, scratch, seconds):
        longest = MAX_LEN.get(self.name, 1024)
        if not self.mass:
            options = [f"-max_total_time={seconds}", f"-max_len={longest}", f"-timeout={SLOW_S}",
                       f"-rss_limit_mb={RSS_MB}", "-print_final_stats=1", "-verbosity=0",
                       f"-artifact_prefix={scratch}/"]
        else:
            options = ["-t", str(seconds), "-s", secrets.token_hex(6), "-m", str(longest)]
        said = self.start([*options, str(kept), str(SEEDS / self.name)], scratch, seconds + 120)
        self.count(said)
        status, died_of = self.status, 0
        for path in sorted(Path(scratch).glob("*-*")):
            if path.is_file() and re.match("(crash|timeout|oom|leak)-", path.name):
                died_of += 1
                self.keep(path, said, scratch)
        if status != 0 and not died_of:
            last = (said.strip().splitlines() or ["and says nothing"])[-1]
            self.findings[f"ends with status {status} on no input: {last}"] = None

    def count(self, said):
        for number in re.findall(r"number_of_executed_units: *(\d+)", said):
            self.executions += int(number)
        for number in re.findall(r"^differential: compared (\d+)", said, re.M):
            self.compared += int(number)
        for number, why in re.findall(r"^excused (\d+): (.*)", said, re.M):
            self.excused[why] = self.excused.get(why, 0) + int(number)

    def keep(self, path, said, scratch):
        """Makes the input small and notes what it shows, once for all inputs that show the same."""
        if path.name.startswith("timeout-") and not self.is_slow(path, scratch):
            path.unlink()  # it was the machine
            return
        what = re.search(r"^FINDING .*|^SUMMARY: .*|^.*runtime error: .*", said, re.M)
        what = what.group().strip() if what else path.name.split("-")[0]
        if what not in self.findings:
            digest = hashlib.sha256(what.encode()).hexdigest()[:12]
            self.findings[what] = FINDINGS / f"{self.name}-{digest}"
            FINDINGS.mkdir(parents=True, exist_ok=True)
            self.findings[what].write_bytes(path.read_bytes())
            if path.name.startswith("crash-") and not self.mass:
                self.minimize(path, what, scratch)
        path.unlink()

    def is_slow(self, path, scratch):
        begin = time.monotonic()
        self.start(["-t", "0", str(path)] if self.mass else [str(path)], scratch, 2 * SLOW_S)
        return time.monotonic() - begin > SLOW_S

    def minimize(self, path, what, scratch):
        small = Path(scratch) / "small"
        self.start(["-minimize_crash=1", f"-max_total_time={MINIMIZE_S}",
                    f"-exact_artifact_path={small}", str(path)], scratch, 2 * MINIMIZE_S)
        if small.exists():
            if what in self.start([str(small)], scratch, 60):
                self.findings[what].write_bytes(small.read_bytes())
            small.unlink()

    def report(self):
        rate = self.executions / max(self.seconds, 1)
        print(f"  {self.name:14} {self.executions:>12} executions {rate:>9.0f}/s"
              f" {len(self.findings):>3} findings", flush=True)
        for why, number in sorted(self.excused.items()):
            print(f"      {number:>12} of {self.compared} compared: {why}")
        for what, path in self.findings.items():
            print(f"    {what}\n      {path.relative_to(ROOT) if path else ''}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="directory of the build with the fuzzers")
    parser.add_argument("--time", type=int, default=60, help="seconds a target")
    parser.add_argument("--mass", action="store_true", help="the build's main is mass.c")
    parser.add_argument("target", nargs="*", help="all where none is named")
    args = parser.parse_args()
    programs = sorted(path for path in (ROOT / args.build / "fuzz").iterdir() if path.is_file())
    unknown = set(args.target) - {path.name for path in programs}
    if unknown:
        sys.exit(f"no fuzz target {', '.join(sorted(unknown))}; there are: "
                 f"{', '.join(path.name for path in programs)}")
    wanted = args.target or [path.name for path in programs]
    targets = [Target(path, args.time, args.mass)
               for path in programs for _ in range(wanted.count(path.name))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for target in pool.map(Target.run, targets):
            target.report()
    findings = sum(len(target.findings) for target in targets)
    print(f"fuzz executions={sum(target.executions for target in targets)}"
          f" differential={sum(target.compared for target in targets)} findings={findings}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
