"""Transactions: nxsipctl apply, digest, and clients on the socket who guard, conflict, die or wait."""

import json
import re
import subprocess
import threading
import time

import pytest

IN_DOMAIN = ("--domain", "example.net")


@pytest.fixture
def filled(box):
    """A box with a domain of ten users."""
    box.ok("domain", "add", "example.net")
    apply(box, "".join(f"+4420794600{n:02}\n" for n in range(10)))
    return box


class Client:
    """JSON-RPC on a connection of its own."""

    def __init__(self, box):
        self.socket = box.connect()
        self.file = self.socket.makefile("rwb")
        self.id = 0

    def send(self, method, **params):
        self.id += 1
        request = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        self.file.write(json.dumps(request).encode() + b"\n")
        self.file.flush()

    def answer(self):
        answer = json.loads(self.file.readline())
        if "error" in answer:
            raise Refused(answer["error"]["data"]["name"], answer["error"]["message"])
        return answer["result"]

    def call(self, method, **params):
        self.send(method, **params)
        return self.answer()

    def close(self):
        self.file.close()
        self.socket.close()


class Refused(Exception):
    """The daemon's error: its name, and the sentence."""


def write(box, text):
    path = box.dir / "changes.csv"
    path.write_text(text)
    return path


def apply(box, text, *argv):
    return box.json("apply", write(box, text), *IN_DOMAIN, *argv)


def users(box):
    listed = box.json("user", "list", *IN_DOMAIN)["users"]
    return {user["user"]: user["state"] for user in listed}


# ---- apply ----


def test_apply_adds_changes_and_deletes(filled):
    filled.ok("domain", "set", "example.net", "--authoritative")
    text = "user,state\n+442079460000,gone\n\n# a comment\n+442079460001,absent\nalice\nbob , head\n"
    done = filled.ok("apply", write(filled, text), *IN_DOMAIN)
    assert re.fullmatch(
        r"2 added, 1 changed, 1 removed, 0 unchanged; the domain now has 11 users "
        r"\(data version \d+, digest [0-9a-f]{32}\)\n",
        done,
    )
    now = users(filled)
    assert (now["+442079460000"], now["alice"], now["bob"]) == ("gone", "known", "head")
    assert "+442079460001" not in now


def test_a_dry_run_says_what_would_change(filled):
    before = users(filled), filled.json("digest")
    path = write(filled, "alice\n+442079460001,absent\n+442079460002\n")
    said = filled.ok("apply", path, *IN_DOMAIN, "--dry-run")
    assert said.startswith(
        "would be: 1 added, 0 changed, 1 removed, 1 unchanged; the domain would have 10 users; "
        "nothing was changed\n"
    )
    assert re.search(r"^\+442079460001 +known +absent$", said, re.M)
    assert re.search(r"^alice +absent +known$", said, re.M)
    assert (users(filled), filled.json("digest")) == before


def test_apply_reads_standard_input(filled):
    argv = filled.argv("apply", "-", *IN_DOMAIN)
    done = subprocess.run(
        argv, input="carol\n", capture_output=True, text=True, timeout=30, env=filled.env
    )
    assert done.returncode == 0
    assert users(filled)["carol"] == "known"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("eve,kown", "line 2: the state is none of known, gone, head, absent; nothing was changed"),
        ("02079460001", 'from line 1 on:\nnxsipctl: users[1]: user "02079460001": digits without +'),
        ("eve,gone", "from line 2 on:\nnxsipctl: gone says that the user exists nowhere"),
    ],
)
def test_a_bad_line_changes_nothing(filled, row, says):
    before = users(filled)
    assert says in filled.fails(1, "apply", write(filled, f"alice\n{row}\n"), *IN_DOMAIN)
    assert users(filled) == before
    assert filled.json("status")["writer"] is None


# ---- guards ----


def test_a_replacement_may_not_shrink_by_more_than_a_tenth(filled):
    nine = "".join(f"+4420794600{n:02}\n" for n in range(9))
    eight = "".join(f"+4420794600{n:02}\n" for n in range(8))
    assert apply(filled, nine, "--replace")["removed"] == 1
    for command in (("apply",), ("load",)):
        said = filled.fails(1, *command, write(filled, eight[: 13 * 7 + 7]), *IN_DOMAIN, "--replace")
        assert "would shrink from 9 to 7 users, by more than 10 percent" in said
        assert "--force" in said
    assert len(users(filled)) == 9
    assert apply(filled, eight, "--replace", "--max-shrink", "12")["count"] == 8
    assert filled.json("load", write(filled, nine[:14]), *IN_DOMAIN, "--replace", "--force")[
        "count"
    ] == 1


def test_the_count_can_be_expected(filled):
    path = write(filled, "alice\n")
    said = filled.fails(1, "apply", path, *IN_DOMAIN, "--expect", "12")
    assert "would have 11 users, not the 12 that were expected: nothing was changed" in said
    assert filled.json("apply", path, *IN_DOMAIN, "--expect", "11")["count"] == 11


def test_a_change_in_between_is_a_conflict(filled):
    base = filled.json("digest")["version"]
    filled.ok("user", "add", "alice", *IN_DOMAIN)
    path = write(filled, "bob\n")
    said = filled.fails(1, "apply", path, *IN_DOMAIN, "--base", base)
    assert f"the data have version {base + 1}, not {base}" in said
    assert filled.json("apply", path, *IN_DOMAIN, "--base", base + 1)["added"] == 1


# ---- the digest ----


def test_the_digest_is_equal_where_the_data_are(filled, new_box):
    other = new_box()
    other.start()
    other.ok("domain", "add", "first.example")  # another history, other ids
    other.ok("domain", "del", "first.example")
    other.ok("domain", "add", "example.net")
    other.ok("user", "add", "zoe", *IN_DOMAIN)
    rows = "".join(f"+4420794600{n:02}\n" for n in reversed(range(10)))
    other.ok("load", write(other, rows), *IN_DOMAIN, "--replace")
    mine, theirs = filled.json("digest"), other.json("digest")
    assert (mine["digest"], mine["domains"]) == (theirs["digest"], theirs["domains"])
    assert mine["count"] == 10
    other.ok("user", "del", "+442079460003", *IN_DOMAIN)
    assert other.json("digest")["digest"] != mine["digest"]
    filled.ok("user", "del", "+442079460003", *IN_DOMAIN)
    assert other.json("digest")["digest"] == filled.json("digest")["digest"]
    shown = filled.ok("digest", *IN_DOMAIN)
    assert filled.json("digest")["domains"][0]["digest"] in shown
    filled.stop()
    filled.start()
    assert filled.json("digest")["digest"] == other.json("digest")["digest"]


# ---- the socket ----


def test_one_writer_at_a_time_and_a_dead_one_is_none(filled):
    client = Client(filled)
    txn = client.call("begin", domain="example.net", mode="delta")["txn"]
    client.call("put", txn=txn, users=["alice", "bob"])
    said = filled.fails(1, "user", "add", "carol", *IN_DOMAIN)
    assert "transaction on example.net (delta) (pid " in said
    assert filled.json("status")["writer"]["what"] == "transaction on example.net (delta)"
    client.close()
    deadline = time.monotonic() + 10
    while filled.json("status")["writer"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "alice" not in users(filled)
    filled.ok("user", "add", "carol", *IN_DOMAIN)
    assert "went away with a transaction open: aborted" in filled.log.read_text()


def test_a_refused_commit_leaves_the_transaction_open(filled):
    client = Client(filled)
    txn = client.call("begin", domain="example.net", mode="replace")["txn"]
    with pytest.raises(Refused, match="guard"):
        client.call("commit", txn=txn)
    client.call("put", txn=txn, users=[f"+4420794600{n:02}" for n in range(10)])
    assert client.call("diff", txn=txn)["unchanged"] == 10
    done = client.call("commit", txn=txn, expect=10)
    assert (done["unchanged"], done["count"]) == (10, 10)
    assert done["digest"] == filled.json("digest")["domains"][0]["digest"]
    with pytest.raises(Refused, match="not-found"):
        client.call("abort", txn=txn)
    client.close()


def test_a_killed_daemon_has_the_last_commit(filled):
    client = Client(filled)
    txn = client.call("begin", domain="example.net", mode="delta")["txn"]
    client.call("put", txn=txn, users=["alice"])
    done = client.call("commit", txn=txn)
    txn = client.call("begin", domain="example.net", mode="delta")["txn"]
    client.call("put", txn=txn, users=["bob"])
    filled.daemon.kill()
    filled.daemon.wait()
    client.close()
    filled.start()
    assert filled.json("digest")["version"] == done["version"]
    assert "alice" in users(filled) and "bob" not in users(filled)


def test_many_clients_share_store_transactions(filled):
    before = filled.json("status")["data_version"]
    clients = [Client(filled) for _ in range(16)]

    def add(k, client):
        for n in range(50):
            client.call("user.add", domain="example.net", user=f"c{k}-{n}")

    threads = [threading.Thread(target=add, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert filled.json("digest")["count"] == 10 + 16 * 50
    assert filled.json("status")["data_version"] - before < 16 * 50  # grouped
    for client in clients:
        client.close()


def test_a_client_that_does_not_wait_is_answered_in_order(filled):
    client = Client(filled)
    for n in range(200):
        client.send("user.add", domain="example.net", user=f"u{n}")
    client.send("user.get", domain="example.net", user="u199")
    answers = [client.answer() for _ in range(201)]
    assert [a["user"] for a in answers[:200]] == [f"u{n}" for n in range(200)]
    assert answers[200]["state"] == "known"
    client.close()
