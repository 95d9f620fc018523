#!/usr/bin/python3
"""The whole pipeline on one core against a bare MAC swap, on the same packets, in turns.

A capture of 4,096 different INVITEs with SDP (about 740 bytes; 90 % of the users unknown) is
replayed without end from memory (net_pcap, infinite_rx=1) through nxsipd, which answers the unknown
with 404, and through `dpdk-testpmd --forward-mode=macswap`, which only swaps two addresses. Medians
over the turns. Last lines: `name value`; the same as JSON in build/bench/pipeline.json."""

import argparse
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from daemon import Nxsipd, at_least_one, report
from judging import DOMAIN, MEMPOOL, add_domain, called, config, make_capture


def make_table(path: str, users: int) -> None:
    with open(path, "w") as f:
        for i in range(1, users, 2):
            f.write(called(i) + "\n")


def start(args, directory: str, huge: bool) -> Nxsipd:
    return Nxsipd(args.build, directory, config(directory, args.cores, args.memory, huge))


def sample(daemon: Nxsipd, seconds: float) -> tuple[float, dict]:
    """Packets a second over a time, and what became of them."""
    a = daemon.call("stats")
    time.sleep(seconds)
    b = daemon.call("stats")
    ns = b["monotonic_ns"] - a["monotonic_ns"]
    reasons = {name: b["reasons"][name]["count"] - a["reasons"][name]["count"]
               for name in b["reasons"]}
    return ((b["rx_packets"] - a["rx_packets"]) / ns * 1e9,
            {name: n for name, n in reasons.items() if n})


def fill_store(args, directory: str, huge: bool) -> None:
    """By a daemon of its own: for 32 s after a change, what had passed before it goes on passing."""
    daemon = start(args, directory, huge)
    try:
        add_domain(daemon)
        daemon.call("load", f"{directory}/users.csv", "--domain", DOMAIN, "--replace")
    finally:
        daemon.stop()


def macswap(args, directory: str, huge: bool, seconds: float) -> float:
    """Packets a second of testpmd on the same capture, core, pool and burst size."""
    command = ["dpdk-testpmd", "--no-pci", "-l", f"{args.cores[0]},{args.cores[1]}",
               "--file-prefix=nxtestpmd", "-m", str(args.memory),
               *(["--in-memory"] if huge else ["--no-huge", "--no-shconf"]),
               f"--vdev=net_pcap0,rx_pcap={directory}/bench.pcap,infinite_rx=1", "--",
               "--forward-mode=macswap", "--burst=32", f"--total-num-mbufs={MEMPOOL}",
               "--stats-period=1", "--auto-start", "--no-lsc-interrupt"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    rates, last = [], time.monotonic() + seconds + 20
    try:
        for line in process.stdout:
            found = re.search(r"Rx-pps:\s*(\d+)", line)
            if found:
                rates.append(int(found.group(1)))
            if len(rates) >= seconds + 2 or time.monotonic() > last:
                break
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
    if len(rates) < 3:
        sys.exit("dpdk-testpmd gave no rates: is it installed (scripts/setup bench)?")
    return statistics.median(rates[2:])  # the first two still hold the start


def free_hugepages_mib() -> int:
    total = 0
    for path in pathlib.Path("/sys/kernel/mm/hugepages").glob("hugepages-*kB"):
        total += int(path.name[10:-2]) * int((path / "free_hugepages").read_text()) // 1024
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where nxsipd is")
    parser.add_argument("--turns", type=at_least_one, default=9)
    parser.add_argument("--seconds", type=float, default=3, help="a sample's length")
    parser.add_argument("--users", type=int, default=2000000, help="numbers, half of them known")
    parser.add_argument("--memory", type=int, default=512, help="MiB for EAL")
    parser.add_argument("--cores", type=int, nargs=2, default=[0, 1], help="control, worker")
    args = parser.parse_args()

    if not shutil.which("dpdk-testpmd"):
        sys.exit("dpdk-testpmd is not installed: scripts/setup bench")
    huge = free_hugepages_mib() >= args.memory
    directory = tempfile.mkdtemp(prefix="nxbench-")
    try:
        print(make_capture(directory, args.users))
        make_table(f"{directory}/users.csv", args.users)
        ours, theirs, became = [], [], {}
        fill_store(args, directory, huge)
        for turn in range(args.turns):
            daemon = start(args, directory, huge)
            try:
                sample(daemon, 0.5)
                rate, became = sample(daemon, args.seconds)
            finally:
                daemon.stop()
            ours.append(rate)
            theirs.append(macswap(args, directory, huge, args.seconds))
            print(f"turn {turn + 1}: nxsipd {ours[-1] / 1e6:.2f} M packets/s, "
                  f"macswap {theirs[-1] / 1e6:.2f} M packets/s", flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    total = sum(became.values())
    print("of nxsipd's packets: " +
          ", ".join(f"{name} {n / total:.1%}" for name, n in sorted(became.items())))
    report("pipeline", {
        "memory": "hugepages" if huge else "ordinary pages",
        "turns": args.turns,
        "pipeline_packets_per_s": round(statistics.median(ours)),
        "macswap_packets_per_s": round(statistics.median(theirs)),
        "pipeline_vs_macswap": round(statistics.median(ours) / statistics.median(theirs), 3),
    })


if __name__ == "__main__":
    main()
