"""The regions of the image in view: drawn with the tool, kept in the review log, undone and done again."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from gui.compare.marks import Mark
from gui.compare.region_commands import RegionStep
from gui.compare.region_log import next_id, notes_of_regions, standing_regions
from gui.compare.region_tool import COLOUR, RegionTool
from gui.compare.regions import Region
from gui.compare.viewport import Point
from gui.selection import Selection


class Marking(QObject):
    """The regions of one image after another.

    Attributes
    ----------
    selection, undo_stack
        What is looked at, and what takes each step.
    changed
        There are others, or one is being drawn.
    failed
        Sends the `SegLeakError` where the review log cannot be written to.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, selection: Selection, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.undo_stack = undo_stack
        self.tool = RegionTool(self)
        self.tool.drawn.connect(self.add)
        self.tool.changed.connect(self.changed)
        selection.reviewed.connect(lambda _: self.changed.emit())
        selection.image_changed.connect(lambda _: self.tool.drop())

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions of the image in view."""
        document, image = self.selection.document, self.selection.image
        return () if document is None or image is None else standing_regions(document.entries, image)

    @property
    def notes(self) -> dict[str, str]:
        """What was said of the regions of the image in view, by their names."""
        document, image = self.selection.document, self.selection.image
        return notes_of_regions(() if document is None or image is None else document.notes(image))

    def add(self, corners: tuple[Point, ...]) -> None:
        """Mark a region."""
        document, image = self.selection.document, self.selection.image
        if document is not None and image is not None:
            self._push(image, Region(next_id(document.entries, image), corners), present=True)

    def remove(self, region_id: str) -> None:
        """Take a region back."""
        found = next((region for region in self.regions if region.id == region_id), None)
        if found is not None and self.selection.image is not None:
            self._push(self.selection.image, found, present=False)

    def _push(self, image: int, region: Region, *, present: bool) -> None:
        step = RegionStep(self.selection, image, region, present=present, failed=self.failed.emit)
        self.undo_stack.push(step)

    def marks(self) -> tuple[Mark, ...]:
        """Outlines of the regions, and of the one that is being drawn."""
        begun = self.tool.mark()
        known = tuple(Mark(region.points, COLOUR, region.id) for region in self.regions)
        return known if begun is None else (*known, begun)
