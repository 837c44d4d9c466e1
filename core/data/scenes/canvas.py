"""Where everything is drawn: picture and label map together, so that they cannot disagree."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.camera import Camera, Points
from core.data.scenes.classes import VOID
from core.data.scenes.light import Light, Paint
from core.data.scenes.tiles import Grey, Rgb, Rgba

RIM = 1.0
"""Pixels of plain colour around a texture."""
SHIFT = 4
"""Fractional bits of coordinates."""
Fixed = npt.NDArray[np.int32]
"""Image points `(N, 2)` in OpenCV's fixed-point coordinates."""


Window = tuple[int, int, int, int]
"""First row and column of a part, height and width of the whole."""


class Canvas:
    """A picture with its label map, drawn from far to near.

    The label is the fourth channel of every pixel and of everything that is drawn, so one call draws both, and both
    get exactly the same pixels. Nothing is blended but by `veil` and `shine`, which see to the label.

    Attributes
    ----------
    pixels
        `(H, W, 4)` uint8: red, green, blue, label.
    """

    def __init__(self, camera: Camera, light: Light) -> None:
        self.camera = camera
        self.light = light
        blank = np.full((camera.height, camera.width, 1), VOID << 24, "<u4")
        self.pixels: Rgba = blank.view(np.uint8)

    @property
    def image(self) -> Rgb:
        """The picture `(H, W, 3)`, a view."""
        return self.pixels[..., :3]

    @property
    def label(self) -> Grey:
        """The label map `(H, W)`, a view."""
        return self.pixels[..., 3]

    def polygon(self, points: npt.ArrayLike, paint: Paint) -> None:
        """Fill a polygon of image points `(N, 2)`."""
        self.fill([fixed(points)], paint)

    def fill(self, shapes: Sequence[Fixed], paint: Paint) -> None:
        """Fill polygons that do not overlap each other."""
        cv2.fillPoly(self.pixels, shapes, paint, cv2.LINE_8, SHIFT)

    def lines(self, shapes: Sequence[Fixed], width: float, paint: Paint) -> None:
        """Draw open lines, `width` pixels thick but at least one."""
        cv2.polylines(self.pixels, shapes, False, paint, max(1, round(width)), cv2.LINE_8, SHIFT)

    def ellipse(self, middle: Sequence[int], axes: tuple[int, int], width: float, paint: Paint) -> None:
        """Draw an upright ellipse, in fixed-point coordinates: filled for width 0, else its outline."""
        thick = max(1, round(width)) if width else -1
        cv2.ellipse(self.pixels, middle, axes, 0, 0, 360, paint, thick, cv2.LINE_8, SHIFT)

    def texture(self, corners: Points, texture: Rgba, whole: Window | None = None) -> None:
        """Draw a texture of one label into a four-cornered area: points from the top left, clockwise `(4, 2)`.

        Parameters
        ----------
        whole
            Where the texture lies in that of all the area, if it is a part: first row and column, height and width.
        """
        box = self._box(corners)
        if box is None:
            return
        top, bottom, left, right = box
        place = corners - (left, top)
        area = self.pixels[top:bottom, left:right]
        cv2.fillConvexPoly(area, fixed(place), texture[len(texture) // 2, 0].tolist(), cv2.LINE_8, SHIFT)
        inner = _inset(place.tolist())
        if inner is None:
            return
        row, column, height, width = whole or (0, 0, *texture.shape[:2])
        start, end, high, low = -1 - column, width - column, -1 - row, height - row
        source = np.array([(start, high), (end, high), (end, low), (start, low)], np.float32)
        to_image = cv2.getPerspectiveTransform(source, np.array(inner, np.float32))
        # OpenCV blends a texture pixel around what it draws, labels too: all that it touches has the label already.
        cv2.warpPerspective(
            texture, to_image, (right - left, bottom - top), area, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
        )

    def stamp(self, left: int, top: int, colours: Rgba, mask: Grey) -> None:
        """Draw the pixels of a picture, all of it inside the frame, where a mask of the same size is not 0."""
        height, width = mask.shape
        cv2.copyTo(colours, mask, self.pixels[top : top + height, left : left + width])

    def veil(self, corners: Points, paint: Paint, alpha: float) -> None:
        """Blend a colour over a four-cornered area; all of it gets the label."""
        box = self._box(corners)
        if box is None:
            return
        top, bottom, left, right = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillConvexPoly(mask, fixed(corners - (left, top)), 255, cv2.LINE_8, SHIFT)
        area = self.pixels[top:bottom, left:right]
        mixed = cv2.addWeighted(area, 1 - alpha, np.full_like(area, paint), alpha, 0)
        mixed[..., 3] = paint[3]
        cv2.copyTo(mixed, mask, area)

    def shine(self, x: float, y: float, radius: float, colour: tuple[int, int, int], strength: float) -> None:
        """Add a soft spot of light around an image point; labels stay."""
        reach = min(radius, self.camera.width / 2)
        box = self._box(np.array([(x - reach, y - reach), (x + reach, y + reach)]))
        if box is None or reach < 1:
            return
        top, bottom, left, right = box
        down = np.exp(-(((np.arange(top, bottom) - y) / reach * 2) ** 2))
        across = np.exp(-(((np.arange(left, right) - x) / reach * 2) ** 2))
        spot = (strength * np.outer(down, across)).astype(np.float32)
        area = self.pixels[top:bottom, left:right]
        area[:] = cv2.add(area, (spot[..., None] * np.array((*colour, 0), np.float32)).astype(np.uint8))

    def _box(self, points: Points) -> tuple[int, int, int, int] | None:
        """Rows and columns that hold the points, inside the frame: top, bottom, left, right; None if outside."""
        across, down = points.T.tolist()
        top, left = max(0, math.floor(min(down))), max(0, math.floor(min(across)))
        bottom, right = math.ceil(max(down)) + 1, math.ceil(max(across)) + 1
        bottom, right = min(self.camera.height, bottom), min(self.camera.width, right)
        return (top, bottom, left, right) if top < bottom and left < right else None


def fixed(points: npt.ArrayLike) -> Fixed:
    """Image points in fixed-point coordinates."""
    return (np.asarray(points) * (1 << SHIFT)).astype(np.int32)


def _inset(corners: Sequence[Sequence[float]]) -> list[tuple[float, float]] | None:
    """A quad whose sides lie `RIM` pixels further inside; None if it is too thin for that."""
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        long = math.hypot(x1 - x0, y1 - y0)
        if long < 3 * RIM:
            return None
        sides.append(((x1 - x0) / long, (y1 - y0) / long, long))
    moved = []
    for (x, y), (across, down, far), (over, up, long) in zip(corners, sides, (sides[-1], *sides[:-1]), strict=True):
        turn = abs(over * down - up * across)
        if turn < 0.02 or turn * min(far, long) < 2 * RIM:
            return None
        moved.append((x + (across - over) * RIM / turn, y + (down - up) * RIM / turn))
    return moved
