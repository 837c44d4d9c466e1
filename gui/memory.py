"""What the window remembers from one start to the next: its place, its docks, and what was looked at."""

import contextlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSettings, QTimer
from PySide6.QtWidgets import QMainWindow

from core.places import config_folder
from gui.session import Session, write_session

if TYPE_CHECKING:
    from gui.workbench import Workbench

WIDTH, HEIGHT = 1280, 800
"""Of a window that was never opened before."""
PAUSE = 1500
"""Milliseconds after the last change: then it is written, so that even a crash loses little."""
DOCKS_VERSION = 1


class Memory(QObject):
    """Keeps a window's geometry and session. Whatever cannot be written is not worth a message.

    Parameters
    ----------
    window
        Whose place and docks are kept.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._workbench: Workbench | None = None
        self._kept = QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.save_session)

    def restore_geometry(self) -> None:
        """Put the window where it was."""
        geometry = self._kept.value("geometry")
        if not (isinstance(geometry, QByteArray) and self._window.restoreGeometry(geometry)):
            self._window.resize(WIDTH, HEIGHT)

    def restore_docks(self) -> bool:
        """Put the docks where they were; False where nothing is known, and they were left."""
        docks = self._kept.value("docks")
        return isinstance(docks, QByteArray) and self._window.restoreState(docks, DOCKS_VERSION)

    def save_docks(self) -> None:
        """Keep the places of the docks as they are now."""
        self._kept.setValue("docks", self._window.saveState(DOCKS_VERSION))

    def save_geometry(self) -> None:
        """Keep the window's place."""
        self._kept.setValue("geometry", self._window.saveGeometry())
        self._kept.sync()

    def watch(self, workbench: "Workbench") -> None:
        """Keep the session of these views from now on."""
        self._workbench = workbench
        selection = workbench.selection
        for signal in (
            selection.document_changed,
            selection.image_changed,
            selection.trials_changed,
            selection.chains_changed,
            selection.attack_changed,
            selection.layer_changed,
        ):
            signal.connect(lambda _: self._timer.start())

    def close(self) -> None:
        """What happens to the views from now on is not kept."""
        self._timer.stop()
        self._workbench = None

    def save_session(self) -> None:
        """Keep what is looked at now."""
        self._timer.stop()
        if self._workbench is not None:
            with contextlib.suppress(OSError, ValueError, TypeError):
                write_session(Session.of(self._workbench.selection, self._workbench.state()))
