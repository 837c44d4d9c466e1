"""Argmax: only the label map is released."""

from dataclasses import dataclass
from typing import ClassVar

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense
from core.defenses.simplex import one_hot
from core.predicted import predicted_classes


@DEFENSES.register
@dataclass(frozen=True)
class Argmax(OutputDefense):
    """One-hot posteriors of the predicted class; a tie goes to the lowest class (He et al. 2020)."""

    name: ClassVar[str] = "argmax"
    title: ClassVar[str] = "Argmax"
    hard: ClassVar[bool] = True
    """One-hot whatever comes in."""

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Release 1 for the predicted class and 0 for the others."""
        return one_hot(predicted_classes(posteriors), len(posteriors))
