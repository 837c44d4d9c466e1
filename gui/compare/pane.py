"""One pane: the defense's name and image score, the image with its overlay, the colour scale."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.compare.canvas import Canvas
from gui.compare.colour_bar import ColourBar
from gui.compare.frame import Frame, PaneFrame
from gui.compare.look import Look
from gui.compare.viewport import Viewport
from gui.elided import ElidedLabel
from gui.icons import dot

SPACING = 2
BETWEEN = "   "
"""Between what is said of a score."""


@dataclass(frozen=True)
class Heading:
    """What stands above a pane: the defense's title, its colour "#rrggbb", and a second line of words.

    `spec` is what the defense is called in specs and commands.
    """

    title: str
    colour: str
    words: str = ""
    tip: str = ""
    spec: str = ""


class Pane(QWidget):
    """A defense's view of the image. Made once and shown again for other defenses.

    Attributes
    ----------
    canvas
        The image.
    menu_wanted
        Sends the place on the screen where a context menu was asked for.
    """

    menu_wanted = Signal(object)

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(viewport, self)
        self._dot = QLabel()
        self._title = ElidedLabel(Qt.TextElideMode.ElideMiddle)  # settings, which tell defenses apart, stand last
        self._score = QLabel()
        self._score.setMinimumWidth(1)  # words do not make a pane wider, nor what is beside the panes narrower
        self._words = ""
        self._bar = ColourBar()
        self._reading = ElidedLabel()
        self._reading.setProperty("role", "small")
        self._pane: PaneFrame | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        self._head = self._heading_row()
        layout.addLayout(self._head)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._reading)

    def _heading_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(4, 2, 4, 0)
        row.addWidget(self._dot)
        row.addWidget(self._title, 1)
        row.addWidget(self._score)
        return row

    @property
    def words_height(self) -> int:
        """Height of everything but the image, in screen points."""
        parts = (self._title, self._bar, self._reading)
        return sum(part.sizeHint().height() for part in parts) + 3 * SPACING

    @property
    def shown(self) -> PaneFrame | None:
        """What the pane shows."""
        return self._pane

    def show_frame(self, frame: Frame, pane: PaneFrame, look: Look) -> None:
        """Show one pane of a frame with its colour scale; the canvas is filled by itself."""
        self._pane = pane
        self._bar.show_scale(pane, frame.seen, look)

    def show_heading(self, heading: Heading) -> None:
        """Show the name of the defense."""
        self._dot.setPixmap(dot(heading.colour).pixmap(12, 12))
        self._title.set_words(heading.title, f"In specs and commands: {heading.spec}" if heading.spec else "")
        self._words = heading.words
        self._score.setToolTip(f"{heading.words}\n{heading.tip}".strip())
        self._fit()
        self.canvas.setAccessibleName(f"{heading.title}. {heading.words}".strip())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Say as much beside the defense's name as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow pane leave out what is said last, rather than the name of the defense."""
        parts = self._words.split(BETWEEN)
        self._score.setText(BETWEEN.join(parts))
        while len(parts) > 1 and self._title_room() < self._title.room_for_all:
            parts.pop()
            self._score.setText(BETWEEN.join(parts))

    def _title_room(self) -> int:
        """What the name of the defense may take beside what is said now, in screen points."""
        margins = self._head.contentsMargins()
        around = margins.left() + margins.right() + (self._head.count() - 1) * self._head.spacing()
        return self.width() - around - self._dot.sizeHint().width() - self._score.sizeHint().width()

    def show_reading(self, value: float | None, words: str) -> None:
        """Show what lies under the pointer: a value as a mark on the colour scale, and all of it in words."""
        self._bar.mark(value)
        self._reading.set_words(words)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for a menu."""
        self.menu_wanted.emit(event.globalPos())
