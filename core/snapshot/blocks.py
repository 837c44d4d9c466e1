"""What a snapshot's pages are made of. Sections say what, the painter (in `gui/snapshot`) says how.

Lengths are in points (1/72 inch). Arrays are loaded when they are painted, so that a thousand pages fit into memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Style = Literal["body", "small", "muted"]
Align = Literal["left", "right"]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Raster:
    """What one picture shows.

    Attributes
    ----------
    pixels
        `(H, W, 3)` or `(H, W, 4)` uint8; None: nothing to show.
    overlay
        `(h, w, 4)` uint8 drawn over it at `opacity`, or None.
    photograph
        Whether the pixels may be compressed with loss.
    """

    pixels: npt.NDArray[np.uint8] | None
    overlay: npt.NDArray[np.uint8] | None = None
    opacity: float = 1.0
    photograph: bool = False


@dataclass(frozen=True)
class Outline:
    """A polygon over a picture, corners as shares of width and height, with its name."""

    name: str
    points: Points


@dataclass(frozen=True)
class Picture:
    """A picture with a caption; `size` is (height, width) and gives its shape before it is loaded."""

    caption: str
    size: tuple[int, int]
    load: Callable[[], Raster] = field(compare=False)
    outlines: tuple[Outline, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class ColourBar:
    """The scale that maps share: `colours` `(256, 3)` from `low` to `high`."""

    caption: str
    low: float
    high: float
    colours: npt.NDArray[np.uint8] = field(compare=False)
    left: str = ""
    right: str = ""


@dataclass(frozen=True)
class Title:
    """The title of the snapshot, with the bytes of a picture file above it, if any; `small` to save room."""

    text: str
    under: str = ""
    logo: bytes = b""
    small: bool = False


@dataclass(frozen=True)
class Head:
    """A heading; level 1 begins a section and level 2 a part of it. Both are bookmarks."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    style: Style = "body"


@dataclass(frozen=True)
class Callout:
    """A paragraph in a frame: what must not be overlooked; `small` to save room."""

    title: str
    text: str
    small: bool = False


@dataclass(frozen=True)
class Numbers:
    """Large numbers side by side: value, what it is, how sure."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Facts:
    """Pairs of name and value; `mono` for hashes and settings, `large` for what must be read, `small` to save room."""

    rows: tuple[tuple[str, str], ...]
    mono: bool = False
    large: bool = False
    small: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose head is repeated on each page.

    Attributes
    ----------
    head
        Titles of the columns.
    rows
        A cell is a text or a small `Picture`.
    weights
        Shares of the width, one per column.
    align
        "left" or "right", one per column; left where there is none.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str | Picture, ...], ...]
    weights: tuple[float, ...]
    align: tuple[Align, ...] = ()
    small: bool = True


@dataclass(frozen=True)
class PictureRow:
    """Pictures of one height side by side, in so many columns; none is higher than `tallest`, where that is given."""

    pictures: tuple[Picture, ...]
    columns: int = 3
    tallest: float | None = None


@dataclass(frozen=True)
class Curve:
    """A line of a figure with its band; `place` chooses colour and dashes."""

    name: str
    points: Points
    place: int
    band: tuple[tuple[float, float, float], ...] = ()
    step: bool = False


@dataclass(frozen=True)
class RocFigure:
    """ROC curves; `log` for both axes, which then begin at `least`."""

    curves: tuple[Curve, ...]
    log: bool = False
    least: float = 0.0


@dataclass(frozen=True)
class HistogramFigure:
    """Shares of members and non-members per bin, and suspects as ticks.

    `edges` `(n + 1,)`, `members` and `non_members` `(n,)` shares 0 to 1, `suspects` scores.
    """

    caption: str
    edges: tuple[float, ...]
    members: tuple[float, ...]
    non_members: tuple[float, ...]
    suspects: tuple[float, ...] = ()


@dataclass(frozen=True)
class Dot:
    """A point of the scatter figure with its interval along x."""

    name: str
    x: float
    y: float
    low: float | None
    high: float | None
    place: int


@dataclass(frozen=True)
class ScatterFigure:
    """Privacy against utility: AUC along x, mIoU along y; dots have numbers, and names `beside` where asked."""

    dots: tuple[Dot, ...]
    beside: bool = True


@dataclass(frozen=True)
class Bars:
    """Horizontal bars from 0, positive to the right: name and value, and the colours that the names have in pictures.

    `inks` are "#rrggbb", or empty for names without a colour; `signed`: whether values may have either sign.
    """

    caption: str
    rows: tuple[tuple[str, float], ...]
    inks: tuple[str, ...] = ()
    signed: bool = False


Figure = RocFigure | HistogramFigure | ScatterFigure | Bars


@dataclass(frozen=True)
class FigureRow:
    """Figures side by side."""

    figures: tuple[Figure, ...]
    height: float = 190.0


@dataclass(frozen=True)
class Signature:
    """Lines to sign on: what each is for."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class PageBreak:
    """What follows begins on a new page; `if_needed`: unless the page has room for all of it up to the next break."""

    if_needed: bool = False


Block = (
    Title | Head | Text | Callout | Numbers | Facts | Table | PictureRow | ColourBar | FigureRow | Signature | PageBreak
)
