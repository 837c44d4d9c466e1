"""What stands in the place of the images where there are none: why, and what to do."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class Notice(QWidget):
    """A title, a sentence, and a button where something can be done at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._text = QLabel(), QLabel()
        self._title.setProperty("role", "heading")
        self._text.setProperty("role", "muted")
        self._button = QPushButton()
        self._button.hide()
        self._button.clicked.connect(self._pressed)
        self._callback: Callable[[], object] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.addStretch(1)
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)

    @property
    def words(self) -> str:
        """What it says."""
        return f"{self._title.text()} {self._text.text()}".strip()

    def say(self, title: str, text: str, button: str = "", callback: Callable[[], object] | None = None) -> None:
        """Say something; with a button where there is a callback."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(button)
        self._button.setVisible(callback is not None)
        self._callback = callback

    def _pressed(self) -> None:
        if self._callback is not None:
            self._callback()
