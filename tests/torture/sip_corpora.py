"""Folders of SIP messages, a datagram a file, and what is expected of each file.

A corpus is a folder with the messages in raw/ and, for some, EXPECT.tsv beside it; any other folder
of files works the same way, and expects nothing."""

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Folder:
    """One folder of messages."""

    name: str
    path: Path  # where the files are
    expect: Path  # EXPECT.tsv, there or not

    def expectations(self):
        """{file: (class, text)} from EXPECT.tsv."""
        if not self.expect.exists():
            return {}
        rows = (line.split("\t") for line in self.expect.read_text().splitlines())
        return {row[0]: (row[-2], row[-1]) for row in rows if row[0] != "file"}


def folders_in(directory):
    """The folders of messages at or below a directory."""
    directory = Path(directory)
    if (directory / "raw").is_dir():
        return [Folder(directory.name, directory / "raw", directory / "EXPECT.tsv")]
    below = sorted(d for d in directory.iterdir() if d.is_dir() and not d.name.startswith("."))
    found = [folder for d in below for folder in folders_in(d)]
    if not any((d / "raw").is_dir() for d in below):  # the directory's own files are no index
        if any(f.is_file() and not f.name.startswith(".") for f in directory.iterdir()):
            found.append(Folder(directory.name, directory, directory / "EXPECT.tsv"))
    return found


def folders(directories):
    """The folders of messages in all of them; names that two have give way to paths."""
    found = [folder for directory in directories for folder in folders_in(directory)]
    names = Counter(folder.name for folder in found)
    return [f if names[f.name] == 1 else replace(f, name=str(f.path)) for f in found]


def root():
    """Where the corpora are, or None."""
    where = Path(os.environ.get("NX_CORPORA", ROOT.parent / "shared" / "corpora"))
    return where if where.is_dir() else None
