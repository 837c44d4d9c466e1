"""How long a person waits for the window: `python -m benchmarks.window_start`.

From the start of the process to the end of the window's first paint event, in a fresh process each time. Offscreen
unless QT_QPA_PLATFORM says otherwise.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import Table, show

ROOT = Path(__file__).resolve().parents[1]
AIM = 1.0
"""Seconds."""

PROGRAM = """
import os, sys, time
from gui.app import run

def first_frame():
    print(time.time(), flush=True)
    os._exit(0)

run(None, first_frame)
"""


def seconds(home: Path) -> float:
    """Wall time of one start, with settings and caches in `home`."""
    environment = os.environ | {"SEGLEAK_HOME": str(home)}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    before = time.time()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout) - before


def measure(repeats: int) -> list[Table]:
    """Time `repeats` starts after one that fills the system's caches."""
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        seconds(Path(name))
        found = [seconds(Path(name)) for _ in range(repeats)]
    columns = ("", "median s", "shortest s", "longest s", "aim s")
    row = ("start to first frame", statistics.median(found), min(found), max(found), AIM)
    return [Table("Start of the window", columns, [row], [f"{repeats} starts, a fresh process each."])]


def main() -> None:
    """Measure, and show it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.window_start", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="starts; median, shortest and longest are shown")
    for table in measure(parser.parse_args().repeats):
        show(table)


if __name__ == "__main__":
    main()
