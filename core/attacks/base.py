"""What an attack is given and what it answers."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from core.parameters import Choice, Registry

if TYPE_CHECKING:
    from core.attacks.label_only.probes import Probe
    from core.attacks.views import View

FloatArray = npt.NDArray[np.float32]
VOID = 255
"""The train id of pixels that belong to no class."""

PROBABILITY_FLOOR = 1e-30
"""The paper's floor under the true class' probability, so that the loss stays finite (at most 69.08)."""


class Needs(StrEnum):
    """What a release must hold for an attack to say what it can."""

    POSTERIORS = "posteriors"
    LABELS_ONLY = "labels only"


@dataclass(frozen=True)
class Reference:
    """What a reference model gives for the image: the attacker's own model, so no defense lies before it.

    Attributes
    ----------
    log_posteriors
        `(C, h, w)` float16.
    true_log_probability
        `(h, w)` float32, log p[true class], 0 where void; None without a label map.
    trained
        Whether the reference was trained on this image; None where nothing says so.
    hard
        Whether the reference gives label maps only.
    taught
        `(h, w)`: the grid points where the image taught it, of a reference trained on part of the image; None: all of
        them or none, as `trained` says.
    """

    log_posteriors: npt.NDArray[np.float16]
    true_log_probability: FloatArray | None = None
    trained: bool | None = None
    hard: bool = False
    taught: npt.NDArray[np.bool_] | None = None


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
    references
        What reference models give for the same image, where an attack asks for them.
    probed
        Label maps `(h, w)` uint8 released for small changes of the image, each pixel where it was, by
        `Probe.id`; 255 where a change moved the pixel out of the image.
    views
        What the attacker sees of enlarged views of the image, with their label maps and references, by `View.id`.
    """

    image_sha256: str
    posteriors: FloatArray
    label: npt.NDArray[np.uint8] | None = None
    true_log_probability: FloatArray | None = None
    hard: bool = False
    references: tuple[Reference, ...] = ()
    probed: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    views: "Mapping[str, Observation]" = field(default_factory=dict)


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

    needs: ClassVar[Needs] = Needs.POSTERIORS
    """What must be released; attacks that need labels only are those to offer where nothing else is."""

    map_sign: ClassVar[int] = 0
    """1 or -1 where the image score is so many times the mean of the first map; 0 where it is no mean of it.

    Of an attack that asks about views, the score of the image alone.
    """

    @property
    def remark(self) -> str:
        """What a reader of its scores and maps must know, or empty."""
        return ""

    def requires_label(self, context: AttackContext) -> bool:
        """Whether images need a label map. Raises `AttackError` where a file that says so cannot be used."""
        return self.needs_label

    def requires_references(self, context: AttackContext) -> bool:
        """Whether `Observation.references` must be given. Raises as `requires_label`."""
        return False

    def probes(self, context: AttackContext) -> "tuple[Probe, ...]":
        """The changed queries that `Observation.probed` must hold. Raises as `requires_label`."""
        return ()

    def asked_views(self, context: AttackContext) -> "tuple[View, ...]":
        """The views that `Observation.views` must hold. Raises as `requires_label`."""
        return ()

    @abstractmethod
    def start(self, context: AttackContext) -> Scorer:
        """Load what is needed and return the function that scores observations.

        Raises `AttackError` where the setting or a file cannot be used.
        """


ATTACKS: Registry[Attack] = Registry("attack")
