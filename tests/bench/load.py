#!/usr/bin/python3
"""A CSV file of users from its first byte to committed: nxsipd against `sqlite3 .import`, in turns.

The same file, numbers in order, goes into an empty domain of nxsipd (durable, its table built and in
force, the grace period over) and into an empty SQLite table whose primary key is the user. Then all
of the domain's users are replaced by others of another state. Medians over the turns, and beside
them what fdatasync costs on the same file system. Last lines: `name value`; the same as JSON in
build/bench/load.json."""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FIRST = 10**9
PIECE = 100_000  # rows written at a time
SYNCS = 100

CONFIG = """\
box: {{name: bench}}
eal: {{hugepages: off, memory: 64, file_prefix: nxbenchload}}
workers: {{control_core: {control}, cores: [{core}]}}
queues: {{mempool: 8191}}
ports:
  - {{name: none, access: "net_null0,no-rx=1", core: "net_null1,no-rx=1"}}
socket: {{path: {dir}/sock}}
store: {{path: {dir}/store}}
services:
  - {{name: bench, addresses: [192.0.2.10], kind: phone, hosts: [{{host: any, domain: bench.example}}]}}
"""


def make_file(path: str, n: int, state: str) -> None:
    with open(path, "w") as f:
        f.write("user,state\n")
        for i in range(FIRST, FIRST + n, PIECE):
            f.write("".join(f"+44{k},{state}\n" for k in range(i, min(i + PIECE, FIRST + n))))


class Nxsipd:
    """nxsipd on ports that carry nothing."""

    def __init__(self, args, directory: str):
        self.dir = directory
        self.ctl = [os.path.join(args.build, "nxsipctl"), "--socket", f"{directory}/sock"]
        config = pathlib.Path(directory, "bench.yaml")
        config.write_text(CONFIG.format(control=args.cores[0], core=args.cores[1], dir=directory))
        self.log = open(f"{directory}/nxsipd.log", "ab")
        self.process = subprocess.Popen(
            [os.path.join(args.build, "nxsipd"), "-c", config], stdout=self.log, stderr=self.log,
            env={**os.environ, "RUNTIME_DIRECTORY": directory})
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                if self.call("status")["state"] == "serving":
                    return
            except RuntimeError:
                time.sleep(0.1)
        sys.exit("nxsipd did not start:\n" + pathlib.Path(self.log.name).read_text()[-2000:])

    def call(self, *words: str) -> dict:
        done = subprocess.run([*self.ctl, "--json", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"nxsipctl {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout or "{}")

    def load(self, path: str, n: int) -> tuple[float, dict]:
        """Seconds, and the result."""
        begin = time.monotonic()
        result = self.call("load", path, "--domain", "bench.example", "--replace")
        seconds = time.monotonic() - begin
        assert result["count"] == result["rows"] == n, result
        return seconds, result

    def private_mib(self) -> float:
        """Memory that is the process's alone, without the user tables."""
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        anonymous = int(re.search(r"^Anonymous:\s+(\d+)", rollup, re.M).group(1)) / 1024
        huge = int(re.search(r"^Private_Hugetlb:\s+(\d+)", rollup, re.M).group(1)) / 1024
        tables = sum(d["bytes"] for d in self.call("domain", "list")["domains"]) / 2**20
        return anonymous + huge - tables

    def store_bytes(self) -> int:
        return os.stat(f"{self.dir}/store/data.mdb").st_blocks * 512

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


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


def fdatasync_us(directory: str) -> float:
    """Median microseconds for a page written and synced."""
    took = []
    fd = os.open(f"{directory}/sync", os.O_RDWR | os.O_CREAT, 0o600)
    os.pwrite(fd, bytes(4096 * SYNCS), 0)
    os.fdatasync(fd)
    for i in range(SYNCS):
        begin = time.monotonic()
        os.pwrite(fd, os.urandom(4096), 4096 * i)
        os.fdatasync(fd)
        took.append((time.monotonic() - begin) * 1e6)
    os.close(fd)
    os.unlink(f"{directory}/sync")
    return statistics.median(took)


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def turn(args, directory: str) -> dict:
    """One turn of each: seconds and sizes."""
    where = tempfile.mkdtemp(dir=directory)
    daemon = Nxsipd(args, where)
    try:
        daemon.call("domain", "add", "bench.example")
        fresh, _ = daemon.load(f"{directory}/a.csv", args.n)
        row_bytes = daemon.store_bytes() / args.n
        replaced, result = daemon.load(f"{directory}/b.csv", args.n)
        private = daemon.private_mib()
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
    parser.add_argument("--turns", type=int, default=3)
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

    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True).stdout.strip()
    result = {
        "machine": machine(),
        "commit": commit,
        "rows": args.n,
        "fdatasync_us": round(median("sync_us")),
        "store_bytes_per_row": round(median("row_bytes"), 1),
        "private_mib_outside_table": round(median("private")),
        "sqlite_rows_per_s": round(args.n / median("sqlite")),
        "load_replace_rows_per_s": round(args.n / median("replaced")),
        "load_rows_per_s": round(args.n / median("fresh")),
        "load_vs_sqlite": round(median("sqlite") / median("fresh"), 2),
    }
    os.makedirs("build/bench", exist_ok=True)
    pathlib.Path("build/bench/load.json").write_text(json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        print(name, value)


if __name__ == "__main__":
    main()
