"""Batches that shrink by themselves when memory runs out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CPU_WORDS = ("not enough memory", "can't allocate memory", "cannot allocate memory", "failed to allocate memory")
"""What torch's and onnxruntime's CPU allocators say; they raise a plain RuntimeError."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the GPU or the CPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in CPU_WORDS)


class ShrinkingBatch:
    """Runs a function over items in batches of at most `limit`, halved each time memory runs out.

    The smaller limit stays for the rest of the audit: what failed once would fail again.
    """

    def __init__(self, limit: int, on_shrink: Callable[[int], None] | None = None) -> None:
        self.limit = limit
        self._on_shrink = on_shrink

    def run(self, function: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> tuple[list[R], int]:
        """Results in order, and the largest batch that was really used. Raises when a single item does not fit."""
        results: list[R] = []
        used = 0
        while len(results) < len(items):
            part = items[len(results) : len(results) + self.limit]
            try:
                results += function(part)
                used = max(used, len(part))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or len(part) == 1:
                    raise
                self._shrink(len(part))
        return results, used

    def _shrink(self, failed: int) -> None:
        self.limit = max(1, failed // 2)
        _give_back_gpu_memory()
        if self._on_shrink is not None:
            self._on_shrink(self.limit)


def _give_back_gpu_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
