"""Fixtures of the end-to-end tests: the builds, and a lab with nxsipd and a few numbers in it."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "torture")]

from box import Box  # noqa: E402
from lab import Lab  # noqa: E402
from numbers_in_use import DOMAIN, GONE, LIVE, RANGE  # noqa: E402


@pytest.fixture(scope="session")
def build(request):
    """Where nxsipd and nxsipctl are."""
    where = request.config.builds["build"]
    for program in ("nxsipd", "nxsipctl"):
        if not (where / program).exists():
            pytest.fail(f"{where}/{program} is not there: make build")
    return where


@pytest.fixture(scope="module")
def lab(request, build):
    """nxsipd between a carrier and an SBC, for the tests of a module.  A module that wants another
    configuration defines configure(lab, config)."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with Lab(prefix=f"e2e{os.getpid()}", build=build) as made:
        config = made.config()
        getattr(request.module, "configure", lambda *_: None)(made, config)
        made.start_nxsipd(config)
        fill(made)
        yield made


@pytest.fixture
def new_box(build):
    """Makes boxes that are configured and not started."""
    made, directories = [], []

    def make():
        directories.append(tempfile.TemporaryDirectory(prefix="nxsip-box-"))
        directory = Path(directories[-1].name)
        directory.chmod(0o755)
        made.append(Box(build, directory))
        made[-1].write(made[-1].config())
        return made[-1]

    yield make
    for box in made:
        box.close()
    for directory in directories:
        directory.cleanup()


@pytest.fixture
def empty_box(new_box):
    """A box that is configured and not started."""
    return new_box()


@pytest.fixture
def box(empty_box):
    """A box whose nxsipd serves."""
    empty_box.start()
    return empty_box


def fill(lab):
    """The table: one number that exists, one that is gone, and all else in their range unknown."""
    lab.ctl("domain", "add", DOMAIN, "--authoritative")
    lab.ctl("range", "add", RANGE, "--domain", DOMAIN, "--min", "12", "--max", "12")
    lab.ctl("user", "add", LIVE, "--domain", DOMAIN)
    lab.ctl("user", "gone", GONE, "--domain", DOMAIN)
