"""What the engine has worked out of the image in view, and what it is asked for next. Knows nothing of Qt."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gui.compare.frame import Frame, PaneFrame
from gui.compare.layers import PREDICTION, QUICK
from gui.compare.live import LiveViews, handed_on, live_of, taken_in
from gui.compare.wanted import Wanted
from gui.live.asking import Ask, missing
from gui.selection import Selection

if TYPE_CHECKING:
    from core.engine.jobs.observe import View


class Observing:
    """Of one image after another.

    A defense that the audit does not have is asked of at once; of the audit's own, only that which a frame lacks.

    Attributes
    ----------
    live
        What is known, by chain id.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self.live: LiveViews = {}
        self._lacking: dict[str, frozenset[str]] = {}
        self._heirs: dict[str, str] = {}

    def clear(self) -> None:
        """Another image is in view, or another attack."""
        self.live, self._lacking, self._heirs = {}, {}, {}

    def hand_on(self, old: str, new: str) -> None:
        """A slider moved: what is known of the old setting is looked at until the new one's is there."""
        self.live = handed_on(self.live, old, new)
        self._heirs.pop(new, None)  # it was there before: no circles
        self._heirs[old] = new

    def heir(self, chain: str) -> str:
        """The defense that sliders have made of one; itself where none has."""
        while chain in self._heirs:
            chain = self._heirs[chain]
        return chain

    def take(self, chain: str, view: "View", *, own: bool) -> None:
        """The engine has worked something out."""
        self.live = taken_in(self.live, chain, live_of(view, self._selection.attack, own=own))

    def learn(self, frame: Frame) -> None:
        """See in a frame what the audit does not have of its own defenses, before the engine has said any of it."""
        if frame.seen.picture is not None:
            unheard = [pane for pane in frame.panes if pane.chain not in self.live]
            self._lacking |= {pane.chain: self._lacks(frame, pane) for pane in unheard}

    def _lacks(self, frame: Frame, pane: PaneFrame) -> frozenset[str]:
        known = {*pane.judged.maps, *([] if pane.judged.prediction is None else [PREDICTION])}
        maps = frame.document.map_names(self._selection.attack)
        return missing(known, maps, labelled=frame.seen.label is not None)

    def awaited(self, wanted: Wanted) -> frozenset[str]:
        """Ids of the defenses of which something better will come."""
        shown = (chain for chain in wanted.chains if self._selection.chain(chain) is not None)
        return frozenset(chain for chain in shown if chain not in self.live or not self.live[chain].settled)

    def asks(self, wanted: Wanted) -> tuple[Ask, ...]:
        """What to ask now: of trials first, as a slider may be moving."""
        quick = any(layer.id in QUICK for _, layer in wanted.panes)
        trials, audited = [], []
        for chain_id in wanted.chains:
            chain = self._selection.chain(chain_id)
            if chain is None or chain_id not in wanted.awaited:
                continue
            ask = Ask(wanted.document, wanted.image, chain, wanted.attack, quick=quick)
            if wanted.document.chain(chain_id) is None:
                trials.append(ask)
            elif layers := self._lacking.get(chain_id):
                audited.append(replace(ask, layers=layers))
        return (*trials, *audited)
