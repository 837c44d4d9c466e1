"""The two ways to draw a ROC curve. Knows nothing of Qt."""

from enum import StrEnum

import numpy as np

from core.metrics.roc import FloatArray

ROOM_X, ROOM_Y = 0.008, 0.04
"""Shares of an axis that are shown beyond its ends."""

Ends = tuple[float, float]


def wider(ends: Ends, share: float) -> Ends:
    """Both ends of an axis with a little more on either side."""
    more = share * (ends[1] - ends[0])
    return ends[0] - more, ends[1] + more


class Scale(StrEnum):
    """Rates as they are, or their logarithms on both axes (Carlini 2022): what happens at few false alarms."""

    LINEAR = "linear"
    LOG = "log-log"

    def places(self, rates: FloatArray, least: float) -> FloatArray:
        """Where rates (0 to 1) lie on an axis; on a logarithmic one those below `least` lie there."""
        if self is Scale.LINEAR:
            return rates
        return np.asarray(np.log10(np.maximum(rates, least)), np.float64)

    def ends(self, least: float, *, beyond: float = 0.0) -> Ends:
        """Both ends of an axis; a logarithmic one begins so many decades below `least`."""
        return (0.0, 1.0) if self is Scale.LINEAR else (float(np.log10(least)) - beyond, 0.0)
