"""Whole-domain replacement under traffic: no packet is lost, and each is judged by one version, the
old or the new, and from one instant on by the new."""

import sys
import threading
from pathlib import Path

import pytest
from calls import Calls
from lab import wait_until
from numbers_in_use import DOMAIN, RANGE
from trunk import Trunk, header, start_line

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import capture  # noqa: E402

OTHERS = 1_000_000  # users that nobody calls
WINDOW = 40  # requests on their way at a time
ROUNDS = 4


def others(first):
    """So many rows that begin with +4479, in order."""
    return "".join(f"+4479{n:08}\n" for n in range(first, first + OTHERS))


def replace(calls, text, done):
    calls.load(DOMAIN, "replace", text, force=True)
    done.set()


class Replacing:
    """A replacement that runs beside what is in the with block."""

    def __init__(self, box, text):
        self.calls, self.done = Calls(box), threading.Event()
        self.thread = threading.Thread(target=replace, args=(self.calls, text, self.done))

    def __enter__(self):
        self.thread.start()
        return self.done

    def __exit__(self, *_):
        self.thread.join()
        self.calls.close()


# ---- every answer, in order ----


def number(n):
    return f"{RANGE}{n % 10000:04}"


def versions():
    """Two tables whose answers differ for every number of the range."""
    for version in range(2):
        known = "".join(f"{number(n)}\n" for n in range(version, 10000, 2))
        yield known + others(version * OTHERS)


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
    tables = list(versions())
    calls = Calls(lab)
    calls.load(DOMAIN, "replace", tables[0], force=True)
    calls.close()
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
    texts = [
        "".join(f"{user}\n" for user in CALLED) + others(0),
        f"{HEAD},head\n" + others(OTHERS),
    ]
    flooded.ok("domain", "add", DOMAIN, "--complete")
    flooded.ok("range", "add", HEAD, "--domain", DOMAIN, "--min", "12", "--max", "13")
    calls = Calls(flooded)
    calls.load(DOMAIN, "replace", texts[0], force=True)
    before = calls.call("stats", {})
    for round_ in range(ROUNDS):
        with Replacing(flooded, texts[1 - round_ % 2]) as done:
            assert wait_until(done.is_set, 60)
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
