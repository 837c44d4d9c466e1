"""A plot area with two axes and a legend: what every plot of the program is drawn in."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from gui.compare import marks
from gui.plots.axes import Axis
from gui.plots.legend import Entry, Legend
from gui.plots.scales import ROOM_X, ROOM_Y, Ends, wider
from gui.theme import tokens

STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}
"""What keys do to the operating point."""


class Chart(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph has no types
    """Draws in plot coordinates, and tells what the pointer and the keys do there.

    Attributes
    ----------
    pressed, dragged, hovered
        Send the plot coordinates as a `QPointF`; `hovered` sends None when the pointer has gone.
    released
        The left button was let go.
    stepped
        Sends how many points further the keys go.
    cleared, entered
        Escape or Delete was pressed; Enter was.
    menu_wanted
        Sends the place on the screen.
    resized, restyled
        The size changed; the theme or the font changed.
    """

    pressed = Signal(QPointF)
    dragged = Signal(QPointF)
    released = Signal()
    hovered = Signal(object)
    stepped = Signal(int)
    cleared = Signal()
    entered = Signal()
    menu_wanted = Signal(QPoint)
    resized = Signal()
    restyled = Signal()

    def __init__(self, x: Axis, y: Axis, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x, self.y = x, y
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.legend, self.heading = Legend(), Legend(heading=True)
        self._lay_out()
        self.setAccessibleName(name)
        self.setAntialiasing(True)
        self.setMinimumSize(160, 110)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.dress()

    def _lay_out(self) -> None:
        grid = pg.GraphicsLayout()
        grid.setContentsMargins(4, 8, 8, 4)
        grid.setSpacing(0)
        self.setCentralItem(grid)
        grid.addItem(self.heading, 0, 0, 1, 3)
        grid.addItem(self.x, 1 if self.x.orientation == "top" else 3, 1)
        grid.addItem(self.y, 2, 0)
        grid.addItem(self.box, 2, 1)
        grid.addItem(self.legend, 2, 2)
        grid.layout.setColumnStretchFactor(1, 1)
        grid.layout.setRowStretchFactor(2, 1)
        self.entitle(None)
        self.explain([])
        self.x.linkToView(self.box)
        self.y.linkToView(self.box)

    # ------------------------------------------------------------ what is shown

    def dress(self) -> None:
        """Take the colours of the theme and the font of now."""
        self.setBackground(tokens().base)
        for axis in (self.x, self.y):
            axis.dress(self.font())

    def frame(self, x: Ends, y: Ends, room: float = ROOM_Y) -> None:
        """Show this part of the plane, and a little around it for what lies on its border: `room` above and below."""
        self.box.setRange(xRange=wider(x, ROOM_X), yRange=wider(y, room), padding=0)

    def entitle(self, entry: Entry | None) -> None:
        """Say above the plot what it is of."""
        self.heading.show_entries([] if entry is None else [entry], self.font())

    def explain(self, entries: Sequence[Entry], room: float = 0.0) -> None:
        """Say in the legend, and to screen readers, what is shown; the legend is at least `room` pixels wide."""
        self.legend.show_entries(entries, self.font(), room)
        self.setAccessibleDescription("; ".join(entry.words for entry in entries))

    @property
    def stretch(self) -> tuple[float, float]:
        """Pixels per unit of each axis."""
        room, seen = self.box.sceneBoundingRect(), self.box.viewRect()
        return room.width() / max(seen.width(), 1e-12), room.height() / max(seen.height(), 1e-12)

    def on_screen(self, point: QPointF) -> QPoint:
        """Where a point of the plot lies in this widget."""
        place: QPoint = self.mapFromScene(self.box.mapViewToScene(point))
        return place

    def in_plot(self, place: QPointF) -> QPointF:
        """The plot coordinates of a place in this widget."""
        point: QPointF = self.box.mapSceneToView(self.mapToScene(place.toPoint()))
        return point

    def _over_plot(self, place: QPointF) -> bool:
        return bool(self.box.sceneBoundingRect().contains(self.mapToScene(place.toPoint())))

    # ------------------------------------------------------------ pictures

    def paint_on(self, painter: QPainter, target: QRectF) -> None:
        """Draw everything into a rectangle, with the background."""
        painter.fillRect(target, tokens().base)
        self.scene().prepareForPaint()
        self.scene().render(painter, target, self.sceneRect())

    # ------------------------------------------------------------ events

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Press at a point of the plot."""
        if event.button() is Qt.MouseButton.LeftButton and self._over_plot(event.position()):
            self.pressed.emit(self.in_plot(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag or hover."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(self.in_plot(event.position()))
        else:
            self.hovered.emit(self.in_plot(event.position()) if self._over_plot(event.position()) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A second click is a click."""
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer is nowhere."""
        self.hovered.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing: the axes are fixed, so that plots can be compared."""
        event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the menu."""
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrow keys move the operating point; Escape takes it away."""
        step = STEPS.get(Qt.Key(event.key()))
        if step is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.stepped.emit(step)
        elif event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Delete}:
            self.cleared.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.entered.emit()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that the keyboard is here."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that it is not here any more."""
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The plot, with a frame where the keyboard is here."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            marks.paint_frame(painter, self.rect(), self.palette().highlight().color())
            painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Fit, and tell whoever places labels."""
        super().resizeEvent(event)
        if event is not None:
            self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme and the font."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange} and hasattr(self, "legend"):
            self.dress()
            self.restyled.emit()
