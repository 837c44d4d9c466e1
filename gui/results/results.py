"""The results of every defense and attack that somebody looks at, kept up to date."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.audit.review import ReviewEntry
from core.engine.jobs import Rescore
from core.errors import SegLeakError
from gui.background import Background
from gui.document import AuditDocument
from gui.engine import EngineClient
from gui.jobs.board import Board
from gui.results.reading import rescored, stored
from gui.results.rescoring import Key, Rescoring
from gui.results.result import Result
from gui.selection import Selection

if TYPE_CHECKING:
    from core.engine.jobs import Rescored

EVERY = 1.0
"""Seconds between two looks at an audit that is being run."""
SHARE = 20
"""A look may take one part in so many of a thread's time."""
OF_NUMBERS = ("exclude", "include")
"""Decisions that change the numbers."""


class Results(QObject):
    """Fetches what is asked for: of the audit's own defenses from its store, of trials from the engine.

    Excluded images are left out; where that changes, everything is counted anew. What is not the audit in view's, or
    of a trial that is gone, is dropped.

    Parameters
    ----------
    selection
        The audit and the trials.
    engine
        Scores trials from the cached posteriors.
    device
        Says what to compute on: "auto", "cpu" or "cuda:N".
    board
        The list of jobs, in which a trial that is being scored has a line.
    """

    changed = Signal(str, str)
    """Ids of a chain and an attack whose result, or the reason for having none, is another one now."""
    cleared = Signal()
    """Results were dropped: another audit is in view, or trials are gone."""

    def __init__(
        self,
        selection: Selection,
        engine: EngineClient,
        device: Callable[[], str] = lambda: "auto",
        parent: QObject | None = None,
        board: Board | None = None,
    ) -> None:
        super().__init__(parent)
        self._selection, self._device = selection, device
        self._results: dict[Key, Result] = {}
        self._reasons: dict[Key, str] = {}
        self._unread: dict[Key, None] = {}
        self._background = Background(self)
        self._rescoring = Rescoring(engine, board, self)
        self._rescoring.found.connect(self._found)
        self._rescoring.failed.connect(self._fail)
        self._growing = QTimer(self)
        self._growing.setSingleShot(True)
        self._growing.setInterval(round(1000 * EVERY))
        self._growing.timeout.connect(self._read_again)
        selection.document_changed.connect(self._document_changed)
        selection.document_grew.connect(self._grew)
        selection.reviewed.connect(self._reviewed)
        selection.trials_changed.connect(self._trials_changed)

    def of(self, chain_id: str, attack_id: str, *, later: bool = False) -> Result | None:
        """What is known now; where that is nothing yet, it is fetched, and `changed` tells of it.

        `later`: trials are scored when nothing else is wanted.
        """
        key = chain_id, attack_id
        if key not in self._results and key not in self._reasons:
            self._fetch(key, later=later)
        return self._results.get(key)

    def reason(self, chain_id: str, attack_id: str) -> str:
        """Why there is no result and none will come; or empty."""
        return self._reasons.get((chain_id, attack_id), "")

    @property
    def failed(self) -> bool:
        """Whether something could not be had."""
        return bool(self._reasons)

    def retry(self) -> None:
        """Fetch anew what could not be had."""
        failed, self._reasons = list(self._reasons), {}
        for key in failed:
            self._fetch(key)
            self.changed.emit(*key)

    def close(self) -> None:
        """Stop all work."""
        self._growing.stop()
        self._rescoring.forget()
        self._background.close()

    # ------------------------------------------------------------ what happens elsewhere

    def _document_changed(self, _: AuditDocument | None) -> None:
        self._results, self._reasons, self._unread = {}, {}, {}
        self._growing.stop()
        self._background.forget()
        self._rescoring.forget()
        self.cleared.emit()

    def _grew(self) -> None:
        if not self._growing.isActive():
            self._growing.start()

    def _reviewed(self, entry: ReviewEntry) -> None:
        document = self._selection.document
        if entry.action not in OF_NUMBERS or document is None:
            return
        excluded = document.excluded
        self._read_again()
        for key in {*self._results, *self._rescoring.wanted}:
            if document.chain(key[0]) is None:
                self._fetch(key)
                if key in self._results:
                    self._keep(self._results[key].without(excluded))

    def _read_again(self) -> None:
        document = self._selection.document
        if document is not None:
            own = [key for key in self._results if document.chain(key[0]) is not None]
            self._unread = dict.fromkeys(own) | self._unread
            self._read_next()

    def _trials_changed(self, _: object) -> None:
        self._rescoring.keep_only(self._known)
        for kept in (self._results, self._reasons):
            for key in [key for key in kept if not self._known(key)]:
                del kept[key]
        self.cleared.emit()

    def _known(self, key: Key) -> bool:
        return self._selection.chain(key[0]) is not None

    # ------------------------------------------------------------ fetching

    def _fetch(self, key: Key, *, later: bool = False) -> None:
        document, chain = self._selection.document, self._selection.chain(key[0])
        if document is None or chain is None or document.attack(key[1]) is None:
            return
        if document.chain(chain.id) is not None:
            self._unread[key] = None
            self._read_next()
        else:
            job = Rescore(document.folder, chain, (key[1],), document.excluded, device=self._device())
            self._rescoring.ask(key, job, later=later)

    def _read_next(self) -> None:
        """Read what was asked for last, where nothing is being read."""
        document = self._selection.document
        if document is None or not self._unread or self._background.busy:
            return
        key, _ = self._unread.popitem()
        chain, excluded, begun = document.chain(key[0]), document.excluded, time.monotonic()
        assert chain is not None

        def arrived(result: Result) -> None:
            self._rest(time.monotonic() - begun)
            self._keep(result)
            self._read_next()

        def failed(error: SegLeakError) -> None:
            self._fail(key, str(error))
            self._read_next()

        self._background.run(lambda: stored(document, chain, key[1], excluded), arrived, failed)

    def _rest(self, taken: float) -> None:
        """In an audit of 100,000 images one looks less often for what a run has added."""
        self._growing.setInterval(round(1000 * max(EVERY, SHARE * taken * len(self._results))))

    def _found(self, key: Key, found: "Rescored", seconds_left: float | None) -> None:
        document, chain = self._selection.document, self._selection.chain(key[0])
        if document is not None and chain is not None:
            self._keep(rescored(document, chain, key[1], found, seconds_left))

    def _keep(self, result: Result) -> None:
        key = result.chain, result.attack
        self._results[key] = result
        self._reasons.pop(key, None)
        self.changed.emit(*key)

    def _fail(self, key: Key, why: str) -> None:
        self._reasons[key] = why
        self.changed.emit(*key)
