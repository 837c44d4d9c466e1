"""Two overlays on one image: which part of a pane shows which. Knows nothing of Qt's widgets."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF

GRIP = 6.0
"""Screen points to either side of the edge where the pointer takes hold of it."""


KEY_STEP = 0.05
"""Share of a pane's width that a key pulls the edge."""


@dataclass(frozen=True)
class Curtain:
    """A curtain drawn over a pane from the left up to `edge`, a share of the pane's width (0 to 1).

    The edge belongs to the pane and not to the image: it stays where it is while the image moves beneath.
    """

    edge: float = 0.5

    def holds(self, x: float, width: float) -> bool:
        """Whether the pointer at `x` of a pane takes hold of the edge."""
        return abs(x - self.edge * width) <= GRIP

    def drawn_to(self, x: float, width: float) -> "Curtain":
        """The curtain with its edge at `x` of a pane, or at the pane's nearer border."""
        return Curtain(min(max(x / max(width, 1.0), 0.0), 1.0))

    def pulled(self, by: float) -> "Curtain":
        """The curtain with its edge a share of the pane's width further right, at most at a border."""
        return Curtain(min(max(self.edge + by, 0.0), 1.0))

    def parts(self, width: float, height: float) -> tuple[QRectF, QRectF]:
        """The part of a pane left of the edge, and the part right of it; together they are the pane."""
        x = self.edge * width
        return QRectF(0, 0, x, height), QRectF(x, 0, width - x, height)
