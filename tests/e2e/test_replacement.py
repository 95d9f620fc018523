"""Whole-domain replacement under traffic: no packet is lost, and each is judged by one version, the
old or the new, and from one instant on by the new.

NX_REPLACED: users beside those that are called, in each version (10,000,000)."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest
from calls import Calls
from lab import wait_until
from numbers_in_use import DOMAIN, RANGE
from trunk import Trunk, header, start_line

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import capture  # noqa: E402

OTHERS = int(os.environ.get("NX_REPLACED", 10_000_000))  # users that nobody calls
PIECE = 100_000  # rows written at a time
LOADED_S = 60 + OTHERS / 50_000  # a load's longest
WINDOW = 40  # requests on their way at a time
REST_S = 0.01  # between two: passed requests stay below what a worker's memory of them is rated for
ROUNDS = 4


def table(box, version, rows):
    """The file of a version: rows, and behind them others that the other version has not."""
    path = box.dir / f"version{version}.csv"
    first = version * OTHERS
    with open(path, "w") as file:
        file.write(rows)
        for n in range(first, first + OTHERS, PIECE):
            piece = range(n, min(n + PIECE, first + OTHERS))
            file.write("".join(f"+4479{k:08}\n" for k in piece))
    return path


def replace(box, path):
    calls = Calls(box, timeout=LOADED_S)
    with open(path, "rb") as file:
        done = calls.call(
            "load", {"domain": DOMAIN, "mode": "replace", "force": True}, file.fileno()
        )
    calls.close()
    assert done["count"] == done["rows"] > OTHERS


class Replacing:
    """A replacement that runs beside what is in the with block, and must succeed."""

    def __init__(self, box, path):
        self.done, self.failed = threading.Event(), None
        self.thread = threading.Thread(target=self.run, args=(box, path))

    def run(self, box, path):
        try:
            replace(box, path)
        except BaseException as e:
            self.failed = e
        self.done.set()

    def __enter__(self):
        self.thread.start()
        return self.done

    def __exit__(self, *_):
        self.thread.join()
        if self.failed:
            raise self.failed


# ---- every answer, in order ----


def number(n):
    return f"{RANGE}{n % 10000:04}"


def known(version):
    """Two tables whose answers differ for every number of the range."""
    return "".join(f"{number(n)}\n" for n in range(version, 10000, 2))


def judge(trunk, first):
    """Sends a window of requests; the version that judged each, in their order."""
    numbers = range(first, first + WINDOW)
    requests = [trunk.request(number(n)) for n in numbers]
    seen = trunk.exchange(*requests)
    passed = {header(request, "Call-ID") for request in seen.at_sbc}
    answered = {header(reply, "Call-ID") for reply in seen.at_carrier}
    assert all(start_line(reply) == "SIP/2.0 404 Not Found" for reply in seen.at_carrier)
    assert len(seen.at_sbc) + len(seen.at_carrier) == WINDOW  # none lost, none twice
    for n, request in zip(numbers, requests):
        token = header(request, "Call-ID")
        assert (token in passed) != (token in answered)
        yield n % 2 if token in passed else 1 - n % 2


def test_each_packet_is_judged_by_exactly_one_version(lab):
    tables = [table(lab, version, known(version)) for version in range(2)]
    replace(lab, tables[0])
    judged = 0
    with Trunk(lab) as trunk:
        assert set(judge(trunk, 0)) == {0}
        for round_ in range(ROUNDS):
            old, new = round_ % 2, 1 - round_ % 2
            order = []
            with Replacing(lab, tables[new]) as done:
                while not done.is_set():
                    order += judge(trunk, judged)
                    judged += WINDOW
                    time.sleep(REST_S)
            order += judge(trunk, judged)
            switch = order.index(new)
            assert set(order[:switch]) == {old}
            assert set(order[switch:]) == {new}
    assert judged > 500


# ---- as fast as packets come ----

PACKETS = 4096
HEAD = "+44207"


@pytest.fixture
def flooded(new_box):
    """A box that gets INVITEs without end, for as many numbers as there are packets."""
    box = new_box()
    pcap = box.dir / "flood.pcap"
    frames = [
        capture.udp4("198.51.100.1", "192.0.2.2", 5060, 5060, capture.invite(n, user, *WAY))
        for n, user in enumerate(CALLED)
    ]
    capture.write_pcap(str(pcap), frames)
    config = box.config()
    config["ports"][0]["access"] = f"net_pcap0,rx_pcap={pcap},infinite_rx=1"
    config["queues"]["mempool"] = 16383
    config["eal"]["memory"] = 128
    box.write(config)
    box.start()
    return box


WAY = ("198.51.100.1", "192.0.2.2")
CALLED = [f"{HEAD}{9460000 + n}" for n in range(PACKETS)]


def test_at_full_rate_none_is_judged_by_a_mixture(flooded):
    """Every number called is known in both versions, here by itself and there by a head number: who
    looks into both at once could find neither."""
    tables = [
        table(flooded, 0, "".join(f"{user}\n" for user in CALLED)),
        table(flooded, 1, f"{HEAD},head\n"),
    ]
    flooded.ok("domain", "add", DOMAIN, "--complete")
    flooded.ok("range", "add", HEAD, "--domain", DOMAIN, "--min", "12", "--max", "13")
    replace(flooded, tables[0])
    calls = Calls(flooded)
    before = calls.call("stats", {})
    for round_ in range(ROUNDS):
        with Replacing(flooded, tables[1 - round_ % 2]) as done:
            assert wait_until(done.is_set, LOADED_S)
    after = calls.call("stats", {})
    calls.close()
    grown = {
        name: reason["count"] - before["reasons"][name]["count"]
        for name, reason in after["reasons"].items()
    }
    grown = {name: count for name, count in grown.items() if count}
    received = after["rx_packets"] - before["rx_packets"]
    assert received > 1_000_000
    assert set(grown) <= {"known", "from-core"}, grown
    assert abs(sum(grown.values()) - received) <= 2 * 32  # bursts on their way at either reading
    assert all(port["rx_missed"] == 0 for port in flooded.json("ports")["ports"])
