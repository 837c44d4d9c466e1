"""The order in which a training sees its images."""

from collections.abc import Iterator

import torch


def epoch_batches(count: int, batch: int, generator: torch.Generator) -> list[list[int]]:
    """Shuffle `count` indices into batches of `batch`.

    A single image left over joins the batch before it: BatchNorm after a global pooling cannot learn from one
    image, and leaving images out would blur which ones are members.
    """
    order: list[int] = torch.randperm(count, generator=generator).tolist()
    batches = [order[i : i + batch] for i in range(0, count, batch)]
    if len(batches) > 1 and len(batches[-1]) == 1:
        alone = batches.pop()
        batches[-1] += alone
    return batches


def balanced_batches(
    members: list[int], non_members: list[int], batch: int, steps: int, generator: torch.Generator
) -> Iterator[list[int]]:
    """Yield `steps` batches, half members and half non-members, each side through all its images in turn."""
    sides = (_endless(members, generator), _endless(non_members, generator))
    for _ in range(steps):
        yield [next(side) for _ in range(max(1, batch // 2)) for side in sides]


def _endless(indices: list[int], generator: torch.Generator) -> Iterator[int]:
    while True:
        for place in torch.randperm(len(indices), generator=generator).tolist():
            yield indices[place]
