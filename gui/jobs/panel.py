"""The jobs panel: the list of long work, and the log of the one that is chosen."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.jobs.board import Board
from gui.jobs.card import JobCard
from gui.jobs.entry import MOST_LINES, Entry

NOTHING = "Nothing runs or waits. Audits and exports that are begun appear here, and stay until they are taken off."


class JobsPanel(QWidget):
    """Shows the list of jobs.

    Parameters
    ----------
    board
        The list.
    """

    def __init__(self, board: Board, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._cards: dict[Entry, JobCard] = {}
        self._chosen: Entry | None = None
        self.list, self.log, self._nothing = _list(), _log(), _nothing()
        self.list.currentRowChanged.connect(self._choose)
        self._split = QSplitter()
        self._split.addWidget(self.list)
        self._split.addWidget(self._log_side())
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._nothing, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._split, stretch=1)
        board.listed.connect(self._relist)
        board.changed.connect(self._step)
        self._relist()

    def _log_side(self) -> QWidget:
        copy = QPushButton("Copy log")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.log.toPlainText()))
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(copy)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 6, 6)
        column.addWidget(self.log, stretch=1)
        column.addLayout(foot)
        return side

    # ------------------------------------------------------------ the list

    def _relist(self) -> None:
        """Make the list anew: it is short, and changes seldom."""
        entries, chosen = self._board.entries, self._chosen
        self.list.blockSignals(True)
        self.list.clear()
        self._cards = {entry: self._add(entry) for entry in entries}
        self.list.blockSignals(False)
        self._nothing.setVisible(not entries)
        self._split.setVisible(bool(entries))
        if entries:
            wanted = chosen if chosen in entries else next(iter(self._board.at_work), entries[-1])
            self.list.setCurrentRow(entries.index(wanted))
        self._choose(self.list.currentRow())

    def _add(self, entry: Entry) -> JobCard:
        card, item = JobCard(entry, self._board), QListWidgetItem(self.list)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}: {entry.words}")
        item.setSizeHint(QSize(1, card.sizeHint().height()))
        self.list.setItemWidget(item, card)
        return card

    def _step(self, entry: Entry) -> None:
        card = self._cards.get(entry)
        if card is not None:
            card.show_step()
        if entry is self._chosen:
            self._show_log()

    # ------------------------------------------------------------ the log

    def _choose(self, row: int) -> None:
        entries = self._board.entries
        self._chosen = entries[row] if 0 <= row < len(entries) else None
        self._show_log()

    def _show_log(self) -> None:
        """Show what is new; all of it where another job is chosen."""
        text = "" if self._chosen is None else "\n".join(self._chosen.log)
        before = self.log.toPlainText()
        if before and text.startswith(before):
            added = text[len(before) :].lstrip("\n")
            if added:
                self.log.appendPlainText(added)
        else:
            self.log.setPlainText(text)
            bar = self.log.verticalScrollBar()
            bar.setValue(bar.maximum())


def _list() -> QListWidget:
    made = QListWidget()
    made.setObjectName("jobs")
    made.setAccessibleName("Jobs")
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
    return made


def _log() -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setReadOnly(True)
    made.setAccessibleName("Log of the job")
    made.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    made.setMaximumBlockCount(MOST_LINES)
    return made


def _nothing() -> QLabel:
    made = QLabel(NOTHING)
    made.setProperty("role", "muted")
    made.setWordWrap(True)
    made.setContentsMargins(8, 8, 8, 8)
    return made
