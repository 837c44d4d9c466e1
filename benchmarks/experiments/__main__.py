"""Runs the experiment: `python -m benchmarks.experiments`."""

import os

# As in `benchmarks.__main__`: threads that wait by spinning fight over the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from benchmarks.experiments.run import main

main()
