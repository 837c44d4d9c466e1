"""What an attack is given and what it answers."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.parameters import Choice, Registry

FloatArray = npt.NDArray[np.float32]
VOID = 255
"""The train id of pixels that belong to no class."""

PROBABILITY_FLOOR = 1e-30
"""The paper's floor under the true class' probability, so that the loss stays finite (at most 69.08)."""


@dataclass(frozen=True)
class Observation:
    """What the attacker sees of one image: the target's released output on the attack grid, and the label map.

    Attributes
    ----------
    image_sha256
        Keys all random draws for this image.
    posteriors
        `(C, h, w)` float32, sum 1 over C, after the defense.
    label
        `(h, w)` uint8 train ids, 255 = void; None when the image has no label map.
    true_log_probability
        `(h, w)` float32, log p[true class], 0 where void. Kept apart because 1 - p is lost in float32 where the
        target is sure. None when there is no label map or a defense changed the posteriors.
    hard
        Whether the release is label maps only (one-hot posteriors).
    """

    image_sha256: str
    posteriors: FloatArray
    label: npt.NDArray[np.uint8] | None = None
    true_log_probability: FloatArray | None = None
    hard: bool = False


@dataclass(frozen=True)
class AttackResult:
    """What an attack says of one image.

    Attributes
    ----------
    score
        The image score; higher = more likely a member.
    maps
        Name -> `(h, w)` float32 on the attack grid; NaN where a map says nothing.
    windows
        Visited patches `(n, 3)` float32: top row, left column (grid points), margin; None for attacks without patches.
    """

    score: float
    maps: Mapping[str, FloatArray] = field(default_factory=dict)
    windows: FloatArray | None = None


@dataclass(frozen=True)
class AttackContext:
    """What an attack needs to start: where to compute, the audit's seed, where relative paths begin."""

    device: str = "cpu"
    seed: int = 0
    folder: Path = Path()
    batch: int = 64
    """Patches per forward pass of an attack network."""


Scorer = Callable[[Sequence[Observation]], list[AttackResult]]


@dataclass(frozen=True)
class Attack(Choice):
    """A way to tell members from non-members. A frozen dataclass of parameters; `start` does the loading."""

    needs_label: ClassVar[bool] = True
    maps: ClassVar[tuple[str, ...]] = ()
    """Names of the maps it draws; the first is the one shown by default."""

    @abstractmethod
    def start(self, context: AttackContext) -> Scorer:
        """Load what is needed and return the function that scores observations.

        Raises `AttackError` where the setting or a file cannot be used.
        """


ATTACKS: Registry[Attack] = Registry("attack")
