"""From the window to the dialog that exports a snapshot."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from core.defenses.chain import words_of
from core.errors import StoreError
from core.snapshot.asking import Predictions
from core.snapshot.content import View
from gui.snapshot.dialog import SnapshotDialog
from gui.snapshot.export import Draft
from gui.snapshot.predicting import Predicting
from gui.snapshot.writing import Writing

if TYPE_CHECKING:
    from gui.furniture import Furniture
    from gui.workbench import Workbench


def snapshot_dialog(furniture: "Furniture", device: Callable[[], str], parent: QWidget) -> SnapshotDialog:
    """The dialog for the audit in view. Raises `StoreError` where there is none, or nothing of it is done."""
    document = furniture.selection.document
    if document is None or not any(row.state == "done" for row in document.rows):
        raise StoreError("There is nothing to export yet.", "Open an audit, and wait for its first images.")
    defenses = list(words_of(document.chains).items())
    image, view = furniture.selection.image, _view(furniture.workbench)

    def begin(draft: Draft, path: Path, known: Predictions) -> Writing:
        """The work goes on without the dialog; the window's exports say how it went."""
        exports = furniture.exports
        made = Writing(draft, path, Predicting(furniture.engine, device, known), furniture.running.board, exports)
        exports.begin(made)
        return made

    return SnapshotDialog(document.folder, defenses, image, view, begin, parent)


def _view(workbench: "Workbench") -> View:
    """The panes as they are."""
    shown = workbench.centre.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.bytesPerLine())
    pixels = rows[:, : 3 * shown.width()].reshape(shown.height(), shown.width(), 3).copy()
    return View("The comparison as it was", pixels)
