"""The global loss."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, AttackResult, Observation
from core.attacks.baselines.base import Baseline, labelled_pixels
from core.attacks.losses import loss_map


@ATTACKS.register
@dataclass(frozen=True)
class GlobalLoss(Baseline):
    """Minus the mean cross-entropy over the labelled pixels (Yeom et al. 2018, per image).

    Where only label maps are released this is -69.08 times the share of wrong pixels.
    """

    name: ClassVar[str] = "loss"
    title: ClassVar[str] = "Global loss"
    maps: ClassVar[tuple[str, ...]] = ("loss",)
    map_sign: ClassVar[int] = -1

    def score(self, observation: Observation) -> AttackResult:
        """Score one image; its map "loss" is the loss in nats, NaN where void."""
        labelled = labelled_pixels(observation)
        loss = loss_map(observation, void=np.nan)
        return AttackResult(-float(loss[labelled].mean(dtype=np.float64)), {"loss": loss})
