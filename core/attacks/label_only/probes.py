"""Small changes of a query: what a target says of the changed image, at the pixels of the unchanged one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Probe:
    """One change.

    Attributes
    ----------
    kind
        "flip" (left and right exchanged), "shift" (to the right, the left border repeated), "brightness" or "blur".
    amount
        Pixels of the shift, factor of the brightness minus 1, standard deviation of the blur in pixels; not used by
        "flip".
    """

    kind: str
    amount: float = 0.0

    @property
    def id(self) -> str:
        """Such as "shift8"."""
        return f"{self.kind}{self.amount:g}"

    def changed(self, image: Image) -> Image:
        """The changed image `(H, W, 3)` uint8 RGB."""
        return _CHANGES[self.kind](image, self.amount)

    def columns(self, columns: Indices, width: int, image_width: int) -> Indices:
        """Where pixels have gone: their columns on the changed image's label grid, `width` and more where outside.

        Parameters
        ----------
        columns
            Columns on the label grid, 0 to `width` - 1.
        width, image_width
            Of the label grid and of the image.
        """
        if self.kind == "flip":
            return width - 1 - columns
        if self.kind == "shift":
            return columns + round(self.amount * width / image_width)
        return columns


def _flip(image: Image, _: float) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def _shift(image: Image, amount: float) -> Image:
    source = np.maximum(np.arange(image.shape[1]) - round(amount), 0)
    return np.ascontiguousarray(image[:, source])


def _brightness(image: Image, amount: float) -> Image:
    return np.asarray(np.clip(np.rint(image * (1 + amount)), 0, 255), np.uint8)


def _blur(image: Image, amount: float) -> Image:
    from core.data._cv import cv2  # parameters are listed without it

    return np.asarray(cv2.GaussianBlur(image, (0, 0), amount), np.uint8)


_CHANGES: Mapping[str, Callable[[Image, float], Image]] = {
    "flip": _flip,
    "shift": _shift,
    "brightness": _brightness,
    "blur": _blur,
}
