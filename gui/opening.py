"""Opening an audit away from the window's thread, and remembering it for the welcome page."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from core.errors import SegLeakError, StoreError
from gui.background import Background
from gui.folders import SUFFIX, is_audit
from gui.recent import RecentAudit, forget, read_recent, remember

if TYPE_CHECKING:
    from gui.document import AuditDocument

THUMBNAIL = QSize(256, 144)


def audit_folder(path: Path) -> Path:
    """The audit folder that a path means: itself, or the folder of a file in it. Raises `StoreError` for others."""
    for folder in (path, path.parent):
        if is_audit(folder):
            return folder
    if not path.exists():
        raise StoreError(f"{path}: is not there.", "Check that the drive it was on is connected.")
    raise StoreError(f"{path}: is no audit folder.", f"Choose a folder that an audit has written, NAME{SUFFIX}.")


class Opening(QObject):
    """Opens one audit at a time: where a second is asked for, the first is not wanted any more."""

    opened = Signal(object)
    """The `AuditDocument`."""
    failed = Signal(object)
    """The `SegLeakError`."""
    recent_changed = Signal(object)
    """The list of recent audits."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._opening, self._remembering = Background(self), Background(self)

    def open(self, path: Path) -> None:
        """Open the audit that a path means."""
        self._opening.run(lambda: opened(path), self.opened.emit, self.failed.emit)

    def remember(self, document: "AuditDocument") -> None:
        """Put an audit at the head of the recent ones."""
        self._remembering.run(lambda: _remembered(document), self.recent_changed.emit)

    def read_recent(self) -> None:
        """Read the list of recent audits."""
        self._remembering.run(read_recent, self.recent_changed.emit)

    def forget(self, folder: Path) -> None:
        """Take an audit off the list; the audit stays."""
        self._remembering.run(lambda: _forgotten(folder), self.recent_changed.emit)

    def close(self) -> None:
        """Wait for the threads to end."""
        self._opening.close()
        self._remembering.close()


# ---------------------------------------------------------------- in a thread


def opened(path: Path) -> "AuditDocument":
    """Open the audit that a path means. Raises `StoreError` where it is none or damaged, `SpecError` for its spec."""
    from gui.document import AuditDocument

    return AuditDocument.open(audit_folder(path).absolute())


def _remembered(document: "AuditDocument") -> list[RecentAudit]:
    """The list cannot matter more than the audit: where it cannot be written, it stays as it is."""
    recent = RecentAudit(document.folder, document.title, _line(document))
    try:
        _write_thumbnail(document, recent.thumbnail)
        return remember(recent)
    except (OSError, ValueError):
        return read_recent()


def _forgotten(folder: Path) -> list[RecentAudit]:
    try:
        return forget(folder)
    except OSError:
        return read_recent()


def _line(document: "AuditDocument") -> str:
    from core.defenses.chain import words_of  # brings numpy, which the first frame need not wait for
    from gui.numbers import one_line, read_summary

    try:
        summary = read_summary(document.folder)
    except StoreError:
        return "Its summary is damaged"
    if summary is not None:
        attacks = {entry.id: entry.words for entry in document.attacks}
        return one_line(summary, attacks, words_of(document.chains))
    done = int((document.listing.states == "done").sum())
    return f"Not finished: {done} of {len(document.rows)} images done"


def _write_thumbnail(document: "AuditDocument", path: Path) -> None:
    image = document.first_image
    if image is None:
        return
    try:
        pixels = document.image(image)
    except (SegLeakError, MemoryError):
        return
    height, width = pixels.shape[:2]
    picture = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    path.parent.mkdir(parents=True, exist_ok=True)
    scaled = picture.scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    scaled.save(str(path))
