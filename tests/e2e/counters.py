"""nxsipd's own account of what it did, read over the control socket."""

from collections import Counter

from lab import wait_until

WAIT_S = 5


def reasons(lab):
    """Packets by reason."""
    return Counter({n: r["count"] for n, r in lab.ctl_json("stats")["reasons"].items()})


class Counted:
    """Compares what was counted inside a with block.

        with Counted(lab) as counted:
            ...
        counted.exactly({"unknown-number": 1})

    A counter may lag behind its packet by a loop of the worker's, hence the wait.  Reasons that the
    kernels' own packets have (neighbour discovery) are looked at only if they are named."""

    BACKGROUND = {"not-udp", "not-ip", "not-sip", "from-core"}

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        self.before = reasons(self.lab)
        return self

    def __exit__(self, *_):
        pass

    def _now(self, named):
        grown = reasons(self.lab) - self.before
        return {n: c for n, c in grown.items() if n in named or n not in self.BACKGROUND}

    def exactly(self, expected):
        wait_until(lambda: self._now(expected) == expected, WAIT_S)
        assert self._now(expected) == expected
