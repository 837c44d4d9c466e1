"""The audit's numbers below the images: one row per defense and attack."""

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.defenses.chain import Chain
from core.errors import SegLeakError
from gui.background import Background
from gui.defenses.steps import show_first
from gui.document import AuditDocument
from gui.jobs.words import time_left
from gui.numbers import Row, Summary, live_row, marked, read_summary, summary_rows, titled, waiting_row
from gui.results import Result, Results
from gui.results.again import AgainButton
from gui.results.computing import Computing
from gui.results.marks import mark_of
from gui.selection import Selection
from gui.sight import in_front
from gui.tables import NumbersModel, NumbersTable

RUNNING = "The audit has not ended: {done} of {images} images are done. These are its numbers so far."
NONE_YET = "No image is done yet: numbers come with the first members and non-members."
STALE = "Counted anew: the audit's summary has numbers with {then} excluded, now {now} are."
WAITING = "Being counted."


class NumbersPanel(QWidget):
    """The numbers of the audit in view and of the trials that are shown.

    Those of the audit's own defenses come from its summary file; where that is not there yet, or was written with
    other images excluded, they are computed away from the window's thread.

    Parameters
    ----------
    selection
        What is looked at.
    results
        What the defenses do to the whole audit.
    undo_stack
        Takes the defenses chosen here.
    """

    def __init__(
        self, selection: Selection, results: Results, undo_stack: QUndoStack, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._selection, self._results, self._undo_stack = selection, results, undo_stack
        self._background, self._computing = Background(self), Computing(self)
        self._summary: Summary | None = None
        self._problem = ""
        self._due = QTimer(self, singleShot=True, interval=0)
        self._due.timeout.connect(self._show)
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
        above = QHBoxLayout()
        above.addWidget(self._note, stretch=1)
        above.addWidget(AgainButton(results), alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(above)
        layout.addWidget(self.table, stretch=1)
        self._connect()
        self.reload()

    def _connect(self) -> None:
        selection = self._selection
        for again in (selection.document_changed, selection.summarised):
            again.connect(self.reload)
        changes = (selection.document_grew, selection.reviewed, selection.chains_changed, selection.attack_changed)
        for signal in (*changes, selection.trials_changed, self._results.changed, self._computing.computed):
            signal.connect(self._show)

    @property
    def note(self) -> str:
        """What is said above the table; empty where there is nothing to say."""
        return self._note.text()

    def reload(self, _: object = None) -> None:
        """Read the summary again: another audit is in view, or this one has ended."""
        document = self._selection.document
        self._summary, self._problem = None, ""
        self._computing.keep_only(lambda _: False)
        self._background.forget()
        if document is not None:
            self._background.run(lambda: read_summary(document.folder), self._take, self._failed)
        self._show()

    def come_up(self, _: object = None) -> None:
        """Its dock was shown, or brought before others or behind them."""
        self._due.start()

    def close_threads(self) -> None:
        """Wait for what is being read and computed."""
        self._due.stop()
        self._background.close()
        self._computing.close()

    def _take(self, summary: Summary | None) -> None:
        self._summary = summary
        self._show()

    def _failed(self, error: SegLeakError) -> None:
        self._problem = str(error)
        self._show()

    # ------------------------------------------------------------ rows

    def _show(self, *_: object) -> None:
        document = self._selection.document
        rows = [] if document is None or self._background.busy else self._rows(document)
        before = self._model.rowCount()
        self._model.show_rows(rows, self._selection.colours())
        self.table.setVisible(bool(rows))
        self.table.fit(anew=len(rows) != before)
        self._say("" if document is None else self._words(document))

    def _rows(self, document: AuditDocument) -> list[Row]:
        """The audit's own rows, then those of the trials that are shown."""
        self._computing.keep_only(lambda key: self._selection.chain(key[0]) is not None)
        shown = [chain for chain in self._selection.trials if chain.id in self._selection.chains]
        tried = [self._live(document, chain, attack) for chain in shown for attack in self._attacks(document)]
        return [self._marked(document, row) for row in (*self._own(document), *tried)]

    def _attacks(self, document: AuditDocument) -> list[str]:
        """The attacks under which trials are scored: all of them only while somebody looks at their numbers."""
        return [attack.id for attack in document.attacks] if in_front(self) else [self._selection.attack]

    def _own(self, document: AuditDocument) -> list[Row]:
        if self._summary is None:
            done = (document.listing.states != "waiting").any() and not self._problem
            return [self._live(document, chain, self._selection.attack) for chain in document.chains] if done else []
        if self._fits(document, self._summary):
            return summary_rows(self._summary)
        return [self._live(document, chain, attack.id) for chain in document.chains for attack in document.attacks]

    def _live(self, document: AuditDocument, chain: Chain, attack: str) -> Row:
        """The row of a result that is computed here; what was computed before stays until then."""
        result = self._results.of(chain.id, attack, later=attack != self._selection.attack)
        primary = attack == document.primary
        figures = None if result is None else self._computing.of(result, document.spec)
        title = self._selection.title(chain.id)
        if figures is None:
            why = self._results.reason(chain.id, attack) or WAITING
            return waiting_row(chain.id, attack, title, why, primary=primary)
        return live_row(figures, title, primary=primary)

    def _marked(self, document: AuditDocument, row: Row) -> Row:
        """The row with the names that people read, and what is said of its attacker."""
        chain, entry = self._selection.chain(row.chain), document.attack(row.attack)
        named = row if entry is None else titled(row, self._selection.title(row.chain), entry.words)
        return named if chain is None else marked(named, mark_of(document, chain, row.attack))

    @staticmethod
    def _fits(document: AuditDocument, summary: Summary) -> bool:
        """Whether the summary was written with as many images excluded as are now."""
        return bool(summary["excluded"] == len(document.excluded))

    # ------------------------------------------------------------ words

    def _words(self, document: AuditDocument) -> str:
        return " ".join(words for words in (self._of_audit(document), *self._of_trials()) if words)

    def _of_audit(self, document: AuditDocument) -> str:
        if self._problem or self._background.busy:
            return self._problem
        if self._summary is None:
            done = int((document.listing.states == "done").sum())
            return RUNNING.format(done=done, images=len(document.rows)) if done else NONE_YET
        if self._fits(document, self._summary):
            return ""
        return STALE.format(then=self._summary["excluded"], now=len(document.excluded))

    def _of_trials(self) -> list[str]:
        """How coarse the numbers of each trial are that is shown, or why there are none."""
        attack, shown = self._selection.attack, self._selection.chains
        trials = [chain.id for chain in self._selection.trials if chain.id in shown]
        return [self._of_trial(chain, attack) for chain in trials]

    def _of_trial(self, chain: str, attack: str) -> str:
        result, reason = self._results.of(chain, attack), self._results.reason(chain, attack)
        words = reason or ("" if result is None else _coarse_words(result))
        return f"{self._selection.title(chain)}: {words}" if words else ""

    def _say(self, words: str) -> None:
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def _chosen(self, index: QModelIndex) -> None:
        """A double click shows that attack, and that defense first."""
        row = self._model.row(self.table.source_row(index))
        self._selection.attack = row.attack
        if row.chain not in self._selection.chains:
            show_first(self._selection, self._undo_stack, row.chain)


def _coarse_words(result: Result) -> str:
    """What is missing, and for how long."""
    left = time_left(result.seconds_left)
    return f"{result.note} {left}." if result.note and left else result.note
