"""The model tried on one image: input, prediction and label side by side, and what is probably wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.data.scheme import VOID
from core.engine.jobs import CheckedTarget
from gui.banner import Severity
from gui.wizard.parts import Notice, Words, button, notices_in, refill

LETTERS, SHAPE = 40, 0.62
"""Width of a picture in letters: three of them have room on the page. Its greatest height as a part of its width."""
MOST = 600
"""Rows and columns of a picture that are kept."""
POOR = 0.5
UNEXPLAINED = (
    "The prediction is poor, and no likely cause was found. Is the input size that of the training, and is the model "
    "meant for such images?"
)
NAMED = 8
"""Predicted classes that are named; the rest is counted."""

Pixels = npt.NDArray[np.uint8]


class OneImage(QWidget):
    """Shows a `CheckedTarget`; takes no room while no image was tried."""

    mended = Signal(object)
    """Keys of the pre-processing, with values under which the prediction is better."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = [_Captioned(title) for title in ("Image", "Prediction", "Label map")]
        self.numbers = Words()
        self._hints = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        for picture in self._pictures:
            row.addWidget(picture)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.numbers)
        column.addLayout(self._hints)
        self.show_check(None)

    @property
    def hints(self) -> list[str]:
        """What is said about likely causes."""
        return notices_in(self._hints)

    def show_check(self, found: CheckedTarget | None) -> None:
        """Show what was found, or nothing."""
        tried = found is not None and found.image is not None
        self.setVisible(tried)
        if found is None or found.image is None:
            return
        colours = _table(found)
        shown = (found.image, *(None if m is None else colours[_small(m)] for m in (found.prediction, found.label)))
        for picture, pixels in zip(self._pictures, shown, strict=True):
            picture.show_pixels(None if pixels is None else _small(pixels))
        self.numbers.say(_numbers(found))
        remedies = found.check["remedies"]
        refill(self._hints, [_Hint(cause, self._mender(remedies.get(cause))) for cause in found.check["causes"]])
        for text in _further(found):
            self._hints.addWidget(Notice(Severity.WARNING, text))

    def _mender(self, remedy: Mapping[str, Any] | None) -> Callable[[], object] | None:
        return None if remedy is None else lambda: self.mended.emit(dict(remedy))


class _Hint(Notice):
    """A likely cause, with a button where a setting on the page mends it."""

    def __init__(self, cause: str, mend: Callable[[], object] | None) -> None:
        super().__init__(Severity.WARNING, f"Likely cause: {cause[:1].lower()}{cause[1:]}")
        if mend is not None:
            self.add(button("Apply", mend, "Prepare images this way; shown under 'Pre-processing'"))


class _Captioned(QWidget):
    """A picture with its name below."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._label = QLabel()
        self._label.setAccessibleName(title)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        caption = QLabel(title)
        caption.setProperty("role", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._label)
        column.addWidget(caption)

    def show_pixels(self, pixels: Pixels | None) -> None:
        """Show RGB pixels `(H, W, 3)`, or that there are none."""
        width = LETTERS * self.fontMetrics().averageCharWidth()
        self._label.setFixedSize(width, round(SHAPE * width))
        if pixels is None:
            self._label.setText("None")
            return
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        ratio = self._label.devicePixelRatioF()
        made = QPixmap.fromImage(as_qimage(pixels)).scaled(self._label.size() * ratio, keep, smooth)
        made.setDevicePixelRatio(ratio)
        self._label.setFixedHeight(round(made.height() / ratio))
        self._label.setPixmap(made)


def as_qimage(pixels: Pixels) -> QImage:
    """RGB pixels `(H, W, 3)` uint8 as an image with a memory of its own."""
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels)
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _small(array: Pixels) -> Pixels:
    """Every n-th row and column: more than can be shown need not be coloured."""
    step = max(1, min(array.shape[:2]) // MOST)
    return array[::step, ::step]


def _table(found: CheckedTarget) -> Pixels:
    """A colour `(256, 3)` for each train id: the scheme's where it is known, else shades; void is black."""
    rng = np.random.default_rng(0)
    table = rng.integers(40, 230, (256, 3)).astype(np.uint8)
    if found.colours is not None:
        table[: len(found.colours)] = found.colours
    table[VOID] = 0
    return table


def _numbers(found: CheckedTarget) -> str:
    check = found.check
    rows, columns = check["output_size"]
    parts = [f"Output {columns} x {rows}, {check['classes']} classes as {check['output_kind']}."]
    if found.agreement is not None:
        parts.append(
            f"{100 * found.agreement:.0f} % of the labelled pixels are predicted as labelled; mIoU {check['miou']:.2f}."
        )
    return " ".join([*parts, f"Predicted: {_named(check['predicted'], found.names)}."])


def _named(ids: Sequence[int], names: Sequence[str]) -> str:
    words = [names[i] if i < len(names) else f"class {i}" for i in ids if i != VOID]
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _further(found: CheckedTarget) -> list[str]:
    """What is said besides the causes."""
    poor = found.agreement is not None and found.agreement < POOR and not found.check["causes"]
    return [*([UNEXPLAINED] if poor else []), *found.check["notes"]]
