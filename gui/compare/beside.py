"""Which layers stand side by side, in place of defenses. Knows nothing of Qt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gui.selection import MOST_PANES

FIRST = ("loss", "prediction", "label")
"""What stands beside the layer in view unless a person chooses."""


@dataclass(frozen=True)
class Beside:
    """Panes for layers of one defense.

    Attributes
    ----------
    on
        Whether there is a pane for each layer rather than for each defense.
    layers
        Ids of the layers beside the one in view.
    place
        Place of the defense among those in view.
    """

    on: bool = False
    layers: tuple[str, ...] = FIRST
    place: int = 0

    def shown(self, layer: str) -> tuple[str, ...]:
        """Ids of the layers beside `layer`, as many as there are panes left."""
        return tuple(other for other in self.layers if other != layer)[: MOST_PANES - 1] if self.on else ()

    def chains(self, chains: Sequence[str]) -> tuple[str, ...]:
        """The defenses that have panes, of those in view."""
        return (chains[min(self.place, len(chains) - 1)],) if self.on and chains else tuple(chains)

    def switched(self, layer: str) -> tuple[str, ...]:
        """The layers with one put beside them, or taken away; the one that stood there longest makes room."""
        if layer in self.layers:
            return tuple(other for other in self.layers if other != layer)
        return (*self.layers, layer)[-(MOST_PANES - 1) :]

    def to_mapping(self) -> dict[str, Any]:
        """What a session keeps."""
        return {"on": self.on, "layers": list(self.layers)}

    @classmethod
    def from_mapping(cls, kept: Mapping[str, Any]) -> Self:
        """Take up what a session kept; what does not fit is left as it is by default."""
        layers = kept.get("layers")
        fits = isinstance(layers, list) and all(isinstance(layer, str) for layer in layers)
        return cls(kept.get("on") is True, tuple(layers) if fits and layers is not None else FIRST)
