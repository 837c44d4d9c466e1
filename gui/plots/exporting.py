"""Plots as pictures and as data: on the clipboard, and in files."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog

from core.errors import StoreError
from core.files import write_bytes, write_text
from gui.numbers import as_tsv
from gui.plots.chart import Chart
from gui.plots.panel import PlotPanel
from gui.theme import tokens

DENSITY = 2
"""Pixels of a picture for one on the screen."""
KINDS = {".svg": "Drawing (*.svg)", ".png": "Picture (*.png)", ".csv": "Data (*.csv)"}


def places(charts: Sequence[Chart]) -> list[QRect]:
    """Where charts stand to each other on the screen, from the top left corner of all of them."""
    window = charts[0].window()
    found = [QRect(chart.mapTo(window, QPoint()), chart.size()) for chart in charts]
    left, top = min(place.left() for place in found), min(place.top() for place in found)
    return [place.translated(-left, -top) for place in found]


def size_of(charts: Sequence[Chart]) -> QSize:
    """The room that charts take together."""
    found = places(charts)
    return QSize(1 + max(place.right() for place in found), 1 + max(place.bottom() for place in found))


def paint(charts: Sequence[Chart], painter: QPainter) -> None:
    """Draw charts as they are on the screen."""
    for chart, place in zip(charts, places(charts), strict=True):
        chart.paint_on(painter, place.toRectF())


def picture(charts: Sequence[Chart]) -> QImage:
    """The charts as a picture, `DENSITY` times as fine as on the screen."""
    made = QImage(size_of(charts) * DENSITY, QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(DENSITY)
    made.fill(QColor(tokens().base))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(charts, painter)
    painter.end()
    return made


def drawing(charts: Sequence[Chart], title: str) -> bytes:
    """The charts as SVG."""
    size, buffer = size_of(charts), QBuffer()
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the one that can clip
    generator.setOutputDevice(buffer)
    generator.setResolution(charts[0].logicalDpiX())  # axes are recorded for the screen
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    paint(charts, painter)
    painter.end()
    return bytes(buffer.data().data())


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts as CSV."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def copy_picture(panel: PlotPanel) -> None:
    """Put the plot on the clipboard."""
    QGuiApplication.clipboard().setImage(picture(panel.charts))


def copy_data(panel: PlotPanel) -> None:
    """Put the data on the clipboard, for a spreadsheet."""
    QGuiApplication.clipboard().setText(as_tsv(panel.rows()))


def save(panel: PlotPanel) -> None:
    """Ask where and as what, and write it. Raises `StoreError` where that fails."""
    path = _ask_where(panel)
    if path is not None:
        save_as(panel, path)


def save_as(panel: PlotPanel, path: Path) -> None:
    """Write the plot as what the name says: .svg, .png or .csv. Raises `StoreError` where that fails."""
    writers: dict[str, Callable[[], object]] = {
        ".svg": lambda: write_bytes(path, drawing(panel.charts, panel.title)),
        ".png": lambda: write_bytes(path, _png(picture(panel.charts))),
        ".csv": lambda: write_text(path, as_csv(panel.rows())),
    }
    try:
        writers[path.suffix.lower()]()
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}).", "Check the rights and the room.") from error


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def _ask_where(panel: PlotPanel) -> Path | None:
    """A name that ends in one of `KINDS`; None: the person thought better of it."""
    document = panel.selection.document
    words = (document.title if document is not None else "", panel.selection.attack, panel.name)
    name = "--".join(re.sub(r"[^A-Za-z0-9._-]+", "_", word).strip("_") for word in words if word)
    chosen, kind = QFileDialog.getSaveFileName(panel, f"Save {panel.title}", f"{name}.svg", ";;".join(KINDS.values()))
    if not chosen:
        return None
    path = Path(chosen)
    suffix = next((suffix for suffix, words in KINDS.items() if words == kind), ".svg")
    return path if path.suffix.lower() in KINDS else path.with_name(path.name + suffix)
