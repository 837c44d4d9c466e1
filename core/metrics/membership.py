"""What an attack's image scores say, as one object."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from core.metrics.intervals import RESAMPLES, Groups, Interval, bootstrap, clopper_pearson, has_groups
from core.metrics.roc import (
    FloatArray,
    Roc,
    Statistic,
    advantage,
    auc,
    balanced_accuracy,
    base_rate_f1,
    checked_scores,
    highest_tpr,
    index_at,
    non_members_needed,
    roc_curve,
    tpr_at,
)
from core.metrics.thresholds import OWN_REFERENCE, AtThreshold, NamedThreshold, best_threshold, judge

FPR_LEVELS = (0.1, 0.01, 0.001)


@dataclass(frozen=True)
class TprAt:
    """The largest TPR with FPR <= `fpr`.

    Attributes
    ----------
    fpr
        The level, such as 0.01.
    value
        None where it is not measurable with so few non-members.
    interval
        Clopper-Pearson over members with the threshold held fixed, or a bootstrap over groups where there are groups.
    threshold
        The lowest score flagged at this level; None where nothing may be flagged.
    needs
        "" or what is missing to measure it.
    """

    fpr: float
    value: float | None
    interval: Interval | None
    threshold: float | None
    needs: str


@dataclass(frozen=True)
class MembershipMetrics:
    """How well scores tell members from non-members. None stands for what cannot be said.

    Attributes
    ----------
    members, non_members
        Number of scored images.
    needs
        "" or what is missing for everything below except `at_threshold`.
    auc, auc_interval
        Area under the ROC curve with its bootstrap interval.
    tpr_at
        TPR at 10, 1 and 0.1 % FPR.
    balanced_accuracy, advantage
        The best over all thresholds, so found on the scores it is judged on: optimistic.
    base_rate_f1
        F1 of calling every image a member.
    at_threshold
        The results at one threshold, with the threshold's source.
    """

    members: int
    non_members: int
    needs: str = ""
    auc: float | None = None
    auc_interval: Interval | None = None
    tpr_at: tuple[TprAt, ...] = ()
    balanced_accuracy: float | None = None
    advantage: float | None = None
    base_rate_f1: float | None = None
    at_threshold: AtThreshold | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON: infinite thresholds become None."""
        plain: dict[str, Any] = finite(dataclasses.asdict(self))
        return plain


def membership_metrics(
    members: npt.ArrayLike,
    non_members: npt.ArrayLike,
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    threshold: NamedThreshold | None = None,
    *,
    fpr_levels: Sequence[float] = FPR_LEVELS,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> MembershipMetrics:
    """Judge image scores against what is known of the images.

    Parameters
    ----------
    members, non_members
        Finite scores, higher = more likely a member. Either may be empty: the result then says what it needs.
    member_groups, non_member_groups
        One group (or None) per score; intervals then resample whole groups.
    threshold
        From shadow data or a reference. None: the best on these very scores, whose source then is `OWN_REFERENCE`.
    fpr_levels
        The false positive rates to report the TPR at.

    Raises
    ------
    ValueError
        Where a score is not finite, or there are not as many groups as scores.
    """
    inside, outside = checked_scores(members, "members"), checked_scores(non_members, "non-members")
    if not inside.size or not outside.size:
        at = judge(inside, outside, threshold) if threshold and inside.size + outside.size else None
        return MembershipMetrics(inside.size, outside.size, needs=_needs(inside, outside), at_threshold=at)
    roc = roc_curve(inside, outside)

    def resampled(statistic: Statistic) -> Interval | None:
        groups = member_groups, non_member_groups
        return bootstrap(statistic, inside, outside, *groups, resamples=resamples, seed=seed, level=level)

    grouped = has_groups(member_groups, non_member_groups)
    return MembershipMetrics(
        members=inside.size,
        non_members=outside.size,
        auc=float(auc(roc)),
        auc_interval=resampled(auc),
        tpr_at=tuple(_tpr_at(roc, x, level, resampled if grouped else None) for x in fpr_levels),
        balanced_accuracy=float(balanced_accuracy(roc)),
        advantage=float(advantage(roc)),
        base_rate_f1=base_rate_f1(inside.size, outside.size),
        at_threshold=judge(inside, outside, threshold or best_threshold(inside, outside, OWN_REFERENCE)),
    )


def _needs(members: FloatArray, non_members: FloatArray) -> str:
    empty = [name for name, scores in (("members", members), ("non-members", non_members)) if not scores.size]
    return "needs known " + " and ".join(empty)


def _tpr_at(roc: Roc, fpr: float, level: float, resampled: Callable[[Statistic], Interval | None] | None) -> TprAt:
    value = tpr_at(roc, fpr)
    if value is None:
        needs = f"not measurable with {roc.non_members} non-members: needs at least {non_members_needed(fpr)}"
        return TprAt(fpr, None, None, None, needs)
    index = int(index_at(roc, fpr))
    if resampled is None:
        interval: Interval | None = clopper_pearson(int(roc.flagged_members[index]), roc.members, level)
    else:
        interval = resampled(highest_tpr(fpr))
    return TprAt(fpr, value, interval, float(roc.thresholds[index]) if index else None, "")


def finite(value: Any) -> Any:
    """The same with None for numbers that JSON does not have, and lists for tuples."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
