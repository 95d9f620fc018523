"""What nxsipd answers: the shape of its replies, their ACKs, retransmissions, and that a change of
the table holds from the next call on."""

import re

import pytest
from counters import Counted
from lab import VLAN
from numbers_in_use import DOMAIN, GONE, LIVE, UNKNOWN
from trunk import WAYS, Trunk, bracketed, header, headers, start_line

LOCAL_PORT = 5064  # of a second service: a trunk that dials bare national digits
TO_TAG = re.compile(r"(.*);tag=([A-Za-z0-9.!%*_+`'~-]+)")
REASON = 'Q.850;cause=1;text="Unallocated (unassigned) number"'


def configure(lab, config):
    config["plans"]["local"] = {
        "country_code": "44",
        "international": ["00"],
        "national": ["0"],
        "bare": "national",
    }
    config["services"].append(
        {
            "name": "local",
            "addresses": lab.sbc.addresses,
            "ports": [LOCAL_PORT],
            "vlans": ["none", VLAN],
            "kind": "phone",
            "plan": "local",
            "hosts": [{"host": address, "domain": DOMAIN} for address in lab.sbc.addresses],
        }
    )


@pytest.fixture(params=WAYS, ids=str)
def trunk(request, lab):
    with Trunk(lab, request.param) as made:
        yield made


@pytest.fixture
def v4(lab):
    with Trunk(lab) as made:
        yield made


@pytest.mark.parametrize(
    "number, line",
    [(UNKNOWN, "SIP/2.0 404 Not Found"), (GONE, "SIP/2.0 604 Does Not Exist Anywhere")],
    ids=["404", "604"],
)
def test_rule_19_a_reply_has_the_shape_of_rfc_3261(trunk, number, line):
    request = trunk.request(number)
    reply = trunk.answer(request)
    address, port = trunk.carrier.address
    via = header(request, "Via").replace(";rport", f";rport={port}") + f";received={address}"
    to, tag = TO_TAG.fullmatch(header(reply, "To")).groups()

    assert start_line(reply) == line
    assert headers(reply) == [
        ("Via", via),
        ("From", header(request, "From")),
        ("To", f"{header(request, 'To')};tag={tag}"),
        ("Call-ID", header(request, "Call-ID")),
        ("CSeq", "1 INVITE"),
        ("Reason", REASON),
        ("Content-Length", "0"),
    ]
    assert to == header(request, "To")
    assert len(tag) >= 8
    assert reply.endswith(b"\r\n\r\n")
    assert len(reply) <= len(request)


def test_rule_26_not_the_live_number(trunk):
    trunk.passes(trunk.request(LIVE))


@pytest.mark.parametrize("number", [UNKNOWN, GONE], ids=["404", "604"])
def test_rule_04_the_ack_for_a_reply_never_reaches_the_sbc(lab, trunk, number):
    request = trunk.request(number)
    with Counted(lab) as counted:
        reply = trunk.answer(request)
        seen = trunk.exchange(trunk.ack(request, reply))
    assert (seen.at_sbc, seen.at_carrier) == ([], [])
    counted.exactly({"gone-604" if number == GONE else "unknown-number": 1, "ack-absorbed": 1})


def test_rule_04_not_an_ack_for_another_reply(lab, v4):
    request = v4.request(UNKNOWN)
    reply = v4.answer(request)
    forged = v4.ack(request, reply.replace(b";tag=", b";tag=a"))
    with Counted(lab) as counted:
        v4.passes(forged)
    counted.exactly({"ack-unmatched": 1})


def test_rule_25_retransmissions_get_identical_bytes(trunk):
    request = trunk.request(UNKNOWN)
    seen = trunk.exchange(*[request] * 5)
    assert seen.at_sbc == []
    assert len(seen.at_carrier) == 5
    assert set(seen.at_carrier) == {seen.at_carrier[0]}


def test_rule_25_not_different_calls(v4):
    replies = [v4.answer(v4.request(UNKNOWN)) for _ in range(5)]
    assert len({header(reply, "To") for reply in replies}) == 5


def test_rule_27_not_a_retargeted_request(v4):
    request = v4.request(GONE, to="<sip:+442079460500@example.com>")
    assert start_line(v4.answer(request)) == "SIP/2.0 404 Not Found"


def test_a_change_of_the_table_holds_from_the_next_call_on(lab, v4):
    number = "+442079460321"
    line = lambda: start_line(v4.answer(v4.request(number)))
    assert line() == "SIP/2.0 404 Not Found"
    lab.ctl("user", "add", number, "--domain", DOMAIN)
    v4.passes(v4.request(number))
    lab.ctl("user", "gone", number, "--domain", DOMAIN)
    assert line() == "SIP/2.0 604 Does Not Exist Anywhere"
    lab.ctl("user", "del", number, "--domain", DOMAIN)
    assert line() == "SIP/2.0 404 Not Found"


def test_a_rule_holds_from_the_next_call_on(lab, v4):
    outside = "+448700000001"  # in no range: strangers pass
    v4.passes(v4.request(outside))
    rule = lab.ctl_json("rule", "add", r"^\+4487[0-9]{8}$", "--verdict", "404")["id"]
    try:
        assert start_line(v4.answer(v4.request(outside))) == "SIP/2.0 404 Not Found"
    finally:
        lab.ctl("rule", "del", rule)
    v4.passes(v4.request(outside))


# ---- a trunk whose Request-URI host is the SBC's address, with national digits ----


@pytest.fixture(params=WAYS, ids=str)
def local(request, lab):
    with Trunk(lab, request.param, sbc_port=LOCAL_PORT) as made:
        yield made


@pytest.mark.parametrize(
    "dialled", ["2079460999", "02079460999", "00442079460999", UNKNOWN, "2079460999;npdi=yes"]
)
@pytest.mark.parametrize("port", ["", f":{LOCAL_PORT}"], ids=["no-port", "port"])
def test_rule_33_national_digits_that_nobody_has_get_404(local, dialled, port):
    request = local.request(None, uri=f"sip:{dialled}@{local.host}{port}")
    assert start_line(local.answer(request)) == "SIP/2.0 404 Not Found"


@pytest.mark.parametrize("dialled", ["2079460100", "02079460100"])
def test_rule_33_national_digits_that_are_gone_get_604(local, dialled):
    request = local.request(dialled)
    assert start_line(local.answer(request)) == "SIP/2.0 604 Does Not Exist Anywhere"


@pytest.mark.parametrize("dialled", ["2079460000", "02079460000", "00442079460000", LIVE])
def test_rule_33_national_digits_of_a_live_number_ring(local, dialled):
    local.passes(local.request(dialled))


def test_what_the_trunk_may_not_judge_passes(lab, local):
    other = bracketed(lab.carrier.addresses[local.way.index])
    with Counted(lab) as counted:
        local.passes(local.request(None, uri=f"sip:2079460999@{other}"))
        local.passes(local.request(None, uri=f"sip:2079460999@{local.host}:5070"))
        local.passes(local.request("116117"))
        local.passes(local.request("207946"))
        local.passes(local.request("999"))
        local.passes(local.request("3079460999"))
    counted.exactly({"host": 2, "short-number": 2, "emergency": 1, "open": 1})


def test_rule_33_not_bare_digits_on_the_first_service(lab, v4):
    with Counted(lab) as counted:
        v4.passes(v4.request("2079460999"))
    counted.exactly({"plan": 1})
    assert start_line(v4.answer(v4.request("02079460999"))) == "SIP/2.0 404 Not Found"
