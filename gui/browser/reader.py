"""Reads the table of the image list away from the window's thread: what is quick first, what takes longer after it."""

from PySide6.QtCore import QObject, Signal

from core.audit.review import NEED_REASON, ReviewEntry
from gui.background import Background
from gui.browser.table import Table, read_table
from gui.selection import Selection


class TableReader(QObject):
    """Follows the selection and sends a `Table` whenever the list has to show another one; None without a document.

    A table may come twice: without the columns made of confusion counts, and a moment later with them. `failed` sends
    the `SegLeakError` of an audit that cannot be read.
    """

    came = Signal(object)
    failed = Signal(object)

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._background = Background(self)
        self._latest: Table | None = None
        for signal in (selection.document_changed, selection.chains_changed, selection.attack_changed):
            signal.connect(self.read)
        selection.document_grew.connect(self.read)
        selection.reviewed.connect(self._reviewed)

    def read(self, _: object = None) -> None:
        """Read everything again; what was read before is at hand and costs nothing."""
        if self._selection.document is None:
            self._background.forget()
            self._arrived(None)
        else:
            self._run(counted=False)

    def _reviewed(self, entry: ReviewEntry) -> None:
        """Some decisions change the verdicts."""
        if entry.action in NEED_REASON:
            self.read()

    def close(self) -> None:
        """Wait for what is being read."""
        self._background.close()

    def _run(self, *, counted: bool) -> None:
        document, chains, attack = self._selection.document, self._selection.chains, self._selection.attack
        if document is None:
            return
        before = self._latest if self._latest is not None and self._latest.document is document else None
        self._background.run(
            lambda: read_table(document, chains, attack, before, counted=counted), self._arrived, self.failed.emit
        )

    def _arrived(self, table: Table | None) -> None:
        self._latest = table
        self.came.emit(table)
        if table is not None and not table.counted:
            self._run(counted=True)
