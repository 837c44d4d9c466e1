"""Which part of a plot is looked at. Knows nothing of Qt."""

from dataclasses import dataclass
from typing import Self

from gui.plots.scales import Ends

SMALLEST = 1e-3
"""A part is at least so large a share of the whole, in each direction."""
SLACK = 1e-9
"""Share of the whole by which a part may stand out beyond it: rounding."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """Both ends of both axes."""

    x: Ends
    y: Ends

    def zoomed(self, factor: float, about: Pair, whole: Self) -> "Area":
        """Smaller by `factor` (larger where that is below 1) about a point that stays in place, within the whole."""
        ends = zip((self.x, self.y), about, (whole.x, whole.y), strict=True)
        return Area(*(_zoomed(part, at, factor, most) for part, at, most in ends))

    def moved(self, by: Pair, whole: Self) -> "Area":
        """Moved by so much, within the whole."""
        ends = zip((self.x, self.y), by, (whole.x, whole.y), strict=True)
        return Area(*(_inside((low + d, high + d), most) for (low, high), d, most in ends))

    def is_within(self, whole: Self) -> bool:
        """Whether it is a part of the whole."""
        ends = zip((self.x, self.y), (whole.x, whole.y), strict=True)
        return all(
            low - SLACK * (high - low) <= part[0] and part[1] <= high + SLACK * (high - low)
            for part, (low, high) in ends
        )

    @property
    def middle(self) -> Pair:
        """Its middle."""
        return sum(self.x) / 2, sum(self.y) / 2

    @property
    def size(self) -> Pair:
        """How far it reaches."""
        return self.x[1] - self.x[0], self.y[1] - self.y[0]


def _zoomed(ends: Ends, about: float, factor: float, whole: Ends) -> Ends:
    before, most = ends[1] - ends[0], whole[1] - whole[0]
    span = min(max(before / factor, SMALLEST * most), most)
    low = about - (about - ends[0]) * span / before
    return _inside((low, low + span), whole)


def _inside(ends: Ends, whole: Ends) -> Ends:
    """Moved into the whole, as large as before, or the whole where that is smaller."""
    span = ends[1] - ends[0]
    if span >= whole[1] - whole[0]:
        return whole
    low = min(max(ends[0], whole[0]), whole[1] - span)
    return low, low + span
