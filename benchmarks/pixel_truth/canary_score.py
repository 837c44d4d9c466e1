"""How far a map stands out at a canary: against the rest of its image, and against canaries that were never learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from benchmarks.pixel_truth.composites import auc_of
from benchmarks.pixel_truth.resampled import Draws, estimate
from benchmarks.tables import Cell, Table
from core.attacks.blocks import block_mean

STRIDE = 4
"""Grid points between the windows that a canary is held against."""

WORLDS = ("members", "same", "fresh")
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
    rows: list[tuple[Cell, ...]] = [(name, *_row(worlds)) for name, worlds in found.items()]
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
    ranks = {kind: np.array([f.rank for f in found]) for kind, found in worlds.items()}
    means = {kind: np.array([f.mean for f in found]) for kind, found in worlds.items()}
    groups = {kind: [f.group for f in found] for kind, found in worlds.items()}
    within = (estimate(Draws.of(groups[kind]).means(ranks[kind])) for kind in WORLDS)
    across = (
        estimate(Draws.of(groups["members"], groups[kind]).aucs(values["members"], values[kind]))
        for values in (means, ranks)
        for kind in WORLDS[1:]
    )
    pixel, highest = np.mean([f.pixel for f in worlds["members"]]), np.mean(ranks["members"] == 1)
    return (*chain(*within), *chain(*across), float(pixel), float(highest))
