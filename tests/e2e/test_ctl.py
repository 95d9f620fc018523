"""nxsipctl as a person uses it, on a real nxsipd: every command, in words and in JSON; exit codes;
and what it says to a mistake."""

import json
import re
import subprocess

import pytest
from lab import wait_until

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
NUMBER = "+442079460000"


@pytest.fixture
def filled(box):
    box.ok("domain", "add", "example.net", "--authoritative")
    box.ok("domain", "add", "example.org", "--complete")
    box.ok("range", "add", "+44207946", "--domain", "example.net", "--min", "12", "--max", "12")
    box.ok("user", "add", NUMBER, "--domain", "example.net")
    box.ok("user", "gone", "+442079460100", "--domain", "example.net")
    return box


# ---- reading ----


def test_status(filled):
    status = filled.json("status")
    assert status["name"] == "testbox"
    assert status["pid"] == filled.daemon.pid
    assert status["state"] == "serving"
    assert status["bypass"] is status["shadow"] is False
    assert status["writer"] is None
    assert [w["worker"] for w in status["workers"]] == [0]
    assert set(status["verdicts"]) == {"pass", "404", "604", "absorb", "drop"}
    (domain,) = [d for d in status["domains"] if d["name"] == "example.net"]
    assert (domain["known"], domain["gone"], domain["authoritative"]) == (1, 1, True)

    lines = filled.ok("status").splitlines()
    assert re.fullmatch(
        rf"testbox: nxsipd \S+, pid {filled.daemon.pid}, up \d+ s, serving", lines[0]
    )
    assert lines[1] == (
        f"data version {status['data_version']}, digest {status['digest']}, "
        f"policy version {status['policy_version']}"
    )
    assert lines[2] == "passed 0, answered 404 0, 604 0, absorbed 0, dropped 0"
    assert re.search(r"^domain +table +known +gone +heads +memory +authoritative", lines[-3])
    assert re.fullmatch(r"example\.net +ready +1 +1 +0 +\S+ \S+ +yes +- +-", lines[-2])
    assert re.fullmatch(r"example\.org +ready +0 +0 +0 +\S+ \S+ +- +yes +-", lines[-1])


def test_rule_28_status_says_while_the_box_settles(empty_box):
    """After a start, after bypass, and after a reload that changes what is judged; and then no more."""
    box, config = empty_box, empty_box.config()
    config["box"]["settle"] = 2

    def settles():
        said = re.fullmatch(
            r"settling: nothing is answered for another [12] s", box.ok("status").splitlines()[1]
        )
        return bool(said) and box.json("status")["settling_s"] > 0

    def settles_for_a_while():
        assert settles()
        assert wait_until(lambda: box.json("status")["settling_s"] == 0, 10)
        assert not settles()

    box.write(config)
    box.start()
    settles_for_a_while()
    box.ok("bypass", "on")
    box.ok("bypass", "off")
    settles_for_a_while()
    config["reply"] = {"server": "x"}
    box.write(config)
    box.ok("reload")
    assert not settles()
    config["sources"][0]["604"] = False
    box.write(config)
    box.ok("reload")
    settles_for_a_while()


def test_stats(box):
    stats = box.json("stats")
    assert stats["rx_packets"] == 0
    assert stats["reasons"]["unknown-number"] == {"verdict": "404", "count": 0}
    assert stats["classes"] == {}
    assert box.ok("stats").splitlines() == [
        "received 0 packets (0/s), sent 0 (0/s), of them 0 replies (0/s)",
        "",
        "no packet so far",
    ]
    rows = [line.split() for line in box.ok("stats", "--all").splitlines()[3:]]
    assert [(row[0], row[1]) for row in rows] == [
        (reason["verdict"], name) for name, reason in stats["reasons"].items()
    ]


def test_ports(box):
    ports = box.json("ports")["ports"]
    assert [(p["name"], p["pair"], p["side"]) for p in ports] == [
        ("net_null0", "p0", "access"),
        ("net_null1", "p0", "core"),
    ]
    heading, access, core = box.ok("ports").splitlines()
    assert heading.split()[:5] == ["port", "pair", "side", "driver", "mac"]
    assert access.split()[:5] == ["net_null0", "p0", "access", "net_null", ports[0]["mac"]]
    assert core.split()[:5] == ["net_null1", "p0", "core", "net_null", ports[1]["mac"]]


def test_service_list(box):
    trunk, users = box.json("service", "list")["services"]
    assert (trunk["vlan"], trunk["ports"], trunk["plan"]) == ([None, 100], [5060], "uk")
    assert (users["vlan"], users["kind"], users["plan"]) == ([None], "names", None)
    heading, first, second, third = box.ok("service", "list").splitlines()
    columns = "service kind direction vlans addresses ports plan host domain"
    assert heading.split() == columns.split()
    row = "trunk phone terminating none 100 192.0.2.2 2001:db8::2 5060 uk any example.net"
    assert first.split() == row.split()
    row = "users names terminating none 192.0.2.3 5060 - example.org example.org"
    assert second.split() == row.split()
    assert third.split() == ["*.example.org", "example.org"]


def test_tables_are_aligned(filled):
    """Every column begins, or ends where it holds numbers, at one place."""
    filled.ok("domain", "add", "a-much-longer-name.example")
    heading, *rows = filled.ok("domain", "list").splitlines()
    assert len(rows) == 3
    for title in ("table", "authoritative", "complete", "shadow"):
        at = heading.index(title)
        assert all(row[at - 1] == " " and row[at] != " " for row in rows)
    end = heading.index("known") + len("known")
    assert all(row[end - 1].isdigit() and row[end] == " " for row in rows)


def test_nothing_there_is_said_in_words(box):
    assert box.ok("domain", "list") == "no domains: `nxsipctl domain add NAME` adds one\n"
    assert box.ok("range", "list") == "no ranges: numbers that are in no table pass\n"
    assert box.ok("rule", "list") == "no rules\n"


# ---- changing ----


def test_domain(box):
    assert box.ok("domain", "add", "Example.NET.", "--authoritative") == "ok\n"
    assert box.json("domain", "add", "example.org", "--shadow") == {
        "version": box.json("status")["data_version"]
    }
    assert box.ok("domain", "set", "example.net", "--no-authoritative", "--complete") == "ok\n"
    domains = box.json("domain", "list")["domains"]
    assert [
        (d["name"], d["authoritative"], d["complete"], d["shadow"]) for d in domains
    ] == [("example.net", False, True, False), ("example.org", False, False, True)]
    assert box.ok("domain", "del", "example.org") == "ok\n"
    box.ok("user", "add", "alice", "--domain", "example.net")
    assert box.fails(1, "domain", "del", "example.net") == (
        "nxsipctl: domain example.net has 1 users, who would go with it: "
        "say --force if that is meant\n"
    )
    assert box.ok("domain", "del", "example.net", "--force") == "ok\n"
    assert box.json("domain", "list") == {"domains": []}


def test_range(filled):
    in_domain = ("--domain", "example.net")
    assert filled.ok("range", "set", "+44207946", *in_domain, "--max", "13") == "ok\n"
    expected = {"domain": "example.net", "prefix": "+44207946", "min": 12, "max": 13}
    assert filled.json("range", "list") == {"ranges": [expected]}
    assert filled.json("range", "list", "--domain", "example.org") == {"ranges": []}
    assert [line.split() for line in filled.ok("range", "list").splitlines()] == [
        ["domain", "prefix", "digits", "from", "to"],
        ["example.net", "+44207946", "12", "13"],
    ]
    assert filled.json("range", "del", "+44207946", *in_domain)["version"] > 0
    assert filled.json("range", "list") == {"ranges": []}


def test_source(box):
    assert box.ok("source", "add", "203.0.113.0/24", "--class", "carriers") == "ok\n"
    assert box.ok("source", "set", "203.0.113.0/24", "--class", "default") == "ok\n"
    listed = box.json("source", "list")
    assert [(c["name"], c["trust"], c["may_604"]) for c in listed["classes"]] == [
        ("default", "public", False),
        ("carriers", "peer", True),
    ]
    assert listed["sources"] == [
        {"prefix": "198.51.100.0/24", "class": "carriers", "origin": "file"},
        {"prefix": "203.0.113.0/24", "class": "default", "origin": "store"},
    ]
    assert [line.split() for line in box.ok("source", "list").splitlines()[-3:]] == [
        ["prefix", "class", "from"],
        ["198.51.100.0/24", "carriers", "file"],
        ["203.0.113.0/24", "default", "store"],
    ]
    assert box.ok("source", "del", "203.0.113.0/24") == "ok\n"
    assert len(box.json("source", "list")["sources"]) == 1


def test_rule(filled):
    assert filled.ok("rule", "add", r"^\+4487[0-9]{8}$", "--verdict", "404") == "rule 1\n"
    options = ("--priority", "5", "--domain", "example.org", "--shadow")
    assert filled.json("rule", "add", "^sales", "--verdict", "drop", *options)["id"] == 2
    assert filled.json("rule", "list")["rules"] == [
        {
            "id": 2,
            "priority": 5,
            "verdict": "drop",
            "domain": "example.org",
            "expression": "^sales",
            "shadow": True,
        },
        {
            "id": 1,
            "priority": 100,
            "verdict": "404",
            "domain": None,
            "expression": r"^\+4487[0-9]{8}$",
            "shadow": False,
        },
    ]
    assert [line.split() for line in filled.ok("rule", "list").splitlines()] == [
        ["id", "priority", "verdict", "domain", "shadow", "expression"],
        ["2", "5", "drop", "example.org", "yes", "^sales"],
        ["1", "100", "404", "-", "-", r"^\+4487[0-9]{8}$"],
    ]
    assert filled.ok("rule", "set", "1", "--verdict", "pass", "--priority", "1") == "ok\n"
    assert [r["id"] for r in filled.json("rule", "list")["rules"]] == [1, 2]
    for number in "12":
        assert filled.ok("rule", "del", number) == "ok\n"


def test_user(filled):
    in_domain = ("--domain", "example.net")
    said = filled.ok("user", "add", "+44 20 7946-0001", *in_domain)
    version = filled.json("status")["data_version"]
    assert said == f"+442079460001: was absent (data version {version})\n"
    gone = filled.json("user", "gone", "+442079460001", *in_domain)
    assert gone == {"version": version + 1, "user": "+442079460001", "was": "known"}
    got = filled.json("user", "get", "+442079460001", *in_domain)
    assert (got["user"], got["state"]) == ("+442079460001", "gone")
    heading, row = filled.ok("user", "get", "+442079460001", *in_domain).splitlines()
    assert heading.split() == ["user", "state", "since"]
    assert re.fullmatch(rf"\+442079460001  gone   {TIME}", row)
    assert filled.json("user", "del", "+442079460001", *in_domain)["was"] == "gone"
    assert filled.json("user", "get", "+442079460001", *in_domain)["state"] == "absent"
    assert filled.json("user", "add", "+4420794", "--head", *in_domain)["was"] == "absent"
    assert filled.json("user", "get", "+4420794", *in_domain)["state"] == "head"


def test_bare_digits_are_users_only_when_said_to_be_names(filled):
    in_domain = ("--domain", "example.org")
    said = filled.fails(1, "user", "add", "02079460000", *in_domain)
    assert said.startswith('nxsipctl: user "02079460000": digits without +: write a number in')
    assert filled.json("user", "add", "02079460000", "--digits-are-names", *in_domain)["was"]
    got = filled.json("user", "get", "02079460000", "--digits-are-names", *in_domain)
    assert got["state"] == "known"


def test_user_list_goes_through_in_pages(filled):
    for n in range(25):
        filled.ok("user", "add", f"+4420794610{n:02}", "--domain", "example.net")
    seen, after = [], []
    for _ in range(10):
        page = filled.json("user", "list", "--domain", "example.net", "--limit", "7", *after)
        assert len(page["users"]) <= 7
        seen += [user["user"] for user in page["users"]]
        if "next" not in page:
            break
        after = ["--after", page["next"]]
    assert seen == [NUMBER, "+442079460100"] + [f"+4420794610{n:02}" for n in range(25)]
    prefixed = filled.json("user", "list", "--domain", "example.net", "--prefix", "+44207946101")
    assert [u["user"] for u in prefixed["users"]] == [f"+442079461{n:03}" for n in range(10, 20)]
    lines = filled.ok("user", "list", "--domain", "example.net", "--limit", "2").splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["user", "state"],
        [NUMBER, "known"],
        ["+442079460100", "gone"],
    ]
    assert lines[3].startswith("more: --after '")


@pytest.mark.parametrize(
    "number, source, verdict, reason, step",
    [
        (NUMBER, "198.51.100.1", "pass", "known", 5),
        ("+442079460999", "198.51.100.1", "404", "unknown-number", 7),
        ("+442079460100", "198.51.100.1", "604", "gone-604", 5),
        ("+442079460999", "203.0.113.1", "pass", "public-pass", 10),
        ("999", "198.51.100.1", "pass", "emergency", 3),
    ],
)
def test_explain(filled, number, source, verdict, reason, step):
    uri = f"sip:{number}@192.0.2.2"
    why = filled.json("explain", uri, "--from", source)
    assert (why["verdict"], why["reason"], why["step"]) == (verdict, reason, step)
    lines = filled.ok("explain", uri, "--from", source).splitlines()
    assert lines[0] == f"verdict   {verdict}: {why['text']} ({reason})"
    assert lines[1] == f"step      {step}: {why['step_text']}"
    assert lines[2:4] == ["service   trunk", f"source    {why['class']}"]


def test_explain_names_the_rule_and_the_range(filled):
    filled.ok("rule", "add", r"^\+4487", "--verdict", "404")
    source = ("--from", "198.51.100.1")
    rule = filled.json("explain", "sip:+448700000001@192.0.2.2", *source)
    assert rule["rule"] == {"id": 1, "expression": r"^\+4487"}
    assert "rule      1" in filled.ok("explain", "sip:+448700000001@192.0.2.2", *source)
    known = filled.json("explain", "sip:+442079460999@192.0.2.2", *source)
    assert known["range"] == {"prefix": "+44207946", "min": 12, "max": 12}
    assert "range     +44207946" in filled.ok("explain", "sip:+442079460999@192.0.2.2", *source)
    options = ("--method", "OPTIONS", "--service", "trunk")
    method = filled.json("explain", "sip:+442079460999@192.0.2.2", *source, *options)
    assert method["reason"] == "options"


def test_explain_shows_the_key(filled):
    for number in ("+442079460999", "00442079460999", "02079460999", "020-7946.0999"):
        uri = f"sip:{number}@192.0.2.2"
        assert filled.json("explain", uri)["key"] == "+442079460999"
        assert "key       +442079460999" in filled.ok("explain", uri).splitlines()
    assert "key       -" in filled.ok("explain", "sip:2079460999@192.0.2.2").splitlines()


def test_rule_33_plan_test(filled):
    where = ("--from", "198.51.100.1", "--service", "trunk")
    assert filled.ok("plan", "test", "020 7946 0999", *where).splitlines() == [
        "number    020 7946 0999",
        "service   trunk",
        "source    carriers",
        "plan      uk (the service's)",
        "step      1: national prefix 0, 2079460999",
        "step      2: country code 44, 442079460999",
        "key       +442079460999",
    ]
    answer = filled.json("plan", "test", "00442079460999")
    assert (answer["plan"], answer["class"], answer["key"]) == ("uk", "default", "+442079460999")


def test_rule_33_plan_test_of_a_source_classs_plan(empty_box):
    config = empty_box.config()
    config["plans"]["german"] = {
        "country_code": "49",
        "international": ["00"],
        "national": ["0"],
        "carrier": ["01033"],
        "strip": 4,
        "bare": "national",
    }
    config["sources"][0]["plan"] = "german"
    empty_box.write(config)
    empty_box.start()
    steps = {
        "999901033030123456": "strip 9999, carrier 01033, national 0, country-code 49",
        "9999004930123456": "strip 9999, international 00",
        "999930123456": "strip 9999, bare-national , country-code 49",
        "+4930123456": "global +",
    }
    for number, expected in steps.items():
        answer = empty_box.json("plan", "test", number, "--from", "198.51.100.1")
        taken = [f"{step['step']} {step['digits']}" for step in answer["steps"]]
        assert (", ".join(taken), answer["key"]) == (expected, "+4930123456")
        assert (answer["plan"], answer["plan_of"]) == ("german", "class")
    nothing = empty_box.ok("plan", "test", "9999", "--from", "198.51.100.1").splitlines()
    assert nothing[-3:] == [
        "plan      german (the source class's)",
        "step      1: digits to strip 9999, -",
        "passes    nothing is left behind the digits to strip (plan)",
    ]
    assert empty_box.json("plan", "test", "030123456")["plan"] == "uk"


def test_rule_33_not_a_key_of_what_the_plan_does_not_read(filled):
    said = filled.ok("plan", "test", "2079460999").splitlines()
    why = "it begins with no prefix of the plan, and such digits pass (bare: pass)"
    assert said[-2:] == [
        "step      1: no prefix: means nothing, 2079460999",
        f"passes    {why} (plan)",
    ]
    said = filled.ok("plan", "test", "02079460999", "--service", "users").splitlines()
    assert said[3] == "plan      none: only global numbers are judged"
    assert filled.json("plan", "test", "999")["reason"] == "emergency"


@pytest.mark.parametrize("switch", ["shadow", "bypass"])
def test_switches(filled, switch):
    assert filled.ok(switch, "on") == "ok\n"
    assert filled.json("status")[switch] is True
    assert filled.json(switch, "off")["version"] > 0
    assert filled.json("status")[switch] is False


def test_shadow_of_a_domain(filled):
    assert filled.ok("shadow", "on", "--domain", "example.org") == "ok\n"
    shadows = {d["name"]: d["shadow"] for d in filled.json("domain", "list")["domains"]}
    assert shadows == {"example.net": False, "example.org": True}
    assert filled.json("status")["shadow"] is False


def test_reload_applies_the_file_and_says_what_takes_a_restart(box):
    config = box.config()
    config["sources"][0]["604"] = False
    config["box"]["name"] = "another"
    box.write(config)
    first, second = box.ok("reload").splitlines()
    assert first == "reloaded: reply, emergency, plans, services, sources"
    assert second == "box.name changed too: that takes a restart of nxsipd"
    assert box.json("reload")["needs_restart"] == ["box.name"]
    assert box.json("source", "list")["classes"][1]["may_604"] is False
    assert box.json("status")["name"] == "testbox"


def test_a_file_with_faults_changes_nothing(box):
    config = box.config()
    config["sources"][0]["604"] = False
    config["bogus"] = 1
    box.write(config)
    before = box.json("source", "list")
    said = box.fails(1, "reload")
    assert re.search(r"nxsip\.yaml:\d+: bogus: unknown key; known here: box, eal", said)
    assert box.json("source", "list") == before


def test_shutdown(box):
    assert box.ok("shutdown") == "ok\n"
    assert box.daemon.wait(10) == 0
    assert not box.socket.exists()
    unreachable = f"nxsipctl: no nxsipd listens on {box.socket}: is it running? "
    assert box.fails(3, "status") == unreachable + "(another socket: --socket PATH)\n"


def test_shutdown_in_json(box):
    assert box.json("shutdown") == {}
    assert box.daemon.wait(10) == 0


# ---- mistakes ----

REFUSED = {
    "domain add example.net": "domain example.net exists: change it by domain set",
    "domain set example.com --complete": (
        "no domain example.com: add it first (domain add example.com)"
    ),
    "domain del example.com": "no domain example.com: add it first (domain add example.com)",
    "domain add a..b": '"a..b" is not a domain name: labels of 1 to 63 letters, digits, - and _,',
    "range add 44207 --domain example.net --min 12 --max 12": (
        'range prefix "44207" is not + and 1 to 15 digits: write the global form,'
    ),
    "range add +44207946 --domain example.net --min 12 --max 12": (
        "range +44207946 exists in example.net: change it by range set"
    ),
    "range del +1 --domain example.net": "domain example.net has no range +1: see range list",
    "range add +4420 --domain example.net --min 12 --max 11": "range +4420: ",
    "range list --domain example.com": 'there is no domain "example.com"',
    "source add 203.0.113.1/24 --class carriers": (
        "source 203.0.113.1/24: has bits set after the prefix length; did you mean 203.0.113.0/24?"
    ),
    "source add 203.0.113.0/24 --class friends": (
        "source 203.0.113.0/24: the configuration has no class friends: see source list"
    ),
    "source del 198.51.100.0/24": (
        "source 198.51.100.0/24 is set in the configuration file, in class carriers:"
    ),
    "source del 203.0.113.0/24": "no source 203.0.113.0/24: see source list",
    "rule add ^( --verdict 404": (
        'expression "^(": Missing close parenthesis for group started at index 1.'
    ),
    "rule add x --verdict 486": 'a rule\'s verdict is pass, 404, 604 or drop, not "486"',
    "rule add x --verdict 604 --domain example.org": (
        "604 says that the user exists nowhere, which only an authoritative domain can: "
        "mark example.org so (domain set example.org --authoritative), or use 404"
    ),
    "rule set 7 --verdict pass": "no rule 7: see rule list",
    "rule del 7": "no rule 7: see rule list",
    "user add +4420794x --domain example.net": 'user "+4420794x": a number is + and 1 to 15 digits',
    "user add +442079460000 --domain example.com": (
        "no domain example.com: add it first (domain add example.com)"
    ),
    "user gone bob --domain example.org": (
        "gone says that the user exists nowhere, which only an authoritative domain can: "
        "mark example.org so (domain set example.org --authoritative), or delete the user instead"
    ),
    "user list --domain example.com": (
        "no domain example.com: add it first (domain add example.com)"
    ),
    "user list --domain example.net --after xyz": (
        'user.list: "after" must be the "next" of the page before'
    ),
    "user list --domain example.net --limit 10001": (
        'user.list: parameter "limit" must lie between 1 and 10000'
    ),
    "explain sip:+44@192.0.2.2 --from here": (
        '"from" must be an IPv4 or IPv6 address, not "here"'
    ),
    "explain sip:+44@192.0.2.2 --service nope": 'there is no service "nope"',
    "shadow on --domain example.com": (
        "no domain example.com: add it first (domain add example.com)"
    ),
    "load nofile.csv --domain example.net --merge": "nofile.csv: No such file or directory",
}


def test_what_the_daemon_refuses_exits_1_says_why_and_changes_nothing(filled):
    before = filled.json("status")
    for command, why in REFUSED.items():
        said = filled.fails(1, *command.split())
        assert said.startswith(f"nxsipctl: {why}"), command
        assert said.count("\n") == 1
    after = filled.json("status")
    for changing in ("data_version", "policy_version", "domains"):
        assert after[changing] == before[changing]


WRONG = {
    "": "nxsipctl [--socket PATH] [--json] COMMAND ...\n",
    "frobnicate": "nxsipctl: no command 'frobnicate'\n`nxsipctl help` lists the commands\n",
    "help frobnicate": "nxsipctl: no command 'frobnicate'\n",
    "user": "nxsipctl: user add|gone|del|get|list ...: `user` needs one of these after it\n",
    "user frob": "nxsipctl: user add|gone|del|get|list ...: `user` needs one of these after it\n",
    "status --frob": "nxsipctl: no option '--frob' here\nusage: nxsipctl status\n",
    "status x": "nxsipctl: 'x' is one word too many\nusage: nxsipctl status\n",
    "range add +44": (
        "nxsipctl: --domain is missing\n"
        "usage: nxsipctl range add PREFIX --domain DOMAIN --min MIN --max MAX\n"
    ),
    "range add +44 --domain d --min x --max 3": "nxsipctl: --min takes a whole number, not 'x'\n",
    "range add +44 --domain d --min -1 --max 3": "nxsipctl: --min takes a whole number, not '-1'\n",
    "user add +1 --domain": "nxsipctl: --domain needs a value\n",
    "user add": "nxsipctl: user is missing\n",
    "bypass maybe": "nxsipctl: on or off, not 'maybe'\nusage: nxsipctl bypass on|off\n",
    "domain add a --complete --complete": (
        "nxsipctl: --complete is given twice, or contradicts another option\n"
    ),
    "domain add a --complete=yes": "nxsipctl: --complete takes no value\n",
    "load f --domain d --merge --replace": (
        "nxsipctl: --replace is given twice, or contradicts another option\n"
    ),
}


def test_wrong_usage_exits_2_and_shows_the_right_one(empty_box):
    """No daemon is needed to be told."""
    for command, why in WRONG.items():
        assert empty_box.fails(2, *command.split()).startswith(why), command


def test_load_wants_to_know_how(box):
    (box.dir / "users.csv").write_text("alice\n")
    said = box.fails(2, "load", "users.csv", "--domain", "example.net")
    assert said.startswith("nxsipctl: load needs --merge (add to the domain's users) or --replace")


def test_help_names_every_command_and_exit_code(empty_box):
    overview = empty_box.ok("help")
    assert overview == empty_box.ok("--help")
    for code in ("0 done", "1 the daemon refused", "2 wrong usage", "3 the", "4 cancelled"):
        assert code in overview
    rows = re.findall(r"^  ([a-z]+(?: [a-z]+)?) {2,}\S", overview, re.M)
    commands = [name for name in rows if name != "help"]
    assert len(commands) > 30
    for name in commands:
        text = empty_box.ok("help", *name.split())
        assert f"\n  nxsipctl {name}" in text
        assert text == empty_box.ok(*name.split(), "--help")


def test_the_socket_may_come_from_the_environment(box):
    env = {**box.env, "NXSIP_SOCKET": str(box.socket)}
    argv = [box.build / "nxsipctl", "--json", "status"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=10)
    assert json.loads(done.stdout)["pid"] == box.daemon.pid


def test_version_is_the_daemons(box):
    version = box.json("status")["version"]
    assert box.ok("--version") == f"nxsipctl {version}\n"
    assert box.nxsipd("--version").stdout == f"nxsipd {version}\n"


def test_every_change_is_logged_with_who_made_it(box):
    box.ok("domain", "add", "example.net")
    box.fails(1, "domain", "add", "example.net")
    uid = box.dir.stat().st_uid
    lines = [line for line in box.log.read_text().splitlines() if "method=domain.add" in line]
    assert [re.sub(r"pid=\d+", "pid=N", line) for line in lines] == [
        f'nxsipd: info: change: method=domain.add by uid={uid} pid=N result={result} '
        'params={"name":"example.net"}'
        for result in ("ok", "exists")
    ]
