"""Keeping some of a shadow's images for the threshold and the AUC."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    """Examples to learn from, and held-out ones: about a fraction `holdout` of the members and of the non-members.

    Whole groups go to one side, so an image that is a member of one shadow and a non-member of another is never learned
    from in one role and judged in the other.
    """
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(example.group, []).append(example)
    total = _count(examples)
    wanted = holdout * total
    taken = np.zeros(2)
    held: set[str] = set()
    for group in np.random.default_rng(seed).permutation(sorted(groups)):
        count = _count(groups[group])
        # A group is taken where that brings both sides closer to the fraction. Some of each side must stay.
        if ((count == 0) | (taken + count / 2 <= wanted)).all() and (taken + count < total).all():
            held.add(str(group))
            taken += count
    return [e for e in examples if e.group not in held], [e for e in examples if e.group in held]


def _count(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """Members and non-members."""
    members = sum(e.member for e in examples)
    return np.array([members, len(examples) - members])
