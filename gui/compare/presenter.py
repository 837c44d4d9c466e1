"""What the panes are to show, gathered from what is selected and set, and asked for."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gui.compare.beside import Beside
from gui.compare.frame import Frame
from gui.compare.layers import Comparison, Layer, layer_of
from gui.compare.loader import Loader
from gui.compare.look import Look
from gui.compare.mean import BEING_MADE, NO_MEAN, TrialMeans
from gui.compare.observing import Observing
from gui.compare.wanted import Wanted
from gui.document import AuditDocument
from gui.highlight import Highlight
from gui.live.asking import Ask
from gui.selection import Selection

if TYPE_CHECKING:
    from core.engine.jobs.observe import View
    from gui.live.looker import Looker
    from gui.results import Results

PAINTED = ("colours", "backwards", "ends", "hand", "clear_void")
"""What of a `Look` is painted into an overlay; the rest is the canvas' own."""

SLOW_MS = 250
"""Whoever waits longer is told so."""


class Presenter(QObject):
    """Listens to the selection and asks for frames.

    Attributes
    ----------
    framed
        Sends the frame to show, or None where there is nothing to show. Image and maps come together: no frame has
        the maps of another image.
    restyled
        A setting changed that needs no new frame.
    slow
        A frame is long in coming.
    engine_wanted
        Sends all that the engine is to work out now, as `Ask`s, where that has changed.
    """

    framed = Signal(object)
    restyled = Signal()
    slow = Signal()
    engine_wanted = Signal(object)

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._look = Look()
        self._comparison = Comparison.PLAIN
        self._beside = Beside()
        self._observing = Observing(selection)
        self._asked: tuple[Ask, ...] = ()
        self._looker: Looker | None = None
        self._results: Results | None = None
        self._late = False
        self.loader = Loader(self)
        self.loader.loaded.connect(self._loaded)
        # Several signals that come together, as when another audit is opened, make one question.
        self._due = _timer(self, 0, self._ask)
        self._slow = _timer(self, SLOW_MS, self._still_waiting)
        selection.document_changed.connect(self._document_changed)
        selection.document_grew.connect(self._due.start)
        selection.image_changed.connect(self._image_changed)
        for signal in (selection.chains_changed, selection.layer_changed, selection.highlight_changed):
            signal.connect(lambda _: self._due.start())
        selection.attack_changed.connect(self._image_changed)
        selection.retuned.connect(self._observing.hand_on)
        self._due.start()

    # ------------------------------------------------------------ settings

    @property
    def look(self) -> Look:
        """How overlays look."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        before, self._look = self._look, look
        if any(getattr(before, name) != getattr(look, name) for name in PAINTED):
            self._due.start()
        if look != before:
            self.restyled.emit()

    @property
    def comparison(self) -> Comparison:
        """What maps are compared with."""
        return self._comparison

    @comparison.setter
    def comparison(self, comparison: Comparison) -> None:
        if comparison is not self._comparison:
            self._comparison = comparison
            self._due.start()
            self.restyled.emit()

    @property
    def layer(self) -> Layer:
        """What lies over the image."""
        return layer_of(self._selection.layer)

    @property
    def beside(self) -> Beside:
        """Whether layers stand side by side, and which."""
        return self._beside

    @beside.setter
    def beside(self, beside: Beside) -> None:
        if beside != self._beside:
            self._beside = beside
            self._due.start()
            self.restyled.emit()

    @property
    def has_engine(self) -> bool:
        """Whether an engine works out what no audit stores."""
        return self._looker is not None

    def heir(self, chain: str) -> str:
        """The defense that a slider has made of one; itself where none has."""
        return self._observing.heir(chain)

    def follow(self, looker: "Looker", results: "Results") -> None:
        """Have the engine work out what no audit stores: of the image in view, and means over all non-members."""
        self._looker, self._results = looker, results
        results.changed.connect(self._scored)
        self.engine_wanted.connect(looker.look)
        looker.seen.connect(self._seen)
        looker.stirred.connect(self._due.start)
        self._due.start()

    def _seen(self, image: int, chain: str, view: "View", own: bool) -> None:
        """Take in what the engine worked out; nothing where it is for another image than that in view."""
        if image == self._selection.image:
            self._observing.take(chain, view, own=own)
            self._due.start()

    def _scored(self, chain: str, _: str) -> None:
        """Numbers of a defense came: means of a trial come with them."""
        if self._comparison.needs_mean and chain in self._selection.chains:
            self._due.start()

    def close(self) -> None:
        """Wait for the threads to end; nothing is sent afterwards."""
        self._due.stop()
        self._slow.stop()
        self.loader.close()

    # ------------------------------------------------------------ asking

    def _document_changed(self, _: AuditDocument | None) -> None:
        self.loader.forget()
        self.loader.clear()
        self._image_changed(None)

    def _image_changed(self, _: object) -> None:
        """Another image or attack: what the engine still works out is not wanted."""
        self._observing.clear()
        self._ask_engine(())
        self._due.start()

    def _wanted(self) -> Wanted | None:
        s, beside = self._selection, self._beside
        if s.document is None or s.image is None or s.image not in s.document.listing.index:
            return None
        wanted = Wanted(
            s.document,
            s.image,
            beside.chains(s.chains),
            s.attack,
            self.layer,
            self._comparison,
            self._look,
            self._observing.live,
            tuple(map(layer_of, beside.shown(s.layer))),
            highlight=self._highlight(s.image),
            hard=frozenset(chain for chain in s.chains if (known := s.chain(chain)) is not None and known.hard),
        )
        if self._looker is None:
            return wanted
        awaited, means = self._observing.awaited(wanted), self._means(wanted)
        return replace(wanted, awaited=awaited, means=means, waiting=self._looker.words if self._late else "")

    def _highlight(self, image: int) -> Highlight | None:
        highlight = self._selection.highlight
        return highlight if highlight is not None and highlight.image in {None, image} else None

    def _means(self, wanted: Wanted) -> dict[str, TrialMeans]:
        """The mean maps of the trials shown, where they are asked for: the engine finds them with the scores."""
        tried = [chain for chain in wanted.chains if wanted.document.chain(chain) is None]
        if self._results is None or not wanted.comparison.needs_mean:
            return {}
        return {chain: trial_means(self._results, chain, wanted.attack) for chain in tried}

    def _ask(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            self.loader.forget()
            self._ask_engine(())
            self.framed.emit(None)
            return
        self._slow.start()
        self.loader.ask(wanted, [replace(wanted, image=image) for image in neighbours(wanted.document, wanted.image)])
        self._ask_engine(self._observing.asks(wanted))

    def _ask_engine(self, asks: tuple[Ask, ...]) -> None:
        """Tell what is wanted of the engine, once, however often the look of it changes."""
        self._late = self._late and bool(asks)
        if asks != self._asked:
            self._asked = asks
            self.engine_wanted.emit(asks)

    def _loaded(self, frame: Frame) -> None:
        self.framed.emit(frame)
        wanted = self._wanted()
        if wanted is not None and (frame.document, frame.image) == (wanted.document, wanted.image):
            self._observing.learn(frame)
            self._ask_engine(self._observing.asks(wanted))

    def _still_waiting(self) -> None:
        """Say so where a frame is long in coming, or the engine."""
        if self.loader.busy:
            self.slow.emit()
        elif self._asked and not self._late:
            self._late = True
            self._due.start()


def neighbours(document: AuditDocument, image: int) -> list[int]:
    """Ids of the next and of the previous image in the audit's order."""
    rows = document.rows
    place = document.listing.index[image]
    return [rows[i].id for i in (place + 1, place - 1) if 0 <= i < len(rows)]


def trial_means(results: "Results", chain: str, attack: str) -> TrialMeans:
    """What is known by now of a trial's mean maps; where that is nothing yet, it is asked for."""
    result = results.of(chain, attack)
    if result is None:
        return TrialMeans({}, results.reason(chain, attack) or BEING_MADE)
    return TrialMeans(result.means, NO_MEAN if result.exact else BEING_MADE)


def _timer(parent: QObject, milliseconds: int, call: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(call)
    return timer
