"""Rounding: posteriors with few decimals."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense
from core.defenses.simplex import normalise, one_hot
from core.parameters import param


@DEFENSES.register
@dataclass(frozen=True)
class Rounding(OutputDefense):
    """Posteriors rounded to some decimals (half to even) and renormalised.

    A pixel where everything rounds to 0 gives its predicted class alone. The predicted class can change: two posteriors
    that round to the same number tie, and the tie goes to the lower class.
    """

    name: ClassVar[str] = "rounding"
    title: ClassVar[str] = "Rounding"
    changes_argmax: ClassVar[bool] = True
    decimals: int = param(2, "decimals that are kept", low=0, high=6)

    @property
    def hard(self) -> bool:
        """Whether the release is one-hot: with no decimals at most one posterior rounds to 1."""
        return self.decimals == 0

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Release the rounded posteriors."""
        rounded = np.round(posteriors, self.decimals)
        empty = ~rounded.any(axis=0)
        if empty.any():
            rounded = np.where(empty, one_hot(posteriors.argmax(axis=0), len(posteriors)), rounded)
        return normalise(rounded)
