"""Plain training."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class NoHardening(Hardening):
    """Plain training: cross-entropy on the members."""

    name: ClassVar[str] = "none"
    title: ClassVar[str] = "Plain training"

    def method(self, fit: "Fit") -> "Method":
        """Plain training."""
        from core.training.method import Method

        return Method(fit)
