"""What a hardening is: a way of training after which a target remembers less of its images."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.parameters import Choice, Registry

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method
    from core.training.settings import TargetTraining


@dataclass(frozen=True)
class Hardening(Choice):
    """Base of all hardenings. Light to import: torch comes with `method`."""

    references: ClassVar[str] = "no"
    """Whether it takes reference images, which are no members: "no", "optional" or "needed"."""

    def check(self, settings: "TargetTraining") -> None:
        """Raise `SpecError` where it cannot go with these settings."""

    def files(self) -> tuple[Path, ...]:
        """Checkpoints it learns from: a change of them is another training, and their images shape the weights."""
        return ()

    def method(self, fit: "Fit") -> "Method":
        """How `fit` is trained under this hardening."""
        raise NotImplementedError


HARDENINGS: Registry[Hardening] = Registry("hardening")
