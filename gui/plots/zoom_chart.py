"""A plot of which a part can be looked at: with the wheel, by dragging, and with keys."""

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.plots.axes import Axis
from gui.plots.chart import Chart
from gui.plots.scales import ROOM_X, ROOM_Y, Ends, wider
from gui.plots.zooming import Area

WHEEL_DOUBLES = 480
"""Eighths of a degree of a wheel that double the scale: four notches, as in the panes."""
STEP = 1.5
"""What a key zooms by."""
SHARE = 0.1
"""Of what is seen, that a key moves."""

ZOOMS = {Qt.Key.Key_Plus: STEP, Qt.Key.Key_Equal: STEP, Qt.Key.Key_Minus: 1 / STEP}
MOVES = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
HOW_TO_ZOOM = (
    "In the plot: the wheel, + and \N{MINUS SIGN} zoom; dragging with Shift, and Ctrl with the arrow keys, moves; "
    "a double click, or Home, shows all."
)


class ZoomChart(Chart):
    """A chart that shows all of the plane that its plot needs, or a part of that.

    Parameters
    ----------
    grab
        Whether dragging with the left button moves the plot; else the middle button, or Shift, does.

    Attributes
    ----------
    viewed
        Another part is seen.
    """

    viewed = Signal()

    def __init__(self, x: Axis, y: Axis, name: str, *, grab: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(x, y, name, parent)
        self._grab = grab
        self._whole: Area | None = None
        self._area: Area | None = None
        self._held: QPointF | None = None

    @property
    def zoomed(self) -> bool:
        """Whether only a part is seen."""
        return self._area != self._whole

    def frame(self, x: Ends, y: Ends, room: float = ROOM_Y) -> None:
        """Show this part of the plane, or of it what a person has chosen, where that still lies in it."""
        whole = Area(wider(x, ROOM_X), wider(y, room))
        keeps = self.zoomed and self._area is not None and self._area.is_within(whole)
        self._whole = whole
        self._see(self._area if keeps else whole)

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Look closer, or from further away; about a point of the plot, or the middle."""
        if self._area is not None and self._whole is not None:
            point = self._area.middle if about is None else (about.x(), about.y())
            self._see(self._area.zoomed(factor, point, self._whole))

    def move_by(self, x: float, y: float) -> None:
        """Look so much further to the right and up, in plot coordinates."""
        if self._area is not None and self._whole is not None:
            self._see(self._area.moved((x, y), self._whole))

    def whole_view(self, _: object = None) -> None:
        """See everything."""
        self._see(self._whole)

    def _see(self, area: Area | None) -> None:
        if area is None:
            return
        changed, self._area = area != self._area, area
        self.box.setRange(xRange=area.x, yRange=area.y, padding=0)
        if changed:
            self.viewed.emit()

    # ------------------------------------------------------------ events

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer."""
        delta = event.angleDelta().y()
        if delta and self._over_plot(event.position()):
            self.zoom(2 ** (delta / WHEEL_DOUBLES), self.in_plot(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of the plot, or press at a point of it."""
        if self._takes_hold(event) and self._over_plot(event.position()):
            self._held = event.position()
        if event.button() is Qt.MouseButton.LeftButton and (self._grab or self._held is None):
            super().mousePressEvent(event)

    def _takes_hold(self, event: QMouseEvent) -> bool:
        if event.button() is Qt.MouseButton.MiddleButton:
            return True
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        return event.button() is Qt.MouseButton.LeftButton and (self._grab or shift)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move what is held; else drag or hover."""
        if self._held is None:
            super().mouseMoveEvent(event)
            return
        before, now = self.in_plot(self._held), self.in_plot(event.position())
        self._held = event.position()
        self.move_by(before.x() - now.x(), before.y() - now.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        self._held = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See everything again; where that is so, a second click is a click."""
        if self.zoomed and event.button() is Qt.MouseButton.LeftButton:
            self.whole_view()
        else:
            super().mouseDoubleClickEvent(event)

    def event(self, event: QEvent) -> bool:
        """While the keyboard is here, its keys are this plot's, not the panes'."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return bool(super().event(event))

    def _is_own(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return key in MOVES if ctrl else key in ZOOMS or key == Qt.Key.Key_Home

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keys that zoom and move; all else as in every plot."""
        key = Qt.Key(event.key())
        if not self._is_own(event) or self._area is None:
            super().keyPressEvent(event)
        elif key in ZOOMS:
            self.zoom(ZOOMS[key])
        elif key in MOVES:
            across, up = self._area.size
            self.move_by(SHARE * across * MOVES[key][0], SHARE * up * MOVES[key][1])
        else:
            self.whole_view()
