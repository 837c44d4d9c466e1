"""Choosing a threshold on reference scores, and judging scores at a threshold.

A threshold set on shadow data and one set on the target's own data are different claims, so every threshold carries the
name of its source. Judged on the very scores it was chosen on, a threshold looks better than it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.roc import checked_scores, f1_score, roc_curve

OWN_REFERENCE = "this audit's own reference"
"""Source of a threshold chosen on the scores it is judged on: optimistic."""


@dataclass(frozen=True)
class NamedThreshold:
    """A threshold and where it comes from.

    Attributes
    ----------
    value
        Images with a score >= value are flagged.
    source
        The scores it was chosen on, such as "shadow data" or `OWN_REFERENCE`.
    rule
        How it was chosen, such as "largest balanced accuracy".
    """

    value: float
    source: str
    rule: str = ""

    @property
    def optimistic(self) -> bool:
        """Whether it was chosen on the scores it is judged on."""
        return self.source == OWN_REFERENCE


@dataclass(frozen=True)
class AtThreshold:
    """What flagging at one threshold gives. None where the side it needs is empty.

    Attributes
    ----------
    threshold
        The threshold, with its source.
    found, false_alarms
        Members and non-members flagged.
    tpr, fpr, balanced_accuracy, precision, f1
        0 to 1; precision is None where nothing is flagged.
    """

    threshold: NamedThreshold
    found: int
    false_alarms: int
    tpr: float | None
    fpr: float | None
    balanced_accuracy: float | None
    precision: float | None
    f1: float | None


def best_threshold(members: npt.ArrayLike, non_members: npt.ArrayLike, source: str) -> NamedThreshold:
    """The threshold of largest balanced accuracy on reference scores; of several the highest.

    Raises `ValueError` where either side is empty or a score is not finite.
    """
    roc = roc_curve(members, non_members)
    # Without the first point, at infinity: flagging everything is never worse than flagging nothing.
    best = int(np.argmax((roc.tpr - roc.fpr)[1:])) + 1
    return NamedThreshold(float(roc.thresholds[best]), source, "largest balanced accuracy")


def judge(members: npt.ArrayLike, non_members: npt.ArrayLike, threshold: NamedThreshold) -> AtThreshold:
    """Count what a given threshold flags. Either side may be empty."""
    inside, outside = checked_scores(members, "members"), checked_scores(non_members, "non-members")
    found = int(np.count_nonzero(inside >= threshold.value))
    false_alarms = int(np.count_nonzero(outside >= threshold.value))
    tpr = found / inside.size if inside.size else None
    fpr = false_alarms / outside.size if outside.size else None
    known = tpr is not None and fpr is not None
    return AtThreshold(
        threshold=threshold,
        found=found,
        false_alarms=false_alarms,
        tpr=tpr,
        fpr=fpr,
        balanced_accuracy=(tpr + 1 - fpr) / 2 if tpr is not None and fpr is not None else None,
        precision=found / (found + false_alarms) if known and found + false_alarms else None,
        f1=f1_score(found, false_alarms, inside.size) if known else None,
    )
