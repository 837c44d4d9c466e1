"""Gauss: noise on the posteriors."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense
from core.defenses.simplex import normalise
from core.parameters import param

FLOOR = np.float32(1e-6)
"""The paper's smallest noisy posterior before renormalising."""


@DEFENSES.register
@dataclass(frozen=True)
class Gauss(OutputDefense):
    """Normal noise on every posterior, clamped at 1e-6 and renormalised (He et al. 2020).

    With `sigma` 0 the clamp alone remains.
    """

    name: ClassVar[str] = "gauss"
    title: ClassVar[str] = "Gauss noise"
    changes_argmax: ClassVar[bool] = True
    random: ClassVar[bool] = True
    sigma: float = param(0.05, "standard deviation of the noise", low=0.0, high=1.0)

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Release max(p + N(0, sigma), 1e-6), renormalised."""
        channels, height, width = posteriors.shape
        noisy = np.float32(self.sigma) * noise.normal((channels, height, width), purpose)
        noisy += posteriors
        return normalise(np.maximum(noisy, FLOOR, out=noisy))
