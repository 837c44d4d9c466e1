"""Dropout in training: the target cannot lean on single channels for single members."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from core.errors import TargetError
from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    import torch

    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class DropoutTraining(Hardening):
    """Whole channels before the last convolution are dropped at random (Srivastava et al. 2014; Tompson et al. 2015).

    In training, each channel of each image is 0 with probability p, else scaled by 1 / (1 - p). The trained target
    answers without dropout. Whole channels, because dropped pixels would be restored from their neighbours.
    """

    name: ClassVar[str] = "dropout-training"
    title: ClassVar[str] = "Dropout in training"
    p: float = param(0.5, "share of channels that is dropped", low=0.0, high=0.95)

    def method(self, fit: "Fit") -> "Method":
        """Plain training with a hook. Raises `TargetError` where there is no such convolution."""
        from torch.nn import functional

        from core.targets.dropout import last_convolution
        from core.training.method import Method

        p = self.p
        layer = last_convolution(fit.model, fit.classes)
        if not layer:
            raise TargetError(
                f"{fit.settings.architecture}: no last convolution with {fit.classes} outputs was found.",
                "Choose another architecture or hardening.",
            )

        # A hook rather than a layer: the checkpoint keeps the names of the plain architecture.
        def drop(module: "torch.nn.Module", inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            return (functional.dropout2d(inputs[0], p, module.training), *inputs[1:])

        hook = fit.model.get_submodule(layer).register_forward_pre_hook(drop)

        class DroppedOut(Method):
            def finish(self) -> None:
                hook.remove()

            def report(self) -> dict[str, Any]:
                return {"dropout_before": layer}

        return DroppedOut(fit)
