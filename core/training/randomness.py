"""Random draws of a training that leave no trace in torch's global state."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def private_randomness(seed: int, device: str) -> Iterator[None]:
    """Seed torch for the length of a block (initial weights, a model's own dropout), then restore its state."""
    place = torch.device(device)
    devices = [place.index or 0] if place.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
