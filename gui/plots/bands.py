"""Makes bands and intervals away from the window's thread, once for each result."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.metrics.bands import Band
from gui.background import Background
from gui.plots.curves import band_of
from gui.selection import Selection

if TYPE_CHECKING:
    from gui.results import Result

Key = tuple[str, str]


class Bands(QObject):
    """Bands by defense and attack. `came` says that there is another one.

    Parameters
    ----------
    selection
        Whose audit the results are of: its seed, its level and its number of resamples are used.
    """

    came = Signal()

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._background = Background(self)
        self._kept: dict[Key, tuple[Result, Band | None]] = {}
        self._waiting: dict[Key, Result] = {}
        selection.document_changed.connect(self.clear)

    def of(self, result: "Result") -> Band | None:
        """The band of a result; None: it is not there yet, or there is none. Coarse results have none."""
        if not result.exact:
            return None
        kept = self._kept.get(_key(result))
        if kept is not None and _same(kept[0], result):
            return kept[1]
        self._waiting[_key(result)] = result
        self._next()
        return None

    @property
    def busy(self) -> bool:
        """Whether a band is being made."""
        return self._background.busy

    def clear(self, _: object = None) -> None:
        """Forget everything."""
        self._background.forget()
        self._kept.clear()
        self._waiting.clear()

    def close(self) -> None:
        """Wait for what is being made."""
        self.clear()
        self._background.close()

    def _next(self) -> None:
        document = self._selection.document
        if self._background.busy or not self._waiting or document is None:
            return
        result = self._waiting.pop(next(iter(self._waiting)))
        run, seed = document.spec.run, document.spec.seed
        self._background.run(
            lambda: band_of(result, run.resamples, seed, run.level), lambda band: self._made(result, band)
        )

    def _made(self, result: "Result", band: Band | None) -> None:
        self._kept[_key(result)] = result, band
        self.came.emit()
        self._next()


def _key(result: "Result") -> Key:
    return result.chain, result.attack


def _same(one: "Result", other: "Result") -> bool:
    if one is other:
        return True
    return np.array_equal(one.images, other.images) and np.array_equal(one.scores, other.scores, equal_nan=True)
