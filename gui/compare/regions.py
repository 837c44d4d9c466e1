"""Parts of an image that people mark: their pixels, and what the maps say inside.

A pixel belongs to a region if its centre lies inside; regions that share a border share no pixel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID
from gui.compare.frame import Frame, PaneFrame, Seen
from gui.compare.viewport import Point

if TYPE_CHECKING:
    from core.metrics.region_rank import ClassMeans, RegionRank

EVIDENCE = "evidence"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """A polygon on an image; a rectangle is one with four corners.

    Attributes
    ----------
    id
        Its name in the review log, unique among the image's regions.
    points
        Corners (x, y) in image pixels.
    """

    id: str
    points: tuple[Point, ...]

    def mask(self, shape: tuple[int, int]) -> Mask:
        """The image's pixels inside, `(H, W)`: those whose centre an odd number of edges lies to the left of."""
        height, width = shape
        toggles = np.zeros((height, width + 1), np.uint8)
        for start, end in zip(self.points, (*self.points[1:], *self.points[:1]), strict=True):
            rows, columns = _crossings(start, end, shape)
            toggles[rows, columns] ^= 1
        inside: Mask = np.bitwise_xor.accumulate(toggles, axis=1)[:, :width].astype(np.bool_)
        return inside


def rectangle(one: Point, other: Point) -> tuple[Point, ...]:
    """The corners of the rectangle between two opposite ones."""
    (x0, y0), (x1, y1) = one, other
    left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _crossings(start: Point, end: Point, shape: tuple[int, int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows whose centre line an edge crosses, and for each the first pixel whose centre is not left of it.

    An edge has its upper end and not its lower one, and is followed downwards whatever its direction: two regions
    that share it agree on every pixel.
    """
    (x0, y0), (x1, y1) = sorted((start, end), key=lambda p: (p[1], p[0]))
    height, width = shape
    first, last = (min(max(int(np.ceil(y - 0.5)), 0), height) for y in (y0, y1))
    rows = np.arange(first, last)
    x = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) if len(rows) else np.zeros(0)
    return rows, np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)


# ---------------------------------------------------------------- what the maps say inside


@dataclass(frozen=True)
class Statistics:
    """What is inside a region under one defense; None where there is nothing to say.

    Attributes
    ----------
    pixels
        Pixels of the image.
    here
        The mean of the map in view over the attack grid's points inside.
    elsewhere
        Its mean over the same classes in the rest of the image, mixed as inside; see `core.metrics.slices`.
    rank
        Where it stands among known non-members; see `core.metrics.region_rank`.
    score, loss
        Means of the score map and of the loss inside.
    evidence, share
        What the points inside add to the image score, and as a share of all evidence: of a partition of the image
        the shares sum to 1. A share may lie outside of 0 to 1, as evidence has both signs.
    classes
        Share of the labelled pixels by train id, the largest first.
    """

    pixels: int
    here: float | None
    elsewhere: float | None
    rank: "RegionRank | None"
    score: float | None
    loss: float | None
    evidence: float | None
    share: float | None
    classes: tuple[tuple[int, float], ...]


def statistics(region: Region, frame: Frame, known: "Mapping[str, ClassMeans] | None" = None) -> dict[str, Statistics]:
    """What is inside a region, by defense; `known`: what non-members say of the map in view, by defense."""
    mask = region.mask(frame.seen.shape)
    classes = _classes(mask, frame.seen)
    found: dict[str, Statistics] = {}
    for pane in frame.panes:
        if pane.chain not in found:  # with layers side by side the first one counts
            found[pane.chain] = _statistics(mask, classes, pane, frame, (known or {}).get(pane.chain))
    return found


def _statistics(
    mask: Mask, classes: tuple[tuple[int, float], ...], pane: PaneFrame, frame: Frame, known: "ClassMeans | None"
) -> Statistics:
    judged, seen = pane.judged, frame.seen
    inside = {name: _inside(mask, values, seen) for name, values in judged.maps.items()}
    evidence = None if EVIDENCE not in inside else float(inside[EVIDENCE].sum(dtype=np.float64))
    whole = None if evidence is None else float(judged.maps[EVIDENCE].sum(dtype=np.float64))
    layer = pane.shown.layer.id
    elsewhere, rank = _compared(mask, judged.maps.get(layer), seen, known, frame.image)
    return Statistics(
        pixels=int(mask.sum()),
        here=_mean(inside.get(layer)),
        elsewhere=elsewhere,
        rank=rank,
        score=_mean(inside.get("score")),
        loss=_mean(inside.get("loss")),
        evidence=evidence,
        share=None if evidence is None or not whole else evidence / whole,
        classes=classes,
    )


def _inside(mask: Mask, values: npt.NDArray[np.float32], seen: Seen) -> npt.NDArray[np.float32]:
    """The values of the map's points that lie inside."""
    place = seen.placement((values.shape[0], values.shape[1]))
    return values[mask[place.tops[:, None], place.lefts[None, :]]]


def _compared(
    mask: Mask, values: npt.NDArray[np.float32] | None, seen: Seen, known: "ClassMeans | None", image: int
) -> "tuple[float | None, RegionRank | None]":
    """The mean outside of the classes inside, and where the region stands among non-members."""
    from core.metrics.region_rank import region_rank
    from core.metrics.slices import region_score  # brings OpenCV: not before it is needed

    if values is None or seen.label is None:
        return None, None
    label = seen.placement((seen.label.shape[0], seen.label.shape[1])).spread(seen.label)
    place = seen.placement((values.shape[0], values.shape[1]))
    points = place.tops[:, None], place.lefts[None, :]
    found = region_score(values, label[points], mask[points])
    rank = None if known is None else region_rank(values, label[points], mask[points], known, image)
    return None if found is None else found.elsewhere, rank


def _mean(values: npt.NDArray[np.float32] | None) -> float | None:
    known = None if values is None else values[np.isfinite(values)]
    return None if known is None or not known.size else float(known.mean(dtype=np.float64))


def _classes(mask: Mask, seen: Seen) -> tuple[tuple[int, float], ...]:
    if seen.label is None:
        return ()
    place = seen.placement((seen.label.shape[0], seen.label.shape[1]))
    counts = np.bincount(place.spread(seen.label)[mask], minlength=VOID + 1)[:VOID]
    found = [(int(i), float(counts[i] / counts.sum())) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return tuple(found)
