"""Shadow and bypass: each holds from the next packet on, and neither lets an ACK for an answer that
was given before it reach the SBC."""

import pytest
from counters import Counted
from numbers_in_use import DOMAIN, GONE, UNKNOWN
from trunk import Trunk, start_line


@pytest.fixture
def trunk(lab):
    with Trunk(lab) as made:
        yield made
    for switch in ("shadow", "bypass"):
        lab.ctl(switch, "off")


def statuses(trunk):
    return [start_line(trunk.answer(trunk.request(n))).split(" ")[1] for n in (UNKNOWN, GONE)]


SHADOWS = {
    "box": (["shadow", "on"], ["shadow", "off"]),
    "domain": (["shadow", "on", "--domain", DOMAIN], ["shadow", "off", "--domain", DOMAIN]),
    "domain-set": (["domain", "set", DOMAIN, "--shadow"], ["domain", "set", DOMAIN, "--no-shadow"]),
}


@pytest.mark.parametrize("on, off", SHADOWS.values(), ids=SHADOWS)
def test_shadow_counts_and_passes_and_is_off_again_at_once(lab, trunk, on, off):
    assert statuses(trunk) == ["404", "604"]
    with Counted(lab) as counted:
        lab.ctl(*on)
        for number in (UNKNOWN, GONE):
            trunk.passes(trunk.request(number))
        lab.ctl(*off)
    counted.exactly({"shadow-404": 1, "shadow-604": 1})
    assert statuses(trunk) == ["404", "604"]


def test_a_rule_in_shadow_counts_and_passes(lab, trunk):
    number = "+448700000001"
    rule = lab.ctl_json("rule", "add", r"^\+4487", "--verdict", "404", "--shadow")["id"]
    try:
        with Counted(lab) as counted:
            trunk.passes(trunk.request(number))
        counted.exactly({"shadow-404": 1})
        lab.ctl("rule", "set", rule, "--no-shadow")
        assert start_line(trunk.answer(trunk.request(number))) == "SIP/2.0 404 Not Found"
    finally:
        lab.ctl("rule", "del", rule)


def test_bypass_makes_the_box_a_wire_and_is_off_again_at_once(lab, trunk):
    assert statuses(trunk) == ["404", "604"]
    with Counted(lab) as counted:
        lab.ctl("bypass", "on")
        for number in (UNKNOWN, GONE):
            trunk.passes(trunk.request(number))
        lab.ctl("bypass", "off")
    counted.exactly({"bypass": 4})  # the fences are two
    assert statuses(trunk) == ["404", "604"]


@pytest.mark.parametrize("switch", ["shadow", "bypass"])
def test_rule_04_the_ack_for_an_answer_given_before_is_absorbed(lab, trunk, switch):
    request = trunk.request(UNKNOWN)
    reply = trunk.answer(request)
    lab.ctl(switch, "on")
    seen = trunk.exchange(trunk.ack(request, reply))
    assert (seen.at_sbc, seen.at_carrier) == ([], [])


@pytest.mark.parametrize("switch", ["shadow", "bypass"])
def test_status_shows_the_switch(lab, trunk, switch):
    lab.ctl(switch, "on")
    assert lab.ctl_json("status")[switch] is True
    assert switch.upper() in lab.ctl("status")
    lab.ctl(switch, "off")
    assert lab.ctl_json("status")[switch] is False
    assert switch.upper() not in lab.ctl("status")
