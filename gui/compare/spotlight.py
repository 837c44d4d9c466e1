"""Dims an image outside of what is highlighted, and draws a line around it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from core.data.scheme import VOID
from core.grid import Grid
from gui.compare.frame import Seen
from gui.compare.picture import Overlay
from gui.compare.placement import Placement
from gui.highlight import Highlight

Mask = npt.NDArray[np.bool_]

SHADE = np.uint32(0x80000000)
"""Over everything else: dark enough to be seen over the brightest map, and what is below still shows."""

LINE, HALO = QColor("#ffffff"), QColor(0, 0, 0, 190)
LINE_WIDTH, HALO_WIDTH = 1.0, 2.6
"""In screen points: a light line with a dark edge is seen on any map."""

EVERYWHERE = 0.9995
"""A part that is all of an image to this share has nothing to be made out against."""

NO_LABELS = "This image has no label map."
NOT_HERE = "This image has none of it."
WHOLE = "It is the whole of this image."


@dataclass(frozen=True, eq=False)
class Spotlight:
    """A highlight on one image.

    Attributes
    ----------
    highlight
        What was asked for.
    shade
        What dims the rest, as large as the image; None where there is nothing to show.
    outline
        Around the pixels, in image pixels.
    bounds
        Of the pixels, in image pixels.
    share
        Of the image's pixels, 0 to 1.
    reason
        Why nothing is made out; empty where something is.
    """

    highlight: Highlight
    shade: Overlay | None = None
    outline: QPainterPath | None = None
    bounds: QRectF | None = None
    share: float = 0.0
    reason: str = ""

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return 1024 if self.shade is None else self.shade.pixels.nbytes


def spotlight(highlight: Highlight, seen: Seen) -> Spotlight:
    """Make out the highlighted pixels of an image; work for a thread."""
    from core.metrics.slices import pixels_of  # brings OpenCV: not before it is needed

    label = _label_on_grid(seen)
    if label is None and highlight.kind != "place":
        return Spotlight(highlight, reason=seen.label_reason or NO_LABELS)
    grid = np.full(Grid.of(seen.shape).shape, VOID, np.uint8) if label is None else label
    mask = pixels_of(highlight.kind, highlight.number, grid)
    if not mask.any():
        return Spotlight(highlight, reason=NOT_HERE)
    placement = seen.placement((mask.shape[0], mask.shape[1]))
    pixels = placement.spread(mask)
    share = float(pixels.mean())
    if share > EVERYWHERE:
        return Spotlight(highlight, share=share, reason=WHOLE)
    shade = Overlay.of(np.where(pixels, np.uint32(0), SHADE))
    return Spotlight(highlight, shade, outline(mask, placement), _bounds(pixels), share)


def _label_on_grid(seen: Seen) -> npt.NDArray[np.uint8] | None:
    if seen.label is None:
        return None
    return Grid.of((seen.label.shape[0], seen.label.shape[1])).take(seen.label).astype(np.uint8, copy=False)


def _bounds(pixels: Mask) -> QRectF:
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    corner = QPointF(float(columns[0]), float(rows[0]))
    return QRectF(corner, QPointF(float(columns[-1] + 1), float(rows[-1] + 1)))


# ---------------------------------------------------------------- the outline


def outline(mask: Mask, placement: Placement) -> QPainterPath:
    """The borders of a mask `(h, w)` as lines on the image, those that lie in one line joined.

    The image's own border is left out: nothing is to be told apart there.
    """
    tops, lefts = (
        _begins(index, size) for index, size in zip((placement.rows, placement.cols), mask.shape, strict=True)
    )
    path = QPainterPath()
    for y, x0, x1 in _runs(mask, tops, lefts):
        path.moveTo(x0, y)
        path.lineTo(x1, y)
    for x, y0, y1 in _runs(mask.T, lefts, tops):
        path.moveTo(x, y0)
        path.lineTo(x, y1)
    return path


def _begins(index: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """The first pixel of the image that shows each of `size` rows (columns) of a map, and where the last one ends."""
    return np.searchsorted(index, np.arange(size + 1)).astype(np.int64)


def _runs(mask: Mask, across: npt.NDArray[np.int64], along: npt.NDArray[np.int64]) -> list[tuple[float, float, float]]:
    """Level borders of a mask: their place across, and where they begin and end along it, in image pixels."""
    changes = mask[1:] != mask[:-1]
    padded = np.pad(changes, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, begins = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)  # each row has as many ends as beginnings, in the same order
    found = np.stack([across[rows + 1], along[begins], along[ends]], axis=1).astype(float)
    runs: list[tuple[float, float, float]] = found.tolist()
    return runs


def paint_spotlight(painter: QPainter, spot: Spotlight, place: QTransform) -> None:
    """Dim the rest and draw the line; `place` leads from image pixels to the canvas."""
    if spot.shade is None or spot.outline is None:
        return
    painter.setTransform(place)
    painter.drawImage(QPointF(0, 0), spot.shade.image)
    for colour, width in ((HALO, HALO_WIDTH), (LINE, LINE_WIDTH)):
        pen = QPen(colour, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(spot.outline)
    painter.resetTransform()
