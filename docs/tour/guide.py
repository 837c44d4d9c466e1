"""Opens the real window off screen, waits until nothing moves any more, and takes pictures of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from gui.app import application, furnish, opened_window
from gui.compare import CompareView
from gui.folders import demo_folder
from gui.selection import Selection
from gui.window import Window

PATIENCE = 900.0
"""Seconds until waiting for something is given up."""
STILL_MS = 900
"""How long everything that was asked for may take to arrive once nothing is known to be missing."""
SHADE, EDGE = QColor(0, 0, 0, 70), QColor(128, 128, 128)
"""What lies over the window behind a dialog, and around the dialog."""


class Guide:
    """A window of one size.

    Attributes
    ----------
    window
        What is shown.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        known = QApplication.instance()
        self._app = known if isinstance(known, QApplication) else application()
        self.window: Window = opened_window(self._app)
        self.window.resize(*size)
        self.window.show()
        furnish(self.window, None)
        self.until(lambda: self.window.furnished)

    @property
    def selection(self) -> Selection:
        """What is looked at."""
        return self.window.furniture.selection

    @property
    def compare(self) -> CompareView:
        """The panes."""
        panes = self.window.furniture.workbench.centre
        assert isinstance(panes, CompareView)
        return panes

    # ------------------------------------------------------------ waiting

    def rest(self, milliseconds: int = STILL_MS) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, done: Callable[[], object]) -> None:
        """Let the window live until something is the case. Raises `TimeoutError`."""
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get there")
            self.rest(50)

    # ------------------------------------------------------------ what a person does

    def run(self, action_id: str) -> None:
        """Trigger a command."""
        self.window.registry.trigger(action_id)
        self.rest(100)

    def dialog(self) -> QDialog:
        """The dialog that is open."""
        return next(w for w in self._app.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible())

    def open_demo(self) -> None:
        """Have the demo audit in view."""
        audits, folder = self.window.audits, demo_folder()
        if audits.document is None or audits.document.folder != folder:
            audits.open(folder)
            self.until(lambda: audits.document is not None and audits.document.folder == folder)
            self.run("panel.reset")
        self.window.show_workbench(audits.document.title if audits.document is not None else "")

    def look_at(self, image: str, chains: tuple[str, ...], layer: str) -> None:
        """Show an image of the demo audit by its file name, under defenses, and wait for all panes."""
        self.open_demo()
        selection = self.selection
        rows = selection.document.rows if selection.document is not None else ()
        selection.chains, selection.layer = chains, layer
        selection.image = next(row.id for row in rows if Path(row.path).stem == image)
        self.until(self._all_panes)

    def _all_panes(self) -> bool:
        frame, selection = self.compare.display.frame, self.selection
        if frame is None or frame.image != selection.image:
            return False
        shown = tuple(pane.chain for pane in frame.panes)
        return shown == selection.chains and all(pane.judged.settled for pane in frame.panes)

    def bring_up(self, panel: str) -> None:
        """Put one of the panels below in front."""
        self.window.furniture.workbench.docks[panel].raise_()

    # ------------------------------------------------------------ pictures

    def picture(self, theme: str, over: QWidget | None = None) -> QImage:
        """What is seen in a theme, with a dialog over the window it belongs to."""
        self.window.choose_theme(theme)
        self.rest()
        picture = self.window.grab().toImage()
        return picture if over is None else _with_dialog(picture, over)

    def close(self) -> None:
        """Close the window as a person would."""
        self.window.close()
        self.rest(100)


@contextmanager
def guided(size: tuple[int, int]) -> Iterator[Guide]:
    """A window that is closed in the end, whatever happens."""
    guide = Guide(size)
    try:
        yield guide
    finally:
        guide.close()


def save(picture: QImage, place: Path, quality: int) -> None:
    """Write a picture as WebP, which Qt's small package cannot."""
    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    size = (rgb.width(), rgb.height())
    pixels = Image.frombuffer("RGB", size, bytes(rgb.constBits()), "raw", "RGB", rgb.bytesPerLine(), 1)
    place.parent.mkdir(parents=True, exist_ok=True)
    pixels.save(place, "WEBP", quality=quality, method=6)


def _with_dialog(below: QImage, dialog: QWidget) -> QImage:
    """The dialog in the middle of the window; what pops up is where it popped up, and shades nothing."""
    above = dialog.grab().toImage()
    popup = dialog.windowType() is Qt.WindowType.Popup
    top = below.height() // 8 if popup else (below.height() - above.height()) // 2
    place = QPoint((below.width() - above.width()) // 2, top)
    painter = QPainter(below)
    if not popup:
        painter.fillRect(below.rect(), SHADE)
    painter.drawImage(place, above)
    painter.setPen(EDGE)
    painter.drawRect(above.rect().translated(place).adjusted(-1, -1, 0, 0))
    painter.end()
    return below
