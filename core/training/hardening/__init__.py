"""Hardenings. Importing this package registers every one of them in `HARDENINGS`."""

from core.training.hardening import none
from core.training.hardening.base import HARDENINGS, Hardening

__all__ = ["HARDENINGS", "Hardening", "none"]
