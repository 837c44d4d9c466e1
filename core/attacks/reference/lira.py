"""The likelihood-ratio attack."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS
from core.attacks.reference.base import LeveledAttack
from core.attacks.reference.sides import Array, mean, spread
from core.errors import AttackError
from core.parameters import param

LARGEST_LOGIT = 16.0
"""Logits beyond it are cut off: float16 log-posteriors do not tell such sure pixels apart."""


@ATTACKS.register
@dataclass(frozen=True)
class LiRA(LeveledAttack):
    """How likely the target's logit is among those of references (Carlini et al. 2022).

    With phi = log(p[y] / (1 - p[y])), of each pixel or averaged over the image, and normal distributions fitted to
    the references' phi:

    * online: log N(phi; m_in, s_in) - log N(phi; m_out, s_out);
    * offline: (phi - m_out) / s_out, which ranks as the one-sided 1 - Pr[Z > phi] and does not saturate.

    A fixed variance is shared by all images and by both sides. It only scales the score, so 1 is used:
    offline phi - m_out, online (m_in - m_out) (phi - (m_in + m_out) / 2). Carlini et al. find it better with few
    references.
    """

    name: ClassVar[str] = "lira"
    title: ClassVar[str] = "Likelihood ratio (LiRA)"
    maps: ClassVar[tuple[str, ...]] = ("likelihood_ratio",)
    variance: str = param(
        "fixed",
        "of the references' logits: one for all images, or fitted to each (two references and more)",
        choices=("fixed", "each"),
    )
    spread: float = param(0.1, "smallest standard deviation that is fitted", low=1e-6)

    def values(self, log_probability: Array) -> Array:
        """Logits, from -16 to 16."""
        with np.errstate(divide="ignore"):
            logits = log_probability - np.log(-np.expm1(log_probability))
        return np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)

    def together(self, side: Array) -> Array:
        """The mean. Raises `AttackError` where a variance is fitted to each: of an image there is one value alone."""
        if self.variance == "each":
            raise AttackError(
                "references that learned from part of the image have no mean of all of it.",
                "Use the level 'pixel', or the variance 'fixed'.",
            )
        return super().together(side)

    def ratio(self, target: Array, inside: Array, outside: Array) -> Array:
        """The log-likelihood ratio, or the standard score where offline."""
        if self.variance == "fixed":
            return _fixed(target, inside, outside)
        mean_out, deviation = self._fitted(outside)
        standard: Array = (target - mean_out) / deviation
        if not len(inside):
            return standard
        mean_in, deviation_in = self._fitted(inside)
        return _log_normal((target - mean_in) / deviation_in, deviation_in) - _log_normal(standard, deviation)

    def _fitted(self, values: Array) -> tuple[Array, Array]:
        if len(values) < 2:
            raise AttackError(
                "a variance of its own takes two references on each side.", "Use the variance 'fixed', or give more."
            )
        return mean(values), np.maximum(spread(values), self.spread)


def _fixed(target: Array, inside: Array, outside: Array) -> Array:
    """With a variance of 1 on both sides."""
    mean_out = mean(outside)
    if not len(inside):
        return np.asarray(target - mean_out)
    mean_in = mean(inside)
    return np.asarray((mean_in - mean_out) * (target - (mean_in + mean_out) / 2))


def _log_normal(standard: Array, deviation: Array) -> Array:
    """The logarithm of a normal density, without its constant."""
    return -0.5 * standard**2 - np.log(deviation)
