"""ROC curves as the plot draws and reads them. Knows nothing of Qt."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.samples import Role
from core.metrics.bands import Band, roc_band
from core.metrics.intervals import Interval
from core.metrics.roc import FloatArray, Roc, auc, roc_curve
from gui.compare.readout import number
from gui.plots.scales import ROOM_Y, Scale

if TYPE_CHECKING:
    from gui.results import Result

MOST_DRAWS = 60_000_000
"""Images times resamples: about five seconds in a thread. Larger audits get fewer resamples, and the plot says so."""
FEWEST_RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class Curve:
    """The ROC curve of one defense under one attack.

    Attributes
    ----------
    chain
        Id of the defense.
    roc
        All its points; the first flags nothing.
    note
        What to know while it is not exact; empty otherwise.
    """

    chain: str
    roc: Roc
    note: str = ""

    @property
    def auc(self) -> float:
        """Area under it, 0 to 1."""
        return float(auc(self.roc))

    @property
    def least(self) -> tuple[float, float]:
        """The smallest FPR and TPR that can be measured: one non-member, one member."""
        return 1 / self.roc.non_members, 1 / self.roc.members

    @property
    def bottom(self) -> float:
        """What stands for a TPR of 0 on a logarithmic axis: its lower border."""
        return float(self.least[1] ** (1 + ROOM_Y))

    def line(self, scale: Scale) -> tuple[FloatArray, FloatArray]:
        """The places of its corners on both axes. On logarithmic ones it begins at one non-member."""
        corners = self.roc.corners()
        first = 0 if scale is Scale.LINEAR else int(np.count_nonzero(corners.flagged_non_members == 0)) - 1
        return self._places(corners.fpr[first:], corners.tpr[first:], scale)

    def point(self, place: int, scale: Scale) -> tuple[float, float]:
        """Where one of its points lies."""
        x, y = self._places(self.roc.fpr[place : place + 1], self.roc.tpr[place : place + 1], scale)
        return float(x[0]), float(y[0])

    def nearest(self, x: float, y: float, stretch: tuple[float, float], scale: Scale) -> tuple[int, float]:
        """The point that is nearest to a place, and how far away in pixels; `stretch` is pixels per unit of an axis.

        Never the one that flags nothing: that is no operating point.
        """
        xs, ys = self._places(self.roc.fpr[1:], self.roc.tpr[1:], scale)
        far = np.hypot((xs - x) * stretch[0], (ys - y) * stretch[1])
        place = int(np.argmin(far))
        return place + 1, float(far[place])

    def place_of(self, threshold: float) -> int:
        """The point whose images are those with a score >= threshold."""
        return int(np.count_nonzero(self.roc.thresholds >= threshold)) - 1

    def threshold(self, place: int) -> float:
        """The score at which images are flagged."""
        return float(self.roc.thresholds[place])

    def stepped(self, place: int, by: int) -> int:
        """The point so many points further, within the curve."""
        return min(max(place + by, 1), len(self.roc.thresholds) - 1)

    def _places(self, fpr: FloatArray, tpr: FloatArray, scale: Scale) -> tuple[FloatArray, FloatArray]:
        return scale.places(fpr, self.least[0]), scale.places(tpr, self.bottom)

    def words(self, place: int) -> str:
        """What flagging there gives: counts, rates and the score."""
        found, alarms = int(self.roc.flagged_members[place]), int(self.roc.flagged_non_members[place])
        members, others = self.roc.members, self.roc.non_members
        threshold = self.threshold(place)
        at = "flags nothing" if math.isinf(threshold) else f"score at least {number(threshold)}"
        return (
            f"FPR {percent(alarms / others)} ({alarms:,} of {others:,})   "
            f"TPR {percent(found / members)} ({found:,} of {members:,})   {at}"
        )


def percent(share: float) -> str:
    """A share of 0 to 1 in percent, with three digits where it is small."""
    return f"{100 * share:.3g} %"


def curve_of(result: "Result") -> Curve | None:
    """The curve of a result; None where a side has no scores."""
    members, others = result.members, result.non_members
    if not members.size or not others.size:
        return None
    return Curve(result.chain, roc_curve(members, others), "" if result.exact else result.note)


def no_curve(result: "Result") -> str:
    """Why a result has no curve."""
    sides = (("members", result.members), ("non-members", result.non_members))
    return f"No {' and no '.join(name for name, scores in sides if not scores.size)} with a score."


def band_of(result: "Result", resamples: int, seed: int, level: float) -> Band | None:
    """The band around a result's curve; None where there are too few images. Takes seconds for many images."""
    resamples = min(resamples, max(FEWEST_RESAMPLES, MOST_DRAWS // max(1, len(result.scores))))
    inside, outside = result.members, result.non_members
    if not inside.size or not outside.size:
        return None
    groups = result.groups_of(Role.MEMBER), result.groups_of(Role.NON_MEMBER)
    return roc_band(inside, outside, *groups, resamples=resamples, seed=seed, level=level)


def band_line(band: Band, curve: Curve, scale: Scale) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where the band lies: x, and y of both bounds."""
    known = band.fpr >= (curve.least[0] if scale is Scale.LOG else 0)
    x = scale.places(band.fpr[known], curve.least[0])
    low, high = (scale.places(side[known], curve.bottom) for side in (band.low, band.high))
    return x, low, high


def interval_words(interval: Interval | None) -> str:
    """An interval, such as "0.75 to 0.84"; empty where there is none."""
    return "" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}"


def band_words(band: Band) -> str:
    """How a band was found."""
    unit = "groups of images" if band.unit == "group" else "images"
    return f"Bands: {percent(band.auc.level)} at each FPR, from {band.auc.resamples:,} resamples of whole {unit}."
