"""Optimizers and learning rates."""

import math
from collections.abc import Iterable

import torch
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

WARM_UP = 0.05
"""Part of the steps over which the rate rises: untrained BatchNorm statistics make the first gradients wild."""


def make_optimizer(
    name: str, parameters: Iterable[torch.nn.Parameter], learning_rate: float, weight_decay: float
) -> Optimizer:
    """An optimizer of `core.training.settings.OPTIMIZERS`; SGD with momentum 0.9."""
    if name == "sgd":
        return SGD(parameters, lr=learning_rate, momentum=0.9, weight_decay=weight_decay)
    return AdamW(parameters, lr=learning_rate, weight_decay=weight_decay)


def make_schedule(name: str, optimizer: Optimizer, steps: int) -> LambdaLR:
    """A schedule of `core.training.settings.SCHEDULES` over `steps` steps."""
    return LambdaLR(optimizer, lambda step: rate_factor(name, step, steps))


def rate_factor(name: str, step: int, steps: int) -> float:
    """The learning rate at a step, as a fraction of the base rate, in (0, 1].

    A linear rise over the first `WARM_UP` of the steps, then half a cosine, the polynomial (1 - t)^0.9 of
    DeepLab (Chen et al. 2018), or constant.
    """
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / (rise + 1)
    t = min(1.0, (step - rise) / max(1, steps - rise))
    if name == "cosine":
        return 0.5 * (1 + math.cos(math.pi * t))
    return float((1 - t) ** 0.9) if name == "poly" else 1.0
