"""Intervals around the numbers of an audit.

Membership belongs to an image, and the pixels or patches of an image are not independent: whole images are resampled,
and whole groups (drive, patient, city) where images share one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.metrics.roc import FloatArray, IntArray, Roc, Statistic, checked_scores, roc_curve
from core.randomness import generator

RESAMPLES = 2000
BLOCK = 4_000_000
"""Numbers held at once while resampling: 32 MB."""

Groups = Sequence[str | None] | None
"""One group per image; None stands for an image of its own, or for no groups at all."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes
    ----------
    low, high
        Its bounds.
    level
        Its nominal coverage, such as 0.95.
    method
        How it was found.
    unit
        What was taken to be independent.
    resamples
        Number of bootstrap resamples; 0 for Clopper-Pearson.
    """

    low: float
    high: float
    level: float
    method: Literal["bootstrap", "clopper-pearson"]
    unit: Literal["image", "group"] = "image"
    resamples: int = 0


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The exact interval of a proportion (Clopper and Pearson 1934). Raises `ValueError` for impossible counts."""
    from scipy.special import betaincinv

    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} successes in {trials} trials")
    tail, failures = (1 - level) / 2, trials - successes
    low = betaincinv(successes, failures + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, failures, 1 - tail) if failures else 1.0
    return Interval(float(low), float(high), level, "clopper-pearson")


def bootstrap(
    statistic: Statistic,
    members: npt.ArrayLike,
    non_members: npt.ArrayLike,
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Percentile bootstrap of a number read from the ROC curve (Efron 1979).

    Parameters
    ----------
    statistic
        Such as `auc` or `highest_tpr(0.01)`; called with batches of curves.
    members, non_members
        Scores. Each side is resampled by itself.
    member_groups, non_member_groups
        Whole groups are drawn where images have one.

    Returns
    -------
    The interval, or None where a side has fewer than two images or groups to resample.
    """
    scores = [(members, non_members)]
    return _percentile(statistic, scores, member_groups, non_member_groups, resamples=resamples, seed=seed, level=level)


def bootstrap_difference(
    statistic: Statistic,
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Paired bootstrap of statistic(first) - statistic(second) for two attacks or defenses on the same images.

    `first` and `second` are (members, non-members) scores in the same order of images; every resample draws the same
    images for both. Raises `ValueError` where their lengths differ.
    """
    return _percentile(
        statistic, [first, second], member_groups, non_member_groups, resamples=resamples, seed=seed, level=level
    )


def has_groups(*sides: Groups) -> bool:
    """Whether any image of any side has a group."""
    return any(group is not None for groups in sides for group in groups or ())


def _percentile(
    statistic: Statistic,
    scores: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    member_groups: Groups,
    non_member_groups: Groups,
    *,
    resamples: int,
    seed: int,
    level: float,
) -> Interval | None:
    values = resampled_values(statistic, scores, member_groups, non_member_groups, resamples=resamples, seed=seed)
    if values is None:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    unit = resampled_unit(member_groups, non_member_groups)
    return Interval(float(low), float(high), level, "bootstrap", unit, resamples)


def resampled_unit(*sides: Groups) -> Literal["image", "group"]:
    """What is resampled as a whole."""
    return "group" if has_groups(*sides) else "image"


def resampled_values(
    statistic: Statistic,
    scores: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> FloatArray | None:
    """What a statistic is on each resample, `(resamples, ...)`.

    `scores` holds (members, non-members) of one attack, or of two on the same images: then it is the difference. None
    where a side has fewer than two images or groups to resample. Raises `ValueError` where their lengths differ.
    """
    curves = [Resampled(*pair) for pair in scores]
    if len({curve.counts for curve in curves}) > 1:
        raise ValueError("paired scores need the same images on both sides")
    inside = _units(member_groups, curves[0].counts[0], "members")
    outside = _units(non_member_groups, curves[0].counts[1], "non-members")
    if min(inside.max(), outside.max()) < 1:
        return None
    per_block = max(1, BLOCK // max(curve.width for curve in curves))
    draws = zip(
        _draw(inside, resamples, per_block, seed, "bootstrap members"),
        _draw(outside, resamples, per_block, seed, "bootstrap non-members"),
        strict=True,
    )
    return np.concatenate([_difference([statistic(c.at(w, v)) for c in curves]) for w, v in draws])


def _difference(values: list[FloatArray]) -> FloatArray:
    return values[0] if len(values) == 1 else values[0] - values[1]


class Resampled:
    """The ROC curves of resamples of one attack's scores, found without sorting again.

    A resample is a weight per image. On images sorted by falling score the flagged weight at a threshold is a
    running sum, read where the original curve has its count.
    """

    def __init__(self, members: npt.ArrayLike, non_members: npt.ArrayLike) -> None:
        inside, outside = checked_scores(members, "members"), checked_scores(non_members, "non-members")
        self._roc = roc_curve(inside, outside)
        self._orders = np.argsort(-inside), np.argsort(-outside)
        self.counts = inside.size, outside.size
        self.width = inside.size + outside.size

    def at(self, member_weights: IntArray, non_member_weights: IntArray) -> Roc:
        """The curves `(resamples, K)` for weights `(resamples, m)` and `(resamples, n)`."""
        return Roc(
            self._roc.thresholds,
            _running(member_weights[:, self._orders[0]])[:, self._roc.flagged_members],
            _running(non_member_weights[:, self._orders[1]])[:, self._roc.flagged_non_members],
        )


def _running(weights: IntArray) -> IntArray:
    """Sums of the first 0, 1, 2 ... weights of each row."""
    return np.cumsum(np.pad(weights, ((0, 0), (1, 0))), axis=1)


def _units(groups: Groups, count: int, what: str) -> IntArray:
    """The number of the unit that each image is drawn with."""
    if groups is not None and len(groups) != count:
        raise ValueError(f"{what}: {count} scores but {len(groups)} groups")
    return np.arange(count) if groups is None else unit_numbers(groups)


def unit_numbers(groups: Sequence[str | None]) -> IntArray:
    """Number images so that those of a group share a number and those without a group have one of their own."""
    numbers: dict[tuple[int, str], int] = {}
    keys = ((i, "") if group is None else (-1, group) for i, group in enumerate(groups))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _draw(units: IntArray, resamples: int, per_block: int, seed: int, purpose: str) -> Iterator[IntArray]:
    """Blocks of weights per image `(block, images)`: how often each image's unit was drawn, with replacement."""
    count = int(units.max()) + 1
    rng = generator(seed, "", purpose)
    for start in range(0, resamples, per_block):
        rows = min(per_block, resamples - start)
        drawn = rng.integers(0, count, (rows, count)) + count * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)[:, units]
