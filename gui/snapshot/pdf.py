"""The PDF: pages by Qt, then bookmarks, page labels and metadata by pypdf, which Qt cannot write."""

import io
import re
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter

from core import __version__
from core.files import sha256_of_bytes
from core.progress import Progress
from core.snapshot.record import CSV_NAME, JSON_NAME, Record
from gui.snapshot.pages import Pages

DPI = 300
"""More overflows the coordinates of long documents."""

SAMPLED = 8
"""Pages that are drawn to estimate the size."""

FONTS = 60_000
"""Bytes that the embedded letters take, about."""

XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<xmp:CreatorTool>{maker}</xmp:CreatorTool><xmp:CreateDate>{created}</xmp:CreateDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>
"""

SPACE = re.compile(rb"<0009>")


def pdf_bytes(pages: Pages, record: Record, created: str, *, lossless: bool, progress: Progress) -> bytes:
    """The whole file. Raises `Cancelled` between two pages."""
    about = _xmp(pages.running, created).encode()
    plain = _painted(pages, range(len(pages.pages)), record, about, lossless=lossless, progress=progress)
    return _finished(plain, pages, record, created)


def estimated_size(pages: Pages, record: Record, *, lossless: bool) -> int:
    """About how many bytes the file will have: what some pages take, for all of them, and the attachments."""
    count = len(pages.pages)
    some = sorted({round(i * (count - 1) / (SAMPLED - 1)) for i in range(SAMPLED)})
    sample = len(_painted(pages, some, None, b"", lossless=lossless, progress=Progress()))
    fixed = len(_painted(pages, [], None, b"", lossless=lossless, progress=Progress()))
    attached = sum(len(zlib.compress(data, 6)) for data in (record.document, record.scores))
    return round(max(0, sample - fixed - FONTS) * count / len(some)) + FONTS + fixed + attached


def _painted(
    pages: Pages, numbers: Sequence[int], record: Record | None, about: bytes, *, lossless: bool, progress: Progress
) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    size = QSizeF(pages.sheet.width, pages.sheet.height)
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    if record is not None:
        writer.setDocumentXmpMetadata(QByteArray(about))
        writer.addFileAttachment(JSON_NAME, QByteArray(record.document), "application/json")
        writer.addFileAttachment(CSV_NAME, QByteArray(record.scores), "text/csv")
    painter = QPainter(writer)
    try:
        painter.scale(DPI / 72, DPI / 72)
        progress.start("Writing pages", len(numbers))
        for place, number in enumerate(numbers):
            if place:
                writer.newPage()
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, lossless)
            pages.paint(painter, number)
            painter.restore()
            progress.step()
    finally:
        painter.end()
    return bytes(buffer.data().data())


def _finished(plain: bytes, pages: Pages, record: Record, created: str) -> bytes:
    """The same with bookmarks, page labels and metadata; only the date differs between two exports."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain)))
    _add_bookmarks(writer, pages)
    writer.set_page_label(page_index_from=0, page_index_to=len(pages.pages) - 1, style=PageLabelStyle.DECIMAL)
    writer.metadata = None
    writer.add_metadata(
        {
            "/Title": pages.running,
            "/Subject": "Membership audit of a segmentation model",
            "/Creator": f"SegLeak {__version__}",
            "/Producer": "SegLeak",
            "/CreationDate": pdf_date(created),
        }
    )
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    shown = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    writer.root_object[NameObject("/ViewerPreferences")] = shown
    writer.pdf_header = "%PDF-1.7"
    for thing in writer._objects:
        _tidy(thing.get_object() if thing is not None else None, pdf_date(created))
    digest = bytes.fromhex(sha256_of_bytes(record.document + created.encode()))[:16]
    writer._ID = ArrayObject([ByteStringObject(digest), ByteStringObject(digest)])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _xmp(title: str, created: str) -> str:
    """Title, maker and date for programs that read XMP (ISO 16684); Qt's own would name the moment of writing."""
    return XMP.format(title=escape(title), maker=f"SegLeak {__version__}", created=created)


def _add_bookmarks(writer: PdfWriter, pages: Pages) -> None:
    above: Any = None
    for mark in pages.bookmarks:
        parent = above if mark.level > 1 else None
        made = writer.add_outline_item(title=mark.text, page_number=mark.page, parent=parent)
        if mark.level == 1:
            above = made


def _tidy(thing: object, created: str) -> None:
    """Mend what Qt writes: spaces are named tabs in its character maps, and attachments have times of their own."""
    if isinstance(thing, StreamObject) and "/Type" not in thing and b"begincmap" in (data := _data(thing)):
        thing.set_data(SPACE.sub(b"<0020>", data))
    if isinstance(thing, DictionaryObject) and thing.get("/Type") == "/EmbeddedFile" and "/Params" in thing:
        params = thing["/Params"]
        for key in ("/CreationDate", "/ModDate"):
            if isinstance(params, DictionaryObject) and key in params:
                params[NameObject(key)] = _text(created)


def _text(text: str) -> Any:
    return TextStringObject(text)


def _data(stream: StreamObject) -> bytes:
    """The contents of a small stream; nothing for large ones, which are pages, fonts and pictures."""
    return stream.get_data() if len(stream._data) < 1 << 16 and "/Subtype" not in stream else b""


def pdf_date(moment: str) -> str:
    """An ISO 8601 time with zone as PDF writes it, such as D:20260102030405+01'00'."""
    at = datetime.fromisoformat(moment)
    zone = at.strftime("%z")
    return at.strftime("D:%Y%m%d%H%M%S") + f"{zone[:3]}'{zone[3:5]}'"
