"""No defense."""

from dataclasses import dataclass
from typing import ClassVar

from core.defenses.base import DEFENSES, FloatArray, Noise, OutputDefense


@DEFENSES.register
@dataclass(frozen=True)
class NoDefense(OutputDefense):
    """The target's posteriors as they are."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "No defense"

    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Return the posteriors themselves."""
        return posteriors
