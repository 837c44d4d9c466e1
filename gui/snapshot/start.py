"""From the window to the dialog that exports a snapshot."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from core.errors import StoreError
from core.snapshot.content import View
from gui.engine import EngineClient
from gui.snapshot.dialog import SnapshotDialog
from gui.snapshot.predicting import Predicting

if TYPE_CHECKING:
    from gui.workbench import Workbench


def snapshot_dialog(
    workbench: "Workbench", engine: EngineClient, device: Callable[[], str], parent: QWidget
) -> SnapshotDialog:
    """The dialog for the audit in view. Raises `StoreError` where there is none, or nothing of it is done."""
    selection = workbench.selection
    document = selection.document
    if document is None or not any(row.state == "done" for row in document.rows):
        raise StoreError("There is nothing to export yet.", "Open an audit, and wait for its first images.")
    defenses = [(chain.id, chain.title) for chain in document.chains]
    predicting = Predicting(engine, device)
    return SnapshotDialog(document.folder, defenses, selection.image, _view(workbench), predicting, parent)


def _view(workbench: "Workbench") -> View:
    """The panes as they are."""
    shown = workbench.centre.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.bytesPerLine())
    pixels = rows[:, : 3 * shown.width()].reshape(shown.height(), shown.width(), 3).copy()
    return View("The comparison as it was", pixels)
