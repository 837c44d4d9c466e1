"""Composites: answers of a model that was trained on an image and of one that was not, put together in blocks."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.attacks.base import Observation
from core.grid import Grid
from core.metrics.roc import auc, roc_curve
from core.training.half import Blocks

SIDE = 64
"""Pixels of a block's side."""

BoolArray = npt.NDArray[np.bool_]


def draw_blocks(size: tuple[int, int], rng: np.random.Generator, side: int = SIDE) -> Blocks:
    """Blocks of `side` pixels over an image of `size` (height, width), a random half of them from the trained model."""
    grid = Grid.of(size)
    rows, columns = grid.rows // side, grid.cols // side
    number = rows[:, None] * (columns[-1] + 1) + columns[None, :]
    count = int(number.max()) + 1
    return Blocks(number, rng.permutation(count) < count // 2)


def composite(trained: Observation, untrained: Observation, blocks: Blocks) -> Observation:
    """What one target would release that knew the image in some blocks only; references stay whole."""
    mask = blocks.mask
    posteriors = np.where(mask, trained.posteriors, untrained.posteriors)
    log_probability = None
    if trained.true_log_probability is not None and untrained.true_log_probability is not None:
        log_probability = np.where(mask, trained.true_log_probability, untrained.true_log_probability)
    return replace(trained, posteriors=posteriors, true_log_probability=log_probability)


def auc_of(values: npt.NDArray[np.floating], trained: BoolArray) -> float:
    """AUC of telling an image's blocks, or its pixels, apart, 0 to 1; NaN where only one kind has a value."""
    known = ~np.isnan(values)
    inside, outside = values[known & trained], values[known & ~trained]
    return float(auc(roc_curve(inside, outside))) if len(inside) and len(outside) else float("nan")
