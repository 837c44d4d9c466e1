"""What a representation is: what the attack network looks at."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from core.attacks.base import FloatArray, Observation
from core.parameters import Choice, Registry


@dataclass(frozen=True)
class Representation(Choice):
    """Observation -> channels of an image on the attack grid."""

    needs_label: ClassVar[bool] = True
    needs_references: ClassVar[bool] = False
    """Whether it looks at what reference models give for the image."""

    @abstractmethod
    def channels(self, classes: int) -> int:
        """Number of channels K for a target of that many classes."""

    @abstractmethod
    def of(self, observation: Observation) -> FloatArray:
        """The representation `(K, h, w)` float32. Raises `AttackError` where a needed label map is missing."""


REPRESENTATIONS: Registry[Representation] = Registry("representation")
