"""What was acknowledged is there after a crash, and what was not is there wholly or not at all; a
disk that is full or broken stops changes, not calls, and loses nothing; a store that is damaged is
refused in words."""

import os
import random
import resource
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager

import pytest
from calls import Calls, Gone, Refused
from lab import wait_until

DOMAIN = "example.net"
KILLS = int(os.environ.get("NX_KILLS", 200))
SEED = int(os.environ.get("NX_SEED", random.randrange(1 << 32)))
STATES = ("known", "gone", "head")
NO_ROOM = "no room on the disk for the store"


def csv(users):
    return "".join(f"{user},{state}\n" for user, state in users.items())


# ---- kills ----


class Model:
    """What must be in the store, and the one change that may or may not be."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.users, self.after = {}, None
        self.version = 0

    def change(self, calls):
        """Makes a change by a call; it is known to be there once that has returned."""
        self.after = dict(self.users)
        kind = self.random.random()
        if kind < 0.6:
            result = self.change_one(calls)
        elif kind < 0.8:
            result = self.load(calls, "merge", self.random.randrange(1, 3000))
        else:
            result = self.load(calls, "replace", self.random.randrange(1, 3000))
        self.users, self.version, self.after = self.after, result["version"], None

    def number(self):
        return f"+4420{self.random.randrange(10000):06}"

    def change_one(self, calls):
        user, state = self.number(), self.random.choice((*STATES, None))
        method = {"gone": "user.gone", None: "user.del"}.get(state, "user.add")
        params = {"domain": DOMAIN, "user": user}
        if state:
            self.after[user] = state
        else:
            self.after.pop(user, None)
        if method == "user.add":
            params["head"] = state == "head"
        return calls.call(method, params)

    def load(self, calls, mode, rows):
        new = {self.number(): self.random.choice(STATES) for _ in range(rows)}
        self.after = new if mode == "replace" else {**self.after, **new}
        return force_load(calls, mode, new)

    def found(self, users, version):
        """Takes what was found after a crash, which must be one of the two."""
        if users == self.users and version == self.version:
            pass  # the change, if there was one, is not there
        else:
            assert self.after is not None, "an acknowledged change is not there"
            assert users == self.after, "neither what was acknowledged nor that and one change"
            assert version - self.version in (0, 1)
        self.users, self.version, self.after = users, version, None


def force_load(calls, mode, users):
    """A load that may shrink the domain as it likes."""
    return calls.load(DOMAIN, mode, csv(users), force=True)


def served(calls):
    """How many users of each state the tables in service have."""
    (domain,) = calls.call("domain.list", {})["domains"]
    assert domain["ready"]
    return {state: domain[state] for state in STATES}


def look(box, model):
    """Reads all that is there after a crash."""
    calls = Calls(box)
    result, users = calls.dump(DOMAIN)
    model.found(users, result["version"])
    held = list(users.values())
    assert served(calls) == {state: held.count(state) for state in STATES}
    return calls


def live_until_killed(box, model, calls, seconds):
    timer = threading.Timer(seconds, box.daemon.kill)
    timer.start()
    try:
        while True:
            model.change(calls)
    except Gone:
        pass
    finally:
        timer.join()
        calls.close()
        box.daemon.wait()


def test_kills_at_any_instant_lose_nothing(empty_box):
    print(f"NX_SEED={SEED}")
    model = Model(SEED)
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN, "authoritative": True})
    model.version = calls.call("status", {})["data_version"]
    changes = 0
    for _ in range(KILLS):
        live_until_killed(empty_box, model, calls, model.random.uniform(0, 0.12))
        changes += model.after is not None
        empty_box.start()
        calls = look(empty_box, model)
    calls.close()
    assert changes > KILLS / 2  # cut off in the middle of a change
    assert model.version > 2 * KILLS


def test_kills_during_large_replacements_leave_one_or_the_other(empty_box):
    """Large enough for several transactions, of which only the last one counts."""
    rng = random.Random(SEED)
    tables = [{f"+4420{n:08}": state for n in range(600_000)} for state in ("known", "gone")]
    files = [csv(table) for table in tables]
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN, "authoritative": True})
    calls.load(DOMAIN, "replace", files[0])
    now, cut_off = 0, 0
    for _ in range(8):
        timer = threading.Timer(rng.uniform(0, 1.2), empty_box.daemon.kill)
        timer.start()
        try:
            while True:
                calls.load(DOMAIN, "replace", files[1 - now])
                now = 1 - now
        except Gone:
            pass
        timer.join()
        empty_box.daemon.wait()
        empty_box.start()
        calls.close()
        calls = Calls(empty_box)
        _, users = calls.dump(DOMAIN)
        assert users in tables
        cut_off += users == tables[now]
        now = tables.index(users)
        assert sum(served(calls).values()) == len(users)
    calls.close()
    assert cut_off > 0


def test_a_large_domain_goes_at_once_and_for_good(empty_box):
    """So large that a start leaves the check of its pages for later; killed before its users are
    deleted, they are out of reach, and a domain of the same name begins anew."""
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN})
    calls.load(DOMAIN, "replace", "".join(f"+4420{n:08}\n" for n in range(3_000_000)))
    calls.call("domain.del", {"name": DOMAIN, "force": True})
    size = (empty_box.store / "data.mdb").stat().st_size
    empty_box.daemon.kill()
    empty_box.daemon.wait()
    calls.close()
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN})
    calls.load(DOMAIN, "merge", "+442000000001,head\n")
    assert calls.dump(DOMAIN)[1] == {"+442000000001": "head"}

    def is_swept():
        """Then the room is there for others."""
        calls.call("user.add", {"domain": DOMAIN, "user": "+4479"})
        calls.call("user.del", {"domain": DOMAIN, "user": "+4479"})
        free = subprocess.run(
            ["mdb_stat", "-a", empty_box.store], capture_output=True, text=True, check=True
        ).stdout
        entries = free.split("Status of users")[1].split("Entries: ")[1].split()[0]
        return int(entries) == 1

    assert wait_until(is_swept, 60)
    assert (empty_box.store / "data.mdb").stat().st_size < 1.2 * size
    calls.close()


# ---- disks ----


@contextmanager
def mounted(path, *options):
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)  # also where a test failed


def fill_until_refused(calls, names):
    """Loads more and more users until one load is refused: what is there, and the refusal."""
    users = {}
    for step in range(100):
        more = {f"{names}-{step:03}-{n:05}-{'x' * 60}": "known" for n in range(4000)}
        try:
            calls.load(DOMAIN, "merge", csv(more))
        except Refused as refusal:
            return users, refusal
        users.update(more)
    raise AssertionError("the disk is never full")


def check_goes_on(box, calls, users):
    """It serves what it did, and says so after a restart too."""
    result, found = calls.dump(DOMAIN)
    assert found == users
    assert served(calls)["known"] == len(users)
    calls.close()
    assert box.stop() == 0
    box.start()
    calls = Calls(box)
    again, found = calls.dump(DOMAIN)
    assert found == users
    assert again["digest"] == result["digest"]
    return calls


def test_a_full_disk_refuses_changes_and_keeps_the_rest(empty_box):
    with mounted(empty_box.store, "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        empty_box.start()
        calls = Calls(empty_box)
        calls.call("domain.add", {"name": DOMAIN})
        users, refusal = fill_until_refused(calls, "user")
        assert refusal.name == "io"
        assert NO_ROOM in str(refusal)
        assert "free some and try again" in str(refusal)
        calls = check_goes_on(empty_box, calls, users)
        subprocess.run(["mount", "-o", "remount,size=32m", empty_box.store], check=True)
        calls.load(DOMAIN, "merge", "later\n")
        users["later"] = "known"
        check_goes_on(empty_box, calls, users).close()
        assert empty_box.stop() == 0


def test_a_limit_on_files_refuses_changes_and_keeps_the_rest(empty_box):
    empty_box.limit = (resource.RLIMIT_FSIZE, 4 << 20)
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN})
    users, refusal = fill_until_refused(calls, "user")
    assert refusal.name == "io"
    assert NO_ROOM in str(refusal)
    check_goes_on(empty_box, calls, users).close()


def test_a_disk_that_fails_stops_changes_and_not_calls(empty_box):
    """A file system on a disk that cannot hold what it promised: writes succeed, and fdatasync
    fails."""
    below = empty_box.dir / "disk"
    with mounted(below, "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        image = below / "image"
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        with mounted(empty_box.store, "-o", "loop", image):
            empty_box.start()
            calls = Calls(empty_box)
            calls.call("domain.add", {"name": DOMAIN})
            users, refusal = fill_until_refused(calls, "user")
            assert refusal.name == "io"
            assert "Input/output error" in str(refusal) or NO_ROOM in str(refusal)
            assert served(calls)["known"] == len(users)
            assert calls.call("user.get", {"domain": DOMAIN, "user": next(iter(users))})[
                "state"
            ] == "known"
            with pytest.raises(Refused):  # still broken
                calls.load(DOMAIN, "merge", csv({f"more{n}": "known" for n in range(50000)}))
            assert served(calls)["known"] == len(users)
            calls.close()
            assert empty_box.stop() == 0


# ---- damage ----


def damaged(box, say):
    """nxsipd refuses to start, and says what and what to do."""
    done = box.nxsipd("-c", box.path)
    assert done.returncode == 1
    assert say in done.stderr
    assert "restore the directory from a backup, or move it away to start empty" in done.stderr


def test_a_damaged_store_is_refused_with_what_to_do(empty_box):
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN})
    users = {f"user{n:05}": "known" for n in range(20000)}
    calls.load(DOMAIN, "replace", csv(users))
    calls.close()
    assert empty_box.stop(signal.SIGKILL) == -signal.SIGKILL
    data, sound = empty_box.store / "data.mdb", empty_box.dir / "sound"
    shutil.copy(data, sound)
    os.truncate(data, 5 * 4096)
    damaged(empty_box, "the file is cut short")
    os.truncate(data, 0)
    damaged(empty_box, "data.mdb is missing or empty")
    data.write_bytes(b"\0" * 4096 + sound.read_bytes()[4096:])
    damaged(empty_box, "page 0: no header")
    text = bytearray(sound.read_bytes())
    at = text.index(b"user10000")
    text[at + 4 : at + 9] = b"10001"  # twice
    data.write_bytes(text)
    damaged(empty_box, "keys out of order")
    shutil.copy(sound, data)
    empty_box.start()
    calls = Calls(empty_box)
    assert calls.dump(DOMAIN)[1] == users
    calls.close()


def test_a_user_that_is_another_leaves_the_domain_without_a_table(empty_box):
    """Nothing is wrong with the pages, but the digest is: the domain's calls pass, and a load of the
    right users heals it."""
    empty_box.start()
    calls = Calls(empty_box)
    calls.call("domain.add", {"name": DOMAIN})
    users = {f"user{n:05}": "known" for n in range(2000)}
    calls.load(DOMAIN, "replace", csv(users))
    calls.close()
    assert empty_box.stop() == 0
    data = empty_box.store / "data.mdb"
    text = data.read_bytes()
    assert text.count(b"user01999") == 1
    data.write_bytes(text.replace(b"user01999", b"user02000"))
    empty_box.start()
    calls = Calls(empty_box)
    (domain,) = calls.call("domain.list", {})["domains"]
    assert not domain["ready"]
    assert "digests differ" in empty_box.log.read_text()
    with pytest.raises(Refused, match="damaged"):
        calls.dump(DOMAIN)
    calls.load(DOMAIN, "replace", csv(users))
    assert served(calls)["known"] == len(users)
    assert calls.dump(DOMAIN)[1] == users
    calls.close()
