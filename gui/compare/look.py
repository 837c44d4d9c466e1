"""How overlays look: what a person sets and a session keeps. Knows nothing of Qt."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from gui.colour_names import DIVERGING, SEQUENTIAL
from gui.compare.overlay import ColourTable, Kind, colour_table, thinned
from gui.ranges import Range

OPACITY_STEP = 0.1


class Ends(StrEnum):
    """Where a colour scale ends."""

    SHARED = "shared"
    OWN = "own"
    HAND = "hand"


@dataclass(frozen=True)
class Look:
    """The settings of the overlays, the same for all panes.

    Attributes
    ----------
    opacity
        0 (the image alone) to 1 (the map alone, or where a signed map is weak the image through it).
    colours
        Name of the colour map of values that begin somewhere; signed ones always have the diverging map.
    backwards
        Whether colour maps run from their high end to their low end.
    ends
        Colour scales end where all images and defenses do, where each map itself does, or at `hand`.
    hand
        The values at both ends, set by hand.
    clear_void
        Whether void pixels are transparent in every layer.
    patches
        Whether the visited patches are drawn.
    hidden
        Whether overlays are hidden for the moment.
    """

    opacity: float = 0.6
    colours: str = SEQUENTIAL[0]
    backwards: bool = False
    ends: Ends = Ends.SHARED
    hand: Range = (0.0, 1.0)
    clear_void: bool = True
    patches: bool = False
    hidden: bool = False

    def table(self, kind: Kind) -> ColourTable:
        """The colours of the levels of a map with values, opaque, as the bar has them."""
        return colour_table(DIVERGING if kind is Kind.DIVERGING else self.colours, backwards=self.backwards)

    def overlay(self, kind: Kind) -> ColourTable:
        """The same colours as they lie over the image."""
        return thinned(self.table(kind)) if kind is Kind.DIVERGING else self.table(kind)

    def to_mapping(self) -> dict[str, Any]:
        """What a session keeps."""
        return asdict(self) | {"ends": str(self.ends), "hand": list(self.hand), "hidden": False}

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Self:
        """Take up what a session kept; what does not fit is left as it is by default."""
        kept: dict[str, Any] = {}
        if isinstance(opacity := values.get("opacity"), int | float) and 0 <= opacity <= 1:
            kept["opacity"] = float(opacity)
        if (colours := values.get("colours")) in SEQUENTIAL:
            kept["colours"] = colours
        if (ends := values.get("ends")) in list(Ends):
            kept["ends"] = Ends(ends)
        for name in ("backwards", "clear_void", "patches"):
            if isinstance(values.get(name), bool):
                kept[name] = values[name]
        if hand := _range(values.get("hand")):
            kept["hand"] = hand
        return cls(**kept)


def _range(values: object) -> Range | None:
    """Two numbers of which the second is larger."""
    if not isinstance(values, list) or len(values) != 2 or not all(isinstance(v, int | float) for v in values):
        return None
    low, high = (float(v) for v in values)
    return (low, high) if low < high else None
