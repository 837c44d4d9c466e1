"""Batches that shrink by themselves when memory runs out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from core.errors import SegLeakError

T = TypeVar("T")
R = TypeVar("R")

WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",
    "bad alloc",
    "status_alloc_failed",
)
"""What the allocators of torch, CUDA's libraries and onnxruntime say; most raise a plain RuntimeError."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or the one behind it, means that memory ran out, on the GPU or the CPU."""
    if error is None:
        return False
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = isinstance(error, RuntimeError) and any(word in str(error).lower() for word in WORDS)
    return said or is_out_of_memory(error.__cause__)


class ShrinkingBatch:
    """Runs a function over items in batches of at most `limit`, halved each time memory runs out.

    The smaller limit stays for the rest of the audit: what failed once would fail again.
    """

    def __init__(self, limit: int, on_shrink: Callable[[int], None] | None = None) -> None:
        self.limit = limit
        self._on_shrink = on_shrink

    def sizes(self, count: int) -> list[int]:
        """How many of `count` items go together with each of them, unless memory runs out."""
        full = count - count % self.limit
        return [self.limit] * full + [count - full] * (count - full)

    def run(self, function: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> tuple[list[R], list[int]]:
        """Results in order, and how many items went together with each. Raises when a single item does not fit."""
        results: list[R] = []
        sizes: list[int] = []
        while len(results) < len(items):
            part = items[len(results) : len(results) + self.limit]
            try:
                results += function(part)
                sizes += [len(part)] * len(part)
                continue
            except (MemoryError, RuntimeError, SegLeakError) as error:
                if not is_out_of_memory(error) or len(part) == 1:
                    raise
            self._shrink(len(part))  # after the error is gone: its frames hold what ran out
        return results, sizes

    def _shrink(self, failed: int) -> None:
        self.limit = max(1, failed // 2)
        give_back_memory()
        if self._on_shrink is not None:
            self._on_shrink(self.limit)


def give_back_memory() -> None:
    """Return what the allocator keeps for later; `empty_cache` leaves what is in use alone."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
