"""How fast procedural scenes are drawn: CPU milliseconds a scene on one thread.

python -m benchmarks.scenes_speed [--count 40] [--size 512x1024]
"""

import argparse
import statistics
import time

from core.data._cv import cv2
from core.data.scenes import make_scene

WARM_UP = 3
"""Scenes of full size drawn before the clock runs: they make the tiles."""
SMALL, FILLING = (64, 128), 60
"""Before them so many small ones are drawn: they make most of the fronts, vehicles and crowns that scenes share."""


def cpu_milliseconds(count: int, size: tuple[int, int]) -> list[float]:
    """CPU time of each scene; other programs on the machine count little."""
    cv2.setNumThreads(1)
    for seed in range(1000, 1000 + FILLING):
        make_scene(seed, SMALL)
    for seed in range(WARM_UP):
        make_scene(seed, size)
    times = []
    for seed in range(WARM_UP, WARM_UP + count):
        start = time.process_time()
        make_scene(seed, size)
        times.append(1000 * (time.process_time() - start))
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--size", default="512x1024")
    given = parser.parse_args()
    height, width = (int(part) for part in given.size.split("x"))
    spent = cpu_milliseconds(given.count, (height, width))
    mean = statistics.mean(spent)
    print(f"{given.size}: mean {mean:.1f} ms, median {statistics.median(spent):.1f}, most {max(spent):.1f}")
    print(f"{1000 / mean:.0f} scenes a second on one core")
