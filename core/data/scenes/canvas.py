"""Where everything is drawn: picture and label map together, so that they cannot disagree."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.camera import Camera, Points
from core.data.scenes.light import Light, Pixel
from core.data.scenes.tiles import Grey, Rgb

SHIFT = 4
"""Fractional bits of coordinates."""


class Canvas:
    """A picture `(H, W, 3)` uint8 RGB and its label map `(H, W)` uint8, drawn from far to near.

    Both get exactly the same pixels. Only what is drawn on something without a label of its own has smoothed borders.
    """

    def __init__(self, camera: Camera, light: Light) -> None:
        self.camera = camera
        self.light = light
        self.image: Rgb = np.zeros((camera.height, camera.width, 3), np.uint8)
        self.label: Grey = np.full((camera.height, camera.width), 255, np.uint8)

    def polygon(self, points: npt.ArrayLike, colour: Pixel, label: int | None = None) -> None:
        """Fill a polygon of image points `(N, 2)`; without a label only the picture changes."""
        self.polygons([points], colour, label)

    def polygons(self, shapes: Sequence[npt.ArrayLike], colour: Pixel, label: int | None = None) -> None:
        """Fill polygons that do not overlap each other."""
        fixed = [_fixed(points) for points in shapes]
        if not fixed:
            return
        if label is None:
            cv2.fillPoly(self.image, fixed, colour, cv2.LINE_AA, SHIFT)
            return
        cv2.fillPoly(self.image, fixed, colour, cv2.LINE_8, SHIFT)
        cv2.fillPoly(self.label, fixed, label, cv2.LINE_8, SHIFT)

    def line(self, points: npt.ArrayLike, width: float, colour: Pixel, label: int | None = None) -> None:
        """Draw an open line, `width` pixels thick but at least one."""
        fixed = [_fixed(points)]
        thick = max(1, round(width))
        if label is None:
            cv2.polylines(self.image, fixed, False, colour, thick, cv2.LINE_AA, SHIFT)
            return
        cv2.polylines(self.image, fixed, False, colour, thick, cv2.LINE_8, SHIFT)
        cv2.polylines(self.label, fixed, False, label, thick, cv2.LINE_8, SHIFT)

    def texture(self, corners: Points, texture: Rgb, label: int | None) -> None:
        """Draw a texture into a four-cornered area: image points from the top left, clockwise `(4, 2)`."""
        box = self._box(corners)
        if box is None:
            return
        top, bottom, left, right = box
        height, width = texture.shape[:2]
        source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
        place = (corners - (left, top)).astype(np.float32)
        to_image = cv2.getPerspectiveTransform(source, place)
        size = (right - left, bottom - top)
        drawn = cv2.warpPerspective(texture, to_image, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros(size[::-1], np.uint8)
        cv2.fillConvexPoly(mask, _fixed(place), 255, cv2.LINE_8, SHIFT)
        cv2.copyTo(drawn, mask, self.image[top:bottom, left:right])
        if label is not None:
            self.label[top:bottom, left:right][mask > 0] = label

    def stamp(self, left: int, top: int, colours: Rgb, mask: Grey, label: int | None) -> None:
        """Draw the pixels of a picture where a mask of the same size is not 0."""
        height, width = mask.shape
        rows = slice(max(0, -top), min(height, self.camera.height - top))
        columns = slice(max(0, -left), min(width, self.camera.width - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        here = slice(top + rows.start, top + rows.stop), slice(left + columns.start, left + columns.stop)
        cut = mask[rows, columns]
        cv2.copyTo(np.ascontiguousarray(colours[rows, columns]), cut, self.image[here])
        if label is not None:
            self.label[here][cut > 0] = label

    def veil(self, corners: Points, colour: Pixel, alpha: float, label: int) -> None:
        """Blend a colour over a four-cornered area; all of it gets the label."""
        box = self._box(corners)
        if box is None:
            return
        top, bottom, left, right = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillConvexPoly(mask, _fixed(corners - (left, top)), 255, cv2.LINE_8, SHIFT)
        area = self.image[top:bottom, left:right]
        mixed = cv2.addWeighted(area, 1 - alpha, np.full_like(area, colour), alpha, 0)
        cv2.copyTo(mixed, mask, area)
        self.label[top:bottom, left:right][mask > 0] = label

    def shine(self, x: float, y: float, radius: float, colour: Pixel, strength: float) -> None:
        """Add a soft spot of light around an image point."""
        reach = min(radius, self.camera.width / 2)
        box = self._box(np.array([(x - reach, y - reach), (x + reach, y + reach)]))
        if box is None or reach < 1:
            return
        top, bottom, left, right = box
        down = np.exp(-(((np.arange(top, bottom) - y) / reach * 2) ** 2))
        across = np.exp(-(((np.arange(left, right) - x) / reach * 2) ** 2))
        spot = (strength * np.outer(down, across)).astype(np.float32)
        area = self.image[top:bottom, left:right]
        area[:] = cv2.add(area, (spot[..., None] * np.asarray(colour, np.float32)).astype(np.uint8))

    def _box(self, points: Points) -> tuple[int, int, int, int] | None:
        """Rows and columns that hold the points, inside the frame: top, bottom, left, right; None if outside."""
        (left, top), (right, bottom) = np.floor(points.min(0)), np.ceil(points.max(0)) + 1
        top, left = max(0, int(top)), max(0, int(left))
        bottom, right = min(self.camera.height, int(bottom)), min(self.camera.width, int(right))
        return (top, bottom, left, right) if top < bottom and left < right else None


def _fixed(points: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Image points in OpenCV's fixed-point coordinates."""
    return (np.asarray(points) * (1 << SHIFT)).astype(np.int32)
