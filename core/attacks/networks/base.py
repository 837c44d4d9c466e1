"""What every attack network has in common: from a representation to cells, and from cells to two logits."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from core.attacks.dense import MEMBER, NON_MEMBER, STRIDE, cells
from core.attacks.networks.card import TRANSFORMS
from core.parameters import Choice, Registry

LOG_SCALE = 100.0


class AttackNetwork(nn.Module):
    """A binary classifier over patches of a representation.

    Global average pooling and the last layer are linear, so a patch's logits are the mean of the logits of its cells
    (class-activation maps, Zhou et al., CVPR 2016). Cell (i, j) is centred on grid point (8 i, 8 j).

    Parameters
    ----------
    channels
        K of the representation `(K, h, w)`.
    transform
        "none", or "log" for x -> sign(x) log(1 + 100 |x|), because losses reach from 0 to 69, their differences from
        -69 to 69, and most are near 0.
    """

    stride: ClassVar[int] = STRIDE
    fc: nn.Linear

    def __init__(self, channels: int, transform: str = "none") -> None:
        super().__init__()
        if transform not in TRANSFORMS:
            raise ValueError(f"transform is {transform!r}, not one of {', '.join(TRANSFORMS)}")
        self.channels = channels
        self.transform = transform

    @abstractmethod
    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Cell features: `(N, K, h, w)` -> `(N, D, ceil(h / 8), ceil(w / 8))`."""

    def cells(self, patch: int) -> int:
        """How many cells a side of `patch` grid points gives (90 -> 12)."""
        return cells(patch)

    def prepare(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the input transform."""
        return x.sign() * torch.log1p(LOG_SCALE * x.abs()) if self.transform == "log" else x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 2)` of whole inputs: global average pooling and the last layer."""
        logits: torch.Tensor = self.fc(self.features(self.prepare(x)).mean(dim=(2, 3)))
        return logits

    def cell_logits(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 2, h', w')` of every cell, bias included; their mean over the cells is `forward(x)`."""
        features = self.features(self.prepare(x))
        return functional.conv2d(features, self.fc.weight[:, :, None, None], self.fc.bias)

    def cell_margins(self, x: torch.Tensor) -> torch.Tensor:
        """Member minus non-member logit `(N, h', w')` of every cell."""
        logits = self.cell_logits(x)
        return logits[:, MEMBER] - logits[:, NON_MEMBER]

    def window_margins(self, x: torch.Tensor, patch: int) -> torch.Tensor:
        """Margins `(N, h' - k + 1, w' - k + 1)` of all windows of k = cells(patch) cells, in one pass over `x`."""
        return functional.avg_pool2d(self.cell_margins(x), cells(patch), stride=1)

    @property
    def receptive_field(self) -> int:
        """Side of the square of grid points that one cell sees."""
        field, jump = 1, 1
        for kernel, stride, dilation in self._layers():
            field += (kernel - 1) * dilation * jump
            jump *= stride
        return field

    def _layers(self) -> Iterator[tuple[int, int, int]]:
        """Kernel, stride and dilation of the layers on the longest path, in order."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and "downsample" not in name:
                yield module.kernel_size[0], module.stride[0], module.dilation[0]
            elif isinstance(module, nn.MaxPool2d):
                yield _side(module.kernel_size), _side(module.stride), _side(module.dilation)

    def _initialise(self) -> None:
        """Draw convolution weights for ReLU (He et al., ICCV 2015), as torchvision's ResNet does."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _side(size: int | tuple[int, int]) -> int:
    return size if isinstance(size, int) else size[0]


@dataclass(frozen=True)
class Architecture(Choice):
    """A kind of attack network with its parameters."""

    @abstractmethod
    def build(self, channels: int, transform: str = "none") -> AttackNetwork:
        """Make an untrained network for representations of `channels` channels."""


NETWORKS: Registry[Architecture] = Registry("attack network")
