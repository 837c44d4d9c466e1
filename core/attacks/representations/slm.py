"""The structured loss map."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import FloatArray, Observation
from core.attacks.losses import loss_map
from core.attacks.representations.base import REPRESENTATIONS, Representation
from core.parameters import param


@REPRESENTATIONS.register
@dataclass(frozen=True)
class StructuredLossMap(Representation):
    """Per-pixel loss in nats, 0 where void; free of the number of classes (He et al. 2020)."""

    name: ClassVar[str] = "slm"
    title: ClassVar[str] = "Structured loss map"
    hard_scale: float = param(50.0, "losses of a label-map release are divided by this", low=1e-3)

    def channels(self, classes: int) -> int:
        """One channel, whatever the classes."""
        return 1

    def of(self, observation: Observation) -> FloatArray:
        """The loss map `(1, h, w)`, divided by `hard_scale` where only label maps are released.

        There a wrong pixel has the largest loss of all, 69.08, far outside what the attack network was trained on.
        """
        loss = loss_map(observation)[None]
        return loss / np.float32(self.hard_scale) if observation.hard else loss
