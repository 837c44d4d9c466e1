"""What the engine says of the image in view, in the form in which panes take it. Knows nothing of Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gui.compare.frame import Classes
from gui.compare.layers import LOSS, TRUE_POSTERIOR
from gui.ranges import Map

if TYPE_CHECKING:
    from core.engine.jobs.observe import View


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
    whole
        Whether nothing more will come.
    own
        Whether all of it is of this defense, not of one whose slider has moved on.
    """

    maps: Mapping[str, Map] = field(default_factory=dict)
    score: float | None = None
    windows: Map | None = None
    prediction: Classes | None = None
    reason: str = ""
    whole: bool = True
    own: bool = True

    @property
    def settled(self) -> bool:
        """Whether nothing better will come."""
        return self.whole and self.own


LiveViews = Mapping[str, Live]
"""What the engine worked out of one image, by chain id."""


def live_of(view: "View", attack: str, *, own: bool = True) -> Live:
    """What an engine's view of an image shows under one attack."""
    of_label = {LOSS: view.loss, TRUE_POSTERIOR: view.label_probability}
    return Live(
        maps={**view.maps.get(attack, {}), **{name: values for name, values in of_label.items() if values is not None}},
        score=view.scores.get(attack),
        windows=view.windows.get(attack),
        prediction=view.prediction,
        reason=view.failed or view.reasons.get(attack, ""),
        whole=view.whole,
        own=own,
    )


def taken_in(live: LiveViews, chain: str, now: Live) -> LiveViews:
    """With what is known of a chain now; what only part of it is known of keeps the rest from before."""
    before = live.get(chain)
    if before is not None and before.settled and not now.own:
        return live  # it came late
    return {**live, chain: now if before is None or now.whole else _over(before, now)}


def _over(before: Live, now: Live) -> Live:
    prediction = before.prediction if now.prediction is None else now.prediction
    return replace(before, maps={**before.maps, **now.maps}, prediction=prediction, whole=False, own=False)


def handed_on(live: LiveViews, old: str, new: str) -> LiveViews:
    """With what is known of one chain as something to look at for another, until its own is there."""
    rest = {chain: known for chain, known in live.items() if chain != old}
    return rest if old not in live or new in rest else {**rest, new: replace(live[old], own=False)}
