"""Marking and taking back regions, so that it can be undone: each step is an entry of its own in the review log."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from core.errors import SegLeakError
from gui.compare.region_log import ACTION, removal, to_value
from gui.compare.regions import Region
from gui.selection import Selection

Failed = Callable[[SegLeakError], object]


class RegionStep(QUndoCommand):
    """A region of an image is marked, or taken back.

    Parameters
    ----------
    selection
        Takes the decisions.
    image
        Image id.
    region
        The region.
    present
        Whether it is there after the step.
    failed
        Told where the review log cannot be written to; nothing may be raised into Qt.
    """

    def __init__(self, selection: Selection, image: int, region: Region, *, present: bool, failed: Failed) -> None:
        super().__init__(f"{'Mark' if present else 'Remove'} region {region.id}")
        self._selection, self._image, self._region = selection, image, region
        self._document = selection.document
        self._present = present
        self._failed = failed

    def redo(self) -> None:
        """Take the step."""
        self._decide(present=self._present)

    def undo(self) -> None:
        """Take it back."""
        self._decide(present=not self._present)

    def _decide(self, *, present: bool) -> None:
        if self._selection.document is not self._document:
            self.setObsolete(True)
            return
        value = to_value(self._region) if present else removal(self._region)
        words = f"Region {self._region.id}{'' if present else ' removed'}"
        try:
            self._selection.decide(ACTION, self._image, words, value)
        except SegLeakError as error:
            self.setObsolete(True)
            self._failed(error)
