#!/usr/bin/python3
"""Writes the captures and counts of the replay cases from their declarations (CASE/case.py;
frames.py has the words). What is committed is what the test compares against; the test also checks
that this program would write the same again.

    make_cases.py [CASE...]"""

import runpy
import sys
from collections import Counter
from pathlib import Path

import pcap
from harness import CASES_DIR, SIDES, cases

# One worker takes a burst from the access port, then one from the core port. Up to so many packets
# a side, what leaves by a side has one order only: first what came in by access, then by core.
BURST = 32


def declared(case):
    return runpy.run_path(str(case / "case.py"))["FRAMES"]


def rules(case):
    """What the case shows of the SIP rules, as names of tests (scripts/rules.py)."""
    return runpy.run_path(str(case / "case.py")).get("RULES", ())


def files(case):
    """What belongs into a case's folder: {name: bytes}."""
    frames = declared(case)
    incoming = {side: [f.data for f in frames if f.side == side] for side in SIDES}
    if all(incoming.values()) and max(map(len, incoming.values())) > BURST:
        raise ValueError(f"{case.name}: more than {BURST} packets on a side, and both sides send")
    leaving = {side: [] for side in SIDES}
    for frame in sorted(frames, key=lambda f: SIDES.index(f.side)):
        outcome = frame.outcome()
        if outcome:
            side, data = outcome
            leaving[side].append(data)
    counts = sorted(Counter(frame.fate.reason for frame in frames).items())
    made = {"reasons": "".join(f"{name} {n}\n" for name, n in counts).encode()}
    made |= {f"{side}.pcap": pcap.dump(some) for side, some in incoming.items() if some}
    made |= {f"expect-{side}.pcap": pcap.dump(some) for side, some in leaving.items()}
    return made


def differing(case):
    """Names of the files that are not as they would be written."""
    made = files(case)
    every = set(made) | {f"{side}.pcap" for side in SIDES}
    there = {name: (case / name).read_bytes() for name in every if (case / name).exists()}
    return sorted(name for name in every if there.get(name) != made.get(name))


def write(case):
    made = files(case)
    for name in differing(case):
        if name in made:
            (case / name).write_bytes(made[name])
        else:
            (case / name).unlink()


def main(names):
    for case in [CASES_DIR / Path(name).name for name in names] or cases():
        write(case)


if __name__ == "__main__":
    main(sys.argv[1:])
