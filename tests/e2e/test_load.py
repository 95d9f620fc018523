"""nxsipctl load: files that are tables and files that are not, the progress bar, Ctrl-C."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time

import pytest
from lab import wait_until

IN_DOMAIN = ("--domain", "example.net")
BAD_FILE = """\
user,state
+442079460000,known
02079460001,known
+442079460100,odd
+44207946x
"abc
a,b,c
alice;gone
"""
BAD_ROWS = [  # row, column, the row, how the complaint begins
    (3, 1, "02079460001,known", "digits without +: write a number in global form"),
    (4, 15, "+442079460100,odd", "the state is none of known, gone, head"),
    (5, 1, "+44207946x", "a number is + and 1 to 15 digits, the first not 0"),
    (6, 1, '"abc', "a quote is opened and not closed on this line"),
    (7, 5, "a,b,c", "more than two columns: they are user and state"),
    (8, 1, "alice;gone", "the columns are separated by a semicolon: it must be a comma"),
]
MANY = 2_000_000  # rows; long enough to be interrupted


@pytest.fixture
def filled(box):
    """A box with a domain of two users."""
    box.ok("domain", "add", "example.net")
    box.ok("user", "add", "alice", *IN_DOMAIN)
    box.ok("user", "add", "bob", *IN_DOMAIN)
    return box


def write(box, text):
    path = box.dir / "users.csv"
    path.write_text(text)
    return path


def users(box):
    listed = box.json("user", "list", *IN_DOMAIN)["users"]
    return {user["user"]: user["state"] for user in listed}


def state(box):
    """All that a load could change."""
    return users(box), box.json("status")["data_version"], box.json("domain", "list")


@pytest.fixture(scope="module")
def many():
    """The path of a large table."""
    with tempfile.NamedTemporaryFile("w", prefix="nxsip-many-", suffix=".csv") as file:
        file.writelines(f"+44{n}\n" for n in range(2_000_000_000, 2_000_000_000 + MANY))
        file.flush()
        yield file.name


# ---- tables ----


def test_merge_adds_and_changes_and_leaves_the_rest(filled):
    filled.ok("domain", "set", "example.net", "--authoritative")
    path = write(filled, "user,state\ncarol\nbob,gone\n+44 20 7946 0000,head\n")
    done = filled.json("load", path, *IN_DOMAIN, "--merge")
    for key, value in {"rows": 3, "added": 2, "changed": 1, "removed": 0, "count": 4}.items():
        assert done[key] == value
    assert users(filled) == {
        "+442079460000": "head",
        "alice": "known",
        "bob": "gone",
        "carol": "known",
    }
    again = filled.ok("load", path, *IN_DOMAIN, "--merge")
    assert re.fullmatch(
        r"3 rows in \d+\.\d s: 0 added, 0 changed, 0 removed, 3 unchanged; "
        r"the domain now has 4 users \(data version \d+\)\n",
        again,
    )


def test_replace_leaves_what_is_in_the_file(filled):
    done = filled.json("load", write(filled, "bob\ncarol\n"), *IN_DOMAIN, "--replace")
    for key, value in {"added": 1, "removed": 1, "unchanged": 1, "count": 2, "bad": []}.items():
        assert done[key] == value
    assert users(filled) == {"bob": "known", "carol": "known"}


# ---- files that are none ----


@pytest.mark.parametrize("mode", ["--merge", "--replace"])
@pytest.mark.parametrize("at", range(len(BAD_ROWS)))
def test_a_bad_row_refuses_the_file_and_is_named(filled, mode, at):
    _, column, text, why = BAD_ROWS[at]
    path = write(filled, f"carol\n\n{text}\ndave\n")
    before = state(filled)
    said = filled.fails(1, "load", path, *IN_DOMAIN, mode)
    assert said.startswith(f"nxsipctl: row 3, column {column}: {why}")
    assert said.endswith(f': "{text}"; nothing was loaded\n')
    assert state(filled) == before


def test_skip_bad_counts_and_lists_what_it_leaves_out(filled):
    path = write(filled, BAD_FILE)
    done = filled.json("load", path, *IN_DOMAIN, "--merge", "--skip-bad")
    assert (done["rows"], done["added"], done["skipped"]) == (7, 1, len(BAD_ROWS))
    found = [(bad["row"], bad["column"], bad["text"]) for bad in done["bad"]]
    assert found == [row[:3] for row in BAD_ROWS]
    for bad, row in zip(done["bad"], BAD_ROWS):
        assert bad["why"].startswith(row[3])
    assert users(filled) == {"+442079460000": "known", "alice": "known", "bob": "known"}

    _, heading, *listed = filled.ok(
        "load", path, *IN_DOMAIN, "--merge", "--skip-bad"
    ).splitlines()
    assert heading == f"left out {len(BAD_ROWS)} rows that are no users:"
    for line, (row, column, text, why) in zip(listed, BAD_ROWS, strict=True):
        assert line.startswith(f"  row {row}, column {column}: '{text}': {why}")


def test_a_gone_user_without_authority_is_refused_with_the_way_out(filled):
    path = write(filled, "carol\ndave,gone\n")
    before = state(filled)
    assert filled.fails(1, "load", path, *IN_DOMAIN, "--merge") == (
        "nxsipctl: row 2, column 6: a gone user needs a domain marked authoritative "
        '(domain set NAME --authoritative): "dave"; nothing was loaded\n'
    )
    assert state(filled) == before
    filled.ok("domain", "set", "example.net", "--authoritative")
    assert filled.json("load", path, *IN_DOMAIN, "--merge")["added"] == 2


def test_what_is_no_table_at_all_is_refused(filled):
    before = state(filled)
    assert filled.fails(1, "load", "none.csv", *IN_DOMAIN, "--merge") == (
        "nxsipctl: none.csv: No such file or directory\n"
    )
    for path in (".", "/dev/null", "/dev/zero"):
        said = filled.fails(1, "load", path, *IN_DOMAIN, "--merge")
        assert said.startswith("nxsipctl: only a regular file can be loaded, as it is read twice")
    said = filled.fails(1, "load", write(filled, "user,state\n"), *IN_DOMAIN, "--replace")
    assert said == (
        "nxsipctl: the file holds no user: to replace by it would remove all 2 users of "
        "example.net; nothing was loaded (--force if that is meant)\n"
    )
    assert filled.fails(1, "load", filled.build / "nxsipctl", *IN_DOMAIN, "--merge").startswith(
        "nxsipctl: row 1, column "
    )
    said = filled.fails(1, "load", write(filled, "x\n"), "--domain", "example.com", "--merge")
    assert said == "nxsipctl: no domain example.com: add it first (domain add example.com)\n"
    assert state(filled) == before


# ---- while it runs ----


class OnTerminal:
    """nxsipctl with its stderr on a terminal of its own."""

    def __init__(self, box, *argv):
        self.ours, theirs = pty.openpty()
        self.said = b""
        self.process = subprocess.Popen(
            box.argv(*argv),
            env=box.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def read(self, until=None, seconds=30):
        """Reads until the text has come, or all that comes (None); gives what came so far."""
        end = time.monotonic() + seconds
        while until is None or until not in self.said:
            if not select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"{until!r} did not come, but {self.said!r}")
            try:
                self.said += os.read(self.ours, 65536)
            except OSError:  # EIO: the other end is closed
                assert until is None, f"{until!r} did not come, but {self.said!r}"
                break
        return self.said

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.ours)


BAR = re.compile(
    rb"\r\x1b\[K(read|table|commit) +\[[#.]{30}\] +(\d+) %  [\d,]+ rows  [\d,]+ rows/s  .* left"
)


def test_a_terminal_gets_a_progress_bar(filled, many):
    load = OnTerminal(filled, "--json", "load", many, *IN_DOMAIN, "--replace")
    try:
        said = load.read()
        assert load.process.wait(10) == 0
        result = json.loads(load.process.stdout.read())
    finally:
        load.close()
    bars = BAR.findall(said)
    assert bars
    assert all(0 <= int(percent) <= 100 for _, percent in bars)
    assert said.endswith(b"\r\x1b[K")  # the bar is wiped away
    assert (result["rows"], result["count"]) == (MANY, MANY)


def test_without_a_terminal_there_is_none(filled, many):
    assert filled.json("load", many, *IN_DOMAIN, "--replace")["count"] == MANY  # stderr is empty


@pytest.mark.parametrize("mode", ["--merge", "--replace"])
def test_ctrl_c_leaves_everything_as_it_was(filled, many, mode):
    before = state(filled)
    load = OnTerminal(filled, "load", many, *IN_DOMAIN, mode)
    try:
        load.read(until=b"rows/s")
        load.process.send_signal(signal.SIGINT)
        said = load.read()
        assert load.process.wait(10) == 4
    finally:
        load.close()
    assert said.endswith(b"nxsipctl: cancelled: nothing was changed\r\n")
    assert state(filled) == before
    assert wait_until(lambda: filled.json("status")["writer"] is None, 10)
    assert state(filled) == before
    assert filled.json("load", write(filled, "carol\n"), *IN_DOMAIN, "--merge")["count"] == 3


def test_meanwhile_others_are_told_who_writes(filled, many):
    load = OnTerminal(filled, "load", many, *IN_DOMAIN, "--replace")
    try:
        load.read(until=b"rows/s")
        said = filled.fails(1, "user", "add", "carol", *IN_DOMAIN)
        writer = filled.json("status")["writer"]
        human = filled.ok("status")
        load.read()
        assert load.process.wait(10) == 0
    finally:
        load.close()
    assert re.match(rf"nxsipctl: .*pid {load.process.pid}.*: try again when it is done", said)
    assert f"pid {load.process.pid}" in writer["client"]
    assert f"being changed by pid {load.process.pid}" in human
    assert filled.json("status")["writer"] is None
    assert filled.json("user", "add", "carol", *IN_DOMAIN)["was"] == "absent"
