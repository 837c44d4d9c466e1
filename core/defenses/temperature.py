"""Temperature: flatter or sharper posteriors."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense
from core.defenses.simplex import keep_argmax, normalise
from core.parameters import param


@DEFENSES.register
@dataclass(frozen=True)
class Temperature(OutputDefense):
    """p^(1/T), renormalised: softmax(logits / T). Above 1 the posteriors get flatter, below 1 sharper."""

    name: ClassVar[str] = "temperature"
    title: ClassVar[str] = "Temperature"
    T: float = param(2.0, "temperature; 1 changes nothing", low=0.01, high=100.0)

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Release the posteriors at temperature T; a posterior of exactly 0 stays 0."""
        with np.errstate(divide="ignore"):
            released = np.log(posteriors)
        # The largest becomes 0 before the division, so that exp neither overflows nor loses every class.
        released -= released.max(axis=0, keepdims=True)
        released /= np.float32(self.T)
        return keep_argmax(posteriors, normalise(np.exp(released, out=released)))
