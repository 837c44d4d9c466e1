"""Pictures as pieces: rows of them with captions, colour scales, thumbnails."""

import threading

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from core.snapshot.blocks import ColourBar, Outline, Picture, PictureRow
from gui.fonts import font
from gui.snapshot.hatching import hatch
from gui.snapshot.lines import Lines, draw_text, elided, in_lines, text_width
from gui.snapshot.pieces import Piece
from gui.snapshot.style import LINE, MUTED, PAPER, SHADE, pen

SPACE = 8.0
TALLEST, TALLEST_ALONE = 190.0, 420.0
BAR = 9.0
CAPTION = 8
"""Lines of a caption."""


def qimage(pixels: npt.NDArray[np.uint8]) -> QImage:
    """An image of its own memory from `(H, W, 3)` or `(H, W, 4)` pixels."""
    form = QImage.Format.Format_RGB888 if pixels.shape[2] == 3 else QImage.Format.Format_RGBA8888
    packed = np.ascontiguousarray(pixels)
    height, width = packed.shape[:2]
    return QImage(packed.data, width, height, packed.strides[0], form).copy()


class _Shared:
    """The images of the last few arrays: Qt embeds an image that is drawn several times once."""

    MOST = 3

    def __init__(self) -> None:
        self._kept: list[tuple[npt.NDArray[np.uint8], QImage]] = []

    def image(self, pixels: npt.NDArray[np.uint8]) -> QImage:
        """The image of an array, the same one for the same array."""
        for known, image in self._kept:
            if known is pixels:
                return image
        made = qimage(pixels)
        self._kept = [*self._kept[1 - self.MOST :], (pixels, made)]
        return made


_shared = threading.local()


def _shared_image(pixels: npt.NDArray[np.uint8]) -> QImage:
    """Each thread has images of its own."""
    if not hasattr(_shared, "images"):
        _shared.images = _Shared()
    image: QImage = _shared.images.image(pixels)
    return image


def picture_row(block: PictureRow, width: float) -> list[Piece]:
    """Pictures side by side, in as many rows as they need."""
    columns = block.columns
    rows = [block.pictures[i : i + columns] for i in range(0, len(block.pictures), columns)]
    return [_row(row, (width - SPACE * (columns - 1)) / columns, block.tallest) for row in rows]


def _row(pictures: tuple[Picture, ...], room: float, most: float | None) -> Piece:
    tallest = most or (TALLEST_ALONE if len(pictures) == 1 and room > 400 else TALLEST)
    height = max(min(tallest, room * p.size[0] / max(1, p.size[1])) for p in pictures)
    captions = [in_lines(p.caption, font(8), room, CAPTION) for p in pictures]
    above = max(lines.height for lines in captions) + 2

    def paint(painter: QPainter, x: float, y: float) -> None:
        for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            left = x + place * (room + SPACE)
            caption.draw(painter, left, y + above - 2 - caption.height)
            draw_raster(painter, picture, QRectF(left, y + above, room, height))

    return Piece(above + height, paint, gap=8)


def draw_raster(painter: QPainter, picture: Picture, room: QRectF) -> None:
    """A picture as large as fits into a room, at its own resolution, with its outlines."""
    height, width = picture.size
    scale = min(room.width() / max(1, width), room.height() / max(1, height))
    box = QRectF(room.left(), room.top(), width * scale, height * scale)
    raster = picture.load()
    if raster.pixels is None:
        _draw_nothing(painter, box, picture.note)
        return
    exact = painter.testRenderHint(QPainter.RenderHint.LosslessImageRendering)
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, exact or not raster.photograph)
    painter.drawImage(box, _shared_image(raster.pixels))
    if raster.overlay is not None:
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, True)
        painter.setOpacity(raster.opacity)
        painter.drawImage(box, qimage(raster.overlay))
        painter.setOpacity(1.0)
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, exact)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(LINE, 0.4))
    painter.drawRect(box)
    for outline in picture.outlines:
        _draw_outline(painter, outline, box)


def _draw_nothing(painter: QPainter, box: QRectF, note: str) -> None:
    painter.fillRect(box, QColor(SHADE))
    painter.setPen(pen(LINE, 0.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)
    lines = Lines(note or "Not available", font(7), box.width() - 6, ink=MUTED)
    if box.height() > lines.height:
        lines.draw(painter, box.left() + 3, box.center().y() - lines.height / 2)


def _draw_outline(painter: QPainter, outline: Outline, box: QRectF) -> None:
    """A white line on a dark one is seen on every ground. Nothing of it leaves the picture."""
    painter.save()
    painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
    corners = [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in outline.points]
    for ink, width in (("#000000", 1.8), (PAPER, 0.8)):
        painter.setPen(QPen(QColor(ink), width))
        painter.drawPolygon(QPolygonF(corners))
    spot = min(corners, key=lambda p: (p.y(), p.x()))
    name = elided(outline.name, font(8, bold=True), box.width() - 4)
    width = text_width(name, font(8, bold=True)) + 4
    left = max(box.left(), min(spot.x(), box.right() - width))
    top = max(box.top(), min(spot.y(), box.bottom() - 10))
    painter.fillRect(QRectF(left, top, width, 10), QColor(PAPER))
    draw_text(painter, left + 2, top - 0.5, name, font(8, bold=True))
    painter.restore()


def colour_bar(block: ColourBar, width: float) -> list[Piece]:
    """The scale of the maps with its ends, and the middle where it says something."""
    caption = Lines(block.caption, font(8), width, ink=MUTED)

    def paint(painter: QPainter, x: float, y: float) -> None:
        box = QRectF(x, y, width, BAR)
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, True)
        painter.drawImage(box, qimage(block.colours[None, :, :3]))
        if block.low < 0:
            hatch(painter, QRectF(x, y, width / 2, BAR), PAPER)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(LINE, 0.4))
        painter.drawRect(box)
        for share in (0.0, 0.5, 1.0):
            value = block.low + share * (block.high - block.low)
            draw_text(painter, x + share * width, y + BAR + 1, f"{value:.3g}", font(7), align=share)
        caption.draw(painter, x, y + BAR + 11)

    return [Piece(BAR + 11 + caption.height, paint, gap=6)]
