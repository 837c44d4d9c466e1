"""Measuring wall time on a machine that may be doing other things."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib import metadata

import torch

Work = Callable[[], object]
Clock = Callable[[], float]
Rounds = dict[str, list[float]]
"""Seconds of each piece of work in each round."""


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    """Wall time of one call, or what another clock says."""
    start = clock()
    work()
    return clock() - start


def rounds(works: Mapping[str, Work], repeats: int, warm_up: int = 1, clock: Clock = time.perf_counter) -> Rounds:
    """Time pieces of work in turn, `repeats` rounds after `warm_up` untimed ones.

    In turn, because another program that takes a core then slows all of them and the ratios stay what they are.
    """
    for _ in range(warm_up):
        for work in works.values():
            work()
    times: Rounds = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            times[name].append(seconds(work, clock))
    return times


def median(times: Rounds, name: str) -> float:
    """Median seconds of one piece of work."""
    return float(statistics.median(times[name]))


def environment(device: str) -> dict[str, str | int]:
    """What the numbers depend on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 0),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu",
        "torch": str(torch.__version__),
        "numpy": metadata.version("numpy"),
        "python": platform.python_version(),
        "load": f"{load:.1f}",
    }


def settle(device: str) -> None:
    """Wait for what a GPU still has to do."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
