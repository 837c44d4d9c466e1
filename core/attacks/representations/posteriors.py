"""The posteriors alone."""

from dataclasses import dataclass
from typing import ClassVar

from core.attacks.base import FloatArray, Observation
from core.attacks.representations.base import REPRESENTATIONS, Representation


@REPRESENTATIONS.register
@dataclass(frozen=True)
class Posteriors(Representation):
    """What the target released, without a label map (Chobola et al. 2023, type I)."""

    name: ClassVar[str] = "posteriors"
    title: ClassVar[str] = "Posteriors"
    needs_label: ClassVar[bool] = False

    def channels(self, classes: int) -> int:
        """One channel per class."""
        return classes

    def of(self, observation: Observation) -> FloatArray:
        """The posteriors `(C, h, w)` themselves."""
        return observation.posteriors
