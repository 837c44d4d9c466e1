"""Smoothing of maps: single pixels say little of membership, blocks of them more."""

import numpy as np
import numpy.typing as npt

from core.attacks.base import FloatArray

BLOCK = 11
"""Default side of the square in grid points, 31 pixels of an image of 480x360: there maps told pixels apart best."""

BLOCK_HELP = "side of the square over which the map is averaged; 1: no smoothing"


def block_mean(values: npt.NDArray[np.floating], side: int) -> FloatArray:
    """Mean over the square of `side` grid points around each pixel, cut off at the border.

    Parameters
    ----------
    values
        `(h, w)`; NaN where there is nothing, which is left out of the means and stays NaN.
    side
        At least 1; of an even side the square reaches one point further up and left.
    """
    known = ~np.isnan(values)
    total = _window_sum(np.where(known, values, 0.0), side)
    count = _window_sum(known.astype(np.float64), side)
    return np.where(known, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _window_sum(values: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.float64]:
    """Sums over the squares, from running sums along one axis and then the other."""
    found = np.asarray(values, np.float64)
    for axis in (0, 1):
        length = found.shape[axis]
        running = np.concatenate([np.zeros_like(found.take([0], axis)), found.cumsum(axis)], axis)
        places = np.arange(length)
        first = np.clip(places - side // 2, 0, length)
        last = np.clip(places - side // 2 + side, 0, length)
        found = running.take(last, axis) - running.take(first, axis)
    return found
