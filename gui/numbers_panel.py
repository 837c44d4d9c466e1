"""The audit's numbers below the images: one row per defense and attack."""

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.errors import SegLeakError
from gui.background import Background
from gui.document import AuditDocument
from gui.numbers import Summary, read_summary, summary_rows
from gui.selection import Selection
from gui.tables import NumbersModel, NumbersTable
from gui.theme import defense_colours

RUNNING = "The numbers come when the audit has ended: {done} of {images} images are done."
STALE = "Exclusions have changed since these numbers were computed: with {then} excluded, now {now} are."


class NumbersPanel(QWidget):
    """Reads the summary of the audit in view, away from the window's thread.

    Parameters
    ----------
    selection
        What is looked at.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._background = Background(self)
        self._summary: Summary | None = None
        self._model = NumbersModel()
        self.table = NumbersTable(self._model)
        self.table.activated.connect(self._chosen)
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setContentsMargins(8, 8, 8, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._note, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.table, stretch=1)
        selection.document_changed.connect(self.reload)
        selection.document_grew.connect(self._show_note)
        selection.reviewed.connect(self._show_note)
        selection.summarised.connect(self.reload)
        self.reload()

    @property
    def note(self) -> str:
        """What is said above the table; empty where there is nothing to say."""
        return self._note.text()

    def reload(self, _: object = None) -> None:
        """Read the summary again: another audit is in view, or this one has ended."""
        document = self._selection.document
        self._show(None)
        if document is not None:
            self._background.run(lambda: read_summary(document.folder), self._show, self._failed)
        else:
            self._background.forget()

    def close_threads(self) -> None:
        """Wait for what is being read."""
        self._background.close()

    def _show(self, summary: Summary | None) -> None:
        self._summary = summary
        document = self._selection.document
        colours = defense_colours(chain.id for chain in document.chains) if document is not None else {}
        self._model.show_rows(summary_rows(summary) if summary is not None else [], colours)
        self.table.setVisible(summary is not None)
        self.table.resizeColumnsToContents()
        self._show_note()

    def _failed(self, error: SegLeakError) -> None:
        self._say(str(error))

    def _show_note(self, _: object = None) -> None:
        document = self._selection.document
        self._say("" if document is None else _words(document, self._summary))

    def _say(self, words: str) -> None:
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def _chosen(self, index: QModelIndex) -> None:
        """A double click shows that attack, and that defense first."""
        row = self._model.row(self.table.source_row(index))
        self._selection.attack = row.attack
        if row.chain not in self._selection.chains:
            self._selection.chains = (row.chain, *self._selection.chains)


def _words(document: AuditDocument, summary: Summary | None) -> str:
    if summary is None:
        done = int((document.listing.states == "done").sum())
        return RUNNING.format(done=done, images=len(document.rows))
    now = len(document.excluded)
    return "" if summary["excluded"] == now else STALE.format(then=summary["excluded"], now=now)
