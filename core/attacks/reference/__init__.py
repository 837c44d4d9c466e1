"""Attacks calibrated by reference models. Importing this package registers every one of them in `ATTACKS`."""

from core.attacks.reference import difference, learned_ratio, lira, log_ratio, rmia

__all__ = ["difference", "learned_ratio", "lira", "log_ratio", "rmia"]
