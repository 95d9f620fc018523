#!/usr/bin/python3
"""What changes cost the pipeline, and how fast they are: one nxsipd judges INVITEs replayed without
end from memory (net_pcap, infinite_rx=1) while its users are changed over the control socket.

In turns, a stretch in which nothing changes and one in which changes run: a replacement of all users,
transactions of 1,000 and of 100,000 users, single users from one client and from sixteen. The users
changed are random ones that nobody calls: those called have the same answers all the time. A pair's
loss is 1 - changing / quiet packets a second; of all pairs the median and an interval that holds the
true median in 95 of 100 runs; beside it the same of the time that the worker had its core, which
leaves out what other processes took of that.

For 33 s after a change workers also ask their memory of passed transactions, in the quiet stretches
of these pairs, too. What that costs has pairs of its own, `recall`: a stretch that nothing has
changed for so long before, and one right behind a change. `_whole` is both losses together.

Durable rates (store, table, grace period over) beside what fdatasync costs. Control, client and the
disk's interrupts are on one core, the worker on another. Last lines: `name value`; the same as JSON
in build/bench/changes.json."""

import argparse
import math
import os
import pathlib
import random
import selectors
import shutil
import statistics
import sys
import tempfile
import time

from daemon import Nxsipd, at_least_one, fdatasync_us, report
from judging import DOMAIN, add_domain, called, config, make_capture

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from calls import Calls  # noqa: E402

CALLED = 200_000  # numbers that are called, half of them known
PUT = 1000  # users a call of put
PIECE = 100_000  # rows written at a time
STATES = ("known", "gone")
CLIENTS = 16
KINDS = ("replace", "delta_1000", "delta_100000", "single", "single_16")
SETTLE_S = 120
RECALL_S = 34  # after a change, and then a second
HAD_CORE = 0.98  # else others disturb, and the figures with them


def other(i: int) -> str:
    """The i-th number that nobody calls."""
    return f"+4479{i:08d}"


def make_table(path: str, n: int, state: str) -> None:
    """n users in order: those called that are known, and others in a state."""
    others = n - CALLED // 2
    with open(path, "w") as f:
        f.write("".join(called(i) + "\n" for i in range(1, CALLED, 2)))
        for i in range(0, others, PIECE):
            f.write("".join(f"{other(k)},{state}\n" for k in range(i, min(i + PIECE, others))))


def interrupts() -> list[int]:
    """Of devices, by core."""
    head, *lines = pathlib.Path("/proc/interrupts").read_text().splitlines()
    counts = [line.split()[1:1 + len(head.split())] for line in lines if line.split()[0][:-1].isdigit()]
    return [sum(map(int, column)) for column in zip(*counts)]


def choose_cores(directory: str) -> list[int]:
    """Control on the core that has the disk's interrupts, which few machines let one move."""
    before = interrupts()
    fdatasync_us(directory)
    rose = [b - a for a, b in zip(before, interrupts())]
    control = rose.index(max(rose))
    return [control, min(os.sched_getaffinity(0) - {control})]


class Box(Nxsipd):
    """nxsipd on the capture, and what it does in a stretch of time."""

    def __init__(self, args, directory: str):
        super().__init__(args.build, directory, config(directory, args.cores))
        self.calls = Calls(self, timeout=600)
        self.had_core = []  # by stretch: the part of the time that the worker ran

    def stop(self) -> None:
        self.calls.close()
        super().stop()

    def load(self, path: str) -> int:
        with open(path, "rb") as file:
            return self.calls.call("load", {"domain": DOMAIN, "mode": "replace", "force": True},
                                   file.fileno())["rows"]

    def ran_ns(self) -> list[int]:
        """What each thread has had of a processor; the worker, which never rests, the most."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sorted(int(task.read_text().split()[0]) for task in tasks)

    def settle(self) -> None:
        """Waits until what a change leaves to be done behind it is done."""
        end = time.monotonic() + SETTLE_S
        while time.monotonic() < end:
            before = sum(self.ran_ns()[:-1])
            time.sleep(0.3)
            if sum(self.ran_ns()[:-1]) - before < 15e6:
                return
        sys.exit(f"nxsipd goes on working {SETTLE_S} s after a change")

    def stretch(self, work) -> tuple[float, float, float, float]:
        """While work runs: packets a second, and a second that the worker had its core; users
        changed a second; and the seconds it took."""
        a, ran = self.calls.call("stats", {}), self.ran_ns()[-1]
        done = work()
        b, ran = self.calls.call("stats", {}), self.ran_ns()[-1] - ran
        ns = b["monotonic_ns"] - a["monotonic_ns"]
        self.had_core.append(ran / ns)
        packets = b["rx_packets"] - a["rx_packets"]
        return packets / ns * 1e9, packets / ran * 1e9, (done or 0) / ns * 1e9, ns / 1e9


class Users:
    """Users that nobody calls: lists of random ones, made beforehand, each in another state each
    time."""

    def __init__(self, n: int, size: int, lists: int):
        choose = random.Random(size)
        self.lists = [[other(k) for k in choose.sample(range(n - CALLED // 2), size)]
                      for _ in range(lists)]
        self.taken = 0

    def some(self) -> tuple[list[str], str]:
        turn, i = divmod(self.taken, len(self.lists))
        self.taken += 1
        return self.lists[i], STATES[1 - turn % 2]


# ---- what runs in a stretch: each returns how many users it changed ----


def replacements(box: Box, files: list[str]):
    def work() -> int:
        files.reverse()
        return box.load(files[0])
    return work


def transactions(box: Box, users: Users, seconds: float):
    def one() -> int:
        txn = box.calls.call("begin", {"domain": DOMAIN, "mode": "delta"})["txn"]
        chosen, state = users.some()
        for i in range(0, len(chosen), PUT):
            box.calls.call("put", {"txn": txn, "users": chosen[i:i + PUT], "state": state})
        box.calls.call("commit", {"txn": txn})
        return len(chosen)

    def work() -> int:
        end, done = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            done += one()
        return done
    return work


def singles(box: Box, users: Users, clients: int, seconds: float):
    """Each client sends its next change when it has the answer to the one before."""
    all_calls = [Calls(box) for _ in range(clients)]
    selector = selectors.DefaultSelector()
    for calls in all_calls:
        selector.register(calls.sock, selectors.EVENT_READ, calls)

    def send(calls: Calls) -> None:
        (user,), state = users.some()
        calls.send("user.add" if state == "known" else "user.gone",
                   {"domain": DOMAIN, "user": user})

    def work() -> int:
        end, done, waiting = time.monotonic() + seconds, 0, len(all_calls)
        for calls in all_calls:
            send(calls)
        while waiting:
            for key, _ in selector.select(10):
                key.data.answer()
                done += 1
                if time.monotonic() < end:
                    send(key.data)
                else:
                    waiting -= 1
        return done
    return work


# ---- pairs ----


def interval(values: list[float]) -> tuple[float, float]:
    """Order statistics that hold the median with a probability of at least 95 %."""
    values, n = sorted(values), len(values)
    below = k = 0
    while (below + math.comb(n, k)) / 2**n <= 0.025:
        below += math.comb(n, k)
        k += 1
    return values[max(k - 1, 0)], values[n - max(k, 1)]


def median_loss(name: str, pairs: list[tuple]) -> dict:
    """Of pairs of stretches, one in which nothing changed and one in which something did."""
    losses = [1 - changing[0] / quiet[0] for quiet, changing in pairs]
    running = [1 - changing[1] / quiet[1] for quiet, changing in pairs]
    low, high = interval(losses)
    return {f"changes_{name}_loss": round(statistics.median(losses), 4),
            f"changes_{name}_loss_low": round(low, 4),
            f"changes_{name}_loss_high": round(high, 4),
            f"changes_{name}_loss_running": round(statistics.median(running), 4)}


def say(box: Box, result: dict) -> None:
    print("  ".join(f"{key} {value}" for key, value in result.items()), flush=True)
    if min(box.had_core) < HAD_CORE:
        print(f"  not quiet: others had up to {1 - min(box.had_core):.0%} of the worker's core",
              flush=True)
    box.had_core = []


def measure(box: Box, name: str, work, pairs: int) -> dict:
    done, rates = [], []
    *_, seconds = box.stretch(work)  # the first is for the caches
    box.had_core = []

    def changing() -> tuple:
        nonlocal seconds
        stretch = box.stretch(work)
        rates.append(stretch[2])
        seconds = stretch[3]
        return stretch

    def quiet() -> tuple:
        box.settle()
        return box.stretch(lambda: time.sleep(seconds))

    for i in range(pairs):
        if i % 2:
            busy, still = changing(), quiet()
        else:
            still, busy = quiet(), changing()
        done.append((still, busy))
    result = {**median_loss(name, done), f"changes_{name}_per_s": round(statistics.median(rates))}
    say(box, result)
    return result


def measure_recall(box: Box, users: Users, pairs: int, seconds: float) -> dict:
    minutes = pairs * (RECALL_S + 2 * seconds) / 60
    print(f"recall: {pairs} pairs, {minutes:.0f} minutes (--recall-pairs)", flush=True)
    done = []
    for _ in range(pairs):
        time.sleep(RECALL_S)
        still = box.stretch(lambda: time.sleep(seconds))
        (user,), state = users.some()
        box.call("user", "add" if state == "known" else "gone", user, "--domain", DOMAIN)
        box.settle()
        done.append((still, box.stretch(lambda: time.sleep(seconds))))
    result = median_loss("recall", done)
    say(box, result)
    return result


def kinds_of(box: Box, args, files: list[str], all_users: str):
    """Name and work of each kind wanted, the table filled for it."""
    if "replace" in args.kinds:
        box.load(files[0])
        yield "replace", replacements(box, files)
    box.load(all_users)
    small, large, one = (Users(args.n, *lists)
                         for lists in ((1000, 300), (100_000, 8), (1, 100_000)))
    for name, work in (("delta_1000", transactions(box, small, args.seconds)),
                       ("delta_100000", transactions(box, large, args.seconds)),
                       ("single", singles(box, one, 1, args.seconds)),
                       ("single_16", singles(box, one, CLIENTS, args.seconds))):
        if name in args.kinds:
            yield name, work


def run(args, directory: str) -> dict:
    all_users = f"{directory}/all.csv"
    files = [f"{directory}/{state}.csv" for state in STATES]
    make_capture(directory, CALLED)
    make_table(all_users, args.n, "known")
    for file, state in zip(files, STATES):
        make_table(file, args.replaced, state)
    box = Box(args, directory)
    os.sched_setaffinity(0, {args.cores[0]})
    try:
        add_domain(box)
        result = {}
        for name, work in kinds_of(box, args, files, all_users):
            result |= measure(box, name, work, args.pairs)
        result |= measure_recall(box, Users(args.n, 1, 100), args.recall_pairs, args.seconds)
        kept = 1 - result["changes_recall_loss"]
        for name in args.kinds:
            loss = result[f"changes_{name}_loss"]
            result[f"changes_{name}_loss_whole"] = round(1 - (1 - loss) * kept, 4)
        return result
    finally:
        box.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where nxsipd is")
    parser.add_argument("--n", type=int, default=10_000_000, help="users, while some are changed")
    parser.add_argument("--replaced", type=int, default=2_000_000, help="users that are replaced")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--pairs", type=at_least_one, default=30)
    parser.add_argument("--recall-pairs", type=at_least_one, default=30, help="of 36 s each")
    parser.add_argument("--seconds", type=float, default=1, help="a stretch's length")
    parser.add_argument("--directory", help="where the files are written (default: a temporary one)")
    parser.add_argument("--cores", type=int, nargs=2,
                        help="control, worker (default: control where the disk's interrupts come)")
    args = parser.parse_args()

    directory = tempfile.mkdtemp(prefix="nxbench-", dir=args.directory)
    try:
        args.cores = args.cores or choose_cores(directory)
        before = fdatasync_us(directory)
        result = run(args, directory)
        sync_us = (before + fdatasync_us(directory)) / 2
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    report("changes", {"cores": args.cores, "users": args.n, "replaced": args.replaced, "pairs": args.pairs,
                       "fdatasync_us": round(sync_us), **result})


if __name__ == "__main__":
    main()
