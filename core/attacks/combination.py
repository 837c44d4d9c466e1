"""Several attacks taken together, weighed as shadow data say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, Attack, AttackContext, AttackResult, FloatArray, Observation, Scorer
from core.attacks.blocks import BLOCK, BLOCK_HELP, block_mean
from core.attacks.combiner import CombinerCard, read_combiner
from core.attacks.label_only.probes import Probe
from core.attacks.views import View
from core.parameters import param


@ATTACKS.register
@dataclass(frozen=True)
class Combination(Attack):
    """A logistic regression over the image scores of other attacks, fitted on shadow data.

    w_1 z_1 + ... + b, with z the scores in units of what they were on the shadow data. The map weighs the maps of those
    attacks whose score is the mean of one; of those that ask about views it has the image alone.
    """

    name: ClassVar[str] = "combination"
    title: ClassVar[str] = "Combination"
    maps: ClassVar[tuple[str, ...]] = ("combined",)
    combiner: str = param(..., "combiner of `train combiner`; a file, beginning at the spec's folder")
    block: int = param(BLOCK, BLOCK_HELP, unit="grid points", low=1, high=1024)

    def requires_label(self, context: AttackContext) -> bool:
        """Whether one of its attacks does."""
        card, inner = self._open(context)
        return any(attack.requires_label(inner) for attack in card.made())

    def requires_references(self, context: AttackContext) -> bool:
        """Whether one of its attacks does."""
        card, inner = self._open(context)
        return any(attack.requires_references(inner) for attack in card.made())

    def probes(self, context: AttackContext) -> tuple[Probe, ...]:
        """Those of its attacks."""
        card, inner = self._open(context)
        return tuple(dict.fromkeys(probe for attack in card.made() for probe in attack.probes(inner)))

    def asked_views(self, context: AttackContext) -> tuple[View, ...]:
        """Those of its attacks."""
        card, inner = self._open(context)
        return tuple(dict.fromkeys(view for attack in card.made() for view in attack.asked_views(inner)))

    def start(self, context: AttackContext) -> Scorer:
        """Start its attacks. Raises `AttackError` where the combiner or one of them cannot be used."""
        card, inner = self._open(context)
        attacks = [_unsmoothed(attack) for attack in card.made()]
        scorers = [attack.start(inner) for attack in attacks]

        def score_all(observations: Sequence[Observation]) -> list[AttackResult]:
            by_image = zip(*(scorer(observations) for scorer in scorers), strict=True)
            return [self._combined(card, attacks, results) for results in by_image]

        return score_all

    def _open(self, context: AttackContext) -> tuple[CombinerCard, AttackContext]:
        """The card, and where the paths in it begin."""
        path = context.folder / Path(self.combiner).expanduser()
        return read_combiner(path), replace(context, folder=path.parent)

    def _combined(self, card: CombinerCard, attacks: Sequence[Attack], results: Sequence[AttackResult]) -> AttackResult:
        score = card.score(np.array([result.score for result in results]))
        parts = [
            np.float32(slope * attack.map_sign) * result.maps[attack.maps[0]]
            for slope, attack, result in zip(card.slopes, attacks, results, strict=True)
            if attack.map_sign
        ]
        return AttackResult(score, {"combined": self._map(parts)} if parts else {})

    def _map(self, parts: Sequence[FloatArray]) -> FloatArray:
        """Their sum in blocks; NaN only where every part says nothing."""
        known = ~np.isnan(parts)
        total = np.where(known, parts, 0).sum(axis=0)
        return block_mean(np.where(known.any(axis=0), total, np.nan), self.block)


def _unsmoothed(attack: Attack) -> Attack:
    """With a map of single pixels, so that smoothing happens once."""
    return replace(attack, block=1) if hasattr(attack, "block") else attack  # type: ignore[call-arg]
