"""Batches of representations for the attack network: random places, random mirror images."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from core.training.shadows import Example


def whole_maps(examples: Sequence[Example], patch: int, generator: torch.Generator) -> torch.Tensor:
    """Representations `(N, K, h, w)` float32, cropped at random places to the smallest height and width among them."""
    padded = [padded_to(e.values, patch) for e in examples]
    height = min(v.shape[1] for v in padded)
    width = min(v.shape[2] for v in padded)
    return _stack(padded, height, width, generator)


def patches(examples: Sequence[Example], patch: int, generator: torch.Generator) -> torch.Tensor:
    """One patch `(N, K, patch, patch)` float32 of each representation, uniformly random."""
    return _stack([padded_to(e.values, patch) for e in examples], patch, patch, generator)


def padded_to(values: torch.Tensor, patch: int) -> torch.Tensor:
    """Pad `(K, h, w)` with zeros, which is how void looks, at the bottom and right to at least `patch`."""
    height, width = values.shape[1:]
    return functional.pad(values, (0, max(0, patch - width), 0, max(0, patch - height)))


def windows(values: torch.Tensor, patch: int, step: int) -> torch.Tensor:
    """All patches `(n, K, patch, patch)` float32 of `(K, h, w)` at every `step`-th place."""
    cut = padded_to(values, patch).float().unfold(1, patch, step).unfold(2, patch, step)
    return cut.permute(1, 2, 0, 3, 4).flatten(0, 1)


def _stack(maps: list[torch.Tensor], height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """A crop of each map, half of them mirrored."""
    draws = torch.rand((len(maps), 3), generator=generator).tolist()
    cut = []
    for values, (row, column, mirror) in zip(maps, draws, strict=True):
        top = int(row * (values.shape[1] - height + 1))
        left = int(column * (values.shape[2] - width + 1))
        crop = values[:, top : top + height, left : left + width]
        cut.append(crop.flip(-1) if mirror < 0.5 else crop)
    return torch.stack(cut).float()
