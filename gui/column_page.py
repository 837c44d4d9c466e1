"""What the pages share that are shown where there is no audit: one column, as wide as lines are easily read."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.actions import Action
from gui.icons import icon

WIDTH = 96
"""Of the column, in letters."""


class ColumnPage(QWidget):
    """A page of one column, which its maker places in it.

    Attributes
    ----------
    content, column
        The widget that holds the column, and its layout.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = QWidget()
        self.column = QVBoxLayout(self.content)
        self.column.setSpacing(14)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the column to the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        self.content.setFixedWidth(self.fontMetrics().averageCharWidth() * WIDTH)


def words_label(text: str, role: str) -> QLabel:
    """A line in one of the theme's roles."""
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def offer_buttons(offers: Sequence[Action]) -> list[QPushButton]:
    """A button for each of these actions."""
    return [_button(offer) for offer in offers]


def in_a_row(buttons: Sequence[QPushButton]) -> QHBoxLayout:
    """Side by side, at the left."""
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def _button(offer: Action) -> QPushButton:
    button = QPushButton(icon(offer.icon), offer.title)
    button.setToolTip(offer.tooltip)
    button.clicked.connect(lambda _=False: offer.callback())
    return button
