"""Paints an image with what lies over it, and tells what the pointer does there.

Qt's own raster painter draws from 32-bit pictures: cheaper than a scene graph, and one shared `Viewport` makes all
canvases agree without any linking.
"""

from enum import Enum, auto

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.compare import marks
from gui.compare.content import Layers
from gui.compare.marks import Mark
from gui.compare.picture import Picture
from gui.compare.spotlight import paint_spotlight
from gui.compare.viewport import Point, Size, Viewport

WHEEL_DOUBLES = 480
"""Eighths of a degree of a wheel that double the scale: four notches."""


class Phase(Enum):
    """What the pointer does with a tool."""

    PRESS = auto()
    MOVE = auto()
    RELEASE = auto()
    DOUBLE = auto()


class Canvas(QWidget):
    """One picture that can be zoomed and moved.

    Attributes
    ----------
    hovered
        Sends the image point under the pointer, or None.
    used
        Sends the phase and the image point while a tool is in the hand.
    curtain_moved
        Sends the new curtain.
    resized, focused
        The size changed; the keyboard came here.
    """

    hovered = Signal(object)
    used = Signal(object, object)
    curtain_moved = Signal(object)
    resized = Signal()
    focused = Signal()

    def __init__(self, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self._layers = Layers()
        self._marks: tuple[Mark, ...] = ()
        self._cross: Point | None = None
        self._grabbed: QPointF | None = None
        self._curtain_held = False
        self._note = ""
        self._tool = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        viewport.changed.connect(self.update)

    # ------------------------------------------------------------ what is shown

    def show_layers(self, layers: Layers, note: str = "") -> None:
        """Show these layers, and a note at the lower border."""
        self._layers, self._note = layers, note
        self.update()

    @property
    def layers(self) -> Layers:
        """What is shown."""
        return self._layers

    @property
    def note(self) -> str:
        """The sentence at the lower border."""
        return self._note

    def show_marks(self, drawn: tuple[Mark, ...]) -> None:
        """Draw these outlines over everything."""
        if drawn != self._marks:
            self._marks = drawn
            self.update()

    def show_cross(self, point: Point | None) -> None:
        """Draw the crosshair at an image point."""
        if point != self._cross:
            self._cross = point
            self.update()

    def take_tool(self, *, taken: bool) -> None:
        """Whether the left button draws rather than moves the image; the middle one always moves it."""
        self._tool = taken
        self.setCursor(Qt.CursorShape.CrossCursor if taken else Qt.CursorShape.ArrowCursor)

    @property
    def room(self) -> Size:
        """Width and height in screen points."""
        return float(self.width()), float(self.height())

    def image_point(self, position: QPointF) -> Point:
        """The image point at a place of the canvas."""
        return self._viewport.view.to_image((position.x(), position.y()), self.room)

    def _on_image(self, position: QPointF) -> Point | None:
        point = self.image_point(position)
        inside = all(0 <= p < s for p, s in zip(point, self._viewport.image, strict=True))
        return point if inside and self._layers.picture is not None else None

    # ------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint everything; its time goes with the canvas' size, not with the image's."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().window().color().darker(112))
        if self._layers.picture is not None:
            self._paint_picture(painter, self._layers.picture)
            self._paint_overlays(painter)
            if self._layers.spotlight is not None:
                paint_spotlight(painter, self._layers.spotlight, self._transform())
            marks.paint_marks(painter, self._marks, self._transform())
            self._paint_edge(painter)
            self._paint_cross(painter)
        if self._note:
            marks.paint_note(painter, self.rect(), self._note)
        if self.hasFocus():
            marks.paint_frame(painter, self.rect(), self.palette().highlight().color())
        painter.end()

    def _transform(self) -> QTransform:
        view = self._viewport.view
        x, y = view.to_pane((0.0, 0.0), self.room)
        return QTransform(view.scale, 0, 0, view.scale, x, y)

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        scale = self._viewport.view.scale * self.devicePixelRatioF()
        painter.setTransform(self._transform())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        painter.drawImage(self._bounds(picture), picture.at_scale(scale))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.resetTransform()

    def _bounds(self, picture: Picture) -> QRectF:
        height, width = picture.shape
        return QRectF(0, 0, width, height)

    def _paint_overlays(self, painter: QPainter) -> None:
        shown = self._layers
        painter.setOpacity(shown.opacity)
        parts = (QRectF(self.rect()),) if shown.curtain is None else shown.curtain.parts(*self.room)
        for overlay, part in zip(shown.overlays, parts, strict=False):
            if overlay is not None:
                painter.setClipRect(part)
                painter.setTransform(self._transform())
                painter.drawImage(QPointF(0, 0), overlay.image)
                painter.resetTransform()
        painter.setClipping(False)
        painter.setOpacity(1.0)

    def _paint_edge(self, painter: QPainter) -> None:
        if self._layers.curtain is not None:
            x = self._layers.curtain.edge * self.width()
            marks.paint_upright(painter, self.rect(), x, 2.0)
            marks.paint_handle(painter, QPointF(x, self.height() / 2))

    def _paint_cross(self, painter: QPainter) -> None:
        if self._cross is not None:
            x, y = self._viewport.view.to_pane(self._cross, self.room)
            marks.paint_upright(painter, self.rect(), x)
            marks.paint_level(painter, self.rect(), y)

    # ------------------------------------------------------------ the pointer

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom about the pointer."""
        delta = event.angleDelta().y() or event.angleDelta().x()
        if delta and self._layers.picture is not None:
            self._viewport.zoom(2 ** (delta / WHEEL_DOUBLES), self.image_point(event.position()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom with two fingers on a touch pad; all else as usual."""
        pinch = isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture
        if pinch and isinstance(event, QNativeGestureEvent):
            self._viewport.zoom(1 + event.value(), self.image_point(event.position()))
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of the curtain, use the tool, or take hold of the image."""
        middle = event.button() is Qt.MouseButton.MiddleButton
        if event.button() is not Qt.MouseButton.LeftButton and not middle:
            return
        if self._on_edge(event.position()):
            self._curtain_held = True
        elif self._tool and not middle:
            self.used.emit(Phase.PRESS, self.image_point(event.position()))
        else:
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move what is held, and say where the pointer is."""
        here = event.position()
        if self._curtain_held and self._layers.curtain is not None:
            self.curtain_moved.emit(self._layers.curtain.drawn_to(here.x(), self.width()))
        elif self._grabbed is not None:
            by, self._grabbed = here - self._grabbed, here
            self._viewport.move((by.x(), by.y()))
        else:
            self._show_cursor(here)
            if self._tool:
                self.used.emit(Phase.MOVE, self.image_point(here))
        self.hovered.emit(self._on_image(here))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        used = self._tool and self._grabbed is None and not self._curtain_held
        self._curtain_held, self._grabbed = False, None
        self._show_cursor(event.position())
        if used and event.button() is Qt.MouseButton.LeftButton:
            self.used.emit(Phase.RELEASE, self.image_point(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Finish what the tool draws; without one, show the whole image."""
        if self._tool:
            self.used.emit(Phase.DOUBLE, self.image_point(event.position()))
        elif event.button() is Qt.MouseButton.LeftButton:
            self._viewport.fit()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer is nowhere."""
        self.hovered.emit(None)

    def _on_edge(self, position: QPointF) -> bool:
        return self._layers.curtain is not None and self._layers.curtain.holds(position.x(), self.width())

    def _show_cursor(self, position: QPointF) -> None:
        if self._on_edge(position):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor if self._tool else Qt.CursorShape.ArrowCursor)

    # ------------------------------------------------------------ size and keyboard

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Tell the view, which fits the image anew."""
        self.resized.emit()

    def focusInEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Say that the keyboard is here."""
        self.focused.emit()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Large enough to see something."""
        return QSize(480, 320)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Four panes fit a small window."""
        return QSize(120, 80)
