"""From the cell margins of one fully convolutional pass over the attack grid to windows and maps.

With a patch of k cells a side, window (i, j) covers cells i..i+k-1 and j..j+k-1; its margin is their mean. A window
cut out and run alone gives nearly the same margin, not quite: the cut window sees zero padding at its border where the
dense pass sees the image.

The evidence of cell (a, b) is drawn on grid points 8a..8a+7, 8b..8b+7, fewer at the border.
"""

import numpy as np
import numpy.typing as npt

from core.attacks.boxes import box_means

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

STRIDE = 8
"""Grid points from one cell to the next, in every network: the paper's overall stride."""

NON_MEMBER, MEMBER = 0, 1
"""Places of the two classes in a network's logits, as the paper's published code has them."""


def cells(length: int) -> int:
    """How many cells a side of `length` grid points gives: three halvings that round up (90 -> 12)."""
    return -(-length // STRIDE)


def window_margins(cell_margins: npt.ArrayLike, k: int) -> Array:
    """Mean of each window of k x k cells: `(h', w')` -> `(h' - k + 1, w' - k + 1)`."""
    margins = np.asarray(cell_margins, dtype=np.float64)
    means: Array = np.lib.stride_tricks.sliding_window_view(margins, (k, k)).mean(axis=(-2, -1))
    return means


def window_places(count: tuple[int, int]) -> Places:
    """Top row and left column `(n, 2)` in grid points of so many windows down and across, in reading order."""
    return np.indices(count).reshape(2, -1).T.astype(np.int64) * STRIDE


def coverage(length: int, k: int) -> npt.NDArray[np.int64]:
    """How many windows of k cells cover each of `length` cells in one direction."""
    return np.convolve(np.ones(length - k + 1, dtype=np.int64), np.ones(k, dtype=np.int64))


def cell_evidence(cell_margins: npt.ArrayLike, k: int) -> Array:
    """What each cell adds to the image score, `(h', w')`; the sum is the mean window margin.

    coverage x margin / (number of windows x k^2): the last layer's bias is part of the margin, and cells that more
    windows cover weigh more.
    """
    margins = np.asarray(cell_margins, dtype=np.float64)
    height, width = margins.shape
    counts = coverage(height, k)[:, None] * coverage(width, k)[None, :]
    windows = (height - k + 1) * (width - k + 1)
    evidence: Array = counts * margins / (windows * k * k)
    return evidence


def spread(cell_values: npt.ArrayLike, shape: tuple[int, int]) -> Array:
    """Share each cell's value equally among its grid points: `(h', w')` -> `shape`, with the same sum."""
    values = np.asarray(cell_values, dtype=np.float64)
    rows, cols = (np.arange(n) // STRIDE for n in shape)
    area = np.bincount(rows)[:, None] * np.bincount(cols)[None, :]
    shared: Array = (values / area)[rows[:, None], cols[None, :]]
    return shared


def evidence_map(cell_margins: npt.ArrayLike, k: int, shape: tuple[int, int]) -> Array:
    """Additive decomposition of the image score over the grid points `shape`; sums to the mean window margin."""
    return spread(cell_evidence(cell_margins, k), shape)


def smooth_map(cell_margins: npt.ArrayLike, shape: tuple[int, int]) -> Array:
    """Cell margins, without the coverage weights, drawn bilinearly on the grid points `shape`; never NaN.

    For display only. Cell (a, b) sits at grid point (8a, 8b), the centre of what it sees.
    """
    values = np.asarray(cell_margins, dtype=np.float64)
    for axis, length in enumerate(shape):
        values = _stretched(values, length, axis)
    return values


def _stretched(values: Array, length: int, axis: int) -> Array:
    """Linear interpolation along one axis at 0, 1/8, 2/8, ... cells; the last cell's value goes on to the border."""
    last = values.shape[axis] - 1
    position = np.minimum(np.arange(length) / STRIDE, last)
    low = np.floor(position).astype(np.int64)
    weight = np.expand_dims(position - low, 1 - axis)
    here = np.take(values, low, axis)
    there = np.take(values, np.minimum(low + 1, last), axis)
    stretched: Array = here * (1 - weight) + there * weight
    return stretched


def score_map(margins: Array, patch: int, shape: tuple[int, int]) -> Array:
    """Mean member probability, 0..1, of the windows that cover each grid point of `shape`.

    Window (i, j) reaches over rows 8i..8i+patch-1. The last few rows and columns, which no window reaches when the
    shape does not fit, take the value of the nearest window.
    """
    count = (margins.shape[0], margins.shape[1])
    covered = member_probability(margins.ravel(), window_places(count), patch, shape)
    reach = [min(n, STRIDE * (c - 1) + patch) for n, c in zip(shape, count, strict=True)]
    rows, cols = (np.minimum(np.arange(n), r - 1) for n, r in zip(shape, reach, strict=True))
    filled: Array = covered[rows[:, None], cols[None, :]]
    return filled


def member_probability(margins: Array, places: Places, patch: int, shape: tuple[int, int]) -> Array:
    """Mean member probability, 0..1, of the windows that cover each grid point of `shape`; NaN where none does.

    `margins` `(n,)` are the windows' margins, `places` `(n, 2)` their top rows and left columns, `patch` their side.
    """
    means = box_means(np.concatenate([places, places + patch], axis=1), sigmoid(margins), shape)
    clipped: Array = np.clip(means, 0.0, 1.0)  # the sums round
    return clipped


def sigmoid(margins: Array) -> Array:
    """Member probability of a margin, without overflow."""
    probability: Array = 0.5 * (1 + np.tanh(0.5 * margins))
    return probability
