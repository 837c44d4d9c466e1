"""Icons: drawings in resources/icons, tinted from the palette at the moment they are painted, sharp at any size."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "icons"
INK = "currentColor"
"""What stands in the drawings for the colour of the text around them."""


@cache
def _drawing(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace(INK, colour).encode()))


class _Engine(QIconEngine):
    """Paints a drawing in the text colour of the palette of now, or in a colour of its own."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _renderer(self._name, self._ink(mode)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def _ink(self, mode: QIcon.Mode) -> str:
        if self._colour and mode is not QIcon.Mode.Disabled:
            return self._colour
        selected = mode is QIcon.Mode.Selected
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.WindowText
        disabled = mode is QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if disabled else QPalette.ColorGroup.Active
        return QGuiApplication.palette().color(group, role).name()


def icon(name: str, colour: str = "") -> QIcon:
    """The icon of a drawing; it follows the theme unless it is given a colour of its own such as "#d55e00"."""
    return QIcon(_Engine(name, colour))


def pixmap(name: str, side: int, ratio: float, colour: str = "") -> QPixmap:
    """A square picture of a drawing, `side` logical pixels wide on a screen of that device pixel ratio."""
    made = icon(name, colour).pixmap(QSize(side, side) * ratio)
    made.setDevicePixelRatio(ratio)
    return made


class Sign(QLabel):
    """A drawing that is looked at and not pressed; it follows the theme.

    Parameters
    ----------
    name
        The drawing.
    side
        In logical pixels.
    colour
        Gives the colour of now; None: that of texts.
    """

    def __init__(self, name: str, side: int, colour: Callable[[], str] | None = None) -> None:
        super().__init__()
        self._name, self._side, self._colour = name, side, colour
        self.tint()

    def tint(self) -> None:
        """Draw it in the colour of now."""
        colour = "" if self._colour is None else self._colour()
        self.setPixmap(pixmap(self._name, self._side, self.devicePixelRatioF(), colour))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.tint()


def dot(colour: str) -> QIcon:
    """A filled disc: the sign of a defense, beside its name."""
    return icon("dot", colour)
