"""What a frame depends on. Knows nothing of Qt's widgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gui.compare.frame import Classes
from gui.compare.layers import Comparison, Layer
from gui.compare.look import Look
from gui.document import AuditDocument
from gui.ranges import Map


@dataclass(frozen=True)
class Live:
    """What the engine worked out for one image under one defense.

    Attributes
    ----------
    maps
        Maps `(h, w)` by layer.
    score
        The image score; None where there is none.
    windows
        Visited patches `(n, 3)`; None where there are none.
    prediction
        Predicted train ids `(h, w)`; None where there are none.
    reason
        Why something is missing.
    """

    maps: Mapping[str, Map] = field(default_factory=dict)
    score: float | None = None
    windows: Map | None = None
    prediction: Classes | None = None
    reason: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a person looks at: all that a frame depends on."""

    document: AuditDocument
    image: int
    chains: tuple[str, ...]
    attack: str
    layer: Layer
    comparison: Comparison = Comparison.PLAIN
    look: Look = field(default_factory=Look)
    live: Mapping[str, Live] = field(default_factory=dict)
