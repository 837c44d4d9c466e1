"""What the engine says of the image in view, in the form in which panes take it. Knows nothing of Qt."""

from typing import TYPE_CHECKING

from gui.compare.layers import LOSS
from gui.compare.wanted import Live

if TYPE_CHECKING:
    from core.engine.jobs.observe import View


def live_of(view: "View", attack: str) -> Live:
    """What an engine's view of an image shows under one attack."""
    loss = {} if view.loss is None else {LOSS: view.loss}
    return Live(
        maps={**view.maps.get(attack, {}), **loss},
        score=view.scores.get(attack),
        windows=view.windows.get(attack),
        prediction=view.prediction,
        reason=view.failed or view.reasons.get(attack, ""),
    )
