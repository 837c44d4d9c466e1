"""Label smoothing: the target is never asked to be entirely sure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    import torch

    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class LabelSmoothing(Hardening):
    """Cross-entropy with smoothed labels (Szegedy et al. 2016).

    A pixel of class y is taught q(k) = (1 - s) [k = y] + s / C in place of a one-hot label, for each of C classes k
    and the smoothing s. Void pixels teach nothing.
    """

    name: ClassVar[str] = "label-smoothing"
    title: ClassVar[str] = "Label smoothing"
    smoothing: float = param(0.1, "share of each label that is spread evenly over all classes", low=0.0, high=1.0)

    def method(self, fit: "Fit") -> "Method":
        """Plain training but for the labels."""
        from core.training.method import Method, cross_entropy

        smoothing = self.smoothing

        class Smoothed(Method):
            def loss(self, inputs: "torch.Tensor", labels: "torch.Tensor") -> "torch.Tensor":
                logits = self.fit.logits(self.fit.model, inputs, labels.shape[1:])
                return cross_entropy(logits, labels, smoothing=smoothing)

        return Smoothed(fit)
