"""Computes the numbers of results away from the window's thread, the newest first."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.audit.spec import AuditSpec
from gui.background import Background
from gui.results.figures import Figures, figures_of
from gui.results.rescoring import Key
from gui.results.result import Result


class Computing(QObject):
    """Keeps the numbers of every result that was handed in; older ones stay until the new ones are there."""

    computed = Signal()
    """There are numbers that were not there before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._waiting: dict[Key, tuple[Result, AuditSpec]] = {}
        self._figures: dict[Key, Figures] = {}

    def of(self, result: Result, spec: AuditSpec) -> Figures | None:
        """The numbers of a result, or those of the result before it; None where there are none yet."""
        key = result.chain, result.attack
        known = self._figures.get(key)
        if known is None or known.result is not result:
            self._waiting.pop(key, None)
            self._waiting[key] = result, spec
            self._next()
        return known

    def keep_only(self, wanted: Callable[[Key], bool]) -> None:
        """Forget everything else."""
        self._waiting = {key: work for key, work in self._waiting.items() if wanted(key)}
        self._figures = {key: figures for key, figures in self._figures.items() if wanted(key)}

    def close(self) -> None:
        """Stop computing."""
        self.keep_only(lambda _: False)
        self._background.close()

    def _next(self) -> None:
        if self._waiting and not self._background.busy:
            _, (result, spec) = self._waiting.popitem()
            self._background.run(lambda: figures_of(result, spec), self._arrived)

    def _arrived(self, figures: Figures) -> None:
        self._figures[figures.result.chain, figures.result.attack] = figures
        self.computed.emit()
        self._next()
