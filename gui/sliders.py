"""A slider beside a number field."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from gui.scale import Scale


class _Slider(QSlider):
    """Leaves the wheel to the panel that scrolls."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Not taken."""
        event.ignore()


class SliderRow(QWidget):
    """A slider and the number field that it moves.

    Parameters
    ----------
    box
        The number field.
    scale
        What the slider's places mean.
    """

    moved = Signal(object)
    """The number that a person moved the slider to."""
    released = Signal()

    def __init__(self, box: QWidget, scale: Scale) -> None:
        super().__init__()
        self._scale = scale
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, scale.last)
        self.slider.setPageStep(max(1, scale.last // 10))
        self.slider.valueChanged.connect(lambda place: self.moved.emit(scale.value(place)))
        self.slider.sliderReleased.connect(self.released)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, stretch=1)
        row.addWidget(box)

    def show_value(self, value: float) -> None:
        """Put the slider where a number is, without telling; it stays where it is while it says that number."""
        if self._scale.value(self.slider.value()) == value:
            return
        self.slider.blockSignals(True)
        self.slider.setValue(self._scale.place(value))
        self.slider.blockSignals(False)
