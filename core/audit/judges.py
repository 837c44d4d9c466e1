"""The threads in which images are judged: defenses, attacks, and counting what the target got right."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

MOST = 4
"""Images that are judged together, at most."""


@contextmanager
def judging(device: str) -> Iterator[ThreadPoolExecutor]:
    """A pool that judges images. No result depends on how many it judges together.

    On the CPU as many as there are cores for, and each with its share of them: half of that work is numpy's, which
    takes one core, and an attack network looks at one image at a time, which keeps no more than one core busy either.
    """
    import torch

    threads = torch.get_num_threads()
    count = min(MOST, threads) if device == "cpu" else 1
    if count == 1:
        with ThreadPoolExecutor(1, "judge") as pool:
            yield pool
        return
    try:
        # torch keeps this number for each thread by itself, and another one for threads to come.
        with ThreadPoolExecutor(count, "judge", torch.set_num_threads, (threads // count,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)
