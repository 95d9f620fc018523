"""The judging uses the captures' reader of the replay tests and the frames' reader of the lab."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "replay"), str(TESTS.parent / "scripts")]
