"""What a defense is: a change to what the target gives out."""

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from core.parameters import Choice, Registry

FloatArray = npt.NDArray[np.float32]


class Kind(StrEnum):
    """Where a defense acts."""

    OUTPUT = "output"  # a pure function on posteriors
    QUERY = "query"  # needs the target again
    HARDENED = "hardened"  # another checkpoint


class Noise(Protocol):
    """Where a random defense takes its draws from."""

    def normal(self, shape: tuple[int, int, int], purpose: str) -> FloatArray:
        """Standard normal draws `(C, h, w)` float32; the same (shape, purpose) gives the same draws."""


@dataclass(frozen=True)
class Defense(Choice):
    """Base of all defenses."""

    kind: ClassVar[Kind]
    changes_argmax: ClassVar[bool] = False
    """Whether the predicted class of a pixel can change, so that mIoU must be counted again."""


@dataclass(frozen=True)
class OutputDefense(Defense):
    """A pure function on posteriors."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    random: ClassVar[bool] = False

    @abstractmethod
    def apply(self, posteriors: FloatArray, noise: Noise, purpose: str) -> FloatArray:
        """Posteriors `(C, h, w)` -> posteriors `(C, h, w)`, non-negative, sum 1 over C. The input is not changed.

        `purpose` tells the places of a chain apart, so that two Gauss defenses do not draw the same noise.
        """


DEFENSES: Registry[Defense] = Registry("defense")
