"""Keeping some of a shadow's images for the threshold and the AUC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.metrics.membership import MembershipMetrics, membership_metrics
from core.metrics.thresholds import best_threshold
from core.training.shadows import Example

SOURCE = "held-out shadow images"
FPR_LEVELS = (0.05, 0.01)


@dataclass(frozen=True)
class HeldOut:
    """How an attack network did on shadow images it did not learn from.

    Attributes
    ----------
    overall
        Over the scores under all defenses together; intervals resample whole groups.
    by_defense
        Under each chain of defenses alone.
    threshold
        The image score of highest balanced accuracy over all defenses; None without held-out images of both kinds.
    """

    overall: MembershipMetrics
    by_defense: Mapping[str, MembershipMetrics]
    threshold: float | None

    @property
    def auc(self) -> float | None:
        """Image-level AUC over all defenses, 0 to 1; None without held-out images of both kinds."""
        return self.overall.auc

    @property
    def members(self) -> int:
        """How many members were scored under each defense; an image counts once per shadow."""
        return self.overall.members // max(1, len(self.by_defense))

    @property
    def non_members(self) -> int:
        """How many non-members, counted likewise."""
        return self.overall.non_members // max(1, len(self.by_defense))

    def facts(self) -> dict[str, Any]:
        """For the card, as plain JSON values. A rate that so few images cannot measure is None."""
        return {
            "shadow_auc": self.auc,
            "shadow_auc_interval": _bounds(self.overall),
            "held_out_members": self.members,
            "held_out_non_members": self.non_members,
            "held_out": {name: _facts(metrics) for name, metrics in self.by_defense.items()},
        }


def _facts(metrics: MembershipMetrics) -> dict[str, Any]:
    rates = {f"{at.fpr:g}": at.value for at in metrics.tpr_at}
    return {"auc": metrics.auc, "auc_interval": _bounds(metrics), "tpr_at_fpr": rates}


def _bounds(metrics: MembershipMetrics) -> list[float] | None:
    return [metrics.auc_interval.low, metrics.auc_interval.high] if metrics.auc_interval else None


def judge(examples: Sequence[Example], scores: Sequence[float]) -> HeldOut:
    """Judge the image scores of held-out examples."""
    pairs = list(zip(examples, scores, strict=True))
    members = [s for e, s in pairs if e.member]
    others = [s for e, s in pairs if not e.member]
    names = dict.fromkeys(e.defense for e in examples)
    return HeldOut(
        _metrics(pairs),
        {name: _metrics([(e, s) for e, s in pairs if e.defense == name]) for name in names},
        best_threshold(members, others, SOURCE).value if members and others else None,
    )


def _metrics(pairs: Sequence[tuple[Example, float]]) -> MembershipMetrics:
    inside, outside = ([(e.group, s) for e, s in pairs if e.member == member] for member in (True, False))
    return membership_metrics(
        [s for _, s in inside],
        [s for _, s in outside],
        [g for g, _ in inside],
        [g for g, _ in outside],
        fpr_levels=FPR_LEVELS,
    )


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
