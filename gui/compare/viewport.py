"""What part of the image the panes look at: one state for all of them, so that nothing has to be linked.

A pane of any size shows the image point `centre` in its middle, at `scale` screen points per image pixel. Panes of
unequal width therefore agree exactly, and stay so over any number of steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

Point = tuple[float, float]
"""x and y, in image pixels or in screen points; pixel (0, 0) of an image reaches from 0 to 1."""

Size = tuple[float, float]
"""Width and height."""

SMALLEST, LARGEST = 1 / 64, 64.0
"""Limits of the scale, in screen points per image pixel."""

AREA_SHARE, AREA_ZOOM = 0.4, 4.0
"""An area that is brought into view takes so much of a pane, unless that is more than so many times the whole image."""


@dataclass(frozen=True)
class View:
    """Where a pane looks: the image point in its middle, and screen points per image pixel."""

    centre: Point = (0.0, 0.0)
    scale: float = 1.0

    def to_image(self, point: Point, pane: Size) -> Point:
        """The image point under a point of a pane."""
        x, y = ((p - s / 2) / self.scale + c for p, s, c in zip(point, pane, self.centre, strict=True))
        return x, y

    def to_pane(self, point: Point, pane: Size) -> Point:
        """Where in a pane an image point lies."""
        x, y = ((p - c) * self.scale + s / 2 for p, s, c in zip(point, pane, self.centre, strict=True))
        return x, y

    def zoomed(self, about: Point, factor: float) -> "View":
        """Larger by `factor` within the limits; the image point `about` stays where it is in every pane."""
        scale = min(max(self.scale * factor, SMALLEST), LARGEST)
        x, y = (a + (c - a) * self.scale / scale for a, c in zip(about, self.centre, strict=True))
        return View((x, y), scale)

    def moved(self, by: Point, image: Size) -> "View":
        """Moved by a distance in screen points; the centre stays on the image."""
        x, y = (min(max(c - b / self.scale, 0.0), s) for c, b, s in zip(self.centre, by, image, strict=True))
        return replace(self, centre=(x, y))


def pixel_of(point: Point | None) -> tuple[int, int] | None:
    """The pixel that holds an image point."""
    return None if point is None else (int(point[0]), int(point[1]))


def fitted(image: Size, panes: Sequence[Size]) -> View:
    """The view that shows all of the image in every pane, as large as the smallest pane lets it be."""
    scale = min((min(w / image[0], h / image[1]) for w, h in panes), default=1.0)
    return View((image[0] / 2, image[1] / 2), min(max(scale, SMALLEST), LARGEST))


class Viewport(QObject):
    """The view that all panes share, and the steps that change it.

    Attributes
    ----------
    changed
        Emitted after the view changed.
    fitting
        Whether the view follows the panes' sizes; ends with the first zoom or move, begins with `fit`.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fitting = True
        self._view = View()
        self._image: Size = (1.0, 1.0)
        self._panes: tuple[Size, ...] = ()

    @property
    def view(self) -> View:
        """Where the panes look."""
        return self._view

    @property
    def image(self) -> Size:
        """Width and height of the image in pixels."""
        return self._image

    @property
    def least_pane(self) -> Size:
        """Width and height of the smallest pane, in screen points; of the whole image where there is none."""
        return min(self._panes, key=lambda pane: pane[0] * pane[1], default=self._image)

    def set_image(self, size: Size) -> None:
        """Look at an image of another size: keep the place if the size is the same, else fit it."""
        if size != self._image:
            self._image = size
            self.fit()

    def set_panes(self, sizes: Sequence[Size]) -> None:
        """The panes' sizes changed: fit again if the view was fitted."""
        self._panes = tuple(sizes)
        if self.fitting:
            self.fit()

    def fit(self) -> None:
        """Show all of the image."""
        self.fitting = True
        self._set(fitted(self._image, self._panes))

    def actual_size(self, pixel_ratio: float = 1.0) -> None:
        """One device pixel per image pixel, about the middle."""
        self.fitting = False
        self._set(replace(self._view, scale=1.0 / pixel_ratio))

    def zoom(self, factor: float, about: Point | None = None) -> None:
        """Larger by `factor` about an image point, or about the middle of the panes."""
        self.fitting = False
        self._set(self._view.zoomed(about or self._view.centre, factor))

    def move(self, by: Point) -> None:
        """Move what is shown by a distance in screen points."""
        self.fitting = False
        self._set(self._view.moved(by, self._image))

    def bring(self, area: tuple[float, float, float, float]) -> None:
        """Have an area of the image (left, top, width, height) in the middle, large enough to be seen."""
        left, top, width, height = area
        whole = fitted(self._image, self._panes)
        room = min((min(w / width, h / height) for w, h in self._panes), default=whole.scale)
        scale = min(max(AREA_SHARE * room, whole.scale), AREA_ZOOM * whole.scale, LARGEST)
        self.fitting = False
        self._set(View((left + width / 2, top + height / 2), scale))

    def to_mapping(self) -> dict[str, Any]:
        """What a session keeps; nothing where the image is fitted."""
        if self.fitting:
            return {}
        return {"image": list(self._image), "centre": list(self._view.centre), "scale": self._view.scale}

    def restore(self, kept: object) -> None:
        """Take up what a session kept, once an image of that size is shown; what does not fit is passed over."""
        try:
            width, height = (float(v) for v in kept["image"])  # type: ignore[index]
            x, y = (float(v) for v in kept["centre"])  # type: ignore[index]
            scale = min(max(float(kept["scale"]), SMALLEST), LARGEST)  # type: ignore[index]
        except (TypeError, ValueError, KeyError):
            return
        self.fitting = False
        self._image = (width, height)
        self._set(View((x, y), scale))

    def _set(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit()
