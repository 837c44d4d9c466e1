"""Views of an image: parts of it, enlarged to its size, which target and references are asked about as well.

Who was trained on crops of an image remembers the crops. Asked several times, a model's memory of an image adds up, and
what chance added to one answer averages out (Carlini et al. 2022 ask likelihood-ratio attacks about augmented copies).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """A part of an image, enlarged to the image's size.

    Attributes
    ----------
    zoom
        How much larger it shows, 1 or more.
    row, column
        Where the part lies: 0 at the top and the left, 1 at the bottom and the right.
    """

    zoom: float
    row: float
    column: float

    @property
    def id(self) -> str:
        """Such as "zoom1.25@0,1"."""
        return f"zoom{self.zoom:g}@{self.row:g},{self.column:g}"

    def changed(self, image: Image) -> Image:
        """The part of an image `(H, W, 3)` uint8, as large as the image."""
        from core.data._cv import cv2  # parameters are listed without it

        return np.asarray(self._enlarged(image, cv2.INTER_LINEAR), np.uint8)

    def label(self, label: LabelMap) -> LabelMap:
        """The same part of its label map `(H, W)` uint8; no class that was not there."""
        from core.data._cv import cv2

        return np.asarray(self._enlarged(label, cv2.INTER_NEAREST), np.uint8)

    def _enlarged(self, values: npt.NDArray[np.uint8], how: int) -> npt.NDArray[np.generic]:
        from core.data._cv import cv2

        height, width = values.shape[:2]
        top, bottom = self._part(height, self.row)
        left, right = self._part(width, self.column)
        found: npt.NDArray[np.generic] = cv2.resize(
            np.ascontiguousarray(values[top:bottom, left:right]), (width, height), interpolation=how
        )
        return found

    def _part(self, length: int, place: float) -> tuple[int, int]:
        """Where the part begins and ends on a side of the image; at least one pixel."""
        size = max(1, round(length / self.zoom))
        start = round((length - size) * place)
        return start, start + size


ZOOM = 1.3
VIEWS = tuple(View(ZOOM, row, column) for row, column in ((0.5, 0.5), (0.1, 0.1), (0.9, 0.9), (0.1, 0.9), (0.9, 0.1)))
"""In the order in which they are asked for: the middle, then corners opposite each other."""

MOST = 1 + len(VIEWS)
"""The image itself and all views."""
