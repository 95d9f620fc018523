"""nxsipd as the benchmarks run it, and what they say about the machine it ran on."""

import argparse
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

SYNCS = 100


class Nxsipd:
    """nxsipd in a directory: its socket is nxsipd.sock there, its store is store."""

    def __init__(self, build: str, directory: str, config: str):
        self.dir = pathlib.Path(directory)
        self.ctl = [os.path.join(build, "nxsipctl"), "--socket", f"{directory}/nxsipd.sock"]
        path = self.dir / "bench.yaml"
        path.write_text(config)
        self.log = open(self.dir / "nxsipd.log", "ab")
        self.process = subprocess.Popen(
            [os.path.join(build, "nxsipd"), "-c", path], stdout=self.log, stderr=self.log,
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

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


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


def processor() -> str:
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return model.group(1) if model else platform.machine()


def machine() -> str:
    return f"{processor()}, Linux {platform.release()}"


def commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def at_least_one(text: str) -> int:
    """A command line's number of turns or pairs."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a number from 1 on is needed")
    return int(text)


def report(name: str, result: dict) -> None:
    """The last lines, and build/bench/NAME.json."""
    result = {"machine": machine(), "commit": commit(), **result}
    os.makedirs("build/bench", exist_ok=True)
    pathlib.Path(f"build/bench/{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    for key, value in result.items():
        print(key, value)
