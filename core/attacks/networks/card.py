"""What must be known of an attack network to use it, and what an audit prints of it. Kept inside the checkpoint."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import AttackError
from core.grid import SHORT_SIDE

REPRESENTATIONS = ("slm", "slm-pair", "concatenation", "posteriors")
CLASS_FREE = {"slm": 1, "slm-pair": 3}
"""Channels of those that serve any number of classes: losses, which are unbounded."""

TRANSFORMS = ("none", "log")
PATCH = 90
"""The paper's patches are 90x90 grid points."""

MOST_CLASSES = 4096
MOST_POINTS = 4096


@dataclass(frozen=True)
class AttackCard:
    """A description of an attack network. Wrong values raise `AttackError`.

    Attributes
    ----------
    architecture, arguments
        Name in `NETWORKS` and its parameters.
    representation
        What the network looks at, one of `REPRESENTATIONS`; "slm-pair" needs reference models.
    classes
        Number of the target's classes C; None when the network serves any (`CLASS_FREE`).
    patch
        Side of the patches in grid points; 0 = the network looks at whole images.
    short_side
        Grid points of an image's short side (see `core.grid`).
    transform
        Input transform, "none" or "log" (`CLASS_FREE`).
    threshold, threshold_source
        Image score from which an image counts as a member, and the data it was set on.
    trained_on
        The shadow and its data, for a person.
    defense
        What the training posteriors had gone through; "none" = a static attacker.
    extra
        Anything else worth keeping, as plain JSON values (such as AUCs).
    """

    architecture: str
    representation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    classes: int | None = None
    patch: int = PATCH
    short_side: int = SHORT_SIDE
    transform: str = "none"
    threshold: float | None = None
    threshold_source: str = ""
    trained_on: str = ""
    defense: str = "none"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in ("architecture", "representation", "transform", "threshold_source", "trained_on", "defense"):
            _need(isinstance(getattr(self, key), str), key, getattr(self, key), "a text")
        for key in ("arguments", "extra"):
            _need(isinstance(getattr(self, key), Mapping), key, getattr(self, key), "a table")
        _need(
            self.representation in REPRESENTATIONS,
            "representation",
            self.representation,
            _one_of(REPRESENTATIONS),
        )
        _need(self.transform in TRANSFORMS, "transform", self.transform, _one_of(TRANSFORMS))
        _need(
            self.transform == "none" or self.representation in CLASS_FREE,
            "transform",
            self.transform,
            '"none": only losses are unbounded',
        )
        _need(
            _whole(self.classes, 2, MOST_CLASSES) or (self.classes is None and self.representation in CLASS_FREE),
            "classes",
            self.classes,
            f"a whole number from 2 to {MOST_CLASSES}, or nothing for {' and '.join(CLASS_FREE)}",
        )
        _need(_whole(self.patch, 0, MOST_POINTS), "patch", self.patch, f"a whole number from 0 to {MOST_POINTS}")
        _need(
            _whole(self.short_side, 8, MOST_POINTS),
            "short_side",
            self.short_side,
            f"a whole number from 8 to {MOST_POINTS}",
        )
        _need(self.threshold is None or _finite(self.threshold), "threshold", self.threshold, "a number or nothing")

    @property
    def channels(self) -> int:
        """K of the representation `(K, h, w)`."""
        if self.representation in CLASS_FREE or self.classes is None:
            return CLASS_FREE[self.representation]
        return 2 * self.classes if self.representation == "concatenation" else self.classes

    @property
    def table(self) -> dict[str, Any]:
        """The architecture as a table for `NETWORKS.make`."""
        return {**self.arguments, "name": self.architecture}

    def to_json(self) -> str:
        """The card as JSON text. Raises `AttackError` where `arguments` or `extra` hold what JSON cannot."""
        try:
            return json.dumps(dataclasses.asdict(self), sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise AttackError(
                f"The card of the attack network cannot be written: {error}.", "It takes plain, finite values."
            ) from error

    @classmethod
    def from_json(cls, text: str) -> "AttackCard":
        """Read a card. Raises `AttackError` naming the key that is wrong."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AttackError(f"The card of the attack network is not JSON: {error}.") from error
        if not isinstance(values, dict):
            raise AttackError("The card of the attack network is not a table.")
        known = {f.name for f in dataclasses.fields(cls)}
        for key in ("architecture", "representation"):
            _need(key in values, key, None, "a text")
        # Unknown keys come from later versions; they cannot change what the known ones mean.
        return cls(**{k: v for k, v in values.items() if k in known})


def _need(good: bool, key: str, value: object, allowed: str) -> None:
    if not good:
        shown = repr(value)[:80]
        raise AttackError(f"The card of the attack network: '{key}' cannot be {shown}.", f"It takes {allowed}.")


def _one_of(names: tuple[str, ...]) -> str:
    return "one of " + ", ".join(names)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _finite(value: object) -> bool:
    """Whether it is a number of a sane size; a comparison, because `math.isfinite` fails on huge whole numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300
