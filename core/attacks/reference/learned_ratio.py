"""A likelihood ratio of target and references that was learned from shadows, pixel by pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, AttackContext, AttackResult, Observation, Scorer
from core.attacks.losses import loss_map
from core.attacks.reference.base import ReferenceAttack, log_probability
from core.attacks.reference.ratio_table import DEFAULT, RatioTable, read_table, table_path
from core.attacks.reference.sides import Array, unaware
from core.parameters import param


@ATTACKS.register
@dataclass(frozen=True)
class LearnedRatio(ReferenceAttack):
    """What a pixel's probability says beside that of references, as learned from shadows that saw half of each image.

    Evidence is read off a table over the log odds of p[y] and of the references' mean, mean_r(p_r[y]). `rmia` fixes the
    form of their ratio; here blocks of shadows that taught were told from blocks of the same images that did not
    (`train ratio`), so neither scenes nor classes can be learned in place of memory. Free of the number of classes.
    """

    name: ClassVar[str] = "learned-ratio"
    title: ClassVar[str] = "Learned ratio"
    maps: ClassVar[tuple[str, ...]] = ("learned_ratio",)
    map_sign: ClassVar[int] = 1
    table: str = param(DEFAULT, "table of `train ratio`; a file, beginning at the spec's folder, or a short name")

    def start(self, context: AttackContext) -> Scorer:
        """Read the table. Raises `AttackError` where it cannot be used."""
        table = read_table(table_path(self.table, context.folder))

        def score_all(observations: Sequence[Observation]) -> list[AttackResult]:
            return [self.judged(seen, lambda seen: _evidence(table, seen)) for seen in observations]

        return score_all

    def evidence(self, observation: Observation) -> Array:
        """In log odds that a block of such pixels taught; the table begins at the working folder."""
        return _evidence(read_table(table_path(self.table, Path())), observation)


def probabilities(observation: Observation) -> tuple[Array, Array]:
    """p[y] of the target, and its mean over the references that have not seen the image, `(h, w)` each.

    Raises `AttackError` where there is no such reference.
    """
    references = np.mean([np.exp(log_probability(r)) for r in unaware(observation)], axis=0)
    return np.exp(-loss_map(observation).astype(np.float64)), np.asarray(references)


def _evidence(table: RatioTable, observation: Observation) -> Array:
    return table.evidence(*probabilities(observation))
