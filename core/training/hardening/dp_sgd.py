"""DP-SGD: clipped gradients with noise, so that no image moves the weights by much."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.errors import SpecError
from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method
    from core.training.settings import TargetTraining

PARTS = ("all", "decoder", "head")
UNIT = "one image with its label map, added or removed"


@HARDENINGS.register
@dataclass(frozen=True)
class DpSgd(Hardening):
    """Differentially private stochastic gradient descent (Abadi et al. 2016).

    Each step draws every member with probability q (Poisson sampling), clips the gradient of each drawn image to the
    norm C and takes (sum of the clipped gradients + N(0, (z C)^2)) / (q members) as the gradient. The noise
    multiplier z is the smallest that keeps all planned steps within (epsilon, delta), as opacus' accountant of Renyi
    differential privacy counts them (Mironov 2017; Mironov et al. 2019). What is protected is one image with its
    label map.

    The noise grows with the number of weights. From scratch at epsilon 8 little is learned: start from a checkpoint
    trained on other images, and let the decoder or the head learn alone.
    """

    name: ClassVar[str] = "dp-sgd"
    title: ClassVar[str] = "DP-SGD"
    epsilon: float = param(8.0, "privacy budget of the whole training; smaller: more noise", low=0.01, high=1000)
    delta: float = param(
        0.0, "chance that epsilon fails; 0: the largest power of ten below 1 / members", low=0, high=0.1
    )
    clip: float = param(1.0, "largest norm of an image's gradient", low=1e-6, high=1e6)
    part: str = param(
        "all", "what learns: all weights, those after the encoder, or the last convolution", choices=PARTS
    )

    def check(self, settings: "TargetTraining") -> None:
        """Raise `SpecError` where batch normalisation would mix the images."""
        if settings.norm != "group":
            raise SpecError(
                f"{self.name}: batch normalisation mixes images and keeps statistics of them, outside of any epsilon.",
                "Set norm to group, here and for the checkpoint to start from.",
            )

    def delta_for(self, members: int) -> float:
        """The given delta, or the default: at 1 / members, giving away one image whole would pass as private."""
        return self.delta or 10.0 ** -len(str(members))

    def method(self, fit: "Fit") -> "Method":
        """Training with clipped gradients and noise."""
        from core.training.hardening.dp_sgd_method import DpSgdMethod

        return DpSgdMethod(fit, self)
