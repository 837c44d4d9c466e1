"""Keeping some of a shadow's images for the threshold and the AUC."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.metrics.roc import auc, roc_curve
from core.metrics.thresholds import best_threshold
from core.training.shadows import Example

SOURCE = "held-out shadow images"


@dataclass(frozen=True)
class HeldOut:
    """How an attack network did on shadow images it did not learn from.

    Attributes
    ----------
    auc
        Image-level AUC, 0 to 1; None without held-out images of both kinds.
    threshold
        The image score of highest balanced accuracy; None likewise.
    members, non_members
        How many images there were.
    """

    auc: float | None
    threshold: float | None
    members: int
    non_members: int


def judge(examples: Sequence[Example], scores: Sequence[float]) -> HeldOut:
    """Judge the image scores of held-out examples."""
    members = [s for e, s in zip(examples, scores, strict=True) if e.member]
    others = [s for e, s in zip(examples, scores, strict=True) if not e.member]
    if not members or not others:
        return HeldOut(None, None, len(members), len(others))
    area = float(auc(roc_curve(members, others)))
    return HeldOut(area, best_threshold(members, others, SOURCE).value, len(members), len(others))


def split(examples: Sequence[Example], holdout: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and held-out ones; whole groups, from members and non-members apart."""
    training: list[Example] = []
    held: list[Example] = []
    draws = np.random.default_rng(seed)
    for member in (True, False):
        side = [e for e in examples if e.member == member]
        groups = sorted({e.group for e in side})
        wanted = holdout * len(side)
        chosen: set[str] = set()
        count = 0
        # The last group always stays: there must be something to learn from.
        for group in draws.permutation(groups)[:-1]:
            size = sum(e.group == group for e in side)
            # A group is taken only where that comes closer to the fraction asked for.
            if count + size / 2 <= wanted:
                chosen.add(str(group))
                count += size
        training += [e for e in side if e.group not in chosen]
        held += [e for e in side if e.group in chosen]
    return training, held
