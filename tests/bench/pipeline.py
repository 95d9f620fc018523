#!/usr/bin/python3
"""The whole pipeline on one core against a bare MAC swap, on the same packets, in turns.

A capture of 4,096 different INVITEs with SDP (about 740 bytes; 90 % of the users unknown) is
replayed without end from memory (net_pcap, infinite_rx=1) through nxsipd, which answers the unknown
with 404, and through `dpdk-testpmd --forward-mode=macswap`, which only swaps two addresses. Medians
over the turns. Last lines: `name value`; the same as JSON in build/bench/pipeline.json."""

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

import capture

SRC, DST = "198.51.100.1", "192.0.2.10"
PACKETS = 4096
MEMPOOL = 16383

CONFIG = """\
box: {{name: bench, settle: 0}}
eal: {{hugepages: {huge}, memory: {memory}, file_prefix: nxbench}}
workers: {{control_core: {control}, cores: [{core}], idle: busy, start: when-loaded}}
queues: {{mempool: {mempool}}}
ports:
  - name: bench
    access: "net_pcap0,rx_pcap={pcap},infinite_rx=1"
    core: "net_null0,no-rx=1"
socket: {{path: {dir}/sock}}
store: {{path: {dir}/store}}
services:
  - name: bench
    addresses: [{dst}]
    kind: phone
    hosts: [{{host: any, domain: bench.example}}]
sources:
  - {{class: carriers, trust: peer, prefixes: [198.51.100.0/24], "604": on}}
"""


def user(i: int) -> str:
    """The i-th number of the sample table; odd ones are in it, even ones are not."""
    return f"+4420{10000000 + i:08d}"


def make_capture(path: str, users: int) -> None:
    frames = []
    for n in range(PACKETS):
        i = (n * 7919) % users // 2 * 2
        known = n % 10 == 0
        payload = capture.invite(n, user(i + 1 if known else i), SRC, DST)
        frames.append(capture.udp4(SRC, DST, 5060, 5060, payload))
    capture.write_pcap(path, frames)
    print(f"capture: {PACKETS} INVITEs of {len(frames[0])} to {len(frames[-1])} bytes, "
          f"10 % known, 90 % unknown")


def make_table(path: str, users: int) -> None:
    with open(path, "w") as f:
        for i in range(1, users, 2):
            f.write(user(i) + "\n")


class Nxsipd:
    """nxsipd on the capture; samples its packets a second."""

    def __init__(self, args, directory: str, huge: bool):
        self.ctl = [os.path.join(args.build, "nxsipctl"), "--socket", f"{directory}/sock"]
        config = pathlib.Path(directory, "bench.yaml")
        config.write_text(
            CONFIG.format(huge="on" if huge else "off", memory=args.memory, control=args.cores[0],
                          core=args.cores[1], mempool=MEMPOOL, pcap=f"{directory}/bench.pcap",
                          dir=directory, dst=DST))
        self.log = open(f"{directory}/nxsipd.log", "ab")
        self.process = subprocess.Popen([os.path.join(args.build, "nxsipd"), "-c", config],
                                        stdout=self.log, stderr=self.log)
        self.wait()

    def call(self, *words: str) -> dict:
        done = subprocess.run([*self.ctl, "--json", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"nxsipctl {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout or "{}")

    def wait(self) -> None:
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                if self.call("status")["state"] == "serving":
                    return
            except RuntimeError:
                pass
            time.sleep(0.1)
        sys.exit("nxsipd did not start:\n" + pathlib.Path(self.log.name).read_text()[-2000:])

    def sample(self, seconds: float) -> tuple[float, dict]:
        """Packets a second over a time, and what became of them."""
        a = self.call("stats")
        time.sleep(seconds)
        b = self.call("stats")
        ns = b["monotonic_ns"] - a["monotonic_ns"]
        reasons = {name: b["reasons"][name]["count"] - a["reasons"][name]["count"]
                   for name in b["reasons"]}
        return ((b["rx_packets"] - a["rx_packets"]) / ns * 1e9,
                {name: n for name, n in reasons.items() if n})

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def fill_store(args, directory: str, huge: bool) -> None:
    """By a daemon of its own: for 32 s after a change, what had passed before it goes on passing."""
    daemon = Nxsipd(args, directory, huge)
    try:
        daemon.call("domain", "add", "bench.example", "--authoritative")
        daemon.call("range", "add", "+4420", "--domain", "bench.example",
                    "--min", "12", "--max", "12")
        daemon.call("load", f"{directory}/users.csv", "--domain", "bench.example", "--replace")
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


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def free_hugepages_mib() -> int:
    total = 0
    for path in pathlib.Path("/sys/kernel/mm/hugepages").glob("hugepages-*kB"):
        total += int(path.name[10:-2]) * int((path / "free_hugepages").read_text()) // 1024
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build/gcc", help="where nxsipd is")
    parser.add_argument("--turns", type=int, default=5)
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
        make_capture(f"{directory}/bench.pcap", args.users)
        make_table(f"{directory}/users.csv", args.users)
        ours, theirs, became = [], [], {}
        fill_store(args, directory, huge)
        for turn in range(args.turns):
            daemon = Nxsipd(args, directory, huge)
            try:
                daemon.sample(0.5)
                rate, became = daemon.sample(args.seconds)
            finally:
                daemon.stop()
            ours.append(rate)
            theirs.append(macswap(args, directory, huge, args.seconds))
            print(f"turn {turn + 1}: nxsipd {ours[-1] / 1e6:.2f} M packets/s, "
                  f"macswap {theirs[-1] / 1e6:.2f} M packets/s")
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    total = sum(became.values())
    print("of nxsipd's packets: " +
          ", ".join(f"{name} {n / total:.1%}" for name, n in sorted(became.items())))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True).stdout.strip()
    result = {
        "machine": machine(),
        "commit": commit,
        "memory": "hugepages" if huge else "ordinary pages",
        "pipeline_packets_per_s": round(statistics.median(ours)),
        "macswap_packets_per_s": round(statistics.median(theirs)),
        "pipeline_vs_macswap": round(statistics.median(ours) / statistics.median(theirs), 3),
    }
    os.makedirs("build/bench", exist_ok=True)
    pathlib.Path("build/bench/pipeline.json").write_text(json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        print(name, value)


if __name__ == "__main__":
    main()
