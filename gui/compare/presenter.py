"""What the panes are to show, gathered from what is selected and set, and asked for."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from gui.compare.frame import Frame
from gui.compare.layers import LIVE, Comparison, Layer, layer_of
from gui.compare.loader import Loader
from gui.compare.look import Look
from gui.compare.wanted import Live, Wanted
from gui.document import AuditDocument
from gui.selection import Selection

PAINTED = ("colours", "backwards", "ends", "hand")
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
        Sends the image id and the chain ids for which something is shown that no audit stores.
    """

    framed = Signal(object)
    restyled = Signal()
    slow = Signal()
    engine_wanted = Signal(object, object)

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._look = Look()
        self._comparison = Comparison.PLAIN
        self._live: dict[str, Live] = {}
        self._asked: object = None
        self.loader = Loader(self)
        self.loader.loaded.connect(self._loaded)
        # Several signals that come together, as when another audit is opened, make one question.
        self._due = _timer(self, 0, self._ask)
        self._slow = _timer(self, SLOW_MS, self._still_waiting)
        selection.document_changed.connect(self._document_changed)
        selection.document_grew.connect(self._due.start)
        selection.image_changed.connect(self._image_changed)
        for signal in (selection.chains_changed, selection.layer_changed):
            signal.connect(lambda _: self._due.start())
        selection.attack_changed.connect(self._image_changed)
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

    def show_live(self, image: int, found: Mapping[str, Live]) -> None:
        """Take in what the engine worked out, by chain id; nothing where it is for another image than that in view."""
        if image == self._selection.image:
            self._live = self._live | dict(found)  # another one: threads may still read this one
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
        self._live, self._asked = {}, None
        self._due.start()

    def _image_changed(self, _: object) -> None:
        self._live, self._asked = {}, None
        self._due.start()

    def _wanted(self) -> Wanted | None:
        s = self._selection
        if s.document is None or s.image is None or s.image not in s.document.listing.index:
            return None
        return Wanted(s.document, s.image, s.chains, s.attack, self.layer, self._comparison, self._look, self._live)

    def _ask(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            self.loader.forget()
            self.framed.emit(None)
            return
        self._slow.start()
        self.loader.ask(wanted, [replace(wanted, image=image) for image in neighbours(wanted.document, wanted.image)])
        self._ask_engine(wanted)

    def _ask_engine(self, wanted: Wanted) -> None:
        """Ask once for what no audit stores, however often the look of it changes."""
        unknown = tuple(c for c in wanted.chains if c not in self._live and _needs_engine(wanted, c))
        question = wanted.document, wanted.image, wanted.attack, unknown
        if unknown and question != self._asked:
            self._asked = question
            self.engine_wanted.emit(wanted.image, unknown)

    def _loaded(self, frame: Frame) -> None:
        self._slow.stop()
        self.framed.emit(frame)

    def _still_waiting(self) -> None:
        if self.loader.busy:
            self.slow.emit()


def neighbours(document: AuditDocument, image: int) -> list[int]:
    """Ids of the next and of the previous image in the audit's order."""
    rows = document.rows
    place = document.listing.index[image]
    return [rows[i].id for i in (place + 1, place - 1) if 0 <= i < len(rows)]


def _needs_engine(wanted: Wanted, chain: str) -> bool:
    return wanted.layer.id in LIVE or wanted.document.chain(chain) is None


def _timer(parent: QObject, milliseconds: int, call: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(call)
    return timer
