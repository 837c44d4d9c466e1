"""A page as it will be printed, with buttons to turn pages."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget


class Paper(QWidget):
    """Shows a picture of a page as large as fits; `resized` tells when there is another room for it."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.setMinimumSize(QSize(240, 320))
        self.setAccessibleName("Preview")

    def show_image(self, image: QImage) -> None:
        """Show another page."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The page, in the middle."""
        if self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        painter.drawImage(
            self.rect().adjusted(left, top, left + size.width() - self.width(), top + size.height() - self.height()),
            self._image,
        )
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """There may be room for more detail."""
        super().resizeEvent(event)
        self.resized.emit()


class Preview(QWidget):
    """A page and what turns pages. `wanted` asks for the page of a number, counted from 0."""

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.paper, self._number, self._count = Paper(), QSpinBox(), QLabel()
        self._number.setMinimum(1)
        self._number.setAccessibleName("Page")
        self._number.valueChanged.connect(lambda number: self.wanted.emit(number - 1))
        self.paper.resized.connect(lambda: self.wanted.emit(self.page))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._button("Previous page", -1))
        row.addWidget(self._number)
        row.addWidget(self._count)
        row.addWidget(self._button("Next page", 1))
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.paper, stretch=1)
        layout.addLayout(row)

    @property
    def page(self) -> int:
        """The page in view, counted from 0."""
        return self._number.value() - 1

    def set_count(self, count: int) -> None:
        """There are so many pages now."""
        self._number.setMaximum(max(1, count))
        self._count.setText(f"of {count}")

    def _button(self, title: str, step: int) -> QPushButton:
        button = QPushButton(title)
        button.clicked.connect(lambda: self._number.setValue(self._number.value() + step))
        return button
