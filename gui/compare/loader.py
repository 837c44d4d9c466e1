"""Makes frames away from the window's thread; one that nobody waits for any more is never shown."""

import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from core.errors import SegLeakError
from gui.background import Background
from gui.compare.frame import Frame
from gui.compare.wanted import Wanted
from gui.compare.workshop import Workshop

ROOM = 192 << 20
"""Bytes for images and maps that were looked at or may be next: about 15 images of 2048x1024."""


class Loader(QObject):
    """Asks the workshop for frames.

    Attributes
    ----------
    loaded
        Sends the frame that was asked for last, never one that a later question has made wrong. While a slider moves,
        a frame that was begun is finished and sent before the next is begun: else none would ever be.
    failed
        Sends the `SegLeakError` where results cannot be read.
    """

    loaded = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None, room: int = ROOM) -> None:
        super().__init__(parent)
        self._room = room
        self._workshop = Workshop(room)
        self._now = Background(self)
        self._later = Background(self)
        self._stop = threading.Event()
        self._begun: Wanted | None = None
        self._next: tuple[Wanted, Sequence[Wanted]] | None = None

    @property
    def busy(self) -> bool:
        """Whether a frame is awaited."""
        return self._now.busy

    @property
    def nbytes(self) -> int:
        """Size of what is kept, in bytes."""
        return self._workshop.shelf.nbytes

    def ask(self, wanted: Wanted, neighbours: Sequence[Wanted] = ()) -> None:
        """Make a frame, and afterwards have at hand what its neighbours need."""
        if self.busy and self._begun is not None and wanted.follows(self._begun):
            self._next = wanted, neighbours
            return
        self.forget()
        self._begin(wanted, neighbours)

    def _begin(self, wanted: Wanted, neighbours: Sequence[Wanted]) -> None:
        stop, workshop, self._begun = self._stop, self._workshop, wanted

        def done(frame: Frame) -> None:
            due, self._begun, self._next = self._next, None, None
            if due is not None:
                self._begin(*due)
            self.loaded.emit(frame)
            if not self.busy and not stop.is_set():
                self._later.run(lambda: _warm(workshop, neighbours, stop), lambda _: None)

        self._now.run(lambda: workshop.frame(wanted, stop.is_set), done, self._fail)

    def _fail(self, error: SegLeakError) -> None:
        """Nothing of this audit can be read: what waits would fail the same way."""
        self._begun = self._next = None
        self.failed.emit(error)

    def forget(self) -> None:
        """What was asked for is not wanted any more."""
        self._stop.set()
        self._stop = threading.Event()
        self._begun = self._next = None
        self._now.forget()
        self._later.forget()

    def clear(self) -> None:
        """Forget what is kept: it belongs to an audit that is not looked at any more."""
        self._workshop.shelf.clear()
        # Another workshop: what a thread still loads for the one before goes with it.
        self._workshop = Workshop(self._room)

    def close(self) -> None:
        """Wait for the threads to end; nothing is sent afterwards."""
        self.forget()
        self._now.close()
        self._later.close()
        self.clear()


def _warm(workshop: Workshop, neighbours: Sequence[Wanted], stop: threading.Event) -> None:
    """In a thread: load one after the other."""
    for wanted in neighbours:
        if stop.is_set():
            return
        workshop.warm(wanted)
