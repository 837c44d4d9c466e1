"""How far a map stands out at a canary: against the rest of its image, and against canaries that were never learned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.pixel_truth.composites import auc_of
from benchmarks.pixel_truth.resampled import Draws, Estimate
from benchmarks.tables import Table
from core.attacks.blocks import block_mean

STRIDE = 4
"""Grid points between the windows that a canary is held against."""

COLUMNS = (
    "map",
    *("rank, members", "low", "high"),
    *("rank, same object", "low", "high"),
    *("rank, fresh object", "low", "high"),
    *("members over same", "low", "high"),
    *("members over fresh", "low", "high"),
    *("rank over same", "low", "high"),
    *("rank over fresh", "low", "high"),
    *("pixels, members", "highest, members"),
)
BoolArray = npt.NDArray[np.bool_]
Values = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Found:
    """What a map says of one canary.

    Attributes
    ----------
    mean
        Of the map over the canary.
    rank
        Share of the image's windows of its size that have a lower mean, ties counting one half.
    pixel
        AUC of its pixels against the rest of the image.
    group
        The block of frames.
    """

    mean: float
    rank: float
    pixel: float
    group: str


def find_canary(values: Values, mask: BoolArray, group: str) -> Found:
    """Hold the canary at `mask` `(h, w)` against every window of its size that does not touch it."""
    mean = float(np.nanmean(values[mask]))
    others = _windows(values, mask)
    rank = float(np.mean(others < mean) + np.mean(others == mean) / 2)
    return Found(mean, rank, auc_of(values, mask), group)


def _windows(values: Values, mask: BoolArray) -> npt.NDArray[np.float64]:
    """Means over the windows, whole ones only; those that are void in the middle are left out."""
    rows, columns = np.nonzero(mask)
    side = int(max(np.ptp(rows), np.ptp(columns))) + 1
    half = side // 2
    means = block_mean(values, side).astype(np.float64)
    top, left = rows.min(), columns.min()
    means[max(0, top - half) : top + side + half, max(0, left - half) : left + side + half] = np.nan
    inside = means[half : len(means) - half : STRIDE, half : means.shape[1] - half : STRIDE]
    return inside[~np.isnan(inside)]


def table_of(title: str, found: Mapping[str, Mapping[str, Sequence[Found]]]) -> Table:
    """A row for each map, those that rank the members' canaries highest first."""
    rows = [(name, *_row(worlds)) for name, worlds in found.items()]
    rows.sort(key=lambda row: -float(row[1]))
    count = len(next(iter(found.values()))["members"])
    notes = (
        "Rank: share of an image's windows of the canary's size where the map is lower than on the canary. Members: "
        "images the target was trained on; same: their canaries in images it was not trained on; fresh: canaries it "
        "never saw, there.",
        "Over: AUC of telling members' canaries from the others', by the map's mean over the canary, or by its rank.",
        "Pixels: AUC within a member, canary against the rest. Highest: share of members where no window is higher.",
        "95 % intervals, blocks of frames resampled. A number behind a map's name: the side it is averaged over.",
    )
    return Table(f"Canaries, {title}, {count} images of each kind", COLUMNS, rows, notes)


def _row(worlds: Mapping[str, Sequence[Found]]) -> tuple[float, ...]:
    members, same, fresh = (worlds[world] for world in ("members", "same", "fresh"))

    def within(found: Sequence[Found]) -> Estimate:
        ranks = np.array([f.rank for f in found])
        return Draws.of([f.group for f in found]).estimate(lambda at: float(ranks[at].mean()))

    def across(others: Sequence[Found], value: Callable[[Found], float]) -> Estimate:
        inside, outside = (np.array([value(f) for f in found]) for found in (members, others))
        draws = Draws.of([f.group for f in members], [f.group for f in others])
        return draws.estimate(lambda at, beside: _auc(inside[at], outside[beside]))

    return (
        *within(members),
        *within(same),
        *within(fresh),
        *across(same, lambda f: f.mean),
        *across(fresh, lambda f: f.mean),
        *across(same, lambda f: f.rank),
        *across(fresh, lambda f: f.rank),
        float(np.mean([f.pixel for f in members])),
        float(np.mean([f.rank == 1 for f in members])),
    )


def _auc(inside: Values, outside: Values) -> float:
    kind = np.repeat([True, False], [len(inside), len(outside)])
    return auc_of(np.concatenate([inside, outside]), kind)
