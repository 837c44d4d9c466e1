"""The band around a ROC curve, and the interval of its area, from one bootstrap over images."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.metrics.intervals import RESAMPLES, Groups, Interval, resampled_unit, resampled_values
from core.metrics.roc import FloatArray, Roc, auc

STEPS = 100
"""Levels of the FPR at which a band is found, on each of the two scales."""


@dataclass(frozen=True, eq=False)
class Band:
    """Where the curve lies with the probability `level`, at each FPR by itself (Efron 1979).

    Attributes
    ----------
    fpr
        `(G,)` increasing, from 0 to 1, each a number of non-members that can be flagged.
    low, high
        `(G,)` bounds of the largest TPR with at most that FPR.
    auc
        The interval of the area, the very one that `bootstrap` finds.
    """

    fpr: FloatArray
    low: FloatArray
    high: FloatArray
    auc: Interval

    @property
    def unit(self) -> Literal["image", "group"]:
        """What was resampled as a whole."""
        return self.auc.unit


def roc_band(
    members: npt.ArrayLike,
    non_members: npt.ArrayLike,
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Band | None:
    """The pointwise percentile band of image scores; None where a side has fewer than two images or groups.

    Raises `ValueError` where a side is empty, a score is not finite, or there are not as many groups as scores.
    """
    grid = fpr_levels(np.asarray(non_members).size)

    def statistic(roc: Roc) -> FloatArray:
        return np.column_stack([auc(roc), highest_tprs(roc, grid)])

    groups = member_groups, non_member_groups
    values = resampled_values(statistic, [(members, non_members)], *groups, resamples=resamples, seed=seed)
    if values is None:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    area = Interval(float(low[0]), float(high[0]), level, "bootstrap", resampled_unit(*groups), resamples)
    return Band(grid, low[1:], high[1:], area)


def fpr_levels(non_members: int) -> FloatArray:
    """Numbers of non-members that can be flagged, as shares: even on a linear and on a logarithmic scale."""
    even = np.linspace(0, non_members, STEPS + 1)
    decades = np.geomspace(1, max(1, non_members), STEPS)
    levels: FloatArray = np.unique(np.rint(np.concatenate([even, decades]))) / max(1, non_members)
    return levels


def highest_tprs(roc: Roc, levels: FloatArray) -> FloatArray:
    """The largest TPR with FPR <= each of the levels, `(resamples, G)`, of a batch of curves."""
    index = np.stack([np.searchsorted(fpr, levels, side="right") - 1 for fpr in roc.fpr])
    return np.take_along_axis(roc.tpr, index, axis=-1)
