"""Options that all tests share: which builds of nxsipd to run."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--build", metavar="DIR", default="build/gcc", help="where nxsipd is")
    parser.addoption(
        "--sanitized",
        metavar="DIR",
        help="where nxsipd with AddressSanitizer and UBSan is: replays run on both",
    )


def pytest_configure(config):
    """Tests find config.builds: {name: absolute directory}."""
    chosen = {name: config.getoption(f"--{name}") for name in ("build", "sanitized")}
    config.builds = {name: (ROOT / where).resolve() for name, where in chosen.items() if where}
