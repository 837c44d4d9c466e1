"""Posteriors and label map, one behind the other."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import FloatArray, Observation
from core.attacks.losses import label_of
from core.attacks.representations.base import REPRESENTATIONS, Representation


@REPRESENTATIONS.register
@dataclass(frozen=True)
class Concatenation(Representation):
    """Posteriors, then the one-hot label map (He et al. 2020)."""

    name: ClassVar[str] = "concatenation"
    title: ClassVar[str] = "Posteriors and label"

    def channels(self, classes: int) -> int:
        """Two channels per class."""
        return 2 * classes

    def of(self, observation: Observation) -> FloatArray:
        """Posteriors and one-hot label `(2C, h, w)`; a void pixel has no 1 in its one-hot half."""
        classes = np.arange(len(observation.posteriors), dtype=np.uint8)
        one_hot = label_of(observation)[None] == classes[:, None, None]
        return np.concatenate([observation.posteriors, one_hot.astype(np.float32)])
