"""Differences between the target and the mean of the references: difficulty calibration.

Offline the mean is of references that have not seen the image. Online it is halfway to the mean of those that have: how
much an image is remembered where it is, differs from image to image as well.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, Needs, Observation
from core.attacks.losses import loss_map
from core.attacks.reference.base import ModedAttack, correct, log_probability
from core.attacks.reference.sides import Array


@ATTACKS.register
@dataclass(frozen=True)
class LossDifference(ModedAttack):
    """Mean loss of the references minus the target's (Watson et al. 2022, "difficulty calibration", per image).

    mean_r(-log p_r[y]) - (-log p[y]) per pixel, over the references r. Shafran et al.
    2021 set an image's loss against its difficulty likewise.
    """

    name: ClassVar[str] = "loss-difference"
    title: ClassVar[str] = "Loss difference"
    maps: ClassVar[tuple[str, ...]] = ("loss_difference",)
    map_sign: ClassVar[int] = 1

    def evidence(self, observation: Observation) -> Array:
        """In nats, -69.08 to 69.08."""
        expected = self.expected(observation, lambda reference: -log_probability(reference))
        return np.asarray(expected - loss_map(observation))


@ATTACKS.register
@dataclass(frozen=True)
class ProbabilityDifference(ModedAttack):
    """The target's probability of the label's class minus the mean of the references' (after Watson et al. 2022).

    p[y] - mean_r(p_r[y]) per pixel. Bounded, so that single pixels with a large loss do not drown the rest.
    """

    name: ClassVar[str] = "probability-difference"
    title: ClassVar[str] = "Probability difference"
    maps: ClassVar[tuple[str, ...]] = ("probability_difference",)
    map_sign: ClassVar[int] = 1

    def evidence(self, observation: Observation) -> Array:
        """From -1 to 1."""
        expected = self.expected(observation, lambda reference: np.exp(log_probability(reference)))
        return np.asarray(np.exp(-loss_map(observation).astype(np.float64)) - expected)


@ATTACKS.register
@dataclass(frozen=True)
class CorrectnessDifference(ModedAttack):
    """Whether the target is right where the references are wrong; looks at label maps only.

    [argmax p = y] - mean_r [argmax p_r = y] per pixel: the gap attack of Yeom et al. 2018, calibrated as by Watson et
    al. 2022. With the label maps hidden it is the share of references that do not say what the target says.
    """

    name: ClassVar[str] = "correctness-difference"
    title: ClassVar[str] = "Correctness difference"
    needs: ClassVar[Needs] = Needs.LABELS_ONLY
    maps: ClassVar[tuple[str, ...]] = ("correctness_difference",)
    map_sign: ClassVar[int] = 1

    def evidence(self, observation: Observation) -> Array:
        """From -1 to 1."""
        expected = self.expected(observation, lambda reference: correct(reference.log_posteriors, observation))
        return np.asarray(correct(observation.posteriors, observation) - expected)
