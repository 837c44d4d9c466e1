"""An attack network that sees little around each cell, for maps that point at places."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from core.attacks.networks.base import NETWORKS, Architecture, AttackNetwork
from core.parameters import param

PLANES = (32, 64, 128, 128, 128)
STRIDES = (2, 2, 2, 1, 1)


class SmallNetwork(AttackNetwork):
    """Five 3x3 convolutions with batch normalisation; a cell sees 47 grid points and nothing beyond.

    Parameters
    ----------
    channels, transform
        See `AttackNetwork`.
    width
        Every layer's channels relative to the default.
    """

    def __init__(self, channels: int, transform: str = "none", width: float = 1.0) -> None:
        super().__init__(channels, transform)
        layers: list[nn.Module] = []
        inputs = channels
        for planes, stride in zip(PLANES, STRIDES, strict=True):
            outputs = max(4, round(planes * width))
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(inputs, 2)
        self._initialise()

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Cell features: `(N, K, h, w)` -> `(N, D, ceil(h / 8), ceil(w / 8))`."""
        cells: torch.Tensor = self.layers(x)
        return cells


@NETWORKS.register
@dataclass(frozen=True)
class Small(Architecture):
    """Five convolutions with a receptive field of 47 grid points."""

    name: ClassVar[str] = "small"
    title: ClassVar[str] = "Small receptive field"
    width: float = param(1.0, "channels relative to 32, 64, 128, 128, 128", low=0.05, high=8.0)

    def build(self, channels: int, transform: str = "none") -> AttackNetwork:
        """Make an untrained network."""
        return SmallNetwork(channels, transform, self.width)
