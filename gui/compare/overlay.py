"""From a map's values to colours: ranges, levels, tables. Knows nothing of Qt.

A map is shown through 256 levels: 0 says nothing (void, no window) and is transparent, 1 to 255 are the range from low
to high. Floats are kept for reading values out.
"""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID
from gui import colours
from gui.ranges import Range

NOTHING = 0
"""The level that is transparent."""

TOP = 255

Values = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]
ColourTable = npt.NDArray[np.uint32]
"""`(256,)` 0xAARRGGBB, premultiplied by alpha."""


class Kind(StrEnum):
    """What a map's values mean, which decides on its colours."""

    SEQUENTIAL = "sequential"
    DIVERGING = "diverging"
    CLASSES = "classes"


def own_range(values: Values, kind: Kind) -> Range:
    """From the smallest to the largest value that is there, about 0 for diverging maps; 0 to 1 where nothing is."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if kind is Kind.DIVERGING:
        high = max(abs(low), abs(high))
        low = -high
    return low, high


def difference_range(ends: Range) -> Range:
    """The range of differences between two maps that share `ends`: half as far either way, as most are small."""
    reach = (ends[1] - ends[0]) / 2
    return -reach, reach


def levels(values: Values, ends: Range) -> Levels:
    """Levels `(h, w)` of a map: 1 at the low end and below, 255 at the high end and above, 0 for NaN."""
    low, high = ends
    with np.errstate(invalid="ignore"):
        scaled = (values - low) / (high - low) if high > low else (values > low).astype(np.float32)
        index = 1 + np.rint(np.clip(np.nan_to_num(scaled), 0, 1) * (TOP - 1))
    return np.where(np.isnan(values), NOTHING, index).astype(np.uint8)


def colour_table(name: str, *, backwards: bool = False) -> ColourTable:
    """Colours of the levels by the name of a colour map (see `gui.colours`)."""
    rgb = colours.table(name, backwards=backwards)
    packed = _opaque(rgb)
    packed[NOTHING] = 0
    return packed


def thinned(table: ColourTable) -> ColourTable:
    """A diverging table whose colours let the image through towards their middle, which would lie over it like fog.

    Alpha is the square root of the distance to the middle, so that weak evidence is still seen.
    """
    strength = np.sqrt(np.abs(np.linspace(-1, 1, TOP)))
    channels = table[1:, None].view(np.uint8).reshape(TOP, 4)
    thin = np.rint(channels * strength[:, None]).astype(np.uint8)
    return np.concatenate([table[:1], thin.view(np.uint32)[:, 0]])


def class_table(class_colours: npt.NDArray[np.uint8]) -> ColourTable:
    """Colours of train ids, from `(C, 3)` RGB; void and ids without a class are transparent."""
    packed = np.zeros(TOP + 1, np.uint32)
    packed[: len(class_colours)] = _opaque(class_colours)
    packed[VOID] = 0
    return packed


def _opaque(rgb: npt.NDArray[np.uint8]) -> ColourTable:
    wide = rgb.astype(np.uint32)
    return (np.uint32(0xFF000000) | (wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2]).astype(np.uint32)
