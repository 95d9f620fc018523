#!/usr/bin/python3
"""The user table at N users: lookups in bursts of 32 (hit, miss; alone and while 10^5 updates a second
run), inserts, changes, growth and bytes a user; beside DPDK's rte_hash in bulk and liburcu's cds_lfht,
on the same keys in the same run, at N or at the largest size that fits. A sweep over smaller tables
gives a plot of lookup time over size. Last lines: `name value`; all as JSON in build/bench/users.json,
the plot in build/bench/users.png."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from daemon import commit, processor

# resident bytes a user while it is filled, keys of 13 bytes
COST = {"users": 14, "rte_hash": 80, "lfht": 64}
SWEEP_FROM = 10_000
SWEEP_RIVALS_TO = 10_000_000
LABEL = {"users": "nxsip", "rte_hash": "rte\\\\_hash, bulk", "lfht": "cds\\\\_lfht"}


def available() -> int:
    """Bytes that could be had without swapping."""
    with open("/proc/meminfo") as f:
        fields = dict(line.split(":", 1) for line in f)
    return int(fields["MemAvailable"].split()[0]) * 1024


def fits(what: str, n: int) -> int:
    return min(n, int((available() - (1 << 29)) * 0.9 / COST[what]))


def measure(build: str, what: str, n: int) -> dict:
    program = "users_bench" if what == "users" else "users_rivals"
    command = [os.path.join(build, "tests/bench", program)]
    command += [str(n)] if what == "users" else [what, str(n)]
    # the allocator's own huge pages, for what a rival takes by malloc
    env = dict(os.environ, GLIBC_TUNABLES="glibc.malloc.hugetlb=1", XDG_RUNTIME_DIR="/tmp")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    result = json.loads(done.stdout)
    print(f"{what:9} " + "  ".join(f"{k} {v:g}" for k, v in result.items()), flush=True)
    return result


def sweep_sizes(n: int) -> list[int]:
    sizes, size = [], SWEEP_FROM
    while size < n:
        sizes += [size, size * 3] if size * 3 < n else [size]
        size *= 10
    return sizes


def plot(points: dict, directory: pathlib.Path) -> None:
    lines = []
    for what, results in points.items():
        data = directory / f"users-{what}.dat"
        data.write_text("".join(f"{r['n']} {r['hit_ns']} {r['miss_ns']}\n"
                                for r in sorted(results, key=lambda r: r["n"])))
        for column, kind, dash in ((2, "hit", 1), (3, "miss", 2)):
            lines.append(f"'{data}' using 1:{column} with linespoints dt {dash} "
                         f"title \"{LABEL[what]}, {kind}\"")
    script = "\n".join([
        "set terminal pngcairo size 1000,600", f"set output '{directory}/users.png'",
        "set logscale xy", "set xlabel 'users'", "set ylabel 'nanoseconds a lookup'",
        "set format x '10^{%L}'", "set grid", "set key left top", "plot " + ", ".join(lines)])
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/gcc", help="where the bench programs are")
    parser.add_argument("--n", type=int, default=10_000_000, help="users")
    parser.add_argument("--rival-n", type=int, default=100_000_000,
                        help="the most users in a rival; fewer where N or memory is less")
    parser.add_argument("--no-sweep", action="store_true", help="N alone, and no plot")
    args = parser.parse_args()
    if fits("users", args.n) < args.n:
        sys.exit(f"no memory for {args.n} users: {COST['users']} bytes each while they are "
                 f"measured, {available() >> 20} MiB available")

    print(f"{processor()}, {os.cpu_count()} cores, Linux {platform.release()}, {commit()}")
    points = {"users": [], "rte_hash": [], "lfht": []}
    for n in [] if args.no_sweep else sweep_sizes(args.n):
        points["users"].append(measure(args.build, "users", n))
        if n <= SWEEP_RIVALS_TO:
            for what in ("rte_hash", "lfht"):
                points[what].append(measure(args.build, what, n))
    for what in ("rte_hash", "lfht"):
        points[what].append(
            measure(args.build, what, fits(what, min(args.n, args.rival_n))))
    ours = measure(args.build, "users", args.n)
    points["users"].append(ours)

    directory = pathlib.Path("build/bench")
    directory.mkdir(parents=True, exist_ok=True)
    if not args.no_sweep and shutil.which("gnuplot"):
        plot(points, directory)
    summary = {
        "users_bytes_per_user": max(ours["bytes_per_user"], ours["worst_bytes_per_user"]),
        "users_lookup_hit_ns": ours["hit_ns"],
        "users_lookup_miss_ns": ours["miss_ns"],
        "users_vs_lfht": round(points["lfht"][-1]["hit_ns"] / ours["hit_ns"], 2),
        "users_insert_ns": ours["insert_ns"],
    }
    (directory / "users.json").write_text(json.dumps(
        {"machine": {"cpu": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
                     "commit": commit()},
         **summary, "points": points}, indent=1) + "\n")
    print(f"a random line of the table alone takes {ours['line_ns']} ns here; where others share the "
          "machine it is dearer, and so are the times below")
    for name, value in summary.items():
        print(f"{name} {value}")


if __name__ == "__main__":
    main()
