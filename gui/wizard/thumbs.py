"""A row of thumbnails of an image set."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from core.errors import SegLeakError
from gui.background import Background
from gui.browser.thumbnails import ThumbnailStore
from gui.wizard.one_image import as_qimage

SIZE = QSize(64, 40)


class Thumbs(QWidget):
    """Shows small pictures of some images; they are made in a thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._background = Background(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addStretch(1)
        # Pictures that do not fit are cut: the boxes keep their widths.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_images(self, paths: Sequence[Path], pixel_limit: int) -> None:
        """Show these images, those that can be read."""
        if tuple(paths) != self._paths:
            self._paths = tuple(paths)
            wanted = self._paths
            self._background.run(lambda: _made(wanted, pixel_limit), self._show)

    def close_threads(self) -> None:
        """Wait for what is being made."""
        self._background.close()

    def _show(self, made: list[tuple[Path, QImage]]) -> None:
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (path, image) in enumerate(made):
            self._row.insertWidget(place, self._label(path, image))
        self.setVisible(bool(made))

    def _label(self, path: Path, image: QImage) -> QLabel:
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap.fromImage(image).scaled(SIZE * ratio, keep, smooth)
        pixmap.setDevicePixelRatio(ratio)
        label = QLabel()
        label.setPixmap(pixmap)
        label.setToolTip(path.name)
        label.setAccessibleName(path.name)
        return label


def _made(paths: Sequence[Path], pixel_limit: int) -> list[tuple[Path, QImage]]:
    """In a thread. Images that cannot be read are left to the data check, which says why."""
    store, made = ThumbnailStore.default(), []
    for path in paths:
        try:
            made.append((path, as_qimage(store.picture(path, pixel_limit))))
        except (SegLeakError, MemoryError):
            continue
    return made
