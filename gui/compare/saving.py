"""A pane as a picture: on the clipboard, or as a PNG file."""

import re
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QFileDialog

from core.errors import StoreError
from gui.compare.display import Display
from gui.compare.pane_grid import PaneGrid


class PanePictures:
    """Pictures of the pane that was pointed at last, as it is on the screen with its title and colour scale."""

    def __init__(self, grid: PaneGrid, display: Display) -> None:
        self._grid, self._display = grid, display

    @property
    def possible(self) -> bool:
        """Whether there is a pane."""
        return bool(self._grid.visible_panes)

    def copy(self) -> None:
        """Put it on the clipboard."""
        if self.possible:
            QGuiApplication.clipboard().setPixmap(self._picture())

    def save(self) -> None:
        """Ask where, and write it. Raises `StoreError` where that fails."""
        picture = self._picture()
        path = self._ask_where() if self.possible else None
        if path is not None and not picture.save(str(path), "PNG"):
            raise StoreError(f"{path}: cannot be written.", "Check the rights and the room on the disk.")

    def _picture(self) -> QPixmap:
        return self._grid.panes[self._grid.active].grab()

    def _ask_where(self) -> Path | None:
        """The name of a PNG file; None: the person thought better of it."""
        chosen, _ = QFileDialog.getSaveFileName(self._grid, "Save pane", f"{self._name()}.png", "PNG (*.png)")
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")

    def _name(self) -> str:
        """What the file is called unless a person says otherwise: image, defense and layer."""
        frame, pane = self._display.frame, self._grid.panes[self._grid.active].shown
        if frame is None or pane is None:
            return "pane"
        words = (Path(frame.document.row(frame.image).key).stem, pane.chain, pane.shown.layer.id)
        return "--".join(re.sub(r"[^A-Za-z0-9._-]+", "_", word).strip("_") for word in words)
