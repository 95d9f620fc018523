"""nxsipctl dump and diff: what goes out comes in again, nothing is changed, and nobody waits."""

import gzip
import os
import re
import subprocess
import time

import pytest
from calls import Calls
from lab import wait_until

IN_DOMAIN = ("--domain", "example.net")
ODD = {  # users that need care in CSV
    "+442079460000": "head",
    "02079460000": "known",
    "#hash": "gone",
    "a,comma": "known",
    'a "quote"': "known",
    "alice;known": "known",
    " blank ": "gone",
    "user": "known",
}
MANY = 400_000


@pytest.fixture
def odd(box):
    """A box with users that are hard to write."""
    box.ok("domain", "add", "example.net", "--authoritative")
    for user, state in ODD.items():
        command = ["gone"] if state == "gone" else ["add"]
        more = ["--head"] if state == "head" else []
        box.ok("user", *command, user, *IN_DOMAIN, *more, "--digits-are-names")
    return box


@pytest.fixture
def large(box):
    """A box whose dump is larger than any pipe."""
    box.ok("domain", "add", "example.net")
    path = box.dir / "many.csv"
    path.write_text("".join(f"+44{n}\n" for n in range(10**9, 10**9 + MANY)))
    box.ok("load", path, *IN_DOMAIN, "--replace")
    return box


def users(box):
    listed = box.json("user", "list", *IN_DOMAIN)["users"]
    return {user["user"]: user["state"] for user in listed}


def test_what_is_dumped_is_loaded_again(odd):
    assert users(odd) == ODD
    path = odd.dir / "out.csv"
    done = odd.ctl("dump", path, *IN_DOMAIN)
    assert done.returncode == 0
    told = re.fullmatch(r"8 users, \d+ B, digest ([0-9a-f]{32}) \(data version \d+\)\n", done.stdout)
    assert told
    assert done.stderr.endswith("load this with --digits-are-names\n")
    odd.ok("domain", "add", "example.org", "--authoritative")
    odd.ok("load", path, "--domain", "example.org", "--replace", "--digits-are-names")
    again = odd.ctl("dump", odd.dir / "again.csv", "--domain", "example.org")
    assert told[1] in again.stdout
    assert (odd.dir / "again.csv").read_bytes() == path.read_bytes()
    out = odd.ctl("dump", *IN_DOMAIN)  # to standard output
    assert out.stdout == path.read_text()
    assert out.stderr.endswith("load this with --digits-are-names\n")
    assert list(odd.dir.glob("*.part*")) == []


@pytest.mark.parametrize("pack", [gzip.compress, None], ids=["gzip", "zstd"])
def test_compressed_files_are_known_by_their_content(odd, pack):
    text = "+442079460001\n+442079460002,gone\n".encode()
    zstd = ["zstd", "-q", "-c"]
    packed = pack(text) if pack else subprocess.run(zstd, input=text, capture_output=True).stdout
    path = odd.dir / "no-suffix"
    path.write_bytes(packed[:-3])
    said = odd.fails(1, "load", path, *IN_DOMAIN, "--merge")
    assert f"data are cut short: the file ends at byte {len(packed) - 3}, in their middle" in said
    assert users(odd) == ODD
    path.write_bytes(packed)
    assert odd.json("load", path, *IN_DOMAIN, "--merge")["added"] == 2


def test_a_dump_that_fails_leaves_the_file_as_it_was(odd):
    path = odd.dir / "out.csv"
    path.write_text("mine\n")
    assert "no domain example.com" in odd.fails(1, "dump", path, "--domain", "example.com")
    assert path.read_text() == "mine\n"
    assert list(odd.dir.glob("*.part*")) == []
    assert odd.fails(1, "dump", "/dev/full", *IN_DOMAIN) == (
        "nxsipctl: writing the users: No space left on device: what was written is not whole\n"
    )


def test_a_diff_says_what_a_load_would_change_and_changes_nothing(odd):
    before = users(odd), odd.json("status")["data_version"]
    path = odd.dir / "new.csv"
    path.write_text('#comment\nuser,state\nzoe\n"#hash",known\n+442079460000,head\n')
    merge = odd.json("diff", path, *IN_DOMAIN, "--merge")
    counts = ("rows", "added", "changed", "removed", "unchanged")
    assert [merge[name] for name in counts] == [3, 1, 1, 0, 1]
    assert merge["examples"] == [
        {"user": "#hash", "was": "gone", "state": "known"},
        {"user": "zoe", "was": "absent", "state": "known"},
    ]
    replace = odd.json("diff", path, *IN_DOMAIN, "--replace")
    assert [replace[name] for name in counts] == [3, 1, 1, 6, 1]
    assert odd.ok("diff", path, *IN_DOMAIN, "--merge").splitlines() == [
        "3 rows: 1 would be added, 1 changed, 0 removed, 1 unchanged; nothing was changed",
        "user   now     then",
        "#hash  gone    known",
        "zoe    absent  known",
    ]
    assert (users(odd), odd.json("status")["data_version"]) == before
    done = odd.json("load", path, *IN_DOMAIN, "--replace", "--force")
    assert [done[name] for name in counts] == [replace[name] for name in counts]


def test_a_slow_reader_makes_nobody_wait(large):
    """Who dumps into a pipe and does not read: changes and replacements go on, and what it gets in
    the end is of the moment when it began."""
    dump = subprocess.Popen(large.argv("dump", *IN_DOMAIN), env=large.env, stdout=subprocess.PIPE)
    try:
        assert dump.stdout.readline() == b"user,state\n"
        began = time.monotonic()
        large.ok("user", "add", "alice", *IN_DOMAIN)
        path = large.dir / "other.csv"
        path.write_text("bob\n")
        large.ok("load", path, *IN_DOMAIN, "--replace", "--force")
        assert large.json("user", "list", *IN_DOMAIN, "--limit", "10")["users"][0]["user"] == "bob"
        assert time.monotonic() - began < 5
        rows = dump.stdout.read().splitlines()
        assert dump.wait(10) == 0
    finally:
        dump.kill()
        dump.stdout.close()
        dump.wait()
    assert rows == [b"+44%d" % n for n in range(10**9, 10**9 + MANY)]


def test_whoever_goes_away_ends_its_dump(large):
    reading, writing = os.pipe()
    client = Calls(large)
    client.send("dump", {"domain": "example.net"}, writing)
    os.close(writing)
    assert os.read(reading, 11) == b"user,state\n"
    client.close()  # the pipe stays open, and is not read

    def ended():
        while os.read(reading, 1 << 20):
            pass
        return True

    assert wait_until(ended, 10)
    os.close(reading)
    assert large.stop() == 0


def test_pages_of_a_large_table_block_nobody(large):
    pages, after = 0, []
    while True:
        page = large.json("user", "list", *IN_DOMAIN, "--prefix", "+4410003", "--limit", "10000", *after)
        pages += len(page["users"])
        assert all(user["user"].startswith("+4410003") for user in page["users"])
        if "next" not in page:
            break
        after = ["--after", page["next"]]
    assert pages == 100_000
