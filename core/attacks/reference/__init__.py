"""Attacks calibrated by reference models. Importing this package registers every one of them in `ATTACKS`."""

from core.attacks.reference import difference, lira, rmia

__all__ = ["difference", "lira", "rmia"]
