"""The mean map of the non-members: what a map looks like where nothing was learned. Knows nothing of Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import Cancelled
from gui.ranges import Map

MOST = 256
"""Images that are averaged: with 128x256 points a second's work, and the mean moves little after that."""


@dataclass(frozen=True)
class Mean:
    """A mean map.

    Attributes
    ----------
    values
        `(h, w)` float32, NaN where no image says anything; None where no image has a map of this size.
    count, of
        How many images were averaged, and how many there are.
    """

    values: Map | None
    count: int
    of: int

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return 0 if self.values is None else self.values.nbytes


def mean_map(
    images: Sequence[int], read: Callable[[int], Map | None], shape: tuple[int, ...], stopped: Callable[[], bool]
) -> Mean:
    """The mean of the images' maps of that shape, of at most `MOST` evenly spread ones; NaN counts for nothing.

    Raises `Cancelled` where it was stopped.
    """
    chosen = images[:: max(1, -(-len(images) // MOST))]
    total, count, averaged = np.zeros(shape), np.zeros(shape), 0
    for image in chosen:
        if stopped():
            raise Cancelled
        values = read(image)
        if values is not None and values.shape == shape:
            total += np.nan_to_num(values)
            count += ~np.isnan(values)
            averaged += 1
    if not averaged:
        return Mean(None, 0, len(images))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Mean(np.where(count > 0, total / count, np.nan).astype(np.float32), averaged, len(images))
