"""Representations. Importing this package registers every one of them in `REPRESENTATIONS`."""

from core.attacks.representations import concatenation, posteriors, slm, slm_pair
from core.attacks.representations.base import REPRESENTATIONS, Representation

__all__ = ["REPRESENTATIONS", "Representation", "concatenation", "posteriors", "slm", "slm_pair"]
