"""Marking a rectangle by its numbers: for the keyboard, and where it must be exact."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from gui.compare.regions import rectangle
from gui.compare.viewport import Point, Size, View, Viewport
from gui.dialogs import show

if TYPE_CHECKING:
    from gui.compare.marking import Marking

FIELDS = ("Left", "Top", "Width", "Height")
WORDS = (
    "In pixels of the image, {width} x {height}, counted from its upper left corner. The outline in the panes follows."
)
SHARE = 0.5
"""Of what is seen of the image: so large is the rectangle that one begins with."""


class RegionDialog(QDialog):
    """Asks for a rectangle. `changed` sends its corners whenever they change.

    Parameters
    ----------
    image
        Width and height of the image in pixels.
    begin
        Left, top, width and height to begin with.
    """

    changed = Signal(object)

    def __init__(self, image: tuple[int, int], begin: tuple[int, int, int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mark a rectangle")
        self._image = image
        self.fields = tuple(_field(name) for name in FIELDS)
        words = QLabel(WORDS.format(width=image[0], height=image[1]))
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        rows = QFormLayout()
        for name, field in zip(FIELDS, self.fields, strict=True):
            rows.addRow(name, field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Mark")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(words)
        column.addLayout(rows)
        column.addWidget(buttons)
        self._show(begin)
        for field in self.fields:
            field.valueChanged.connect(self._changed)
        self.fields[0].selectAll()

    @property
    def corners(self) -> tuple[Point, ...]:
        """The corners of the rectangle, in image pixels."""
        left, top, width, height = (float(field.value()) for field in self.fields)
        return rectangle((left, top), (left + width, top + height))

    def _show(self, begin: tuple[int, int, int, int]) -> None:
        """The place first: how large the rectangle can be depends on it."""
        for field, most in zip(self.fields[:2], self._image, strict=True):
            field.setRange(0, most - 1)
        for field, value in zip(self.fields, begin, strict=True):
            self._limit()
            field.setValue(value)

    def _limit(self) -> None:
        """It ends on the image."""
        for place, size, most in zip(self.fields[:2], self.fields[2:], self._image, strict=True):
            size.setRange(1, most - place.value())

    def _changed(self) -> None:
        self._limit()
        self.changed.emit(self.corners)


def middle_of(view: View, pane: Size, image: Size) -> tuple[int, int, int, int]:
    """Left, top, width and height of a rectangle in the middle of what a pane shows of the image."""
    low, high = view.to_image((0.0, 0.0), pane), view.to_image(pane, pane)
    seen = [(max(a, 0.0), min(b, float(most))) for a, b, most in zip(low, high, image, strict=True)]
    sizes = [max(1, round(SHARE * (b - a))) for a, b in seen]
    places = [
        min(max(0, round((a + b - size) / 2)), int(most) - size)
        for (a, b), size, most in zip(seen, sizes, image, strict=True)
    ]
    return places[0], places[1], sizes[0], sizes[1]


def ask_for_rectangle(marking: "Marking", viewport: Viewport, window: QWidget) -> RegionDialog | None:
    """Ask for a rectangle on the image in view, with its outline in the panes; None where no image is."""
    if marking.selection.image is None:
        return None
    width, height = (round(side) for side in viewport.image)
    dialog = RegionDialog((width, height), middle_of(viewport.view, viewport.least_pane, viewport.image), window)
    marking.tool.mean(dialog.corners)
    dialog.changed.connect(marking.tool.mean)
    dialog.finished.connect(lambda _: marking.tool.mean(()))
    dialog.accepted.connect(lambda: marking.add(dialog.corners))
    show(dialog)
    return dialog


def _field(name: str) -> QSpinBox:
    field = QSpinBox()
    field.setSuffix(" px")
    field.setAccessibleName(name)
    field.setAccelerated(True)
    return field
