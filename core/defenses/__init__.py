"""Defenses. Importing this package registers every one of them in `DEFENSES`."""

from core.defenses import argmax, dropout, gauss, hardened, none, rounding, temperature, topk
from core.defenses.base import DEFENSES

__all__ = [
    "DEFENSES",
    "argmax",
    "dropout",
    "gauss",
    "hardened",
    "none",
    "rounding",
    "temperature",
    "topk",
]
