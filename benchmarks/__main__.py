"""Runs every benchmark, prints what it found and keeps it as JSON: `python -m benchmarks`."""

import os

# Before torch loads its OpenMP: threads that wait by spinning fight over the cores with every other program, and one
# forward pass may then take thirty times as long as the next. No measurement survives that.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from benchmarks.run import main

main()
