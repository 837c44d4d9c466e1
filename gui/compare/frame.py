"""What the panes show of one image: loaded and computed in a thread, painted by the panes, read out and measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID, ClassScheme
from gui.compare.layers import Layer
from gui.compare.overlay import Kind
from gui.compare.picture import Overlay, Picture
from gui.compare.placement import Placement
from gui.document import AuditDocument
from gui.ranges import Map, Range

if TYPE_CHECKING:
    from gui.compare.spotlight import Spotlight

Classes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Seen:
    """An image and its label map.

    Attributes
    ----------
    picture, label
        None where there is none; `label` is `(H', W')` train ids of the same field of view.
    scheme
        Names and colours of the classes.
    reason
        Why the image cannot be shown.
    label_reason
        Why there is no label map.
    """

    picture: Picture | None
    label: Classes | None = None
    scheme: ClassScheme | None = None
    reason: str = ""
    label_reason: str = ""

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        sizes = (0 if part is None else part.nbytes for part in (self.picture, self.label))
        return sum(sizes)

    @cached_property
    def void(self) -> npt.NDArray[np.bool_] | None:
        """Which of the image's pixels `(H, W)` are void; None without a label map or where none is."""
        if self.label is None or not (void := self.label == VOID).any():
            return None
        return self.placement(_shape(self.label)).spread(void)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""
        return (1, 1) if self.picture is None else self.picture.shape

    def placement(self, shape: tuple[int, int]) -> Placement:
        """Where a map of `shape` lies on the image."""
        return Placement.of(shape, self.shape if self.label is None else _shape(self.label), self.shape)


@dataclass(frozen=True, eq=False)
class Judged:
    """What is known of an image under one defense and attack.

    Attributes
    ----------
    maps
        Maps `(h, w)` by layer: those of the attack, and "loss".
    windows
        Visited patches `(n, 3)`: top row, left column (grid points), margin; None where there are none.
    prediction
        Predicted train ids `(h, w)`; None until the engine has worked them out.
    reason
        Why something is missing, as far as is known.
    settled
        Whether nothing better is awaited.
    """

    maps: Mapping[str, Map] = field(default_factory=dict)
    windows: Map | None = None
    prediction: Classes | None = None
    reason: str = ""
    settled: bool = True

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        windows = 0 if self.windows is None else self.windows.nbytes
        return windows + sum(values.nbytes for values in self.maps.values())

    def why_no(self, layer: Layer) -> str:
        """Why it has nothing to show of a layer; empty while that is awaited for a moment."""
        return self.reason or (f"No {layer.title.lower()} is kept." if self.settled else "")


@dataclass(frozen=True)
class Standing:
    """The image score under one defense, and where it stands: rank 1 is the highest of `of` scores.

    `exact`: whether these are all, or those that are there by now.
    """

    score: float
    rank: int
    of: int
    exact: bool = True


@dataclass(frozen=True, eq=False)
class Shown:
    """What one pane lays over the image: values, or classes, or a note why neither.

    Attributes
    ----------
    layer
        What was asked for.
    kind
        What the values mean; a difference is diverging whatever its parts are.
    values
        `(h, w)` float32, NaN where they say nothing.
    classes
        `(h, w)` uint8 train ids, 255 = void.
    title
        What it is called, with what was taken off.
    note
        Why there is nothing, or what to know about it.
    difference
        Whether the values are differences between two maps.
    """

    layer: Layer
    kind: Kind | None
    values: Map | None = None
    classes: Classes | None = None
    title: str = ""
    note: str = ""
    difference: bool = False

    @property
    def scalars(self) -> tuple[Map, Kind]:
        """The values and what they mean, where there are values."""
        assert self.values is not None
        assert self.kind is not None
        return self.values, self.kind

    @property
    def shape(self) -> tuple[int, int] | None:
        """Height and width of what is shown; None for nothing."""
        array = self.classes if self.values is None else self.values
        return None if array is None else _shape(array)

    def is_same(self, other: "Shown") -> bool:
        """Whether it is the very same array as the other's, meaning the same."""
        same = self.values is other.values and self.classes is other.classes
        return same and (self.layer, self.kind) == (other.layer, other.kind)


@dataclass(frozen=True, eq=False)
class PaneFrame:
    """What one pane shows.

    Attributes
    ----------
    chain
        Id of its defense.
    judged, standing
        What is known under it; `standing` is None without a score.
    shown
        What lies over the image.
    ends
        The values at both ends of the colour scale; None without values.
    placement
        Where `shown` lies on the image; None for nothing.
    overlay
        `shown` in colours, as large as the image.
    """

    chain: str
    judged: Judged
    standing: Standing | None
    shown: Shown
    ends: Range | None = None
    placement: Placement | None = None
    overlay: Overlay | None = None

    def value_at(self, x: float, y: float) -> float | None:
        """The value (or train id) that is shown at an image point; None for nothing, NaN for void."""
        place = None if self.placement is None else self.placement.at(x, y)
        if place is None:
            return None
        array = self.shown.classes if self.shown.values is None else self.shown.values
        return None if array is None else float(array[place])


@dataclass(frozen=True, eq=False)
class Frame:
    """What all panes show of one image of a document.

    `patch` is the side of a visited patch in grid points, 0 without patches; `spotlight` is what is made out in the
    image, None where nothing is highlighted.
    """

    document: AuditDocument
    image: int
    seen: Seen
    panes: tuple[PaneFrame, ...]
    patch: int = 0
    spotlight: "Spotlight | None" = None

    @property
    def by_layer(self) -> bool:
        """Whether there is a pane for each layer rather than for each defense."""
        return len({pane.shown.layer.id for pane in self.panes}) > 1


def _shape(array: npt.NDArray[np.generic]) -> tuple[int, int]:
    return array.shape[0], array.shape[1]
