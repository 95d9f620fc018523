"""nxsipd on two ports that carry nothing (net_null), for what needs no packets: commands, files,
clients. Needs no namespaces and no root."""

import json
import os
import resource
import signal
import socket
import subprocess

from lab import LabError, tail, wait_until, yaml

READY_S = 20
DONE_S = 30  # a command's longest; none takes a second on a quiet machine


class Box:
    """A directory with configuration, socket and store, and the nxsipd that uses them."""

    def __init__(self, build, directory):
        self.build, self.dir = build, directory
        self.path, self.log = directory / "nxsip.yaml", directory / "log"
        self.socket, self.store = directory / "nxsipd.sock", directory / "store"
        self.daemon = None
        self.limit = None  # a resource and how much nxsipd may have of it
        self.env = {**os.environ, "RUNTIME_DIRECTORY": str(directory)}  # EAL's files
        self.env.pop("NXSIP_SOCKET", None)

    def config(self):
        """Everything in working order; change it and give it to write()."""
        control, worker = sorted(os.sched_getaffinity(0))[:2]
        return {
            "box": {"name": "testbox", "settle": 0},
            "eal": {"hugepages": "off", "memory": 64, "file_prefix": f"nxsip-box-{os.getpid()}"},
            "workers": {"control_core": control, "cores": [worker]},
            "ports": [
                {"name": "p0", "access": "net_null0,no-rx=1", "core": "net_null1,no-rx=1"}
            ],
            "queues": {"mempool": 8191},
            "socket": {"path": str(self.socket)},
            "store": {"path": str(self.store), "map": 64},
            "plans": {"uk": {"country_code": "44", "international": ["00"], "national": ["0"]}},
            "services": [
                {
                    "name": "trunk",
                    "addresses": ["192.0.2.2", "2001:db8::2"],
                    "vlans": ["none", 100],
                    "kind": "phone",
                    "plan": "uk",
                    "hosts": [{"host": "any", "domain": "example.net"}],
                },
                {
                    "name": "users",
                    "addresses": ["192.0.2.3"],
                    "kind": "names",
                    "hosts": [
                        {"host": "example.org", "domain": "example.org"},
                        {"host": "*.example.org", "domain": "example.org"},
                    ],
                },
            ],
            "sources": [
                {
                    "class": "carriers",
                    "trust": "peer",
                    "prefixes": ["198.51.100.0/24"],
                    "604": True,
                }
            ],
        }

    def write(self, config):
        self.path.write_text(config if isinstance(config, str) else yaml(config))

    # ---- the daemon ----

    def run(self, argv):
        """Runs a command to its end, which must come soon: a CompletedProcess."""
        return subprocess.run(
            argv,
            cwd=self.dir,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DONE_S,
        )

    def nxsipd(self, *argv):
        """nxsipd, which is expected to end by itself."""
        return self.run([self.build / "nxsipd", *argv])

    def start(self):
        with open(self.log, "ab") as out:
            self.daemon = subprocess.Popen(
                [self.build / "nxsipd", "-c", self.path],
                cwd=self.dir,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=self.set_limit if self.limit else None,
            )

        def serves():
            if self.daemon.poll() is not None:
                raise LabError(f"nxsipd ended with {self.daemon.returncode}:\n{tail(self.log)}")
            status = self.ctl("--json", "status")
            return status.returncode == 0 and json.loads(status.stdout)["state"] == "serving"

        if not wait_until(serves, READY_S):
            raise LabError(f"nxsipd does not serve:\n{tail(self.log)}")

    def set_limit(self):
        which, most = self.limit
        resource.setrlimit(which, (most, most))

    def stop(self, sig=signal.SIGTERM):
        """Ends nxsipd and returns its exit code."""
        self.daemon.send_signal(sig)
        return self.daemon.wait(READY_S)

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()

    # ---- the control socket ----

    def argv(self, *argv):
        return [str(a) for a in (self.build / "nxsipctl", "--socket", self.socket, *argv)]

    def ctl(self, *argv):
        """nxsipctl, whatever comes of it: a CompletedProcess."""
        return self.run(self.argv(*argv))

    def ok(self, *argv):
        """What nxsipctl prints when it succeeds without complaint."""
        done = self.ctl(*argv)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def json(self, *argv):
        return json.loads(self.ok("--json", *argv))

    def fails(self, code, *argv):
        """What nxsipctl says on stderr when it fails with this exit code, and nothing on stdout."""
        done = self.ctl(*argv)
        assert (done.returncode, done.stdout) == (code, "")
        return done.stderr

    def connect(self):
        """A client's socket."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(10)

        def accepted():
            try:
                client.connect(str(self.socket))
            except BlockingIOError:  # others are before us
                return False
            return True

        if not wait_until(accepted, 10):
            raise LabError("nxsipd accepts no client")
        return client
