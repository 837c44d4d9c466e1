"""Views of an image: its middle, enlarged to its size, which target and references are asked about as well.

Who was trained on crops of an image remembers the crops, the middle best: most of them hold it. And what chance added
to one answer averages out over several (Carlini et al. 2022 ask likelihood-ratio attacks about augmented copies).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.grid import Grid

Image = npt.NDArray[np.uint8]
LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """The middle of an image, enlarged to the image's size; `zoom`: how much larger it shows, 1 or more."""

    zoom: float

    @property
    def id(self) -> str:
        """Such as "zoom1.2"."""
        return f"zoom{self.zoom:g}"

    def changed(self, image: Image) -> Image:
        """The middle of an image `(H, W, 3)` uint8, as large as the image."""
        from core.data._cv import cv2  # parameters are listed without it

        return np.asarray(self._enlarged(image, cv2.INTER_LINEAR), np.uint8)

    def label(self, label: LabelMap) -> LabelMap:
        """The same part of its label map `(H, W)` uint8; no class that was not there."""
        from core.data._cv import cv2

        return np.asarray(self._enlarged(label, cv2.INTER_NEAREST), np.uint8)

    def before(self, grid: Grid) -> Grid:
        """Where the points of a view's grid were in the image."""
        from core.data._cv import cv2  # asked itself: it rounds in its own way

        def origin(length: int) -> npt.NDArray[np.int64]:
            part = np.arange(length, dtype=np.float64)[None, self._part(length)]
            return np.asarray(cv2.resize(part, (length, 1), interpolation=cv2.INTER_NEAREST)[0], np.int64)

        height, width = grid.size
        return Grid(grid.size, origin(height)[grid.rows], origin(width)[grid.cols])

    def _enlarged(self, values: npt.NDArray[np.uint8], how: int) -> npt.NDArray[np.generic]:
        from core.data._cv import cv2

        height, width = values.shape[:2]
        middle = np.ascontiguousarray(values[self._part(height), self._part(width)])
        found: npt.NDArray[np.generic] = cv2.resize(middle, (width, height), interpolation=how)
        return found

    def _part(self, length: int) -> slice:
        """The part of a side of the image; at least one pixel."""
        size = max(1, round(length / self.zoom))
        start = (length - size) // 2
        return slice(start, start + size)


VIEWS = (View(1.4), View(1.2))
"""In the order in which they are asked for. Chosen on one target that had been trained on zooms of 1 to 1.5, where the
corners of images added nothing to their middles (docs/experiments.md)."""

MOST = 1 + len(VIEWS)
"""The image itself and all views."""
