"""Attacks without a network. Importing this package registers every one of them in `ATTACKS`."""

from core.attacks.baselines import confidence, dice, entropy, loss

__all__ = ["confidence", "dice", "entropy", "loss"]
