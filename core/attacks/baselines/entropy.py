"""How unsure the target is."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, PROBABILITY_FLOOR, AttackResult, Observation
from core.attacks.baselines.base import Baseline


@ATTACKS.register
@dataclass(frozen=True)
class Entropy(Baseline):
    """Minus the mean entropy of the posteriors; needs no label map (Salem et al. 2019, per image)."""

    name: ClassVar[str] = "entropy"
    title: ClassVar[str] = "Entropy"
    needs_label: ClassVar[bool] = False
    maps: ClassVar[tuple[str, ...]] = ("entropy",)
    map_sign: ClassVar[int] = -1

    def score(self, observation: Observation) -> AttackResult:
        """Score one image, -log C to 0; its map "entropy" is the entropy of each pixel in nats."""
        p = observation.posteriors
        # The floor only keeps 0 log 0 finite; the product is 0 there.
        entropy = -(p * np.log(np.maximum(p, np.float32(PROBABILITY_FLOOR)))).sum(axis=0)
        return AttackResult(-float(entropy.mean(dtype=np.float64)), {"entropy": entropy})
