"""Top-k: only the largest posteriors are released."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense
from core.defenses.simplex import keep_argmax, normalise
from core.parameters import param


@DEFENSES.register
@dataclass(frozen=True)
class TopK(OutputDefense):
    """The k largest posteriors of a pixel, renormalised; a tie goes to the lowest class first."""

    name: ClassVar[str] = "topk"
    title: ClassVar[str] = "Top-k"
    k: int = param(3, "posteriors kept per pixel", low=1, high=255)

    @property
    def hard(self) -> bool:
        """Whether the release is one-hot."""
        return self.k == 1

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Release the k largest; the posteriors themselves where there are no more than k classes."""
        if self.k >= len(posteriors):
            return posteriors
        kept = np.argsort(-posteriors, axis=0, kind="stable")[: self.k]
        released = np.zeros_like(posteriors)
        np.put_along_axis(released, kept, np.take_along_axis(posteriors, kept, axis=0), axis=0)
        return keep_argmax(posteriors, normalise(released))
