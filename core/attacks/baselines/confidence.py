"""How sure the target is."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, AttackResult, Observation
from core.attacks.baselines.base import Baseline


@ATTACKS.register
@dataclass(frozen=True)
class Confidence(Baseline):
    """Mean posterior of the predicted class; needs no label map (Salem et al. 2019, per image)."""

    name: ClassVar[str] = "confidence"
    title: ClassVar[str] = "Confidence"
    needs_label: ClassVar[bool] = False
    maps: ClassVar[tuple[str, ...]] = ("confidence",)
    map_sign: ClassVar[int] = 1

    def score(self, observation: Observation) -> AttackResult:
        """Score one image, 1/C to 1; its map "confidence" is the largest posterior of each pixel."""
        confidence = observation.posteriors.max(axis=0)
        return AttackResult(float(confidence.mean(dtype=np.float64)), {"confidence": confidence})
