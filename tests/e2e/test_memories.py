"""What a worker remembers: transactions that were passed (rule 28), and datagrams in fragments (rule
36), cut by the sender's own kernel or by hand."""

import random
import time

import pytest
from counters import Counted
from numbers_in_use import DOMAIN, GONE, LIVE, UNKNOWN
from trunk import SDP, WAYS, Trunk, start_line

ADDED = "+442079460777"
LONG = SDP + "a=x-padding:" + "x" * 3000 + "\r\n"
ANSWERS = {UNKNOWN: "SIP/2.0 404 Not Found", GONE: "SIP/2.0 604 Does Not Exist Anywhere"}


@pytest.fixture(params=WAYS, ids=str)
def trunk(request, lab):
    with Trunk(lab, request.param) as made:
        yield made


def test_rule_28_a_deleted_user_keeps_the_calls_under_way(lab, trunk):
    lab.ctl("user", "add", ADDED, "--domain", DOMAIN)
    request = trunk.request(ADDED)
    trunk.passes(request)
    lab.ctl("user", "del", ADDED, "--domain", DOMAIN)
    with Counted(lab) as counted:
        trunk.passes(request)
        trunk.passes(request)
    counted.exactly({"in-transaction": 2})
    assert start_line(trunk.answer(trunk.request(ADDED))) == ANSWERS[UNKNOWN]


@pytest.mark.parametrize("switch", ["shadow"])
def test_rule_28_a_switch_keeps_the_calls_under_way(lab, trunk, switch):
    lab.ctl(switch, "on")
    try:
        request = trunk.request(UNKNOWN)
        trunk.passes(request)
    finally:
        lab.ctl(switch, "off")
    trunk.passes(request)
    assert start_line(trunk.answer(trunk.request(UNKNOWN))) == ANSWERS[UNKNOWN]


def test_rule_36_a_long_request_is_answered_whole(lab, trunk):
    for number, line in ANSWERS.items():
        with Counted(lab) as counted:
            assert start_line(trunk.answer(trunk.request(number, body=LONG))) == line
        counted.exactly(
            {
                "unknown-number" if number == UNKNOWN else "gone-604": 1,
                "fragment-drop": 2,
            }
        )


def test_rule_36_a_long_request_passes_whole(trunk):
    trunk.passes(trunk.request(LIVE, body=LONG))


def test_rule_36_headers_that_go_on_pass(trunk):
    trunk.passes(trunk.request(UNKNOWN, more=["X-Long: " + "x" * 3000]))


def test_rule_36_content_length_is_held_against_the_datagram(trunk):
    request = trunk.request(UNKNOWN, body=LONG)
    length = f"Content-Length: {len(LONG)}".encode()
    assert start_line(trunk.answer(request)) == ANSWERS[UNKNOWN]
    beyond = request.replace(length, f"Content-Length: {len(LONG) + 1}".encode())
    trunk.passes(beyond.replace(b"branch=", b"branch=b"))
