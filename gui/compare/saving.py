"""A pane as a picture: on the clipboard, or as a PNG file."""

import re
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import StoreError


def copy_picture(picture: QPixmap) -> None:
    """Put a picture on the clipboard."""
    QGuiApplication.clipboard().setPixmap(picture)


def ask_where(parent: QWidget, *words: str) -> Path | None:
    """Ask for the name of a PNG file; `words` make the name that is proposed. None: the person thought better of it."""
    name = "--".join(re.sub(r"[^A-Za-z0-9._-]+", "_", Path(word).name).strip("_") for word in words)
    chosen, _ = QFileDialog.getSaveFileName(parent, "Save pane", f"{name}.png", "PNG (*.png)")
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")


def save_picture(picture: QPixmap, path: Path) -> None:
    """Write a PNG file. Raises `StoreError` where that fails."""
    if not picture.save(str(path), "PNG"):
        raise StoreError(f"{path}: cannot be written.", "Check the rights and the room on the disk.")
