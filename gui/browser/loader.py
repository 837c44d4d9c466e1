"""Makes the thumbnails that are in view, away from the window's thread, and none that is not in view any more."""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from core.errors import SegLeakError
from gui.browser.thumbnails import Picture, ThumbnailStore
from gui.document import AuditDocument

THREADS = 2
KEPT = 400
"""Thumbnails in memory: 30 MB, and more than fit on a large screen."""


class ThumbnailLoader(QObject):
    """Thumbnails of one document's images.

    `ready` sends the id of an image whose thumbnail, or the reason why there is none, has just come to be known.
    """

    ready = Signal(int)
    _made = Signal(int, int, object)

    def __init__(self, store: ThumbnailStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._document: AuditDocument | None = None
        self._generation = 0
        self._known: OrderedDict[int, QPixmap | str] = OrderedDict()
        self._queue: deque[int] = deque()
        self._running: set[int] = set()
        self._lock = threading.Lock()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._made.connect(self._arrived)
        self._pool.start(store.prune)

    def show(self, document: AuditDocument | None) -> None:
        """Forget everything, and make thumbnails of this document from now on."""
        with self._lock:
            self._generation += 1
            self._document = document
            self._queue.clear()
            self._running.clear()
        self._known.clear()

    def want(self, images: Sequence[int]) -> None:
        """Make the thumbnails of exactly these images, in order; what was wanted before and is not begun is dropped."""
        with self._lock:
            self._queue = deque(i for i in images if i not in self._known and i not in self._running)
            generation, count = self._generation, len(self._queue)
        for _ in range(min(count, THREADS)):
            self._pool.start(lambda: self._work(generation))

    def pixmap(self, image: int) -> QPixmap | None:
        """The thumbnail of an image, where it is in memory."""
        found = self._known.get(image)
        if found is not None:
            self._known.move_to_end(image)
        return found if isinstance(found, QPixmap) else None

    def reason(self, image: int) -> str | None:
        """Why an image has no thumbnail, where it cannot have one."""
        found = self._known.get(image)
        return found if isinstance(found, str) else None

    def close(self) -> None:
        """Wait for what is being made; nothing is sent afterwards."""
        self.show(None)
        self._pool.waitForDone()

    # ------------------------------------------------------------ in a thread

    def _work(self, generation: int) -> None:
        while (taken := self._next(generation)) is not None:
            document, image = taken
            try:
                picture = self._store.picture(document.path(image), document.spec.run.pixel_limit)
                self._made.emit(generation, image, _as_qimage(picture))
            except (SegLeakError, MemoryError) as error:
                self._made.emit(generation, image, str(error))

    def _next(self, generation: int) -> tuple[AuditDocument, int] | None:
        with self._lock:
            if self._document is None or generation != self._generation or not self._queue:
                return None
            image = self._queue.popleft()
            self._running.add(image)
            return self._document, image

    # ------------------------------------------------------------

    def _arrived(self, generation: int, image: int, made: QImage | str) -> None:
        if generation != self._generation:
            return
        self._running.discard(image)
        self._known[image] = made if isinstance(made, str) else QPixmap.fromImage(made)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        self.ready.emit(image)


def _as_qimage(picture: Picture) -> QImage:
    height, width = picture.shape[:2]
    # A copy: the array's memory goes with it.
    return QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
