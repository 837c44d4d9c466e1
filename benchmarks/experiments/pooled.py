"""Numbers over several targets, each with members and non-members of its own, and their intervals.

Where folds change places, each frame is a member of one target and a non-member of another. A number is the mean over
the targets: how hard a frame is counts once for it and once against it, and cancels. For the interval whole blocks of
frames are drawn once for all targets (Efron 1979, percentile bootstrap), fold by fold, so that it stays cancelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.metrics.intervals import RESAMPLES, Interval, Resampled
from core.metrics.roc import FloatArray, IntArray, Statistic, is_measurable, roc_curve
from core.randomness import generator

LEVEL = 0.95


@dataclass(frozen=True)
class Side:
    """Scores of one target's members, or of its non-members.

    Attributes
    ----------
    fold
        The fold they are of.
    scores
        One per frame, finite; higher = more likely a member.
    blocks
        The block of each frame.
    """

    fold: str
    scores: Sequence[float]
    blocks: Sequence[str]


@dataclass(frozen=True)
class Judged:
    """One target's scores."""

    members: Side
    non_members: Side


def pooled(statistic: Statistic, targets: Sequence[Judged]) -> float:
    """Mean over the targets of a number read from each ROC curve."""
    return float(np.mean([statistic(roc_curve(t.members.scores, t.non_members.scores)) for t in targets]))


def measurable(fpr: float, targets: Sequence[Judged]) -> bool:
    """Whether every target has enough non-members for this false positive rate."""
    return all(is_measurable(len(t.non_members.scores), fpr) for t in targets)


def pooled_interval(
    statistic: Statistic,
    targets: Sequence[Judged],
    second: Sequence[Judged] = (),
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """The interval of `pooled(statistic, targets)`, less `pooled(statistic, second)` where that is given.

    `second` holds the same frames of the same targets under another attack or defense: both see the same draws.
    """
    draws = _draws([*targets, *second], resamples, seed)
    values = _means(statistic, targets, draws)
    if second:
        values = values - _means(statistic, second, draws)
    return _interval(values, level, resamples)


def pooled_ratio(
    statistic: Statistic,
    targets: Sequence[Judged],
    second: Sequence[Judged],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> tuple[float, Interval]:
    """`pooled(statistic, targets)` over `pooled(statistic, second)`, and its interval; both see the same draws.

    Infinite where only the second is 0; 1 where both are.
    """
    draws = _draws([*targets, *second], resamples, seed)
    value = _ratio(np.array(pooled(statistic, targets)), np.array(pooled(statistic, second)))
    values = _ratio(_means(statistic, targets, draws), _means(statistic, second, draws))
    return float(value), _interval(values, level, resamples)


def _ratio(values: FloatArray, base: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((values == 0) & (base == 0), 1.0, values / base)


def _interval(values: FloatArray, level: float, resamples: int) -> Interval:
    """The middle of the resamples. No interpolation: between a number and infinity there is none."""
    low, high = (1 - level) / 2, (1 + level) / 2
    if np.isfinite(values).all():
        ends = np.quantile(values, [low, high])
    else:
        ends = np.array([np.quantile(values, low, method="lower"), np.quantile(values, high, method="higher")])
    return Interval(float(ends[0]), float(ends[1]), level, "bootstrap", "group", resamples)


Draws = Mapping[tuple[str, str], IntArray]
"""(fold, block) -> how often each resample drew it, `(resamples,)`."""


def _draws(targets: Sequence[Judged], resamples: int, seed: int) -> Draws:
    """Draw as many blocks of each fold as it has, with replacement."""
    blocks: dict[str, set[str]] = {}
    for side in (s for t in targets for s in (t.members, t.non_members)):
        blocks.setdefault(side.fold, set()).update(side.blocks)
    draws: dict[tuple[str, str], IntArray] = {}
    for fold, names in sorted(blocks.items()):
        drawn = generator(seed, "", f"blocks of fold {fold}").multinomial(
            len(names), np.full(len(names), 1 / len(names)), size=resamples
        )
        draws |= {(fold, name): drawn[:, place] for place, name in enumerate(sorted(names))}
    return draws


def _means(statistic: Statistic, targets: Sequence[Judged], draws: Draws) -> FloatArray:
    """The mean over the targets of each resample, `(resamples,)`."""
    curves = [
        Resampled(t.members.scores, t.non_members.scores).at(_weights(t.members, draws), _weights(t.non_members, draws))
        for t in targets
    ]
    return np.asarray(np.mean([statistic(curve) for curve in curves], axis=0), dtype=np.float64)


def _weights(side: Side, draws: Draws) -> IntArray:
    """How often each resample drew each frame, `(resamples, frames)`."""
    return np.stack([draws[side.fold, block] for block in side.blocks], axis=1)
