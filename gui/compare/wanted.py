"""What a frame depends on. Knows nothing of Qt's widgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gui.compare.layers import Comparison, Layer
from gui.compare.live import LiveViews
from gui.compare.look import Look
from gui.compare.mean import TrialMeans
from gui.document import AuditDocument
from gui.highlight import Highlight


@dataclass(frozen=True)
class Wanted:
    """What a person looks at: all that a frame depends on.

    Attributes
    ----------
    document, image, attack
        What is looked at.
    chains, layer
        A pane for each defense shows this layer.
    beside
        More layers: there is a pane for `layer` and for each of them, under the first defense.
    comparison, look
        How it is shown.
    live
        What the engine worked out of the image.
    awaited
        Ids of the defenses of which the engine is asked.
    hard
        Ids of the defenses that release label maps only.
    means
        Mean maps of the non-members under defenses that the audit does not have, by id, where they are asked for.
    highlight
        What is to be made out in the image.
    waiting
        What their panes say meanwhile where they have nothing to show; empty while the wait is short.
    """

    document: AuditDocument
    image: int
    chains: tuple[str, ...]
    attack: str
    layer: Layer
    comparison: Comparison = Comparison.PLAIN
    look: Look = field(default_factory=Look)
    live: LiveViews = field(default_factory=dict)
    beside: tuple[Layer, ...] = ()
    awaited: frozenset[str] = frozenset()
    hard: frozenset[str] = frozenset()
    means: Mapping[str, TrialMeans] = field(default_factory=dict)
    highlight: Highlight | None = None
    waiting: str = ""

    @property
    def panes(self) -> tuple[tuple[str, Layer], ...]:
        """Defense and layer of each pane."""
        if not self.beside:
            return tuple((chain, self.layer) for chain in self.chains)
        return tuple((chain, layer) for chain in self.chains[:1] for layer in (self.layer, *self.beside))

    def follows(self, other: "Wanted") -> bool:
        """Whether only a slider has moved since the other, or the engine has worked something out."""
        return len(self.chains) == len(other.chains) and self._fixed == other._fixed

    @property
    def _fixed(self) -> "Wanted":
        return replace(self, chains=(), live={}, awaited=frozenset(), hard=frozenset(), means={}, waiting="")
