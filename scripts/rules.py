#!/usr/bin/python3
"""Runs the tests of the SIP rules and prints what each rule has: tests where it bites, tests where
it must not, and how they fared.

    rules.py --build DIR UNIT_TEST_PROGRAM...

A test is a rule's by its name: rule_07_... (cmocka) or test_rule_07_... (pytest) where the rule
bites, rule_07_not_... where it must not. A replay case names its own in RULES (case.py). A test
that was skipped counts as none. Ends with `rules N of 36`, and status 1 where N is not 36."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

TITLES = (
    "only what arrives for a service",
    "only sound packets",
    "only requests, only listed methods",
    "ACK first of all",
    "CANCEL passes",
    "in a dialog, or aimed at one or at a contact: passes",
    "REGISTER",
    "OPTIONS",
    "Route, Proxy-Require, Max-Forwards",
    "emergency before any table",
    "no user in the Request-URI",
    "reflection",
    "what is not a well-formed SIP request over UDP",
    "headers, and how often each stands",
    "line ends",
    "header names",
    "Content-Length",
    "top Via: transport and maddr",
    "the reply's headers",
    "the To tag",
    "the reply's top Via",
    "the reply's destination",
    "never longer than the request",
    "Reason",
    "no 1xx, no retransmission, identical bytes",
    "404 only for a stranger inside what is complete",
    "604 only with authority",
    "a change never turns on a transaction",
    "missing data is never a 404",
    "domains",
    "names",
    "numbers",
    "number plans",
    "number portability",
    "overlap and extensions",
    "fragments",
)
TESTS = ("tests/replay", "tests/e2e")
NAME = re.compile(r"(?:test_)?rule_(\d\d)_(not_)?")
CMOCKA = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED|ERROR) *\] (\w+)$", re.MULTILINE)


def run_unit(program):
    """{test: outcome} of a cmocka program; one that crashes fails the test in which it did."""
    done = subprocess.run([program], capture_output=True, text=True, errors="replace", check=False)
    outcomes = {}
    for word, name in CMOCKA.findall(done.stdout + done.stderr):
        if word == "RUN":
            outcomes[name] = "failed"
        else:
            outcomes[name] = {"OK": "passed", "SKIPPED": "skipped"}.get(word, "failed")
    if done.returncode:
        print(f"{program}: status {done.returncode}\n{done.stdout}{done.stderr}", file=sys.stderr)
    return outcomes


def run_pytest(build):
    """[(test, outcome)]; a replay case gives one for each rule that it names."""
    with tempfile.TemporaryDirectory(prefix="nxsip-rules-") as directory:
        report = Path(directory) / "junit.xml"
        options = ["-k", "test_rule_ or test_replay", "--build", build, "--junitxml", report]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *TESTS, *options],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(done.stdout, done.stderr, file=sys.stderr)
        if not report.exists():
            sys.exit("pytest wrote no report: see above")
        cases = ElementTree.parse(report).iter("testcase")
        return [(name, outcome_of(case)) for case in cases for name in names_of(case)]


def names_of(case):
    where = case.get("classname").rpartition(".")[2]
    test, _, parameters = case.get("name").partition("[")
    named = [p.get("value") for p in case.iter("property") if p.get("name") == "rule"]
    return [f"{name} ({parameters.rstrip(']')})" for name in named] or [f"{test} ({where})"]


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def by_rule(outcomes):
    """{rule: {test: (polarity, worst outcome)}} of the tests that are named after a rule."""
    worst = ("failed", "passed", "skipped")
    rules = {rule: {} for rule in range(1, len(TITLES) + 1)}
    for test, outcome in outcomes:
        named = NAME.match(test)
        if not named:
            continue
        rule, polarity = int(named[1]), "not" if named[2] else "bites"
        if rule not in rules:
            sys.exit(f"{test}: there is no rule {rule}")
        seen = rules[rule].get(test, (polarity, outcome))[1]
        rules[rule][test] = polarity, min(seen, outcome, key=worst.index)
    return rules


def verdict_on(tests):
    """(tests where it bites, tests where it must not, what is wrong)."""
    passed = Counter(polarity for polarity, outcome in tests.values() if outcome == "passed")
    failed = sorted(test for test, (_, outcome) in tests.items() if outcome == "failed")
    if failed:
        wrong = "FAILED: " + ", ".join(failed)
    elif not passed:
        wrong = "NO TEST"
    elif not passed["bites"]:
        wrong = "NO TEST WHERE IT BITES"
    else:
        wrong = "" if passed["not"] else "NO TEST WHERE IT MUST NOT"
    return passed["bites"], passed["not"], wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="where nxsipd is")
    parser.add_argument("programs", nargs="+", metavar="UNIT_TEST_PROGRAM")
    args = parser.parse_args()
    os.chdir(Path(__file__).resolve().parents[1])
    outcomes = [(name, how) for p in args.programs for name, how in run_unit(p).items()]
    outcomes += run_pytest(args.build)

    width = max(map(len, TITLES))
    print(f"rule  {'title':{width}}  bites  not  result")
    whole = 0
    for rule, tests in by_rule(outcomes).items():
        bites, spares, wrong = verdict_on(tests)
        whole += not wrong
        print(f"{rule:4}  {TITLES[rule - 1]:{width}}  {bites:5}  {spares:3}  {wrong or 'ok'}")
    print(f"rules {whole} of {len(TITLES)}")
    return 0 if whole == len(TITLES) else 1


if __name__ == "__main__":
    sys.exit(main())
