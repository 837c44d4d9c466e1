"""Min-max: the target plays against an attack while it learns."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class MinMax(Hardening):
    """Adversarial regularisation (Nasr et al. 2018; for segmentation Chobola et al. 2023).

    min over f of [ L(f) + weight max over h of G(f, h) ]: the target f learns under the strongest attack. The inference
    network h(f(x), y) in (0, 1) looks at posteriors and label map and says how likely x is a member. Its gain is

        G = 1/2 E over members of log h(f(x), y) + 1/2 E over references of log(1 - h(f(x), y)),

    from log(1/2) where h cannot tell them apart to 0 where it always can. As in the paper's algorithm 1, each step of
    the target follows `steps` steps of h up the gradient of G, and goes down the gradient of the batch's mean of
    CE(f(x), y) + weight log h(f(x), y). (The authors' code has squares in place of the logarithms.)
    References are never learned from otherwise, but they shape the weights.
    """

    name: ClassVar[str] = "min-max"
    title: ClassVar[str] = "Min-max (adversarial regularisation)"
    references: ClassVar[str] = "needed"
    weight: float = param(1.0, "of the inference network's gain against the cross-entropy", low=0.0, high=100)
    steps: int = param(1, "steps of the inference network for each step of the target", low=1, high=100)

    def method(self, fit: "Fit") -> "Method":
        """Training against an inference network."""
        from core.training.hardening.min_max_method import MinMaxMethod

        return MinMaxMethod(fit, self)
