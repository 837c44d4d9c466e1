"""The ground while it is drawn: what is painted on it has smooth borders, which no label map can have."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.camera import Camera
from core.data.scenes.canvas import SHIFT, fixed
from core.data.scenes.light import Light, Pixel
from core.data.scenes.tiles import Grey, Rgb


class Sheet:
    """Picture `(h, W, 3)` and label map `(h, W)` of the rows from `top` downwards.

    Its camera sees those rows only.
    """

    def __init__(self, camera: Camera, light: Light, top: int, colour: Pixel, label: int) -> None:
        self.camera = replace(camera, height=camera.height - top, horizon=camera.horizon - top)
        self.light = light
        self.image: Rgb = np.empty((camera.height - top, camera.width, 3), np.uint8)
        cv2.rectangle(self.image, (0, 0), self.image.shape[1::-1], colour, -1)
        self.label: Grey = np.full(self.image.shape[:2], label, np.uint8)

    def polygon(self, points: npt.ArrayLike, colour: Pixel, label: int | None = None) -> None:
        """Fill a polygon of image points `(N, 2)`; without a label only the picture changes."""
        self.polygons([points], colour, label)

    def polygons(self, shapes: Sequence[npt.ArrayLike], colour: Pixel, label: int | None = None) -> None:
        """Fill polygons that do not overlap each other."""
        places = [fixed(points) for points in shapes]
        if label is None:
            cv2.fillPoly(self.image, places, colour, cv2.LINE_AA, SHIFT)
            return
        cv2.fillPoly(self.image, places, colour, cv2.LINE_8, SHIFT)
        cv2.fillPoly(self.label, places, label, cv2.LINE_8, SHIFT)

    def line(self, points: npt.ArrayLike, width: float, colour: Pixel) -> None:
        """Draw an open line on the picture, `width` pixels thick but at least one."""
        cv2.polylines(self.image, [fixed(points)], False, colour, max(1, round(width)), cv2.LINE_AA, SHIFT)
