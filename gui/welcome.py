"""The page one begins with: the demo, an audit of one's own, the audits opened lately."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.actions import Action
from gui.cards import RecentCard
from gui.column_page import ColumnPage, in_a_row, offer_buttons, words_label
from gui.icons import Sign
from gui.recent import RecentAudit

WORDS = "See where a segmentation model remembers its training images."
HINT = "Or drop an audit, a model or a folder of images anywhere in this window."
SIGN = 64
"""Its side in pixels."""
COLUMNS = 2


class WelcomePage(ColumnPage):
    """Offers what one can begin with.

    Parameters
    ----------
    offers
        The actions that get a button; the first one stands out.

    Attributes
    ----------
    cards
        The recent audits, the last opened one first.
    """

    opened = Signal(object)
    """Path of a recent audit to open."""
    forgotten = Signal(object)
    """Path of a recent audit to take off the list."""

    def __init__(self, offers: Sequence[Action], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        self.cards: list[RecentCard] = []
        self._heading = words_label("Recent audits", "heading")
        column = self.column
        column.addStretch(1)
        column.addLayout(_head())
        column.addLayout(_buttons(offers))
        column.addWidget(words_label(HINT, "muted"))
        column.addSpacing(18)
        column.addWidget(self._heading)
        column.addLayout(self._grid)
        column.addStretch(2)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(_scrolled(self.content))

    def show_recent(self, audits: Sequence[RecentAudit]) -> None:
        """Show these audits, the last opened one first."""
        for card in self.cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._heading.setVisible(bool(audits))
        self.cards = [RecentCard(audit) for audit in audits]
        for place, card in enumerate(self.cards):
            card.opened.connect(self._open)
            card.forgotten.connect(self.forgotten)
            self._grid.addWidget(card, place // COLUMNS, place % COLUMNS)
            self._grid.setColumnStretch(place % COLUMNS, 1)

    def _open(self, folder: Path) -> None:
        self.opened.emit(folder)


def _head() -> QHBoxLayout:
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(words_label("SegLeak", "title"))
    words.addWidget(words_label(WORDS, "muted"))
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(Sign("segleak", SIGN))
    row.addLayout(words)
    row.addStretch(1)
    return row


def _buttons(offers: Sequence[Action]) -> QHBoxLayout:
    """The first one stands out by its colour, the others have signs."""
    buttons = offer_buttons(offers)
    for place, button in enumerate(buttons):
        button.setProperty("role", "" if place else "primary")
        button.setMinimumHeight(button.fontMetrics().lineSpacing() * 2)
    buttons[0].setIcon(QIcon())
    return in_a_row(buttons)


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setAccessibleName("Welcome")
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
