"""A line of text that is cut where there is no room for all of it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """A line of text with "..." in it where there is no room for all of it.

    `mode`: where; at the end, unless what tells it from others stands there.
    """

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole, self._mode = "", mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> str:
        """All of it."""
        return self._whole

    @property
    def room_for_all(self) -> int:
        """The width at which all of it is shown, in screen points."""
        return QFontMetrics(self.font()).horizontalAdvance(self._whole) + 1  # it is rounded

    def set_words(self, words: str, more: str = "") -> None:
        """Show these words, all of them in the tool tip, with more below them."""
        self._whole = words
        self.setToolTip("\n".join(filter(None, (words, more))))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show as much as there is room for."""
        self._fit()

    def _fit(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._whole, self._mode, self.width()))
