"""Calls between two SIPps, one on each side of nxsipd: what both ends captured is compared."""

from pathlib import Path

import pytest
from lab import LabError, tail, wait_until
from numbers_in_use import LIVE, UNKNOWN
from trunk import WAYS, Trunk, unique
from wire import Capture

OWN = Path(__file__).resolve().parent / "sipp"
WAIT_S = 5
FENCE_PORT = 5070  # of no service


class Calls:
    """SIPp as callee at one end, called from the other, and captures of both interfaces."""

    def __init__(self, lab, way):
        self.lab, self.way = lab, way
        ports = (5060, FENCE_PORT)
        self.captures = {r: Capture(r, lab.netns[r], "eth0", ports) for r in ("carrier", "sbc")}
        self.callee = None

    def close(self):
        if self.callee:
            self.callee.kill()
            self.callee.wait(WAIT_S)
        for capture in self.captures.values():
            capture.stop()

    def address(self, role):
        return getattr(self.lab, role).addresses[self.way.index]

    def listen(self, role, scenario, *options):
        """Starts SIPp as the callee and waits until it listens."""
        log = self.lab.dir / "callee.log"
        argv = self.lab.sipp(scenario, self.address(role))
        self.callee = self.lab.start(role, [argv[0], *options, *argv[1:]], log=log)
        show = ["ss", "-Hln", "-A", "tcp,udp", "sport", "5060"]
        if not wait_until(lambda: self.lab.run(role, show).stdout, WAIT_S):
            raise LabError(f"SIPp does not start:\n{tail(log)}")

    def call(self, role, scenario, number, *options):
        """A call from role to the other end.  Gives the Call-ID; a failed call is a LabError."""
        other = "sbc" if role == "carrier" else "carrier"
        call_id = f"{unique()}@{role}.example.com"
        argv = self.lab.sipp(
            scenario, self.address(role), self.address(other), [number], call_id=call_id
        )
        self.lab.run(role, [argv[0], *options, *argv[1:]])
        return call_id

    def at(self, role, call_id, outgoing):
        """The payloads of the call that left or reached an end."""
        return [m.payload for m in self.captures[role].of_call(call_id) if m.outgoing == outgoing]

    def all_has_come(self):
        """Returns when both captures hold all that was sent before."""
        marks = {unique().encode(), unique().encode()}
        with Trunk(self.lab, self.way, FENCE_PORT, FENCE_PORT) as fence:
            fence.exchange(min(marks), from_sbc=[max(marks)])
        for capture in self.captures.values():
            assert wait_until(lambda: marks <= {m.payload for m in list(capture.messages)}, WAIT_S)

    def statuses(self, call_id):
        """The statuses that the SBC sent."""
        return [m.status for m in self.captures["sbc"].of_call(call_id) if m.outgoing]

    def untouched(self, call_id):
        """Both ends had the same bytes, in the same order, on the same VLAN."""
        self.all_has_come()
        for sender, receiver in (("carrier", "sbc"), ("sbc", "carrier")):
            sent = self.at(sender, call_id, True)
            assert self.at(receiver, call_id, False) == sent != []
        tags = {m.vlans for c in self.captures.values() for m in c.of_call(call_id)}
        assert tags == {self.way.vlans}


@pytest.fixture(params=WAYS, ids=str)
def calls(request, lab):
    made = Calls(lab, request.param)
    yield made
    made.close()


def test_180_and_200_pass_untouched(calls):
    calls.listen("sbc", "sbc")
    call_id = calls.call("carrier", "carrier", LIVE)
    calls.untouched(call_id)
    assert calls.statuses(call_id) == [180, 200, 200]


def test_180_183_and_480_pass_untouched(calls):
    calls.listen("sbc", OWN / "busy-sbc.xml")
    call_id = calls.call("carrier", OWN / "busy-carrier.xml", LIVE)
    calls.untouched(call_id)
    assert calls.statuses(call_id) == [180, 183, 480]


def test_202_passes_untouched(calls):
    calls.listen("sbc", OWN / "message-sbc.xml")
    call_id = calls.call("carrier", OWN / "message-carrier.xml", LIVE)
    calls.untouched(call_id)
    assert calls.statuses(call_id) == [202]


def test_the_sbcs_own_call_to_a_number_that_nobody_has_here(calls):
    calls.listen("carrier", "sbc")
    call_id = calls.call("sbc", "carrier", UNKNOWN)
    calls.untouched(call_id)


def test_a_call_over_tcp_to_a_number_that_nobody_has_rings(calls):
    """Only UDP is judged."""
    before = calls.lab.ctl_json("status")["verdicts"]["404"]
    calls.listen("sbc", "sbc", "-t", "t1")
    calls.call("carrier", "carrier", UNKNOWN, "-t", "t1")
    assert calls.lab.ctl_json("status")["verdicts"]["404"] == before


def test_an_unknown_number_over_udp_does_not(calls):
    calls.listen("sbc", "sbc")
    call_id = calls.call("carrier", "carrier", UNKNOWN)
    calls.all_has_come()
    assert calls.at("sbc", call_id, False) == []
    answers = [m.status for m in calls.captures["carrier"].of_call(call_id) if not m.outgoing]
    assert answers == [404]
