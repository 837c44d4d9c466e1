"""The paper's attack network: a ResNet with a deep stem and an overall stride of 8.

He, Rahimian, Schiele, Fritz, ECCV 2020: three convolutions as the stem, layer3 and layer4 without stride, one linear
layer. The blocks are torchvision's, and so are the names of all weights: the authors' published checkpoints load as
they are.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from core.attacks.networks.base import NETWORKS, Architecture, AttackNetwork
from core.parameters import param

PLANES = (64, 128, 256, 512)
STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 2, 4)
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


class AttackResNet(AttackNetwork):
    """ResNet-18, -34 or -50 over representations.

    Parameters
    ----------
    channels, transform
        See `AttackNetwork`.
    depth
        18, 34 or 50.
    width
        Every layer's channels relative to the paper's.
    dilated
        Whether layer3 and layer4 are dilated by 2 and 4: a larger receptive field with the same weights.
    """

    def __init__(
        self, channels: int, transform: str = "none", depth: int = 50, width: float = 1.0, dilated: bool = False
    ) -> None:
        super().__init__(channels, transform)
        block = Bottleneck if depth == 50 else BasicBlock
        planes = [_scaled(p, width) for p in PLANES]
        stem = 2 * planes[0]
        self.conv1 = _stem(channels, planes[0], stem)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        layers: list[nn.Sequential] = []
        inputs = stem
        for i, (count, stride, dilation) in enumerate(zip(BLOCKS[depth], STRIDES, DILATIONS, strict=True)):
            layer = _layer(block, inputs, planes[i], count, stride)
            if dilated and dilation > 1:
                _dilate(layer, dilation)
            layers.append(layer)
            inputs = planes[i] * block.expansion
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.fc = nn.Linear(inputs, 2)
        self._initialise()

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Cell features: `(N, K, h, w)` -> `(N, D, ceil(h / 8), ceil(w / 8))`."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return x


def _scaled(planes: int, width: float) -> int:
    """The number of channels at a width, a multiple of 4."""
    return max(4, round(planes * width / 4) * 4)


def _stem(channels: int, inner: int, outer: int) -> nn.Sequential:
    """Three convolutions, the first with stride 2; the last one's normalisation is the network's `bn1`."""
    return nn.Sequential(
        nn.Conv2d(channels, inner, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(inner),
        nn.ReLU(inplace=True),
        nn.Conv2d(inner, inner, 3, padding=1, bias=False),
        nn.BatchNorm2d(inner),
        nn.ReLU(inplace=True),
        nn.Conv2d(inner, outer, 3, padding=1, bias=False),
    )


def _layer(
    block: type[BasicBlock] | type[Bottleneck], inputs: int, planes: int, count: int, stride: int
) -> nn.Sequential:
    """A stage of residual blocks; the first one changes stride and width."""
    outputs = planes * block.expansion
    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    blocks = [block(inputs, planes, stride, shortcut)]
    blocks += [block(outputs, planes) for _ in range(count - 1)]
    return nn.Sequential(*blocks)


def _dilate(layer: nn.Sequential, dilation: int) -> None:
    """Dilate the 3x3 convolutions of a stage; the very first by half, where the previous stage left off.

    torchvision's BasicBlock refuses dilation at construction, so it is set on the finished convolutions.
    """
    convolutions = [m for m in layer.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    for i, convolution in enumerate(convolutions):
        step = dilation if i else dilation // 2
        convolution.dilation = convolution.padding = (step, step)


@dataclass(frozen=True)
class ResNet(Architecture):
    """The paper's network at one depth."""

    depth: ClassVar[int]
    width: float = param(1.0, "channels relative to the paper's", low=0.05, high=2.0)
    dilated: bool = param(False, "dilate layer3 by 2 and layer4 by 4")

    def build(self, channels: int, transform: str = "none") -> AttackNetwork:
        """Make an untrained network."""
        return AttackResNet(channels, transform, self.depth, self.width, self.dilated)


@NETWORKS.register
@dataclass(frozen=True)
class ResNet18(ResNet):
    """18 layers; a cell sees 231 grid points."""

    name: ClassVar[str] = "resnet18"
    title: ClassVar[str] = "ResNet-18"
    depth: ClassVar[int] = 18


@NETWORKS.register
@dataclass(frozen=True)
class ResNet34(ResNet):
    """34 layers; a cell sees 471 grid points."""

    name: ClassVar[str] = "resnet34"
    title: ClassVar[str] = "ResNet-34"
    depth: ClassVar[int] = 34


@NETWORKS.register
@dataclass(frozen=True)
class ResNet50(ResNet):
    """50 layers, the paper's choice; a cell sees 239 grid points."""

    name: ClassVar[str] = "resnet50"
    title: ClassVar[str] = "ResNet-50"
    depth: ClassVar[int] = 50
