"""The patches that an attack network looked at, as marks on the image."""

import numpy as np

from gui.compare.frame import Judged, Seen
from gui.compare.marks import Mark
from gui.compare.placement import Placement

MEMBER, NON_MEMBER = "#f08a5d", "#6fb1ff"
"""Patches that speak for membership, and against it."""

MOST_OUTLINES = 32
"""More patches than this cover each other: their middles are marked instead."""

MIDDLE = 2
"""Half the side of the mark of a patch's middle, in grid points."""


def patch_marks(judged: Judged, seen: Seen, patch: int) -> tuple[Mark, ...]:
    """Outlines of the visited patches, or squares at their middles where they are many.

    Parameters
    ----------
    judged
        What is known of the image; without windows there are no marks.
    seen
        The image.
    patch
        Side of a patch in grid points; 0 where the attack looks at whole images.
    """
    grid = next((values.shape for name, values in judged.maps.items() if name != "loss"), None)
    if judged.windows is None or grid is None or patch < 1:
        return ()
    place = seen.placement((grid[0], grid[1]))
    outlines = len(judged.windows) <= MOST_OUTLINES
    inset = 0 if outlines else patch // 2 - MIDDLE
    return tuple(
        Mark(_corners(place, int(top), int(left), patch, inset), MEMBER if margin > 0 else NON_MEMBER, strong=outlines)
        for top, left, margin in judged.windows.tolist()
    )


def _corners(place: Placement, top: int, left: int, patch: int, inset: int) -> tuple[tuple[float, float], ...]:
    """The corners in image pixels of a patch that begins at grid point (top, left), shrunk by `inset` grid points."""
    y0, y1 = (_edge(place.tops, i, len(place.rows)) for i in (top + inset, top + patch - inset))
    x0, x1 = (_edge(place.lefts, i, len(place.cols)) for i in (left + inset, left + patch - inset))
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _edge(starts: np.ndarray, index: int, end: int) -> float:
    """Where grid point `index` begins on the image; the image's border behind the last one."""
    return float(starts[index]) if index < len(starts) else float(end)
