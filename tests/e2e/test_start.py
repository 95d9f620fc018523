"""What keeps nxsipd from starting: each fault is told, with its place and what to do."""

import os
import re
import signal

import pytest

FAULTY = """\
box: {name: testbox, colour: blue}
eal: {hugepages: perhaps, memory: lots}
workers: {control_core: 0, cores: [0]}
socket: {path: relative.sock}
store: {map: 1}
services:
  - name: trunk
    addresses: [192.0.2.300]
    ports: [70000]
    kind: fax
    hosts: [{host: any}]
  - {name: trunk, addresses: [192.0.2.3], kind: names}
sources:
  - {class: carriers, prefixes: [198.51.100.1/24], "604": maybe}
bogus: 1
"""
FAULTS = """\
1: box.colour: unknown key; known here: name
1: ports: required, but missing; add it: list of at most 16 sections
2: eal.hugepages: "perhaps" is not known here; write auto, on or off
2: eal.memory: "lots" is not a whole number; give 64 to 1048576
3: workers.cores[0]: core 0 is the control core; choose another, or move workers.control_core
4: socket.path: "relative.sock" is not an absolute path; begin it with /
5: store.map: 1 is out of range; give 16 to 4194304
8: services[0].addresses[0]: "192.0.2.300" is not an IP address; write 192.0.2.10 or 2001:db8::10
9: services[0].ports[0]: 70000 is out of range; give 1 to 65535
10: services[0].kind: "fax" is not known here; write phone or names
11: services[0].hosts[0].domain: required, but missing; add it: domain name
12: services[1].name: "trunk" names services[0] already; choose another name
12: services[1].hosts: required for a terminating service; add at least {host: any, domain: NAME}
14: sources[0].prefixes[0]: "198.51.100.1/24": has bits set after the prefix length; did you mean
14: sources[0].604: "maybe" is neither on nor off; write on or off
14: sources[0].trust: required, but missing; write public, peer or trusted
15: bogus: unknown key; known here: box, eal, workers, ports, queues, socket, store, reply,
"""


def faults(box, done, prefix=""):
    return [line.removeprefix(f"{prefix}{box.path}:") for line in done.stderr.splitlines()]


def test_a_good_file_is_summed_up(empty_box):
    done = empty_box.nxsipd("--check", "-c", empty_box.path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{empty_box.path}: ok",
        "box testbox: workers 1, pairs of ports 1",
        "services 2 (judged: 2), plans 1, source classes 2 with 1 prefixes",
    ]
    assert not empty_box.store.exists()


def test_check_tells_every_fault_with_file_line_and_key(empty_box):
    empty_box.write(FAULTY)
    done = empty_box.nxsipd("--check", "-c", empty_box.path)
    assert (done.returncode, done.stdout) == (2, "")
    for said, expected in zip(faults(empty_box, done), FAULTS.splitlines(), strict=True):
        assert said.startswith(expected)


def test_a_start_tells_the_same_and_touches_nothing(empty_box):
    empty_box.write(FAULTY)
    done = empty_box.nxsipd("-c", empty_box.path)
    assert (done.returncode, done.stdout) == (2, "")
    said = faults(empty_box, done, "nxsipd: error: ")
    for line, expected in zip(said, FAULTS.splitlines(), strict=True):
        assert line.startswith(expected)
    assert not empty_box.store.exists()


@pytest.mark.parametrize(
    "text, said",
    [
        ("a: [1\n", r":2:1: not valid YAML: did not find expected ',' or '\]'"),
        ("", r": .*"),
        ("- a\n- b\n", r":1: .*"),
        ("workers: {cores: [1]}\n", r":1: ports: required, but missing; add it: list of at most"),
        ("box: {name: a}\nbox: {name: b}\n", r":2: box: given twice; the first is on line 1"),
    ],
    ids=["syntax", "empty", "a-list", "no-ports", "twice"],
)
def test_what_is_no_configuration(empty_box, text, said):
    empty_box.write(text)
    done = empty_box.nxsipd("--check", "-c", empty_box.path)
    assert done.returncode == 2
    place = re.escape(str(empty_box.path))
    assert re.search(f"^{place}{said}", done.stderr, re.M)


@pytest.mark.parametrize(
    "argv, said",
    [
        (["--check", "-c", "none.yaml"], "none.yaml: cannot be read: No such file or directory"),
        (["--check", "-c", "."], ".: is a directory; name the file in it\n"),
        (["none.yaml"], 'nxsipd: "none.yaml" is no option; a file is given by -c FILE\n'),
    ],
)
def test_wrong_arguments(empty_box, argv, said):
    done = empty_box.nxsipd(*argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)


def refuses(box, said, code=1):
    """nxsipd ends with the code and its last line says it."""
    done = box.nxsipd("-c", box.path)
    assert done.returncode == code
    assert re.fullmatch(rf"nxsipd: error: {said}", done.stderr.splitlines()[-1]), done.stderr
    return done


def test_a_port_that_is_not_there(empty_box):
    config = empty_box.config()
    config["ports"][0]["core"] = "net_nosuch0"
    empty_box.write(config)
    done = refuses(empty_box, r"EAL did not start: .*and the devices under ports\)")
    assert "net_nosuch0" in done.stderr


def test_too_little_memory(empty_box):
    config = empty_box.config()
    config["queues"]["mempool"] = 1_000_000
    empty_box.write(config)
    refuses(
        empty_box,
        r"pair p0: no memory for 1000000 packet buffers of \d+ bytes: "
        r"raise eal.memory \(64 MiB\) or lower queues.mempool",
    )


# ---- the store ----


def test_a_file_where_the_store_should_be(empty_box):
    empty_box.store.write_text("not a directory\n")
    said = f"store {empty_box.store}: is not a directory: name a directory that nxsipd may fill"
    refuses(empty_box, re.escape(said))
    assert empty_box.store.read_text() == "not a directory\n"


def test_a_store_without_a_directory_above_it(empty_box):
    config = empty_box.config()
    config["store"]["path"] = f"{empty_box.dir}/none/store"
    empty_box.write(config)
    said = f"store {empty_box.dir}/none/store: the directory above it does not exist: create it"
    refuses(empty_box, re.escape(said))


def test_a_store_that_is_damaged(empty_box):
    empty_box.store.mkdir()
    (empty_box.store / "data.mdb").write_bytes(b"no database\n" * 5000)
    refuses(
        empty_box,
        rf".*the store {re.escape(str(empty_box.store))}(/data\.mdb)? is damaged \(.*\): "
        r"restore the directory from a backup, or move it away to start empty",
    )
    assert (empty_box.store / "data.mdb").read_bytes() == b"no database\n" * 5000


def test_a_store_that_may_not_be_read(empty_box):
    if os.geteuid() != 0:
        pytest.skip("needs root, to become nobody")
    empty_box.store.mkdir(mode=0o700)
    argv = ["setpriv", "--reuid", "65534", "--clear-groups", empty_box.build / "nxsipd"]
    if not reachable_by_nobody(empty_box):
        pytest.skip("nobody cannot reach the build or the test's directory")
    done = empty_box.run([*argv, "-c", empty_box.path])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"nxsipd: error: store {empty_box.store}: permission denied: give the directory to the "
        "user nxsipd runs as (chown), mode 0700"
    )


def reachable_by_nobody(box):
    argv = ["setpriv", "--reuid", "65534", "--clear-groups", "test", "-r", box.path]
    return box.run(argv).returncode == 0


# ---- where the user tables lie ----


def test_where_the_user_tables_lie_is_told(empty_box):
    config = empty_box.config()
    config["workers"]["user_tables"] = "per-node"  # of which one has a worker
    empty_box.write(config)
    empty_box.start()
    said = r"user tables: one copy, in (memory of NUMA node \d+|any memory \(.*\))\n"
    assert len(re.findall(said, empty_box.log.read_text())) == 1


# ---- two at once ----


@pytest.fixture
def second(box, new_box):
    """Another box; the first must outlive what happens to it."""
    yield new_box()
    assert box.json("status")["pid"] == box.daemon.pid


def test_a_second_daemon_on_the_same_socket(box, second):
    config = second.config()
    config["socket"]["path"] = str(box.socket)
    config["eal"]["file_prefix"] += "-second"
    second.write(config)
    said = rf"another nxsipd \(pid {box.daemon.pid}\) listens on {re.escape(str(box.socket))}"
    refuses(second, said)


def test_a_second_daemon_on_the_same_store(box, second):
    config = second.config()
    config["store"]["path"] = str(box.store)
    config["eal"]["file_prefix"] += "-second"
    second.write(config)
    said = f"store {box.store}: in use by process {box.daemon.pid}: stop that nxsipd, "
    refuses(second, re.escape(said) + "or give this one a store of its own")


def test_a_file_where_the_socket_should_be(empty_box):
    empty_box.socket.write_text("keep me\n")
    said = f"control socket: {empty_box.socket} exists and is not a socket: remove it, "
    refuses(empty_box, re.escape(said) + "or name another path")
    assert empty_box.socket.read_text() == "keep me\n"


def test_the_socket_of_a_killed_daemon_is_replaced(box):
    box.ok("domain", "add", "example.net")
    assert box.stop(signal.SIGKILL) == -signal.SIGKILL
    assert box.socket.is_socket()
    assert "no nxsipd listens on" in box.fails(3, "status")
    box.start()
    assert [d["name"] for d in box.json("status")["domains"]] == ["example.net"]
    assert box.stop() == 0
    assert not box.socket.exists()
