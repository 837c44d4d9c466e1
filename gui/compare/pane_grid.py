"""One to four panes that share the room so that the image is as large as can be. Panes are made once and used again."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from gui.compare.arrangement import arrangement
from gui.compare.canvas import Canvas
from gui.compare.curtain import KEY_STEP as CURTAIN_STEP
from gui.compare.pane import Pane
from gui.compare.viewport import Point, Viewport
from gui.selection import MOST_PANES

KEY_STEP = 40.0
"""Screen points that an arrow key moves the image."""

ARROWS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


class PaneGrid(QWidget):
    """The panes of one viewport.

    Attributes
    ----------
    hovered
        Sends the image point under the pointer, or None.
    used
        Sends the phase and the image point while a tool is in the hand.
    curtain_moved
        Sends the new curtain.
    menu_wanted
        Sends the place on the screen where a context menu was asked for.
    """

    hovered = Signal(object)
    used = Signal(object, object)
    curtain_moved = Signal(object)
    menu_wanted = Signal(object)

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self._shown = 0
        self._active = 0
        self._places: tuple[int, int] = (0, 0)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(4, 0, 4, 0)
        self._layout.setSpacing(6)
        self.panes = tuple(self._make(place) for place in range(MOST_PANES))

    def _make(self, place: int) -> Pane:
        pane = Pane(self._viewport, self)
        pane.hide()
        pane.canvas.hovered.connect(lambda point: self._hover(place, point))
        pane.canvas.focused.connect(lambda: self._activate(place))
        pane.canvas.resized.connect(self._resized)
        pane.canvas.used.connect(self.used)
        pane.canvas.curtain_moved.connect(self.curtain_moved)
        pane.menu_wanted.connect(self.menu_wanted)
        return pane

    @property
    def visible_panes(self) -> tuple[Pane, ...]:
        """The panes that are in use."""
        return self.panes[: self._shown]

    @property
    def active(self) -> int:
        """Place of the pane that the pointer or the keyboard was in last."""
        return min(self._active, max(self._shown - 1, 0))

    @property
    def canvases(self) -> Sequence[Canvas]:
        """The canvases of the panes in use."""
        return [pane.canvas for pane in self.visible_panes]

    def show_panes(self, count: int) -> None:
        """Use so many panes."""
        if count != self._shown:
            self._shown = count
            self._arrange(anew=True)

    def take_tool(self, *, taken: bool) -> None:
        """Whether the pointer draws rather than moves the image."""
        for pane in self.panes:
            pane.canvas.take_tool(taken=taken)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Arrange the panes anew."""
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows move the image; with Shift, the edge of a curtain."""
        way = ARROWS.get(Qt.Key(event.key()))
        curtain = next((canvas.layers.curtain for canvas in self.canvases), None)
        if way is None:
            super().keyPressEvent(event)
        elif curtain is not None and way[0] and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.curtain_moved.emit(curtain.pulled(-way[0] * CURTAIN_STEP))
        else:
            self._viewport.move((way[0] * KEY_STEP, way[1] * KEY_STEP))

    def _arrange(self, *, anew: bool = False) -> None:
        """Place the panes where the image is largest in each; nothing is moved where they stand so already."""
        room = float(max(self.width(), 1)), float(max(self.height(), 1))
        places = (
            arrangement(self._shown, room, self._viewport.image, self.panes[0].words_height) if self._shown else (0, 0)
        )
        if places == self._places and not anew:
            return
        self._places = places
        for place, pane in enumerate(self.panes):
            self._layout.removeWidget(pane)
            pane.setVisible(place < self._shown)
            if place < self._shown:
                self._layout.addWidget(pane, place // places[1], place % places[1])
        for line in range(MOST_PANES):
            self._layout.setRowStretch(line, int(line < places[0]))
            self._layout.setColumnStretch(line, int(line < places[1]))

    def image_changed(self) -> None:
        """The image may have another shape."""
        self._arrange()

    def _resized(self) -> None:
        self._viewport.set_panes([canvas.room for canvas in self.canvases])

    def _hover(self, place: int, point: Point | None) -> None:
        if point is not None:
            self._active = place
        self.hovered.emit(point)

    def _activate(self, place: int) -> None:
        self._active = place
