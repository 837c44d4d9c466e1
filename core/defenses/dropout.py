"""Dropout while the target answers."""

from dataclasses import dataclass
from typing import ClassVar

from core.defenses.base import DEFENSES, Defense, Kind
from core.parameters import param

CLOSED_FORMATS = ("onnx", "torchscript", "exported")
"""Formats of targets that cannot be changed from outside, so that dropout cannot be switched on in them."""


@DEFENSES.register
@dataclass(frozen=True)
class Dropout(Defense):
    """Dropout stays active while the target answers, and its passes are averaged (He et al. 2020)."""

    name: ClassVar[str] = "dropout"
    title: ClassVar[str] = "Dropout"
    kind: ClassVar[Kind] = Kind.QUERY
    changes_argmax: ClassVar[bool] = True
    p: float = param(0.1, "share of activations that is dropped", low=0.0, high=1.0)
    passes: int = param(1, "passes that are averaged", low=1, high=1000)
    place: str = param(
        "auto",
        "own: the target's own dropout layers; classifier: one before its last layer; auto: own where it has any",
        choices=("auto", "own", "classifier"),
    )
