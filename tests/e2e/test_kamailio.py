"""A proxy that forks, Kamailio, in the carrier's network: our 404 is one branch's failure and it
tries the next one; our 604 speaks for every branch and it stops (RFC 3261, 16.7 and 21.6.3)."""

from pathlib import Path

import pytest
from counters import Counted
from lab import LabError, tail, wait_until
from numbers_in_use import GONE, LIVE, UNKNOWN
from trunk import Trunk, unique
from wire import Capture

HERE = Path(__file__).resolve().parent
CONFIG, RINGING_SBC = HERE / "kamailio" / "forking.cfg", HERE / "sipp" / "ringing-sbc.xml"
SERIAL, PARALLEL = 5080, 5081  # the proxy's ports
CALLER = 5062
FIRST, NEXT, RINGING = 5060, 5090, 5091  # the SBC's and two other user agents' behind it
FENCE = 5070
WAIT_S = 10


def listens(lab, role, port):
    return lab.run(role, ["ss", "-Hlnu", "sport", str(port)]).stdout


@pytest.fixture(scope="module")
def proxy(lab):
    """Kamailio and three callees."""
    log = lab.dir / "kamailio.log"
    argv = ["kamailio", "-DD", "-f", CONFIG, "-Y", lab.dir, "-w", lab.dir, "-m", "32", "-M", "8"]
    started = [
        lab.start("carrier", argv, log=log),
        lab.start("sbc", lab.sipp("sbc", lab.sbc.v4)),
        lab.start("sbc", lab.sipp("sbc", lab.sbc.v4, port=NEXT)),
        lab.start("sbc", lab.sipp(RINGING_SBC, lab.sbc.v4, port=RINGING)),
    ]
    callees = [("sbc", port) for port in (FIRST, NEXT, RINGING)]
    for role, port in [("carrier", SERIAL), ("carrier", PARALLEL), *callees]:
        if not wait_until(lambda: listens(lab, role, port), WAIT_S):
            raise LabError(f"nobody listens on {role}:{port}:\n{tail(log)}")
    yield lab
    for process in started:
        process.terminate()
    for process in started:
        process.wait(WAIT_S)


@pytest.fixture
def trunk(proxy):
    with Trunk(proxy, carrier_port=FENCE, sbc_port=FENCE) as made:
        yield made


@pytest.fixture
def call(proxy, trunk):
    """Calls a number by way of the proxy; gives what crossed the SBC's interface, in order, as
    (port of the SBC, first line), and the final status that the caller got."""
    captures = {
        "sbc": Capture("sbc", proxy.netns["sbc"], "eth0", (FIRST, NEXT, RINGING, FENCE)),
        "caller": Capture("caller", proxy.netns["carrier"], "lo", (CALLER,)),
    }

    def made(number, proxy_port=SERIAL):
        call_id = f"{unique()}@carrier.example.com"
        caller = {"port": CALLER, "numbers": [number], "call_id": call_id}
        sipp = proxy.sipp("carrier", proxy.carrier.v4, **caller)
        options = ["-m", "1", "-timeout", "15s", "-timeout_error"]
        proxy.run("carrier", [*sipp, *options, f"{proxy.carrier.v4}:{proxy_port}"])
        fence = unique().encode()
        trunk.passes(fence)
        at_sbc = captures["sbc"]
        assert wait_until(lambda: fence in [m.payload for m in list(at_sbc.messages)], WAIT_S)
        seen = [
            (m.source if m.outgoing else m.target)[1:] + (m.method or m.status,)
            for m in at_sbc.of_call(call_id)
        ]

        def finals():
            return {
                m.status
                for m in captures["caller"].of_call(call_id)
                if m.source[1] == proxy_port and m.status >= 200 and m.header("CSeq") == "1 INVITE"
            }

        return seen, wait_until(finals, WAIT_S)

    yield made
    for capture in captures.values():
        capture.stop()


ANSWERED = ["INVITE", 180, 200, "ACK", "BYE", 200]


def test_without_our_answer_the_first_branch_rings(call):
    seen, final = call(LIVE)
    assert seen == [(FIRST, what) for what in ANSWERED]
    assert final == {200}


def test_rule_27_not_our_404_after_which_the_proxy_tries_its_next_branch(proxy, call):
    with Counted(proxy) as counted:
        seen, final = call(UNKNOWN)
    assert seen == [(NEXT, what) for what in ANSWERED]
    assert final == {200}
    # the second branch's INVITE, ACK and BYE, and the fence twice, go to ports of no service
    counted.exactly({"unknown-number": 1, "ack-absorbed": 1, "not-service": 5})


def test_rule_27_our_604_makes_the_proxy_stop(proxy, call):
    with Counted(proxy) as counted:
        seen, final = call(GONE)
    assert seen == []
    assert final == {604}
    counted.exactly({"gone-604": 1, "ack-absorbed": 1, "not-service": 2})


def test_rule_27_our_604_makes_the_proxy_cancel_the_branch_that_rings(call):
    seen, final = call(GONE, PARALLEL)
    assert {port for port, _ in seen} == {RINGING}
    assert [what for _, what in seen if isinstance(what, str)] == ["INVITE", "CANCEL", "ACK"]
    assert final == {604}
