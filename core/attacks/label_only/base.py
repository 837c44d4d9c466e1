"""What the label-only attacks share: only the released prediction is looked at, whatever else is released."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import AttackResult, Needs, Observation
from core.attacks.baselines.base import Baseline
from core.attacks.blocks import BLOCK, BLOCK_HELP, block_mean
from core.attacks.reference.sides import Array
from core.errors import AttackError
from core.parameters import param


@dataclass(frozen=True)
class LabelOnlyAttack(Baseline):
    """The mean over pixels of something that a predicted label map says."""

    needs: ClassVar[Needs] = Needs.LABELS_ONLY
    map_sign: ClassVar[int] = 1
    block: int = param(BLOCK, BLOCK_HELP, unit="grid points", low=1, high=1024)

    def score(self, observation: Observation) -> AttackResult:
        """Score one image, 0 to 1; its map is averaged over blocks, NaN where it says nothing."""
        evidence = self.evidence(observation)
        if np.isnan(evidence).all():
            raise AttackError("it finds no pixel to judge.", "Check the label map, or use another attack.")
        return AttackResult(float(np.nanmean(evidence)), {self.maps[0]: block_mean(evidence, self.block)})

    @abstractmethod
    def evidence(self, observation: Observation) -> Array:
        """The evidence of each pixel `(h, w)`, 0 to 1; NaN where there is none."""
