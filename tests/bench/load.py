#!/usr/bin/python3
"""A CSV file of users from its first byte to committed: nxsipd against `sqlite3 .import`, in turns.

The same file, numbers in order, goes into an empty domain of nxsipd (durable, its table built and in
force, the grace period over) and into an empty SQLite table whose primary key is the user. Then all
of the domain's users are replaced by others of another state. Medians over the turns, and beside
them what fdatasync costs on the same file system. Last lines: `name value`; the same as JSON in
build/bench/load.json."""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from daemon import Nxsipd, at_least_one, fdatasync_us, report

FIRST = 10**9
PIECE = 100_000  # rows written at a time

CONFIG = """\
box: {{name: bench, settle: 0}}
eal: {{hugepages: off, memory: 64, file_prefix: nxbenchload}}
workers: {{control_core: {control}, cores: [{core}]}}
queues: {{mempool: 8191}}
ports:
  - {{name: none, access: "net_null0,no-rx=1", core: "net_null1,no-rx=1"}}
socket: {{path: {dir}/nxsipd.sock}}
store: {{path: {dir}/store}}
services:
  - {{name: bench, addresses: [192.0.2.10], kind: phone, hosts: [{{host: any, domain: bench.example}}]}}
"""


def make_file(path: str, n: int, state: str) -> None:
    with open(path, "w") as f:
        f.write("user,state\n")
        for i in range(FIRST, FIRST + n, PIECE):
            f.write("".join(f"+44{k},{state}\n" for k in range(i, min(i + PIECE, FIRST + n))))


def load(daemon: Nxsipd, path: str, n: int) -> tuple[float, dict]:
    """Seconds, and the result."""
    begin = time.monotonic()
    result = daemon.call("load", path, "--domain", "bench.example", "--replace")
    seconds = time.monotonic() - begin
    assert result["count"] == result["rows"] == n, result
    return seconds, result


def private_mib(daemon: Nxsipd) -> float:
    """Memory that is the process's alone, without the user tables."""
    rollup = pathlib.Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text()
    anonymous = int(re.search(r"^Anonymous:\s+(\d+)", rollup, re.M).group(1)) / 1024
    huge = int(re.search(r"^Private_Hugetlb:\s+(\d+)", rollup, re.M).group(1)) / 1024
    tables = sum(d["bytes"] for d in daemon.call("domain", "list")["domains"]) / 2**20
    return anonymous + huge - tables


def sqlite(directory: str, path: str, n: int) -> float:
    """Seconds that SQLite takes for the same file."""
    database = f"{directory}/users.sqlite"
    script = ("create table users(user text primary key, state text) without rowid;\n"
              f".mode csv\n.import --skip 1 {path} users\nselect count(*) from users;\n")
    begin = time.monotonic()
    done = subprocess.run(["sqlite3", database], input=script, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    if done.returncode != 0 or done.stdout.strip() != str(n):
        sys.exit(f"sqlite3: {done.stdout} {done.stderr}")
    os.unlink(database)
    return seconds


def turn(args, directory: str) -> dict:
    """One turn of each: seconds and sizes."""
    where = tempfile.mkdtemp(dir=directory)
    config = CONFIG.format(control=args.cores[0], core=args.cores[1], dir=where)
    daemon = Nxsipd(args.build, where, config)
    try:
        daemon.call("domain", "add", "bench.example")
        fresh, _ = load(daemon, f"{directory}/a.csv", args.n)
        row_bytes = os.stat(f"{where}/store/data.mdb").st_blocks * 512 / args.n
        replaced, result = load(daemon, f"{directory}/b.csv", args.n)
        private = private_mib(daemon)
    finally:
        daemon.stop()
    shutil.rmtree(where)
    return {"fresh": fresh, "replaced": replaced, "row_bytes": row_bytes, "private": private,
            "grace_us": result["grace_us"], "sync_us": fdatasync_us(directory),
            "sqlite": sqlite(directory, f"{directory}/a.csv", args.n)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where nxsipd is")
    parser.add_argument("--n", type=int, default=2_000_000, help="rows")
    parser.add_argument("--turns", type=at_least_one, default=3)
    parser.add_argument("--directory", help="where the files are written (default: a temporary one)")
    parser.add_argument("--cores", type=int, nargs=2, default=[0, 1], help="control, worker")
    args = parser.parse_args()

    if not shutil.which("sqlite3"):
        sys.exit("sqlite3 is not installed: scripts/setup bench")
    directory = tempfile.mkdtemp(prefix="nxbench-", dir=args.directory)
    turns = []
    try:
        make_file(f"{directory}/a.csv", args.n, "known")
        make_file(f"{directory}/b.csv", args.n, "head")
        for i in range(args.turns):
            t = turn(args, directory)
            turns.append(t)
            print(f"turn {i + 1}: nxsipd {args.n / t['fresh'] / 1e6:.2f} M rows/s, replacing "
                  f"{args.n / t['replaced'] / 1e6:.2f}, sqlite3 {args.n / t['sqlite'] / 1e6:.2f}; "
                  f"fdatasync of a page {t['sync_us']:.0f} us", flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    def median(name: str) -> float:
        return statistics.median(t[name] for t in turns)

    report("load", {
        "rows": args.n,
        "fdatasync_us": round(median("sync_us")),
        "store_bytes_per_row": round(median("row_bytes"), 1),
        "private_mib_outside_table": round(median("private")),
        "sqlite_rows_per_s": round(args.n / median("sqlite")),
        "load_replace_rows_per_s": round(args.n / median("replaced")),
        "load_rows_per_s": round(args.n / median("fresh")),
        "load_vs_sqlite": round(median("sqlite") / median("fresh"), 2),
    })


if __name__ == "__main__":
    main()
