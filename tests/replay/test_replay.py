"""Every case folder through the real nxsipd, on every build given; see harness.py."""

import re
from textwrap import dedent

import harness
import make_cases
import pcap

CASES = harness.cases()
NOT_BY_CAPTURE = {
    *("no-buffer", "no-table", "rule-failed", "tx-full"),
    *("settling", "in-transaction", "memory-overflow"),
}


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=lambda case: case.name)
    if "build" in metafunc.fixturenames:
        builds = metafunc.config.builds
        metafunc.parametrize("build", builds.values(), ids=builds.keys())


def test_replay(case, build, record_property):
    for name in make_cases.rules(case):
        record_property("rule", name)
    outcome = harness.replay(case, build)
    stats, packets = outcome.stats, 0
    for side in harness.SIDES:
        if (case / f"{side}.pcap").exists():
            packets += len(pcap.load(case / f"{side}.pcap"))
        expected = pcap.load(case / f"expect-{side}.pcap")
        different = harness.differences(side, outcome.frames[side], expected)
        assert not different, different

    assert harness.reasons(stats) == harness.expected_reasons(case)
    assert harness.total(stats) == stats["rx_packets"] == packets
    assert sum(worker["rx_packets"] for worker in stats["workers"]) == packets
    assert stats["tx_packets"] == sum(map(len, outcome.frames.values()))


def test_captures_are_as_declared(case):
    assert make_cases.differing(case) == [], "run tests/replay/make_cases.py and look at the change"


def test_rules_are_named_as_tests_are():
    named = [name for case in CASES for name in make_cases.rules(case)]
    assert len(named) > 50
    assert [name for name in named if not re.fullmatch(r"rule_\d\d_[a-z0-9_]+", name)] == []


def test_every_reason_occurs():
    """The cases together see every reason but those that a capture cannot bring about."""
    header_file = harness.CASES_DIR.parents[1] / "include/nxsip/verdict.h"
    names = set(re.findall(r'X\([A-Z0-9_]+, NX_[A-Z0-9]+, "([^"]+)"', header_file.read_text()))
    seen = {name for case in CASES for name in harness.expected_reasons(case)}
    assert len(names) > 70
    assert names - seen == NOT_BY_CAPTURE


def header(text, *names):
    """The first value of a header in a reply, unfolded."""
    for line in re.sub(r"\n[ \t]+", " ", text).split("\n"):
        name, _, value = line.partition(": ")
        if name in names:
            return value
    raise ValueError(f"no {names[0]} in {text}")


def test_tags_tell_calls_apart():
    """What can be said of the replies' To tags without their key; see frames.py."""
    macs, hashes = {}, {}
    answers = (frame for case in CASES for frame in make_cases.declared(case) if frame.fate.text)
    for frame in answers:
        text = dedent(frame.fate.text)
        key, mac, other = re.search(r";tag=nx1(.)(.{16})(.{8})$", header(text, "To", "t")).groups()
        via, ruri = header(text, "Via", "v"), re.search(rb"[A-Z]+ (\S+) SIP/2.0\r", frame.data)[1]
        sent_by = via.split(" ", 1)[1].partition(";")[0].strip()
        branch = re.search(r"branch=([^;, ]+)|$", via, re.IGNORECASE)[1]
        from_tag = header(text, "From", "f").partition(";tag=")[2]
        call = header(text, "Call-ID", "i"), from_tag, int(header(text, "CSeq").split()[0])
        macs.setdefault((key, *call), set()).add(mac)
        hashes.setdefault((key, branch, sent_by, ruri), set()).add(other)
    assert len(macs) > 40 and len(hashes) > 100
    for found in macs, hashes:
        assert all(len(values) == 1 for values in found.values())
        assert len(set.union(*found.values())) == len(found)


def test_a_wrong_packet_is_told():
    """What compares must be able to fail: order, length, one bit, one packet more or less."""
    a, b = b"\x00" * 42 + b"SIP/2.0", b"\x00" * 42 + b"SIP/2.1"
    assert harness.differences("core", [a, b], [a, b]) == ""
    for got in ([b, a], [a], [a, b, b], [a, b[:-1]], [a, a]):
        assert harness.differences("core", got, [a, b]).startswith("core: packet ")

