"""A ring around whatever the keyboard has reached, in every window and in both themes.

Style sheets and styles show the focus of some widgets, of others faintly or not at all; this shows all of them alike.
"""

import contextlib

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QApplication, QTabBar, QWidget

from gui.theme import tokens

THICK, GAP, ROUND = 2, 1, 4
"""Pixels: the ring, the line inside it that sets it off from what has the ring's colour, and its corners."""
BY_KEY = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
SHAPED = (QEvent.Type.Resize, QEvent.Type.LayoutRequest, QEvent.Type.StyleChange)


class Ring(QWidget):
    """Lies over a widget and takes nothing from it; only its edge counts, so that scrolling stays cheap."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, place: QRect) -> None:
        """Lie around a part of the parent, above all else there."""
        edge = THICK + GAP
        self.setGeometry(place)
        inside = self.rect().adjusted(edge, edge, -edge, -edge)
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inside)))
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The ring, and the line inside it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = THICK / 2
        for colour, width, in_by in ((tokens().base, GAP, THICK + GAP / 2), (tokens().accent, THICK, half)):
            painter.setPen(QPen(QColor(colour), width))
            outline = self.rect().toRectF().adjusted(in_by, in_by, -in_by, -in_by)
            painter.drawRoundedRect(outline, ROUND - half, ROUND - half)
        painter.end()


class FocusRing(QObject):
    """Keeps one ring where the keyboard is, once keys have brought it there; what is clicked gets none."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._ring: Ring | None = None
        self._watched: QWidget | None = None
        self._by_key = False
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    @property
    def around(self) -> QWidget | None:
        """What the ring is around; None while there is none."""
        ring = self._ring
        return None if ring is None or ring.isHidden() else ring.parentWidget()

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        self._leave()
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._by_key = False
        if now is not None:
            self._watched = now
            now.installEventFilter(self)
            if isinstance(now, QTabBar):
                now.currentChanged.connect(self._place)
            self._place()

    def _leave(self) -> None:
        """Nothing is looked after any more."""
        left, self._watched = self._watched, None
        with contextlib.suppress(RuntimeError):  # it lost the keyboard because it was deleted
            if left is not None:
                left.removeEventFilter(self)
            if isinstance(left, QTabBar):
                left.currentChanged.disconnect(self._place)
        self._hide()

    def _hide(self) -> None:
        if self._ring is not None:
            self._ring.hide()

    def _lost(self, _: object = None) -> None:
        """The ring went with what it was around."""
        self._ring = None

    def _place(self, _: object = None) -> None:
        """Put the ring around what has the keyboard."""
        widget = self._watched
        if widget is None or not self._by_key:
            return
        if self._ring is None:
            self._ring = Ring(widget)
            self._ring.destroyed.connect(self._lost)
        elif self._ring.parentWidget() is not widget:
            self._ring.setParent(widget)
        self._ring.surround(_outline(widget))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hear keys before they move the focus, and follow the size of what has it."""
        kind = event.type()
        if kind in BY_KEY:
            self._by_key = True
        elif kind is QEvent.Type.MouseButtonPress:
            self._by_key = False
            self._hide()
        elif kind in SHAPED:
            self._place()
        return False


def _outline(widget: QWidget) -> QRect:
    """What the ring goes around: of tabs the one that is chosen."""
    return widget.tabRect(widget.currentIndex()) if isinstance(widget, QTabBar) else widget.rect()
