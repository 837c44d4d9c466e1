"""Batches that shrink where memory runs out."""

import pytest

from core.audit.memory import ShrinkingBatch, is_out_of_memory
from core.errors import TargetError


def test_batches_shrink_until_they_fit_and_stay_small():
    sizes, limits = [], []

    def run(part):
        sizes.append(len(part))
        if len(part) > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return [x * 10 for x in part]

    batch = ShrinkingBatch(16, limits.append)
    assert batch.run(run, list(range(10))) == ([x * 10 for x in range(10)], [2] * 10)
    assert limits == [5, 2]
    assert sizes == [10, 5, 2, 2, 2, 2, 2]
    assert batch.limit == 2


def test_a_single_item_that_does_not_fit_and_any_other_error_are_raised():
    def too_big(part):
        raise MemoryError

    with pytest.raises(MemoryError):
        ShrinkingBatch(8).run(too_big, [1, 2, 3])

    def wrong(part):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        ShrinkingBatch(8).run(wrong, [1, 2, 3])
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_memory_that_ran_out_behind_another_error_is_recognised():
    def failing(part):
        if len(part) > 1:
            try:
                raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")
            except RuntimeError as error:
                raise TargetError("cannot take an input of 9 x 9 pixels") from error
        return list(part)

    assert ShrinkingBatch(4).run(failing, [1, 2, 3]) == ([1, 2, 3], [1, 1, 1])
    for words in ("CUDA error: out of memory", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "std::bad alloc"):
        assert is_out_of_memory(RuntimeError(words))


def test_the_sizes_foretold_are_the_sizes_that_come():
    for count in range(12):
        for limit in range(1, 6):
            batch = ShrinkingBatch(limit)
            assert batch.run(list, list(range(count)))[1] == batch.sizes(count)
