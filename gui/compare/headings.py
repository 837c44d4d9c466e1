"""What stands above the panes. Knows nothing of widgets."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from gui.compare.colour_bar import ELLIPSIS
from gui.compare.frame import Frame, PaneFrame, Standing
from gui.compare.pane import Heading
from gui.compare.readout import number
from gui.compare.stage import Stage
from gui.selection import Selection

if TYPE_CHECKING:
    from gui.results import Results

OTHER_COLOUR = "#808890"
"""Of defenses that are gone."""


class Headings:
    """Writes the headings of the panes.

    Parameters
    ----------
    selection
        What is looked at.
    heir
        Says which defense a slider has made of one that a frame was made for.

    Attributes
    ----------
    results
        The scores of all images under defenses that the audit does not have; None without an engine.
    """

    def __init__(self, selection: Selection, heir: Callable[[str], str]) -> None:
        self._selection, self._heir = selection, heir
        self.results: Results | None = None

    def title(self, chain: str) -> str:
        """What a defense is called."""
        return self._selection.title(self._heir(chain))

    def colour(self, chain: str) -> str:
        """The colour of a defense, "#rrggbb"."""
        return self._selection.colours().get(self._heir(chain), OTHER_COLOUR)

    def is_current(self, frame: Frame) -> bool:
        """Whether a frame shows what is selected: another image may have been chosen while it is still there."""
        return frame.document is self._selection.document and frame.image == self._selection.image

    def of(self, frame: Frame, stage: Stage) -> Heading:
        """What stands above one pane of a frame."""
        pane = stage.pane
        title, colour = self._title(frame, stage), self.colour(pane.chain)
        if frame.by_layer and pane is not frame.panes[0] and stage.curtain is None:
            return Heading(title, colour)  # the score of the first pane is that of all
        words, tip = score_words(pane, self._standing(frame, pane), self._threshold(frame, pane))
        tried = frame.document.chain(pane.chain) is None
        if tried and not pane.judged.settled and pane.standing is not None:
            words, tip = f"{words} {ELLIPSIS}", "The score of the setting before: that of this one is being worked out."
        return Heading(title, colour, words, tip, self._heir(pane.chain))

    def _title(self, frame: Frame, stage: Stage) -> str:
        panes = [pane for pane in (stage.pane, stage.other) if pane is not None]
        names = [pane.shown.layer.title if frame.by_layer else self.title(pane.chain) for pane in panes]
        if stage.curtain is not None and stage.other is None:
            names.append("image")
        title = "  |  ".join(names)
        return f"{title}  \N{MIDDLE DOT}  {self.title(stage.pane.chain)}" if frame.by_layer else title

    def _threshold(self, frame: Frame, pane: PaneFrame) -> float | None:
        """The operating point, which counts for the first defense only."""
        counts = self.is_current(frame) and (self._heir(pane.chain),) == self._selection.chains[:1]
        return self._selection.threshold if counts else None

    def _standing(self, frame: Frame, pane: PaneFrame) -> Standing | None:
        """Among the audit's scores, or among those of a trial that are there by now."""
        standing = pane.standing
        if standing is None or standing.of or self.results is None:
            return standing
        result = self.results.of(self._heir(pane.chain), self._selection.attack)
        if result is None:
            return standing
        rank = 1 + int((result.scores > standing.score).sum())
        return Standing(standing.score, rank, int(np.isfinite(result.scores).sum()), exact=result.exact)


def score_words(pane: PaneFrame, standing: Standing | None, threshold: float | None) -> tuple[str, str]:
    """The image score with its rank, and what that means.

    `threshold` is the operating point on the image scores of the pane's defense, None where there is none.
    """
    if standing is None:
        return "no score" if pane.judged.settled else ELLIPSIS, pane.judged.reason
    sentences = ["Image score: higher = more likely a member."]
    words = f"score {number(standing.score)}"
    if standing.of:
        words += f"   rank {standing.rank} of {standing.of}{'' if standing.exact else ' so far'}"
        sentences.append("Rank 1 is the highest score of the audit under this defense.")
    if threshold is not None:
        above = standing.score >= threshold
        words += "   \N{BLACK UP-POINTING TRIANGLE}" if above else ""
        sentences.append(f"{'Above' if above else 'Below'} the operating point, {number(threshold)}.")
    return words, "\n".join(sentences)
