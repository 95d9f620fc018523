"""A network of three namespaces on one machine, for the demonstration and the end-to-end tests.

    carrier                        nxsip                        sbc
    eth0     ------ veth ------ access0 core0 ------ veth ------ eth0
    vlan100  (tagged, on eth0)  no address, no IPv6              vlan100

`carrier` and `sbc` reach each other only through what runs in `nxsip`: nxsipd, or dpdk-testpmd as a
plain wire.  Only there can the kernel not answer, forward or add a packet of its own.

    with Lab(prefix="t1", build="build/gcc") as lab:
        lab.start_nxsipd()
        lab.ctl("domain", "add", "example.net", "--authoritative", "--complete")
        lab.start("sbc", lab.sipp("sbc", local=lab.sbc.v4))
        lab.run("carrier", lab.sipp("carrier", lab.carrier.v4, lab.sbc.v4, ["+442079460000"]))

Names: with an empty prefix the namespaces are called carrier, nxsip and sbc, else PREFIX-carrier
and so on.  Labs with different prefixes run side by side; one prefix is held by one process (a lock
on /run/nxsip-lab/PREFIX).  Leaving the context ends every process in the namespaces and removes
them.  A lab whose process was killed is recognised by its free lock and removed by the next one.

Needs root, the standard library, iproute2, ethtool and util-linux."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from wire import socket_in

RUN_DIR = Path("/run/nxsip-lab")
DIR_PREFIX = "nxsip-lab-"
SCRIPTS = Path(__file__).resolve().parent
ROLES = ("carrier", "nxsip", "sbc")
VLAN = 100
OFFLOADS = ("tx", "rx", "gro", "gso", "tso", "txvlan", "rxvlan")
AF_XDP = 44  # linux/socket.h
READY_S = 20  # EAL without hugepages, on a busy machine


class LabError(Exception):
    """What went wrong and what to do, for a person."""


@dataclass(frozen=True)
class End:
    """The addresses of a far end: documentation prefixes, untagged and on VLAN 100."""

    host: int

    @property
    def v4(self):
        return f"192.0.2.{self.host}"

    @property
    def v6(self):
        return f"2001:db8::{self.host}"

    @property
    def vlan_v4(self):
        return f"198.51.100.{self.host}"

    @property
    def vlan_v6(self):
        return f"2001:db8:100::{self.host}"

    @property
    def addresses(self):
        return [self.v4, self.v6, self.vlan_v4, self.vlan_v6]


def run(*argv, check=True, **options):
    """Runs a command and returns it done; a failure is a LabError that shows what it said."""
    try:
        done = subprocess.run(
            [str(a) for a in argv],
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            **options,
        )
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: no such command. Run scripts/setup first.") from None
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"{' '.join(map(str, argv))}: exit code {done.returncode}: {said}")
    return done


def wait_until(condition, seconds, step=0.02):
    """The condition's first true value, or None when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            return None
        time.sleep(step)


def yaml(value, indent=0):
    """The value (dict, list, str, int, bool) as YAML in block style; strings are quoted."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{_yaml_key(k)}:{_yaml_value(v, indent)}" for k, v in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}-{_yaml_value(v, indent)}" for v in value)
    return pad + json.dumps(value) + "\n"


def _yaml_key(key):
    return json.dumps(key) if key[0].isdigit() else key


def _yaml_value(value, indent):
    nested = isinstance(value, (dict, list)) and value
    return "\n" + yaml(value, indent + 1) if nested else " " + json.dumps(value) + "\n"


def tail(path, lines=15):
    """The last lines of a log, indented."""
    try:
        text = Path(path).read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join("    " + line for line in text) or "    (it said nothing)"


class Claim:
    """The right to use a prefix: a locked file that says what a killed lab has left behind."""

    def __init__(self, prefix):
        self.path = RUN_DIR / (prefix or "default")
        RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self.read().get("pid", "unknown")
                os.close(self.fd)
                raise LabError(
                    f"the lab '{self.path.name}' is in use by process {holder}: "
                    "wait for it, or give another prefix"
                ) from None
            try:
                if os.stat(self.path).st_ino == os.fstat(self.fd).st_ino:
                    return
            except FileNotFoundError:
                pass
            os.close(self.fd)  # its last holder removed the file as we opened it

    def read(self):
        try:
            return json.loads(os.pread(self.fd, 65536, 0) or b"{}")
        except ValueError:  # cut short by a kill, before anything was made
            return {}

    def write(self, record):
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, json.dumps(record).encode(), 0)

    def release(self):
        self.path.unlink(missing_ok=True)
        os.close(self.fd)


def remove(record):
    """Ends what runs in a lab's namespaces and removes them and the lab's directory."""
    names = [n for n in record.get("namespaces", []) if Path("/run/netns", n).exists()]

    def pids():
        lists = (run("ip", "netns", "pids", name, check=False).stdout for name in names)
        return [int(pid) for one in lists for pid in one.split()]

    for sig, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 2)):
        for pid in pids():
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass
        if wait_until(lambda: not pids(), seconds):
            break
    for name in names:
        run("ip", "netns", "del", name, check=False)
    directory = Path(record.get("dir", ""))
    if directory.name.startswith(DIR_PREFIX):
        shutil.rmtree(directory, ignore_errors=True)


def ports_that_work():
    """The kinds of virtual port that this kernel can give."""
    kinds = []
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW, 0).close()
        kinds.append("af_xdp")
    except OSError:
        pass
    if Path("/dev/net/tun").exists():
        kinds.append("tap")
    return kinds


def choose_ports():
    kinds = ports_that_work()
    if not kinds:
        raise LabError("no virtual ports: this kernel has neither AF_XDP sockets nor /dev/net/tun")
    return kinds[0]


class Lab:
    """The network. build: where nxsipd and nxsipctl are. ports: auto, af_xdp or tap."""

    def __init__(self, prefix="", build="build/gcc", ports="auto"):
        if ports not in ("auto", "af_xdp", "tap"):
            raise LabError(f"ports '{ports}': use auto, af_xdp or tap")
        self.prefix, self.build = prefix, Path(build).resolve()
        self.ports = choose_ports() if ports == "auto" else ports
        self.netns = {role: f"{prefix}-{role}" if prefix else role for role in ROLES}
        self.carrier, self.sbc = End(1), End(2)
        self.cores = sorted(os.sched_getaffinity(0))[:2]
        if len(self.cores) < 2:
            raise LabError("one processor core is not enough: nxsipd needs two")
        self.claim = self.dir = self.daemon = None
        self.processes = []
        self.sipp_count = 0

    # ---- life ----

    def __enter__(self):
        if os.geteuid() != 0:
            raise LabError("network namespaces need root: run it as root (sudo)")
        self.claim = Claim(self.prefix)
        try:
            remove(self.claim.read())
            self._refuse_foreign_names()
            self.dir = Path(tempfile.mkdtemp(prefix=DIR_PREFIX))
            self.record = {
                "pid": os.getpid(),
                "namespaces": list(self.netns.values()),
                "dir": str(self.dir),
            }
            self.claim.write(self.record)
            self._build_network()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends and removes everything; Ctrl-C does not interrupt it."""
        if not self.claim:
            return
        before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        for sig in before:
            signal.signal(sig, signal.SIG_IGN)
        try:
            if self.dir:
                remove(self.record)
            for process in self.processes:
                process.wait()
            self.claim.release()
            self.claim = self.dir = None
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def _refuse_foreign_names(self):
        for name in self.netns.values():
            if Path("/run/netns", name).exists():
                raise LabError(
                    f"a network namespace '{name}' exists and is not ours: "
                    f"remove it (ip netns del {name}) or give another prefix"
                )

    # ---- network ----

    def ip(self, role, *argv, check=True):
        return self.run(role, ["ip", *argv], check=check)

    def _build_network(self):
        for name in self.netns.values():
            done = run("ip", "netns", "add", name, check=False)
            if done.returncode:
                raise LabError(
                    f"cannot make a network namespace ({done.stderr.strip()}): this needs a "
                    "machine, or a container, with CAP_SYS_ADMIN and CAP_NET_ADMIN"
                )
        self._choose_entry()
        for role in ROLES:
            self._disable_ipv6(role, role == "nxsip")
            self.ip(role, "link", "set", "lo", "up")
        for role, ours in (("carrier", "access0"), ("sbc", "core0")):
            peer = ["peer", "eth0", "netns", self.netns[role]]
            self.ip("nxsip", "link", "add", ours, "type", "veth", *peer)
            self._plain("nxsip", ours)
            self._plain(role, "eth0")
            end = getattr(self, role)
            self._address(role, "eth0", f"{end.v4}/24", f"{end.v6}/64")
            self._add_vlan(role)
            self._address(role, f"vlan{VLAN}", f"{end.vlan_v4}/24", f"{end.vlan_v6}/64")

    def _choose_entry(self):
        """ip netns exec shows a process the namespace's own /sys, but cannot where the root
        directory is no mount point, as in a chroot: there, nsenter, in a mount namespace for
        what tc mounts."""
        self.entry = lambda netns: ["ip", "netns", "exec", netns]
        if self.run("nxsip", ["true"], check=False).returncode:
            apart = ["unshare", "--mount", "--propagation", "unchanged"]
            self.entry = lambda netns: [*apart, "nsenter", f"--net=/run/netns/{netns}"]

    def _disable_ipv6(self, role, off):
        for scope in ("all", "default"):
            switch = f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"
            self.run(role, ["sh", "-c", f"[ ! -e {switch} ] || echo {int(off)} >{switch}"])

    def _plain(self, role, interface):
        """Packets as they are: checksums finished, tags inside, nothing merged; and the link up."""
        switches = [word for name in OFFLOADS for word in (name, "off")]
        self.run(role, ["ethtool", "-K", interface, *switches])
        self.ip(role, "link", "set", interface, "up")

    def _address(self, role, interface, v4, v6):
        self.ip(role, "address", "add", v4, "dev", interface)
        self.ip(role, "address", "add", v6, "dev", interface, "nodad")

    def _add_vlan(self, role):
        """vlan100 on eth0: the kernel's own where it has one, else a veth pair and vlan.bpf.c."""
        name, inner = f"vlan{VLAN}", f"vlan{VLAN}p"
        own = ["link", "add", "link", "eth0", "name", name, "type", "vlan", "id", VLAN]
        if self.ip(role, *own, check=False).returncode == 0:
            self.ip(role, "link", "set", name, "up")
            return
        self.ip(role, "link", "add", name, "type", "veth", "peer", inner)
        self._plain(role, name)
        self._plain(role, inner)
        program = self._vlan_program()
        for source, target, section in ((inner, "eth0", "tag"), ("eth0", inner, "untag")):
            self._redirect(role, source, target, "bpf", "obj", program, "sec", section)

    def _vlan_program(self):
        program = self.dir / "vlan.o"
        if not program.exists():
            compiler = ["bpf-gcc"] if shutil.which("bpf-gcc") else ["clang", "-target", "bpf"]
            run(*compiler, "-O2", f"-DVLAN_ID={VLAN}", "-c", SCRIPTS / "vlan.bpf.c", "-o", program)
        return program

    def _redirect(self, role, source, target, *match):
        """What source receives and match takes leaves by target."""
        self.run(role, ["tc", "qdisc", "replace", "dev", source, "clsact"])
        self.run(role, ["tc", "filter", "del", "dev", source, "ingress"])
        place = ["dev", source, "ingress", "protocol", "all"]
        action = ["action", "mirred", "egress", "redirect", "dev", target]
        self.run(role, ["tc", "filter", "add", *place, *match, *action])

    # ---- processes ----

    def _inside(self, role, argv):
        """The command inside a namespace, that dies with this process however that one ends."""
        return ["setpriv", "--pdeathsig", "KILL", *self.entry(self.netns[role]), *map(str, argv)]

    def run(self, role, argv, check=True, **options):
        """Runs a command in a role's namespace to its end."""
        return run(*self._inside(role, argv), check=check, cwd=self.dir, **options)

    def start(self, role, argv, log="/dev/null", **options):
        """Starts a command in a role's namespace.  Call it from the main thread: the process ends
        with the thread that started it."""
        with open(log, "wb") as out:
            process = subprocess.Popen(
                self._inside(role, argv),
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us: we end it in order
                **options,
            )
        self.processes.append(process)
        return process

    def socket(self, role, family, kind, proto=0):
        """A socket of a role's namespace, in this process."""
        return socket_in(self.netns[role], family, kind, proto)

    # ---- what joins the namespaces ----

    def device(self, number):
        """DPDK's name for the access port (0) or the core port (1)."""
        if self.ports == "tap":
            return f"net_tap{number},iface=tap{number}"
        return f"net_af_xdp{number},iface={('access0', 'core0')[number]}"

    def config(self):
        """nxsipd's configuration as a dict; change it and hand it to start_nxsipd."""
        return {
            "box": {"name": "lab", "settle": 0},
            "eal": {
                "hugepages": "off",
                "memory": 512,
                "file_prefix": f"nxsip-{self.prefix or 'lab'}",
                "args": ["--no-pci"],
            },
            "workers": {
                "control_core": self.cores[0],
                "cores": [self.cores[1]],
                "idle": "adaptive",
            },
            "ports": [
                {"name": "lab", "access": self.device(0), "core": self.device(1), "mtu": 1500}
            ],
            "socket": {"path": str(self.dir / "nxsipd.sock")},
            "store": {"path": str(self.dir / "store")},
            "plans": {"uk": {"country_code": "44", "international": ["00"], "national": ["0"]}},
            "services": [
                {
                    "name": "trunk",
                    "addresses": self.sbc.addresses,
                    "ports": [5060],
                    "vlans": ["none", VLAN],
                    "kind": "phone",
                    "direction": "terminating",
                    "plan": "uk",
                    "hosts": [{"host": "any", "domain": "example.net"}],
                }
            ],
            "sources": [
                {
                    "class": "carriers",
                    "trust": "peer",
                    "prefixes": ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"],
                    "604": True,
                }
            ],
        }

    def start_nxsipd(self, config=None, ready="serving"):
        """Starts nxsipd and waits until it serves (ready=None: until it answers)."""
        path = self.dir / "nxsip.yaml"
        config = config or self.config()
        Path(config["store"]["path"]).mkdir(exist_ok=True)
        path.write_text(yaml(config))
        self._start_daemon([self.build / "nxsipd", "-c", path])
        self._wait(lambda: self._state(ready), "does not serve")
        return self.daemon

    def start_testpmd(self):
        """Joins the namespaces by DPDK's own forwarder: a wire, to tell nxsipd's faults from the
        lab's."""
        argv = ["dpdk-testpmd", "-l", ",".join(map(str, self.cores))]
        argv += ["--no-huge", "-m", "256", "--no-pci", "--no-shconf"]
        argv += ["--vdev", self.device(0), "--vdev", self.device(1)]
        argv += ["--", "--forward-mode=io", "--total-num-mbufs=8192", "--no-mlockall", "-a"]
        argv += ["--stats-period", "1"]
        self._start_daemon(argv)
        log = self.dir / "daemon.log"
        forwards = lambda: "Port statistics" in log.read_text(errors="replace")
        self._wait(forwards, "does not forward")
        return self.daemon

    def _start_daemon(self, argv):
        for interface in ("access0", "core0"):  # a killed process leaves its XDP program behind
            self.ip("nxsip", "link", "set", "dev", interface, "xdp", "off", check=False)
        if not Path(argv[0]).exists() and not shutil.which(str(argv[0])):
            raise LabError(f"{argv[0]} is not there: build it first (make)")
        self.daemon_name = Path(argv[0]).name
        env = {**os.environ, "RUNTIME_DIRECTORY": str(self.dir)}  # where EAL keeps its files
        self.daemon = self.start("nxsip", argv, log=self.dir / "daemon.log", env=env)
        if self.ports == "tap":
            self._join_taps()

    def _join_taps(self):
        """A tap is a kernel interface of its own: each is joined to its veth, both ways."""
        for tap, veth in (("tap0", "access0"), ("tap1", "core0")):
            show = lambda: self.ip("nxsip", "link", "show", tap, check=False)
            self._wait(lambda: show().returncode == 0, f"made no interface {tap}")
            for source, target in ((tap, veth), (veth, tap)):
                self._redirect("nxsip", source, target, "u32", "match", "u32", "0", "0")

    def _wait(self, condition, otherwise):
        if not wait_until(lambda: self._alive() and condition(), READY_S):
            self._fail(otherwise)

    def _alive(self):
        if self.daemon.poll() is not None:
            self._fail(f"ended with exit code {self.daemon.returncode}")
        return True

    def _fail(self, what):
        said = tail(self.dir / "daemon.log")
        raise LabError(f"{self.daemon_name} {what}. Its last lines:\n{said}")

    def _state(self, ready):
        done = self.nxsipctl("--json", "status")
        return done.returncode == 0 and (ready is None or json.loads(done.stdout)["state"] == ready)

    def stop_daemon(self, sig=signal.SIGTERM):
        """Ends what joins the namespaces (SIGKILL: as a crash would) and returns its exit code."""
        self.daemon.send_signal(sig)
        try:
            return self.daemon.wait(10)
        except subprocess.TimeoutExpired:
            self._fail("does not end within 10 s of SIGTERM")

    # ---- the control socket ----

    def nxsipctl(self, *argv):
        """nxsipctl on the lab's socket, whatever comes of it: a CompletedProcess."""
        socket_path = self.dir / "nxsipd.sock"
        return run(self.build / "nxsipctl", "--socket", socket_path, *argv, check=False)

    def ctl(self, *argv):
        """nxsipctl's output; a failure is a LabError."""
        done = self.nxsipctl(*argv)
        if done.returncode:
            self._alive()
            said = (done.stderr or done.stdout).strip()
            raise LabError(f"nxsipctl {' '.join(map(str, argv))}: {said}")
        return done.stdout

    def ctl_json(self, *argv):
        return json.loads(self.ctl("--json", *argv))

    # ---- SIPp ----

    def sipp(
        self, scenario, local, remote=None, numbers=(), calls=1, rate=10, call_id=None, port=5060
    ):
        """The command line of a SIPp that plays scripts/sipp/SCENARIO.xml (or a path to one).

        remote, numbers: for the calling side; the numbers are called in turn, over and over.
        calls=None: until it is stopped."""
        path = scenario if str(scenario).endswith(".xml") else SCRIPTS / "sipp" / f"{scenario}.xml"
        self.sipp_count += 1
        argv = ["sipp", "-nostdin", "-sf", path, "-i", local, "-p", port]
        argv += ["-trace_err", "-error_file", self.dir / f"sipp-{self.sipp_count}-errors.log"]
        if numbers:
            table = self.dir / f"sipp-{self.sipp_count}.csv"
            table.write_text("\n".join(["SEQUENTIAL", *numbers, ""]))
            argv += ["-inf", table]
        if call_id:
            argv += ["-cid_str", call_id]
        if not remote:
            return argv
        argv += ["-r", rate, "-timeout_error"] + (["-m", calls, "-timeout", "15s"] if calls else [])
        return argv + [f"[{remote}]:{port}" if ":" in remote else f"{remote}:{port}"]
