"""How strong the evidence is that an image was trained on: p-values, false discoveries, power.

Scores: higher = more likely a member. Ties always count against the claim of membership.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.intervals import Groups, Interval, clopper_pearson, unit_numbers
from core.metrics.roc import FloatArray, IntArray, checked_scores, flagged_at

P_LEVELS = (0.01, 0.05, 0.1)
"""The p-values at which the power of one test by itself is reported."""

ROUNDING = 1e-9
"""Relative; levels and p-values are multiples of far larger steps."""


def at_least_as_high(scores: npt.ArrayLike, calibration: npt.ArrayLike) -> IntArray:
    """How many of the calibration scores are >= each score."""
    return flagged_at(checked_scores(calibration, "calibration"), checked_scores(scores))


def conformal_p(scores: npt.ArrayLike, calibration: npt.ArrayLike) -> FloatArray:
    """The conformal p-value (1 + #{calibration >= score}) / (N + 1) of each score (Vovk et al. 2005, not smoothed).

    If a score comes from the same source as the N calibration scores, then P(p <= a) <= a for every a.
    """
    return np.asarray((1 + at_least_as_high(scores, calibration)) / (np.size(calibration) + 1), dtype=np.float64)


def benjamini_hochberg(p_values: npt.ArrayLike) -> FloatArray:
    """The q-value of each p-value: the smallest level of false discoveries at which it is flagged.

    q_(k) = min over j >= k of p_(j) m / j (Benjamini and Hochberg 1995). It holds for conformal p-values that share
    one calibration set, which depend on each other positively (Bates et al. 2023, theorem 2).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    steps = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return np.minimum(q, 1.0)


def flagged(q_values: npt.ArrayLike, level: float) -> npt.NDArray[np.bool_]:
    """Which q-values (or p-values) are within a level; what only rounding puts above it counts."""
    return np.asarray(np.asarray(q_values) <= level * (1 + ROUNDING), dtype=np.bool_)


def cut_for_one_more(p_values: npt.ArrayLike, level: float) -> float:
    """The largest p-value with which one more suspect, beside those of `p_values`, would be flagged at `level`.

    It would be the j-th of m + 1 where at least j - 1 of the others are no larger; the largest such j counts. Without
    other suspects this is `level` itself.
    """
    p = np.sort(np.asarray(p_values, dtype=np.float64))
    cuts = level * np.arange(1, p.size + 2) / (p.size + 1)
    others = np.searchsorted(p, cuts * (1 + ROUNDING), side="right")
    return float(cuts[others >= np.arange(p.size + 1)][-1])


def fewest_flagged(suspects: int, calibration: int, level: float) -> int | None:
    """The fewest suspects that can be flagged at all: with fewer, even the smallest p, 1 / (N + 1), is too large.

    None where not even all of them could be flagged.
    """
    fewest = max(1, math.ceil(suspects / (level * (calibration + 1)) - ROUNDING))
    return fewest if fewest <= suspects else None


def calibration_needed(level: float) -> int:
    """The smallest number N of calibration scores with which a p-value can reach `level`: 1 / (N + 1) <= level."""
    return max(0, math.ceil(1 / level - ROUNDING) - 1)


@dataclass(frozen=True)
class Power:
    """The share of known members that would be flagged.

    Attributes
    ----------
    p
        The largest p-value that is flagged.
    found, members
        How many of how many known members (or groups of them).
    share, interval
        found / members, with its Clopper-Pearson interval, which covers the drawing of the members alone. None where
        it cannot be measured.
    needs
        "" or what is missing.
    """

    p: float
    found: int
    members: int
    share: float | None
    interval: Interval | None
    needs: str = ""


def power_at(p_values: npt.ArrayLike, cut: float, calibration: int, level: float = 0.95) -> Power:
    """The power of flagging every p-value <= `cut`, from the known members' p-values against N calibration scores."""
    p = np.asarray(p_values, dtype=np.float64)
    if calibration < calibration_needed(cut):
        needs = f"needs at least {calibration_needed(cut):,} calibration non-members, there are {calibration:,}"
        return Power(cut, 0, p.size, None, None, needs)
    if not p.size:
        return Power(cut, 0, 0, None, None, "needs known members")
    found = int(np.count_nonzero(flagged(p, cut)))
    return Power(cut, found, p.size, found / p.size, clopper_pearson(found, p.size, level))


def highest_of_groups(scores: npt.ArrayLike, groups: Groups) -> FloatArray:
    """One score per group, its highest; images without a group stand for themselves. For calibration."""
    values = checked_scores(scores)
    units = _units(values, groups)
    highest = np.full(int(units.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(highest, units, values)
    return highest


def middle_of_groups(scores: npt.ArrayLike, groups: Groups) -> tuple[FloatArray, IntArray]:
    """One score per group, its median (the lower one of two), and the number of each image's group. For what is judged.

    Against the *highest* of each calibration group this is conservative whatever the sizes of the groups: the median
    of a group is at most its highest, and unlike the highest it does not grow with the number of images. The highest
    on both sides would call a suspect group of many images a member for its size alone.
    """
    values = checked_scores(scores)
    units = _units(values, groups)
    order = np.lexsort((values, units))
    counts = np.bincount(units)
    starts = np.cumsum(counts) - counts
    return values[order][starts + (counts - 1) // 2], units


def _units(values: FloatArray, groups: Sequence[str | None] | None) -> IntArray:
    return np.arange(values.size) if groups is None else unit_numbers(groups)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the scores of suspects say, n images in all.

    Attributes
    ----------
    higher
        `(n,)` int64, how many calibration scores are at least as high.
    p, q
        `(n,)` float64. Images of a group share theirs.
    flagged
        `(n,)` bool, whether q is within the level.
    calibration, judged
        Calibration scores and suspects, each group counting once.
    fewest
        The fewest suspects that can be flagged at all; None where not even all of them could be.
    power
        Of flagging one more suspect beside these.
    powers
        Of single tests at `P_LEVELS`.
    """

    higher: IntArray
    p: FloatArray
    q: FloatArray
    flagged: npt.NDArray[np.bool_]
    calibration: int
    judged: int
    fewest: int | None
    power: Power
    powers: tuple[Power, ...]


@dataclass(frozen=True, eq=False)
class Side:
    """Finite scores `(n,)`, and the group of each or None."""

    scores: npt.ArrayLike
    groups: Groups = None


def evidence_of(
    suspects: Side, calibration: Side, members: Side, *, level: float, interval_level: float = 0.95
) -> Evidence:
    """Judge suspects against calibration non-members, with at most a share `level` of false alarms among the flagged.

    Known members show the power: each is judged as one more suspect beside the others. Any side may be empty. Raises
    `ValueError` where a score is not finite.
    """
    known = highest_of_groups(calibration.scores, calibration.groups)
    middle, units = middle_of_groups(suspects.scores, suspects.groups)
    p = conformal_p(middle, known)
    q = benjamini_hochberg(p)
    member_p = conformal_p(middle_of_groups(members.scores, members.groups)[0], known)
    cuts = (cut_for_one_more(p, level), *P_LEVELS)
    power, *powers = (power_at(member_p, cut, known.size, interval_level) for cut in cuts)
    return Evidence(
        higher=at_least_as_high(middle, known)[units],
        p=p[units],
        q=q[units],
        flagged=flagged(q, level)[units],
        calibration=known.size,
        judged=middle.size,
        fewest=fewest_flagged(max(1, middle.size), known.size, level),
        power=power,
        powers=tuple(powers),
    )
