"""Which maps to export, of which images, and how."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from core.audit.map_export import MapExport

FORMS = {
    "png": "PNG: coloured, with a scale, to look at",
    "tiff": "TIFF: the numbers, float32, for image programs",
    "npz": "NPZ: the numbers, all maps of an image in one file, for Python",
}


class MapsDialog(QDialog):
    """Asks what to export; `chosen` sends a `MapExport`.

    Parameters
    ----------
    images
        Numbers of images by what they are called, such as "the image in view"; empty ones cannot be chosen.
    """

    chosen = Signal(object)

    def __init__(self, images: Mapping[str, frozenset[int]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export maps")
        self._images = dict(images)
        self._which = QButtonGroup(self)
        self._form = QComboBox()
        self._form.setAccessibleName("Format")
        for form, words in FORMS.items():
            self._form.addItem(words, form)
        self._own = QCheckBox("A colour range of its own for each picture")
        self._own.setToolTip("Shows weak maps better; colours of different pictures cannot be compared then.")
        self._form.currentIndexChanged.connect(self._fit)
        rows = QFormLayout()
        rows.addRow("Images", self._choices())
        rows.addRow("Format", self._form)
        rows.addRow("", self._own)
        layout = QVBoxLayout(self)
        layout.addLayout(rows)
        layout.addWidget(_hint())
        layout.addWidget(self._buttons())

    def _choices(self) -> QVBoxLayout:
        column = QVBoxLayout()
        for place, (words, images) in enumerate(self._images.items()):
            button = QRadioButton(f"{words[:1].upper()}{words[1:]} ({len(images)})")
            button.setEnabled(bool(images))
            self._which.addButton(button, place)
            column.addWidget(button)
        first = next((b for b in self._which.buttons() if b.isEnabled()), None)
        if first is not None:
            first.setChecked(True)
        return column

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        export = box.addButton("Export...", QDialogButtonBox.ButtonRole.AcceptRole)
        export.setEnabled(self._which.checkedId() >= 0)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        return box

    def _fit(self) -> None:
        """Colours are a matter of pictures only."""
        self._own.setEnabled(self._form.currentData() == "png")

    def wanted(self) -> "MapExport":
        """What the fields say."""
        from core.audit.map_export import MapExport

        form, images = str(self._form.currentData()), list(self._images.values())[self._which.checkedId()]
        return MapExport(form, images, form == "png" and self._own.isChecked(), scale=True)

    def accept(self) -> None:
        """Tell, and close."""
        super().accept()
        self.chosen.emit(self.wanted())


def _hint() -> QLabel:
    label = QLabel("They are written into a folder “maps” in the folder you choose next.")
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
