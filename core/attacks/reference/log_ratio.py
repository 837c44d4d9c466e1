"""The logarithm of the robust ratio, pixel by pixel."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, Observation
from core.attacks.losses import loss_map
from core.attacks.reference.base import ModedAttack, log_probability
from core.attacks.reference.rmia import A_HELP, expected_probability
from core.attacks.reference.sides import Array
from core.parameters import param


@ATTACKS.register
@dataclass(frozen=True)
class LogRatio(ModedAttack):
    """How much more likely the target finds each pixel's label than references do, in nats.

    log p[y] - log p_r[y], with p_r what `rmia` expects of references (Zarifzadeh et al. 2024). The mean over pixels is
    the log-likelihood ratio of the image, as if they were independent, over their number. A mean of the ratios
    themselves hardly tells 0.1 from 0.01, and that is how a target is wrong where it was not taught.
    """

    name: ClassVar[str] = "log-ratio"
    title: ClassVar[str] = "Log ratio"
    maps: ClassVar[tuple[str, ...]] = ("log_ratio",)
    map_sign: ClassVar[int] = 1
    a: float = param(0.3, A_HELP, low=0, high=1)

    def evidence(self, observation: Observation) -> Array:
        """In nats."""
        inside, outside = self.sides(observation, lambda reference: np.exp(log_probability(reference)))
        return np.asarray(-loss_map(observation) - np.log(expected_probability(inside, outside, self.a)))
