"""Hardenings. Importing this package registers every one of them in `HARDENINGS`."""

from core.training.hardening import crop, distillation, dp_sgd, dropout, label_smoothing, min_max, mix_up, none
from core.training.hardening.base import HARDENINGS, Hardening

__all__ = [
    "HARDENINGS",
    "Hardening",
    "crop",
    "distillation",
    "dp_sgd",
    "dropout",
    "label_smoothing",
    "min_max",
    "mix_up",
    "none",
]
