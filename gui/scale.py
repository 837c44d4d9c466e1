"""What the places of a slider mean. Knows nothing of Qt."""

import math
from dataclasses import dataclass

from core.parameters import ParameterInfo

PLACES = 500
"""Places of a slider for numbers that are not whole."""
WIDE = 50
"""A range whose high end is more than so many times its low end is looked through in equal ratios."""
DIGITS = 3
"""Digits of the numbers that a slider gives, so that a defense keeps a short name."""


@dataclass(frozen=True)
class Scale:
    """The numbers of a range as places from 0 to `last`.

    Attributes
    ----------
    low, high
        The range.
    whole
        Whether only whole numbers are in it.
    """

    low: float
    high: float
    whole: bool

    @property
    def ratios(self) -> bool:
        """Whether places lie at equal ratios instead of equal differences."""
        return self.low > 0 and self.high / self.low > WIDE

    @property
    def last(self) -> int:
        """The highest place."""
        span = round(self.high - self.low)
        return span if self.whole and not self.ratios and span < PLACES else PLACES

    def value(self, place: int) -> float:
        """The number at a place; a short one, within the range."""
        share = place / self.last
        return min(max(self._short(self._at(share)), self.low), self.high)

    def _at(self, share: float) -> float:
        if self.ratios:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share

    def place(self, value: float) -> int:
        """The place nearest to a number of the range."""
        if self.ratios:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(share * self.last)

    def _short(self, value: float) -> float:
        if self.whole:
            return round(value)
        size = value if self.ratios else (self.high - self.low) / 10
        return round(value, DIGITS - 1 - math.floor(math.log10(size)))


def scale_of(info: ParameterInfo) -> Scale | None:
    """The scale of a parameter; None where it is no number or has an open end."""
    if info.type not in {int, float} or info.choices or info.low is None or info.high is None:
        return None
    return Scale(float(info.low), float(info.high), info.type is int)
