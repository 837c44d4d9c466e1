"""A target that is a torch module."""

import math
from dataclasses import replace

import torch

from core.targets.base import TargetInfo
from core.targets.formats import OpenedTarget, Request
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing


class ModuleTarget(OpenedTarget):
    """A torch module in evaluation mode and float32, without gradients."""

    def __init__(
        self,
        module: torch.nn.Module,
        info: TargetInfo,
        preprocessing: Preprocessing,
        device: str,
        options: TargetOptions,
    ) -> None:
        super().__init__(info, preprocessing, device, options)
        self._module = module.eval().float().requires_grad_(False).to(device)

    def forward(self, batch: torch.Tensor) -> object:
        """As `Target.forward`."""
        return self._module(batch)

    def module(self) -> torch.nn.Module:
        """The torch module inside."""
        return self._module


def opened_module(
    request: Request, module: torch.nn.Module, info: TargetInfo, found: Preprocessing | None
) -> ModuleTarget:
    """The target of a module with loaded weights, its pre-processing settled; `found` is what its file says of it."""
    preprocessing, notes = request.preprocessing_or(found)
    needed = math.lcm(preprocessing.multiple, input_multiple(module))
    if needed != preprocessing.multiple:
        preprocessing = replace(preprocessing, multiple=needed)
        notes += (f"The architecture needs sides that are multiples of {needed}: images are padded to that.",)
    # One output channel is the second of two classes.
    info = replace(info, classes=max(info.classes, 2), notes=info.notes + notes)
    return ModuleTarget(module, info, preprocessing, request.device, request.options)


def input_multiple(module: torch.nn.Module) -> int:
    """What a segmentation-models-pytorch architecture requires height and width to be a multiple of, else 1."""
    if not getattr(module, "requires_divisible_input_shape", False):
        return 1
    stride = getattr(getattr(module, "encoder", None), "output_stride", 1)
    return stride if isinstance(stride, int) else 1
