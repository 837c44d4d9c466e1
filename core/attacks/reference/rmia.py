"""The robust membership inference attack."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS
from core.attacks.reference.base import LeveledAttack
from core.attacks.reference.sides import Array, mean
from core.parameters import param

A_HELP = "how much less references that have not seen an image know of it (offline)"


@ATTACKS.register
@dataclass(frozen=True)
class RMIA(LeveledAttack):
    """How much more probable the target finds the image than references do (Zarifzadeh et al. 2024).

    p(x | target) / p(x), with p the probability of the label's class, of each pixel or averaged over the image, and

    * offline: p(x) = ((1 + a) m_out + 1 - a) / 2, the paper's estimate of what references that have seen the image
      would add;
    * online: p(x) = (m_in + m_out) / 2.

    The paper then counts the share of a population of non-members whose ratio is smaller by a factor. That share
    only grows with the image's ratio, so it ranks images the same but for ties; the share of calibration non-members
    below an image is what the verdicts' p-values are.
    """

    name: ClassVar[str] = "rmia"
    title: ClassVar[str] = "Robust ratio (RMIA)"
    maps: ClassVar[tuple[str, ...]] = ("probability_ratio",)
    a: float = param(0.3, A_HELP, low=0, high=1)

    def values(self, log_probability: Array) -> Array:
        """Probabilities."""
        return np.exp(log_probability)

    def ratio(self, target: Array, inside: Array, outside: Array) -> Array:
        """The ratio, 0 or more."""
        return np.asarray(target / expected_probability(inside, outside, self.a))


def expected_probability(inside: Array, outside: Array, a: float) -> Array:
    """p(x) of the probabilities of references, `(n, ...)` inside, none where offline, and `(m, ...)` outside."""
    known = mean(outside)
    expected = (mean(inside) + known) / 2 if len(inside) else ((1 + a) * known + 1 - a) / 2
    return np.asarray(np.maximum(expected, np.finfo(np.float32).tiny))
