"""Group normalisation in place of batch normalisation (Wu and He 2018). Without torch until it is used.

Batch normalisation mixes the images of a batch and keeps statistics of them in the model. Group normalisation does
neither: each image is normalised by itself, which differential privacy rests on.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

NORMS = ("batch", "group")
MOST_GROUPS = 32
"""The number of Wu and He 2018."""

FEWEST_CHANNELS = 4
"""In a group. A channel alone would be normalised to 0 where the map is 1x1, as after a global pooling."""


def with_group_norm(module: "nn.Module") -> "nn.Module":
    """Replace every batch normalisation inside a module, in place; returns the module.

    The new layers keep names, weights and biases of the old ones, and the activation that timm puts inside them.
    Raises `ValueError` where there is a batch normalisation of another kind than the two-dimensional one.
    """
    from torch.nn import BatchNorm2d
    from torch.nn.modules.batchnorm import _BatchNorm

    layers = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, _BatchNorm)]
    for name, layer in layers:
        if not isinstance(layer, BatchNorm2d):
            raise ValueError(f"{type(layer).__name__} cannot become group normalisation")
        module.set_submodule(name, _replacement(layer))
    return module


def group_count(channels: int) -> int:
    """Groups for a number of channels: its largest divisor up to `MOST_GROUPS` that leaves groups large enough."""
    most = min(MOST_GROUPS, channels // FEWEST_CHANNELS)
    return max((count for count in range(1, most + 1) if channels % count == 0), default=1)


def _replacement(layer: "nn.BatchNorm2d") -> "nn.GroupNorm":
    import torch
    from timm.layers.norm_act import BatchNormAct2d, GroupNormAct

    channels = layer.num_features
    new: nn.GroupNorm
    if isinstance(layer, BatchNormAct2d):
        new = GroupNormAct(channels, group_count(channels), eps=layer.eps, affine=layer.affine)
        new.drop, new.act = layer.drop, layer.act
    else:
        new = torch.nn.GroupNorm(group_count(channels), channels, eps=layer.eps, affine=layer.affine)
    if layer.affine:
        # Some architectures start with weights other than 1.
        new.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    return new
