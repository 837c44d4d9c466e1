"""The ROC curve of image scores, and the numbers read from it.

Scores: higher = more likely a member. A threshold t flags every image whose score is >= t. Nothing is interpolated:
every point of the curve is a threshold that can be used, and tied scores are flagged together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Roc:
    """One ROC curve, or a batch of them over the same thresholds (bootstrap resamples).

    Attributes
    ----------
    thresholds
        `(K,)` decreasing; the first is +inf (nothing flagged), the last is the lowest score (everything flagged).
    flagged_members, flagged_non_members
        `(..., K)` how many members and non-members each threshold flags.
    """

    thresholds: FloatArray
    flagged_members: IntArray
    flagged_non_members: IntArray

    @property
    def tpr(self) -> FloatArray:
        """True positive rate `(..., K)`: the share of members flagged, 0 to 1."""
        return _share(self.flagged_members)

    @property
    def fpr(self) -> FloatArray:
        """False positive rate `(..., K)`: the share of non-members flagged, 0 to 1."""
        return _share(self.flagged_non_members)

    @property
    def non_members(self) -> int:
        """Number of non-members of a single curve."""
        return int(self.flagged_non_members[-1])

    @property
    def members(self) -> int:
        """Number of members of a single curve."""
        return int(self.flagged_members[-1])

    def corners(self) -> "Roc":
        """A single curve with the points in the middle of straight runs left out: the same line, far fewer points."""
        up, right = np.diff(self.flagged_members), np.diff(self.flagged_non_members)
        straight = up[:-1] * right[1:] == up[1:] * right[:-1]
        keep = np.concatenate([[True], ~straight, [True]])
        return Roc(self.thresholds[keep], self.flagged_members[keep], self.flagged_non_members[keep])

    def to_dict(self) -> dict[str, Any]:
        """A single curve, ready for JSON; the infinite first threshold becomes None."""
        return {
            "thresholds": [None, *self.thresholds[1:].tolist()],
            "fpr": self.fpr.tolist(),
            "tpr": self.tpr.tolist(),
        }


Statistic = Callable[[Roc], FloatArray]
"""A number read from each curve of a batch: `(...)` values."""


def _share(flagged: IntArray) -> FloatArray:
    return np.asarray(flagged / flagged[..., -1:], dtype=np.float64)


def checked_scores(scores: npt.ArrayLike, what: str = "scores") -> FloatArray:
    """Scores as a float64 vector. Raises `ValueError` where they are not one-dimensional and finite."""
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{what}: expected one number per image, got an array of shape {array.shape}")
    if bad := int(np.count_nonzero(~np.isfinite(array))):
        raise ValueError(f"{what}: {bad} of {array.size} are not finite numbers")
    return array


def flagged_at(scores: FloatArray, thresholds: FloatArray) -> IntArray:
    """How many of the scores are >= each threshold."""
    return np.asarray(scores.size - np.searchsorted(np.sort(scores), thresholds, side="left"), dtype=np.int64)


def roc_curve(members: npt.ArrayLike, non_members: npt.ArrayLike) -> Roc:
    """The ROC curve with a point at every distinct score.

    Raises `ValueError` where either side is empty or a score is not finite.
    """
    inside, outside = checked_scores(members, "members"), checked_scores(non_members, "non-members")
    if not inside.size or not outside.size:
        raise ValueError("a ROC curve needs members and non-members")
    thresholds = np.append(np.unique(np.concatenate([inside, outside])), np.inf)[::-1]
    return Roc(thresholds, flagged_at(inside, thresholds), flagged_at(outside, thresholds))


def auc(roc: Roc) -> FloatArray:
    """Area under each curve: the chance that a member scores above a non-member, ties counting one half.

    Equals the Mann-Whitney statistic U / (m n) (Hanley and McNeil 1982). Summed over whole numbers, so it is exact.
    """
    tp, fp = roc.flagged_members, roc.flagged_non_members
    doubled = np.sum(np.diff(fp, axis=-1) * (tp[..., 1:] + tp[..., :-1]), axis=-1)
    return np.asarray(doubled / (2 * tp[..., -1] * fp[..., -1]), dtype=np.float64)


def index_at(roc: Roc, fpr: float) -> IntArray:
    """The last point of each curve whose FPR does not exceed `fpr`."""
    return np.asarray(np.count_nonzero(roc.fpr <= fpr, axis=-1) - 1, dtype=np.int64)


def highest_tpr(fpr: float) -> Statistic:
    """The statistic "largest TPR with FPR <= fpr", for `bootstrap`. It does not ask whether `fpr` is measurable."""

    def statistic(roc: Roc) -> FloatArray:
        index = index_at(roc, fpr)[..., None]
        return np.take_along_axis(roc.tpr, index, axis=-1)[..., 0]

    return statistic


def tpr_at(roc: Roc, fpr: float) -> float | None:
    """Largest TPR with FPR <= `fpr` of a single curve; None where it cannot be measured with so few non-members."""
    return float(highest_tpr(fpr)(roc)) if is_measurable(roc.non_members, fpr) else None


def is_measurable(non_members: int, fpr: float) -> bool:
    """Whether the smallest step of the FPR, one non-member, is within `fpr`."""
    return non_members > 0 and 1 / non_members <= fpr


def non_members_needed(fpr: float) -> int:
    """The smallest number of non-members with which `fpr` can be measured. `fpr` in (0, 1]."""
    count = math.ceil(1 / fpr)
    return count - 1 if is_measurable(count - 1, fpr) else count  # 1 / fpr may have been rounded up


def balanced_accuracy(roc: Roc) -> FloatArray:
    """Best balanced accuracy (TPR + 1 - FPR) / 2 over all thresholds of each curve, 0.5 to 1."""
    return np.asarray((1 + advantage(roc)) / 2, dtype=np.float64)


def advantage(roc: Roc) -> FloatArray:
    """Membership advantage, max(TPR - FPR), of each curve, 0 to 1 (Yeom et al., CSF 2018)."""
    return np.asarray(np.max(roc.tpr - roc.fpr, axis=-1), dtype=np.float64)


def f1_score(found: int, false_alarms: int, members: int) -> float:
    """F1 of flagging `found` of `members` members and `false_alarms` non-members: 2 TP / (2 TP + FP + FN)."""
    return 2 * found / (found + false_alarms + members)


def base_rate_f1(members: int, non_members: int) -> float:
    """F1 of calling every image a member, 2m / (2m + n): what an F1 has to beat."""
    return f1_score(members, non_members, members)
