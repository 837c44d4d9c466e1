"""Making a snapshot: reading the audit, laying out, writing. Works without a display, and in any thread."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Self

from PySide6.QtGui import QGuiApplication, QImage

from core.errors import StoreError
from core.files import write_bytes
from core.progress import Progress
from core.snapshot.asking import Predict, Predictions, asked, later
from core.snapshot.blocks import Block
from core.snapshot.choices import SnapshotChoices
from core.snapshot.content import Content, View, opened
from core.snapshot.record import Record, record_of
from core.snapshot.sections import blocks_of
from gui.snapshot.folder import page_image, write_folder
from gui.snapshot.pages import Pages, lay_out
from gui.snapshot.pdf import estimated_size, pdf_bytes
from gui.snapshot.style import sheet


def ensure_application() -> QGuiApplication:
    """Qt's application, which fonts need; without a display where there is none yet."""
    found = QGuiApplication.instance()
    if isinstance(found, QGuiApplication):
        return found
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QGuiApplication(sys.argv[:1])


@dataclass(frozen=True)
class Draft:
    """A snapshot that is laid out: what it says, its attachments, blocks and pages. The audit's files are open.

    Threads take turns: one may still draw a page of it while another begins to write it.
    """

    content: Content
    record: Record
    blocks: list[Block]
    pages: Pages
    _files: ExitStack
    _turn: RLock = field(default_factory=RLock, repr=False, compare=False)

    @classmethod
    def open(
        cls,
        audit: Path,
        choices: SnapshotChoices,
        progress: Progress | None = None,
        views: Sequence[View] = (),
        predict: Predict = later,
    ) -> Self:
        """Read an audit and lay its snapshot out. Raises `SegLeakError`; close it when it is not needed any more."""
        progress = progress or Progress()
        with ExitStack() as files:
            content = files.enter_context(opened(audit, choices, progress, views))
            content.pictures.predictions = predict(content, progress)
            return cls._of(content, progress, files.pop_all())

    def with_predictions(self, known: Predictions, progress: Progress) -> "Draft":
        """The same, laid out anew with these predictions; this one is of no use any more."""
        with self._turn:
            self.content.pictures.predictions = known
            return self._of(self.content, progress, self._files)

    def close(self) -> None:
        """Close the audit's files."""
        self._files.close()

    @classmethod
    def _of(cls, content: Content, progress: Progress, files: ExitStack) -> Self:
        record = record_of(content)
        made = blocks_of(content, record, progress)
        text, heading = content.names.text, content.choices.heading
        foot = " · ".join(filter(None, (heading.case, f"audit.json {record.sha256[:16]}")))
        pages = lay_out(made, sheet(content.choices.form.paper), text(content.title), text(foot))
        return cls(content, record, made, pages, files)

    def page(self, number: int, scale: float) -> QImage:
        """A page as a picture of `scale` pixels a point."""
        with self._turn:
            return page_image(self.pages, number, scale)

    def pdf(self, progress: Progress) -> bytes:
        """The PDF's bytes."""
        lossless = self.content.choices.form.lossless
        return pdf_bytes(self.pages, self.record, self.content.created, lossless=lossless, progress=progress)

    def estimate(self) -> int:
        """About how many bytes the PDF will have, from some of its pages."""
        with self._turn:
            return estimated_size(self.pages, self.record, lossless=self.content.choices.form.lossless)

    def write(self, path: Path, progress: Progress) -> Path:
        """Write the PDF or, where the path has no ending, the folder. Raises `StoreError`, `Cancelled`."""
        if path.suffix.lower() not in {"", ".pdf"}:
            raise StoreError(f"{path}: has an unknown ending.", "Give a name that ends in .pdf, or a folder.")
        try:
            with self._turn:
                return self._written(path, progress)
        except OSError as error:
            raise unwritable(path, error) from error

    def _written(self, path: Path, progress: Progress) -> Path:
        if not path.suffix:
            return write_folder(path, self.blocks, self.pages, self.record, progress)
        data = self.pdf(progress)
        progress.check()
        write_bytes(path, data)
        return path


def write_snapshot(
    audit: Path, choices: SnapshotChoices, path: Path, progress: Progress | None = None, device: str = "auto"
) -> Path:
    """Write the snapshot of an audit: a PDF, or a folder of PNG, SVG and CSV where the path has no ending.

    What the target predicts is asked on the device: "auto", "cpu" or "cuda:N".

    Raises
    ------
    SegLeakError
        The audit cannot be read, the choices do not fit it, or the file cannot be written. The old file stays whole.
    Cancelled
        A stop was asked for; no PDF was written.
    """
    application = ensure_application()  # lives until everything is drawn
    progress = progress or Progress()
    with closing(Draft.open(audit, choices, progress, predict=partial(asked, device=device))) as draft:
        if path.suffix.lower() == ".pdf":
            progress.start("Estimating the size", 1)
            progress.step(f"{len(draft.pages.pages)} pages, about {draft.estimate() / 1e6:.1f} MB")
        written = draft.write(path, progress)
    del application
    return written


def unwritable(path: Path, error: OSError) -> StoreError:
    """What to say where a file cannot be written."""
    return StoreError(
        f"{path}: cannot be written ({error.strerror or error}).",
        "An older file there is left as it was. Close programs that show it, make room, or choose another place.",
    )
