"""Whether the target is right."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, Observation
from core.attacks.baselines.base import labelled_pixels
from core.attacks.label_only.base import LabelOnlyAttack
from core.attacks.reference.base import correct
from core.attacks.reference.sides import Array


@ATTACKS.register
@dataclass(frozen=True)
class Correctness(LabelOnlyAttack):
    """Share of labelled pixels that the target gets right (Yeom et al. 2018, the gap attack, per image)."""

    name: ClassVar[str] = "correctness"
    title: ClassVar[str] = "Correctness"
    maps: ClassVar[tuple[str, ...]] = ("correctness",)

    def evidence(self, observation: Observation) -> Array:
        """1 where the prediction is the label, 0 where not, NaN where void."""
        return np.where(labelled_pixels(observation), correct(observation.posteriors, observation), np.nan)
