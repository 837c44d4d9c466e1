"""Mix-up: the target never sees a member as it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class MixUp(Hardening):
    """Pairs of images and their losses are mixed (Zhang et al. 2018; for segmentation Chobola et al. 2023).

    Each image x_i of a batch gets a partner x_j out of the same batch. With one t ~ Beta(alpha, alpha) per batch the
    target sees t x_i + (1 - t) x_j and learns from t CE(y_i) + (1 - t) CE(y_j). Each cross-entropy is the mean over
    the pixels that its own label map labels: void has no label that could be mixed.
    """

    name: ClassVar[str] = "mix-up"
    title: ClassVar[str] = "Mix-up"
    alpha: float = param(
        1.0, "of the Beta distribution; small: mostly one image, large: half of each", low=0.01, high=64
    )

    def method(self, fit: "Fit") -> "Method":
        """Plain training but for the batches."""
        import numpy as np
        import torch

        from core.training.method import Method, cross_entropy

        alpha = self.alpha

        class Mixed(Method):
            def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
                share, partners = self.draw(len(inputs))
                mixed = share * inputs + (1 - share) * inputs[partners]
                logits = self.fit.logits(self.fit.model, mixed, labels.shape[1:])
                own, other = cross_entropy(logits, labels), cross_entropy(logits, labels[partners])
                return share * own + (1 - share) * other

            def draw(self, count: int) -> tuple[float, torch.Tensor]:
                """The share t of each image, and everyone's partner."""
                partners = torch.randperm(count, generator=self.fit.draws)
                # torch's Beta distribution takes no generator.
                seed = int(torch.randint(1 << 62, (1,), generator=self.fit.draws))
                return float(np.random.default_rng(seed).beta(alpha, alpha)), partners.to(self.fit.device)

        return Mixed(fit)
