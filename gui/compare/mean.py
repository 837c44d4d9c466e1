"""The mean map of the non-members: what a map looks like where nothing was learned. Knows nothing of Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.audit.mean_maps import MOST, MapSum, MeanMap, Means
from core.errors import Cancelled
from gui.ranges import Map

NO_MEAN = "No non-member has such a map under this defense."
BEING_MADE = "The mean of the non-members is being worked out: it comes with the numbers of this trial."


@dataclass(frozen=True)
class Mean:
    """A mean map.

    Attributes
    ----------
    values
        `(h, w)` float32, NaN where no image says anything; None where there is none.
    count, of
        How many images were averaged, and how many there are.
    why
        Why there is none, or empty.
    """

    values: Map | None
    count: int
    of: int
    why: str = ""

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return 0 if self.values is None else self.values.nbytes

    @classmethod
    def made(cls, mean: MeanMap | None, of: int, why: str) -> "Mean":
        """What was averaged of so many images; without it, why."""
        return cls(None, 0, of, why) if mean is None else cls(mean.values, mean.images, of)


@dataclass(frozen=True, eq=False)
class TrialMeans:
    """The mean maps of a defense that the audit does not have, as the engine finds them; `why` others are missing."""

    means: Means
    why: str


def mean_map(
    images: Sequence[int], read: Callable[[int], Map | None], shape: tuple[int, ...], stopped: Callable[[], bool]
) -> Mean:
    """The mean of the images' maps of that shape, of at most `MOST` evenly spread ones; NaN counts for nothing.

    Raises `Cancelled` where it was stopped.
    """
    chosen = images[:: max(1, -(-len(images) // MOST))]
    summed = MapSum(shape)
    for image in chosen:
        if stopped():
            raise Cancelled
        values = read(image)
        if values is not None and values.shape == shape:
            summed.add(values)
    return Mean.made(summed.mean() if summed.images else None, len(images), NO_MEAN)
