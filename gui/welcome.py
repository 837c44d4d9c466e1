"""The page one begins with: the demo, an audit of one's own, the audits opened lately."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui.actions import Action
from gui.cards import RecentCard
from gui.icons import Sign, icon
from gui.recent import RecentAudit

WORDS = "See where a segmentation model remembers its training images."
HINT = "Or drop an audit, a model or a folder of images anywhere in this window."
WIDTH, SIGN = 96, 64
"""Width of the page in letters; side of the sign in pixels."""
COLUMNS = 2


class WelcomePage(QWidget):
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
        self._heading = _label("Recent audits", "heading")
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setSpacing(14)
        column.addStretch(1)
        column.addLayout(_head())
        column.addLayout(_buttons(offers))
        column.addWidget(_label(HINT, "muted"))
        column.addSpacing(18)
        column.addWidget(self._heading)
        column.addLayout(self._grid)
        column.addStretch(2)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(_scrolled(self._page))
        self._fit()

    def _fit(self) -> None:
        """Make the page as wide as its lines are to be."""
        self._page.setFixedWidth(self.fontMetrics().averageCharWidth() * WIDTH)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the page to the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

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
    words.addWidget(_label("SegLeak", "title"))
    words.addWidget(_label(WORDS, "muted"))
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(Sign("segleak", SIGN))
    row.addLayout(words)
    row.addStretch(1)
    return row


def _buttons(offers: Sequence[Action]) -> QHBoxLayout:
    row = QHBoxLayout()
    for place, offer in enumerate(offers):
        button = QPushButton(offer.title)
        button.setToolTip(offer.tooltip)
        button.setProperty("role", "" if place else "primary")
        if place:
            button.setIcon(icon(offer.icon))
        button.setMinimumHeight(button.fontMetrics().lineSpacing() * 2)
        button.clicked.connect(lambda _=False, offer=offer: offer.callback())
        row.addWidget(button)
    row.addStretch(1)
    return row


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setAccessibleName("Welcome")
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
