"""nxsipd stopped, killed and started again on the same store."""

import json
import os
import signal

import pytest
from lab import tail, wait_until
from numbers_in_use import DOMAIN, GONE, LIVE, UNKNOWN
from trunk import WAYS, Trunk, start_line

EXPECTED = {UNKNOWN: "SIP/2.0 404 Not Found", GONE: "SIP/2.0 604 Does Not Exist Anywhere"}
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGKILL]


def judges_as_before(lab):
    for way in WAYS:
        with Trunk(lab, way) as trunk:
            trunk.passes(trunk.request(LIVE))
            for number, line in EXPECTED.items():
                assert start_line(trunk.answer(trunk.request(number))) == line


@pytest.fixture(params=SIGNALS, ids=lambda s: s.name)
def ended(request, lab):
    """A lab whose nxsipd is about to be ended by a signal; gives a function that does it."""

    def end():
        code = lab.stop_daemon(request.param)
        assert code == (-signal.SIGKILL if request.param == signal.SIGKILL else 0)
        assert lab.nxsipctl("status").returncode == 3

    yield end
    if lab.daemon.poll() is not None:
        lab.start_nxsipd()
    for switch in ("shadow", "bypass"):
        lab.ctl(switch, "off")


def test_a_restart_serves_what_was_committed(lab, ended):
    added = f"+4420794602{lab.ctl_json('status')['data_version'] % 100:02}"
    lab.ctl("user", "add", added, "--domain", DOMAIN)
    rule = lab.ctl_json("rule", "add", r"^\+4487[0-9]{8}$", "--verdict", "404")["id"]
    before = {c: lab.ctl_json(*c.split()) for c in ("domain list", "range list", "rule list")}
    version = lab.ctl_json("status")["data_version"]
    ended()
    lab.start_nxsipd()
    try:
        assert {c: lab.ctl_json(*c.split()) for c in before} == before
        assert lab.ctl_json("status")["data_version"] == version
        judges_as_before(lab)
        with Trunk(lab) as trunk:
            trunk.passes(trunk.request(added))
            assert start_line(trunk.answer(trunk.request("+448700000001"))) == EXPECTED[UNKNOWN]
    finally:
        lab.ctl("rule", "del", rule)


def test_rule_20_the_ack_for_a_reply_of_the_process_before_is_absorbed(lab, ended):
    with Trunk(lab) as trunk:
        requests = [trunk.request(number) for number in EXPECTED]
        replies = [trunk.answer(request) for request in requests]
        ended()
        lab.start_nxsipd()
        acks = [trunk.ack(*pair) for pair in zip(requests, replies)]
        seen = trunk.exchange(*acks)
        assert (seen.at_sbc, seen.at_carrier) == ([], [])
        assert lab.ctl_json("stats")["reasons"]["ack-absorbed"]["count"] == len(acks)


def test_rule_25_a_retransmission_after_a_restart_gets_the_same_bytes(lab, ended):
    with Trunk(lab) as trunk:
        request = trunk.request(UNKNOWN)
        reply = trunk.answer(request)
        ended()
        lab.start_nxsipd()
        assert trunk.answer(request) == reply


@pytest.mark.parametrize("switch", ["shadow", "bypass"])
def test_a_switch_survives_a_restart(lab, ended, switch):
    lab.ctl(switch, "on")
    ended()
    lab.start_nxsipd()
    assert lab.ctl_json("status")[switch] is True
    with Trunk(lab) as trunk:
        trunk.passes(trunk.request(UNKNOWN))
    lab.ctl(switch, "off")
    judges_as_before(lab)


# ---- what is left behind ----


@pytest.fixture
def af_xdp(lab):
    """A lab on af_xdp ports."""
    if lab.ports != "af_xdp":
        pytest.skip("the lab's ports are not af_xdp: this kernel has no AF_XDP sockets")
    yield lab
    if lab.daemon.poll() is not None:
        lab.start_nxsipd()


def start_by_hand(lab):
    """Starts nxsipd without the cleaning up that lab.start_nxsipd() does before."""
    argv = [lab.build / "nxsipd", "-c", lab.dir / "nxsip.yaml"]
    env = {**os.environ, "RUNTIME_DIRECTORY": str(lab.dir)}
    log = lab.dir / "daemon.log"
    lab.daemon = lab.start("nxsip", argv, log=log, env=env)

    def serves():
        assert lab.daemon.poll() is None, tail(log)
        status = lab.nxsipctl("--json", "status")
        return status.returncode == 0 and json.loads(status.stdout)["state"] == "serving"

    assert wait_until(serves, 20), tail(log)


def programs(lab):
    """How many of nxsipd's interfaces carry an XDP program."""
    return lab.ip("nxsip", "link", "show").stdout.count("prog/xdp")


def test_a_stop_in_order_leaves_no_socket_and_no_program_on_the_interfaces(af_xdp):
    assert programs(af_xdp) == 2
    assert af_xdp.stop_daemon() == 0
    assert not (af_xdp.dir / "nxsipd.sock").exists()
    assert programs(af_xdp) == 0


def test_a_kill_leaves_both_and_the_next_start_takes_them_over(af_xdp):
    """Neither the stale socket nor the XDP programs need to be removed by hand."""
    af_xdp.stop_daemon(signal.SIGKILL)
    assert (af_xdp.dir / "nxsipd.sock").is_socket()
    assert programs(af_xdp) == 2
    start_by_hand(af_xdp)
    judges_as_before(af_xdp)
    assert af_xdp.stop_daemon() == 0
    assert programs(af_xdp) == 0
