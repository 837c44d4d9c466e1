"""Attacks that look at label maps only. Importing this package registers every one of them in `ATTACKS`."""

from core.attacks.label_only import boundary, correctness, stability

__all__ = ["boundary", "correctness", "stability"]
