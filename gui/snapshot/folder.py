"""A snapshot as a folder, for a paper or slides: pages as PNG, figures as SVG, tables and scores as CSV."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from core.files import write_bytes, write_text
from core.progress import Progress
from core.snapshot.blocks import Block, Figure, FigureRow, Head, Table
from core.snapshot.record import CSV_NAME, JSON_NAME, Record
from gui.snapshot.figures import PAINTERS, height_of
from gui.snapshot.pages import Pages
from gui.snapshot.style import PAPER

PAGE_DPI = 150
FIGURE = (330.0, 250.0)
"""Points of a figure of its own."""


def write_folder(folder: Path, made: Sequence[Block], pages: Pages, record: Record, progress: Progress) -> Path:
    """Write everything; raises `OSError` where that fails, `Cancelled` between two files."""
    write_bytes(folder / JSON_NAME, record.document)
    write_bytes(folder / CSV_NAME, record.scores)
    for number in progress.over("Writing pages", range(len(pages.pages)), len(pages.pages)):
        write_bytes(folder / "pages" / f"page-{number + 1:03d}.png", png(page_image(pages, number, PAGE_DPI / 72)))
    _write_parts(folder, made)
    return folder


def page_image(pages: Pages, number: int, scale: float) -> QImage:
    """A page as a picture of `scale` pixels a point."""
    image = QImage(round(pages.sheet.width * scale), round(pages.sheet.height * scale), QImage.Format.Format_RGB32)
    image.fill(QColor(PAPER))
    painter = QPainter(image)
    painter.scale(scale, scale)
    pages.paint(painter, number)
    painter.end()
    return image


def png(image: QImage) -> bytes:
    """The bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _write_parts(folder: Path, made: Sequence[Block]) -> None:
    """Figures and tables, named by the heading they stand under."""
    under, figures, tables = "first-page", 0, 0
    for block in made:
        if isinstance(block, Head):
            under = re.sub(r"[^a-z0-9]+", "-", block.text.lower()).strip("-")[:60] or "section"
        elif isinstance(block, FigureRow):
            for figure in block.figures:
                figures += 1
                write_bytes(folder / "figures" / f"{figures:03d}-{under}.svg", svg(figure))
        elif isinstance(block, Table):
            tables += 1
            write_text(folder / "tables" / f"{tables:03d}-{under}.csv", table_csv(block))


def svg(figure: Figure) -> bytes:
    """One figure as an SVG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    width, usual = FIGURE
    height = height_of(figure, width, usual)
    generator.setSize(QSizeF(width, height).toSize())
    generator.setViewBox(QRectF(0, 0, width, height))
    generator.setResolution(72)
    painter = QPainter(generator)
    PAINTERS[type(figure)](painter, figure, QRectF(0, 0, width, height))
    painter.end()
    return bytes(buffer.data().data())


def table_csv(block: Table) -> str:
    """One table as CSV, without its pictures. No text begins like a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in (block.head, *block.rows):
        writer.writerow([_plain(cell) if isinstance(cell, str) else "" for cell in row])
    return buffer.getvalue()


def _plain(cell: str) -> str:
    """A cell in one line that spreadsheets read as a text; negative numbers stay numbers."""
    text = cell.replace("\n", " ")
    risky = text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not re.fullmatch(r"-[\d.]*", text))
    return "'" + text if risky else text
