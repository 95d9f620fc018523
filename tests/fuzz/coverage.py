#!/usr/bin/python3
"""Line coverage of the data plane's core, from a build with --coverage whose tests have run.

Prints every file, with the lines that nothing reached, and fails where one of those that read what
strangers send, or answer it, is below the mark. A line that several objects hold, as those of the
parser's ways, is reached where one of them reached it.
"""
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = 95.0  # per cent of lines
FREE = 2  # lines that may be missed in any file: `default:` and its return, in a short one
MARKED = re.compile(r"^dataplane/core/(sip.*|uri.*|reply.*|tag|nh|key|plan)\.[ch]$")


def read(build):
    """Return: file -> line -> times reached."""
    objects = sorted(path.resolve() for path in (ROOT / build).rglob("*.gcda"))
    reached = defaultdict(Counter)
    for path in objects:
        way = path.stem.endswith(("_plain", "_sse2"))  # in tests/unit: what this machine has no need of
        if "/dataplane/core/" not in str(path) and not way:
            continue
        text = subprocess.run(["gcov", "--json-format", "--stdout", str(path)], cwd=ROOT, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for file in json.loads(text)["files"]:
            for line in file["lines"]:
                reached[file["file"]][line["line_number"]] += line["count"]
    return reached


def ranges(lines):
    """1, 2, 3, 7 -> "1-3 7"."""
    runs = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return " ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)


def main():
    reached = read(sys.argv[1])
    if not reached:
        sys.exit(f"coverage: no data in {sys.argv[1]}")
    low = []
    for name, lines in sorted(reached.items()):
        if not name.startswith("dataplane/core/"):
            continue
        missed = sorted(line for line, count in lines.items() if count == 0)
        share = 100.0 * (len(lines) - len(missed)) / len(lines)
        if MARKED.match(name) and share < MARK and len(missed) > FREE:
            low.append(name)
        print(f"  {name:36} {share:5.1f} % of {len(lines):3} lines"
              f"{'  not: ' + ranges(missed) if missed else ''}")
    if low:
        sys.exit(f"coverage: below {MARK:.0f} %: {', '.join(low)}")
    print(f"coverage: parser, URI, key and reply at {MARK:.0f} % of lines or more")


if __name__ == "__main__":
    main()
