"""Maker of rows: what the audits of several targets say together of each defense and attack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.pooled import Judged, Side, measurable, pooled, pooled_interval, pooled_ratio
from core.data.samples import Role
from core.metrics.membership import finite
from core.metrics.roc import Statistic, auc, base_rate_f1, highest_tpr
from core.metrics.thresholds import NamedThreshold, best_threshold, judge

FPR_LEVELS = (0.05, 0.01)
CURVE = tuple(round(float(x), 5) for x in np.geomspace(0.005, 1, 60))
"""False positive rates at which the mean ROC curve is kept."""

LOSS = "loss"
"""The attack that those with a network are compared with."""

Audit = Mapping[str, Any]


def make_rows(cell: Cell, shop: Workshop) -> dict[str, Any]:
    """Rows of every defense and attack, and how much better than the loss each attack network is."""
    audits = {part: shop.result(need) for part, need in cell.needs.items()}
    group = _Group(
        audits, cell.settings["evaluations"], cell.settings["resamples"], cell.settings.get("compare") == "ratios"
    )
    plain: dict[str, Any] = finite(
        {
            "rows": [group.row(defense, attack) for defense, attack in group.pairs()],
            "differences": [group.difference(d, a) for d, a in group.pairs() if group.comparable(d, a)],
        }
    )
    return plain


class _Group:
    """Audits of several targets, and for each the audits of its attacker's shadows.

    Parameters
    ----------
    audits
        By the part they play.
    evaluations
        Part of a judged target -> parts of its attacker's shadows.
    resamples
        Of the bootstrap.
    every
        Compare every attack with the loss, and not only those with a network.
    """

    def __init__(
        self, audits: Mapping[str, Audit], evaluations: Mapping[str, Sequence[str]], resamples: int, every: bool = False
    ) -> None:
        self.audits = audits
        self.evaluations = evaluations
        self.resamples = resamples
        self.every = every
        self.first = audits[next(iter(evaluations))]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every defense and attack, in the audits' order, for which there are scores."""
        for defense, attacks in self.first["scores"].items():
            for attack in attacks:
                if self.has(defense, attack):
                    yield defense, attack

    def has(self, defense: str, attack: str) -> bool:
        """Whether every target has scores on both sides."""
        found = [_judged(self.audits[part], defense, attack) for part in self.evaluations]
        return all(j is not None for j in found)

    def comparable(self, defense: str, attack: str) -> bool:
        """Whether it is an attack to compare with the loss, and there are scores of the loss beside it."""
        wanted = attack in self.first["thresholds"] or (self.every and attack != LOSS)
        return wanted and self.has(defense, LOSS)

    def targets(self, defense: str, attack: str) -> list[Judged]:
        """The scores of every target."""
        found = (_judged(self.audits[part], defense, attack) for part in self.evaluations)
        return [judged for judged in found if judged is not None]

    def row(self, defense: str, attack: str) -> dict[str, Any]:
        """All numbers of one defense and attack."""
        targets = self.targets(defense, attack)
        mious = [self.audits[part]["miou"][defense] for part in self.evaluations]
        return {
            "defense": defense,
            "attack": attack,
            "targets": len(targets),
            "members": sum(len(t.members.scores) for t in targets),
            "non_members": sum(len(t.non_members.scores) for t in targets),
            "auc": self._measured(auc, targets),
            "auc_each": {p: pooled(auc, [t]) for p, t in zip(self.evaluations, targets, strict=True)},
            "tpr": {str(level): self._tpr(level, targets) for level in FPR_LEVELS},
            "curve": [round(pooled(highest_tpr(fpr), targets), 5) for fpr in CURVE],
            "at_threshold": self._at_threshold(defense, attack),
            "miou": {str(role): float(np.mean([m[role] for m in mious])) for role in (Role.MEMBER, Role.NON_MEMBER)},
        }

    def difference(self, defense: str, attack: str) -> dict[str, Any]:
        """AUC of an attack less that of the loss, under the same defense on the same frames."""
        first, second = self.targets(defense, attack), self.targets(defense, LOSS)
        interval = pooled_interval(auc, first, second, resamples=self.resamples)
        value = pooled(auc, first) - pooled(auc, second)
        found = {"defense": defense, "attack": attack, "value": value, "low": interval.low, "high": interval.high}
        return found | self._ratios(first, second) if self.every else found

    def _ratios(self, first: Sequence[Judged], second: Sequence[Judged]) -> dict[str, Any]:
        """How far both are from an AUC of 1, and what they find at the first level, one over the other."""
        found = {"distance": self._ratio(lambda curve: 1 - auc(curve), first, second)}
        if measurable(FPR_LEVELS[0], first):
            found["tpr"] = self._ratio(highest_tpr(FPR_LEVELS[0]), first, second)
        return found

    def _ratio(self, statistic: Statistic, first: Sequence[Judged], second: Sequence[Judged]) -> dict[str, float]:
        value, interval = pooled_ratio(statistic, first, second, resamples=self.resamples)
        return {"value": value, "low": interval.low, "high": interval.high}

    def _measured(self, statistic: Statistic, targets: Sequence[Judged]) -> dict[str, float]:
        interval = pooled_interval(statistic, targets, resamples=self.resamples)
        return {"value": pooled(statistic, targets), "low": interval.low, "high": interval.high}

    def _tpr(self, fpr: float, targets: Sequence[Judged]) -> dict[str, float] | None:
        return self._measured(highest_tpr(fpr), targets) if measurable(fpr, targets) else None

    def _at_threshold(self, defense: str, attack: str) -> dict[str, Any] | None:
        """Mean F1 at thresholds set on shadow data, beside the F1 of calling every image a member."""
        found = []
        for part, judged in zip(self.evaluations, self.targets(defense, attack), strict=True):
            threshold = self._threshold(part, defense, attack)
            if threshold is None:
                return None
            inside, outside = judged.members.scores, judged.non_members.scores
            at = asdict(judge(inside, outside, threshold))
            found.append(at | {"base_rate_f1": base_rate_f1(len(inside), len(outside))})
        means = {k: float(np.mean([f[k] for f in found])) for k in ("f1", "base_rate_f1", "tpr", "fpr")}
        return means | {"source": threshold.source if threshold else ""}

    def _threshold(self, part: str, defense: str, attack: str) -> NamedThreshold | None:
        """An attack network brings its own; for the others it is the best one on the attacker's shadows."""
        brought = self.audits[part]["thresholds"]
        if attack in brought:
            return None if brought[attack] is None else NamedThreshold(brought[attack], "held-out shadow images")
        shadows = [_judged(self.audits[shadow], defense, attack) for shadow in self.evaluations[part]]
        known = [s for s in shadows if s is not None]
        if not known:
            return None
        inside = [score for judged in known for score in judged.members.scores]
        outside = [score for judged in known for score in judged.non_members.scores]
        return best_threshold(inside, outside, "shadow images")


def _judged(audit: Audit, defense: str, attack: str) -> Judged | None:
    """The scores of one target; None where a side has none."""
    scores = audit["scores"].get(defense, {}).get(attack, [])
    sides = [_side(audit, scores, role) for role in (Role.MEMBER, Role.NON_MEMBER)]
    return Judged(*sides) if all(side.scores for side in sides) else None


def _side(audit: Audit, scores: Sequence[float | None], role: Role) -> Side:
    wanted = role is Role.MEMBER
    found = [
        (score, image["block"])
        for score, image in zip(scores, audit["images"], strict=False)
        if score is not None and image["member"] is wanted
    ]
    return Side(audit["folds"][str(role)], [score for score, _ in found], [block for _, block in found])
