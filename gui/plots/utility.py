"""What a defense costs against what it hides: a point per defense. Knows nothing of Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.samples import Role
from core.metrics.bands import Band
from core.metrics.segmentation import miou
from gui.plots.curves import curve_of

if TYPE_CHECKING:
    from gui.results import Result

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""

GAP = 9.0
"""Pixels between a point and its label."""


@dataclass(frozen=True)
class UtilityPoint:
    """One defense.

    Attributes
    ----------
    chain
        Its id.
    miou
        On non-members, 0 to 1.
    auc, low, high
        Of the attack in view, with its interval; both bounds are the AUC itself until the interval is there.
    note
        What to know while it is not exact; empty otherwise.
    """

    chain: str
    miou: float
    auc: float
    low: float
    high: float
    note: str = ""


def point_of(result: "Result", band: Band | None) -> UtilityPoint | None:
    """The point of a result; None where it has no AUC or no mIoU."""
    curve = curve_of(result)
    counts = result.confusions.get(Role.NON_MEMBER)
    if curve is None or counts is None or not counts.sum():
        return None
    low, high = (curve.auc, curve.auc) if band is None else (band.auc.low, band.auc.high)
    return UtilityPoint(result.chain, miou(counts), curve.auc, low, high, result.note)


def placed_labels(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], room: Box, kept: Sequence[Box] = ()
) -> list[Box]:
    """Where labels of these sizes stand so that none covers another one, a point or a `kept` box; all in pixels.

    Each takes the first free place around its point, or the first of all where none is free.
    """
    taken: list[Box] = [*kept, *((x - GAP / 2, y - GAP / 2, GAP, GAP) for x, y in points)]
    placed = []
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        offered = [(x + dx, y + dy, width, height) for dx, dy in _offers(width, height)]
        free = (box for box in offered if _inside(box, room) and not any(_overlap(box, other) for other in taken))
        chosen = next(free, offered[0])
        placed.append(chosen)
        taken.append(chosen)
    return placed


def _offers(width: float, height: float) -> list[tuple[float, float]]:
    """Offsets of a label's upper left corner, the best first, in rings ever further away."""
    offers = []
    for ring in range(4):
        away = ring * height
        offers += [
            (GAP, -height / 2 - away),
            (GAP, -height / 2 + away),
            (-GAP - width, -height / 2 - away),
            (-GAP - width, -height / 2 + away),
            (-width / 2, -GAP - height - away),
            (-width / 2, GAP + away),
        ]
    return offers


def _inside(box: Box, room: Box) -> bool:
    return (
        room[0] <= box[0]
        and room[1] <= box[1]
        and box[0] + box[2] <= room[0] + room[2]
        and box[1] + box[3] <= room[1] + room[3]
    )


def _overlap(one: Box, other: Box) -> bool:
    across = one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
    return across and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
