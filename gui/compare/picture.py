"""Pixels in the form that is quickest to paint."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

SMALLEST_SIDE = 256
"""Halves of a picture are kept down to this many pixels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image `(H, W, 3)` with its halves, quarters, ...: one that is shown small neither flickers nor takes time.

    Attributes
    ----------
    levels
        The image at its own size, then each half as large as the one before.
    """

    levels: tuple[QImage, ...]

    @classmethod
    def of(cls, rgb: npt.NDArray[np.uint8]) -> Self:
        """Prepare RGB pixels `(H, W, 3)` uint8."""
        levels = [
            _image(np.ascontiguousarray(rgb), QImage.Format.Format_RGB888).convertToFormat(QImage.Format.Format_RGB32)
        ]
        while min(levels[-1].width(), levels[-1].height()) >= 2 * SMALLEST_SIDE:
            levels.append(_half(levels[-1]))
        return cls(tuple(levels))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.levels[0].height(), self.levels[0].width()

    @cached_property
    def nbytes(self) -> int:
        """Size in memory."""
        return sum(level.sizeInBytes() for level in self.levels)

    def at_scale(self, scale: float) -> QImage:
        """The smallest level that has a pixel for each device pixel, at `scale` device pixels per image pixel."""
        fine = [level for level in self.levels if level.width() >= self.levels[0].width() * scale]
        return fine[-1] if fine else self.levels[0]


def _half(image: QImage) -> QImage:
    ignore, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(QSize((image.width() + 1) // 2, (image.height() + 1) // 2), ignore, smooth)


@dataclass(frozen=True, eq=False)
class Overlay:
    """Colours in the form that is quickest to paint; `image` lies in the memory of `pixels`, which must not change."""

    pixels: npt.NDArray[np.uint32]
    image: QImage

    @classmethod
    def of(cls, colours: npt.NDArray[np.uint32]) -> Self:
        """An overlay of colours `(H, W)` 0xAARRGGBB, premultiplied by alpha."""
        pixels = np.ascontiguousarray(colours)
        return cls(pixels, _image(pixels, QImage.Format.Format_ARGB32_Premultiplied))


def _image(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint32], form: QImage.Format) -> QImage:
    """A `QImage` in the memory of a contiguous array: it must not outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], form)
