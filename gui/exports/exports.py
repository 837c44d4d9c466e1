"""Exporting what an audit found: asks where, writes in a thread, says how it went."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from core.data.samples import Role
from core.errors import SegLeakError
from gui.actions import Action
from gui.banner import Message, Offer, Severity
from gui.dialogs import show
from gui.exports.dialog import MapsDialog
from gui.exports.kinds import KINDS, Kind, write_maps, write_table
from gui.jobs.board import Board
from gui.jobs.thread_work import ThreadWork, Work
from gui.selection import Selection

if TYPE_CHECKING:
    from core.audit.map_export import MapExport
    from gui.document import AuditDocument

MENU = "File/Export"
MAPS_HELP = "As coloured pictures or as numbers: PNG, TIFF, NPZ."


class Exports(QObject):
    """What can be exported of the audit in view.

    Parameters
    ----------
    selection
        What is looked at.
    board
        The list of jobs: exports are in it while they run.
    window
        Behind the dialogs.
    """

    said = Signal(object)
    """A `Message` for a banner."""

    def __init__(self, selection: Selection, board: Board, window: QWidget) -> None:
        super().__init__(window)
        self._selection, self._board, self._window = selection, board, window
        self._works: set[ThreadWork] = set()

    def actions(self) -> list[Action]:
        """The commands."""
        tables = [
            Action(f"export.{k.id}", k.title, MENU, "", partial(self.ask_table, k), k.help, "table", self._there)
            for k in KINDS
        ]
        return [*tables, Action("export.maps", "Maps...", MENU, "", self.ask_maps, MAPS_HELP, "layers", self._there)]

    def _there(self) -> bool:
        return self._selection.document is not None

    def close(self) -> None:
        """Stop what is being written; no file is left half done."""
        for work in self._works:
            work.close()
        self._works.clear()

    # ------------------------------------------------------------ tables

    def ask_table(self, kind: Kind) -> None:
        """Ask where a table goes, and write it."""
        document = self._selection.document
        if document is None:
            return
        name = f"{_plain(document.title)}-{kind.id.partition('-')[0]}{kind.ending}"
        start, pattern = str(document.folder.parent / name), f"{kind.ending[1:].upper()} (*{kind.ending})"
        chosen, _ = QFileDialog.getSaveFileName(self._window, kind.title.removesuffix("..."), start, pattern)
        if chosen:
            path = Path(chosen)
            self.write_table(kind, path if path.suffix else path.with_name(path.name + kind.ending))

    def write_table(self, kind: Kind, path: Path) -> None:
        """Write a table of the audit in view."""
        document = self._selection.document
        if document is not None:
            folder = document.folder
            self._begin(f"{document.title}: {path.name}", lambda progress: write_table(folder, kind, path, progress))

    # ------------------------------------------------------------ maps

    def ask_maps(self) -> None:
        """Ask which maps to export and where to, and write them."""
        document = self._selection.document
        if document is not None:
            dialog = MapsDialog(_choices(document, self._selection.image), self._window)
            dialog.chosen.connect(self._ask_folder)
            show(dialog)

    def _ask_folder(self, wanted: "MapExport") -> None:
        document = self._selection.document
        if document is None:
            return
        chosen = QFileDialog.getExistingDirectory(self._window, "Export maps into", str(document.folder.parent))
        if chosen:
            self.write_maps(wanted, Path(chosen))

    def write_maps(self, wanted: "MapExport", target: Path) -> None:
        """Write maps of the audit in view."""
        document = self._selection.document
        if document is not None:
            folder = document.folder
            self._begin(f"{document.title}: maps", lambda progress: write_maps(folder, wanted, target, progress))

    # ------------------------------------------------------------

    def _begin(self, title: str, work: Work) -> None:
        self.begin(ThreadWork(title, work, self._board, self))

    def begin(self, made: ThreadWork) -> None:
        """Begin with work that gives the path it has written; banners say how it went."""
        self._works.add(made)
        made.done.connect(self._written)
        made.failed.connect(self._failed)
        made.destroyed.connect(lambda: self._works.discard(made))
        made.start()

    def _written(self, path: Path) -> None:
        folder = path if path.is_dir() else path.parent
        reveal = Offer("Show in folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        self.said.emit(Message(Severity.SUCCESS, f"Written: {path}", offers=(reveal,), subject=str(path)))

    def _failed(self, error: SegLeakError) -> None:
        self.said.emit(Message.of_error(error))


def _plain(title: str) -> str:
    """A title as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", title).strip("_") or "audit"


def _choices(document: "AuditDocument", image: int | None) -> dict[str, frozenset[int]]:
    """Sets of images that maps may be wanted of."""
    rows = document.rows
    return {
        "the image in view": frozenset(() if image is None else (image,)),
        "flagged images": document.flagged,
        "suspects": frozenset(row.id for row in rows if row.role is Role.SUSPECT),
        "all images": frozenset(row.id for row in rows),
    }
