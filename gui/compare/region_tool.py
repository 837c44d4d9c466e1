"""Drawing a region with the pointer: a rectangle by pulling, a polygon corner by corner."""

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from gui.compare.canvas import Phase
from gui.compare.marks import Mark
from gui.compare.regions import rectangle
from gui.compare.viewport import Point

COLOUR = "#ffd24a"


class Shape(StrEnum):
    """What is drawn."""

    RECTANGLE = "rectangle"
    POLYGON = "polygon"


class RegionTool(QObject):
    """Follows the pointer while a region is drawn.

    Attributes
    ----------
    drawn
        Sends the corners of a finished region, in image pixels.
    changed
        What is drawn so far, or the tool itself, changed.
    """

    drawn = Signal(object)
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shape: Shape | None = None
        self._corners: list[Point] = []
        self._tip: Point | None = None
        self._meant: tuple[Point, ...] = ()

    @property
    def shape(self) -> Shape | None:
        """What is drawn; None while the tool is put away."""
        return self._shape

    def take(self, shape: Shape | None) -> None:
        """Take the tool into the hand, or put it away; what was begun is dropped."""
        self._shape = shape
        self.drop()

    def drop(self) -> None:
        """Forget what was begun."""
        self._corners, self._tip = [], None
        self.changed.emit()

    def mean(self, corners: tuple[Point, ...]) -> None:
        """Show the outline of a region that is being described; nothing without corners."""
        self._meant = corners
        self.changed.emit()

    @property
    def drawing(self) -> bool:
        """Whether something was begun."""
        return bool(self._corners)

    def use(self, phase: Phase, point: Point) -> None:
        """The pointer did something."""
        if self._shape is Shape.RECTANGLE:
            self._pull(phase, point)
        elif self._shape is Shape.POLYGON:
            self._place(phase, point)
        self.changed.emit()

    def finish(self) -> None:
        """The region is complete, if it has an area."""
        corners, self._corners, self._tip = tuple(dict.fromkeys(self._corners)), [], None
        self.changed.emit()
        if len(corners) >= 3:
            self.drawn.emit(corners)

    def mark(self) -> Mark | None:
        """The outline of what was begun or described."""
        if self._meant:
            return Mark(self._meant, COLOUR)
        if not self._corners or self._tip is None:
            return None
        if self._shape is Shape.RECTANGLE:
            return Mark(rectangle(self._corners[0], self._tip), COLOUR)
        return Mark((*self._corners, self._tip), COLOUR, closed=False)

    def _pull(self, phase: Phase, point: Point) -> None:
        self._tip = point
        if phase is Phase.PRESS:
            self._corners = [point]
        elif phase is Phase.RELEASE and self._corners:
            corners = rectangle(self._corners[0], point)
            flat = corners[0][0] == corners[2][0] or corners[0][1] == corners[2][1]
            self._corners = [] if flat else list(corners)
            self.finish()

    def _place(self, phase: Phase, point: Point) -> None:
        self._tip = point
        if phase is Phase.PRESS:
            self._corners.append(point)
        elif phase is Phase.DOUBLE:
            self.finish()
