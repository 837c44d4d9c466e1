"""Tells a key that is held from one that is tapped."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

HELD_MS = 300
"""A key that is let go later than this was held."""


class HeldKey(QObject):
    """After `begin`, calls `released` when the key is let go if it was held; a tap calls nothing.

    A shortcut says only that its key went down, and says it again while the key repeats.
    """

    def __init__(self, key: Qt.Key, released: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self._released = released
        self._since = QElapsedTimer()
        self.down = False

    def begin(self) -> None:
        """The key went down."""
        self.down = True
        self._since.start()
        _application().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Wait for the key to come up; looks at nothing else, and only while it is down."""
        if event.type() is QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if event.key() == self._key and not event.isAutoRepeat():
                self._end()
        elif event.type() is QEvent.Type.ApplicationDeactivate:
            self._end()
        return False

    def _end(self) -> None:
        if not self.down:
            return
        self.down = False
        _application().removeEventFilter(self)
        if self._since.elapsed() > HELD_MS:
            self._released()


def _application() -> QCoreApplication:
    application = QCoreApplication.instance()
    assert application is not None
    return application
