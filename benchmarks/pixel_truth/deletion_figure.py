"""The figure of the deletion test."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.pixel_truth.deleted import SHARES
from benchmarks.tables import Table

SHOWN = {
    "what taught": "#000000",
    "rmia, 11: probability_ratio": "#0072B2",
    "loss-difference, 11: loss_difference": "#009E73",
    "loss: loss": "#D55E00",
    "network slm: evidence_corrected": "#8C6BB1",
}
"""Told apart by colour-blind eyes too."""

FIRST_SHARE = 9
"""Place of the first column that belongs to a share."""

WIDTH = 9
"""Columns of each share."""

WAYS = {"left out of both": 0, "non-members at random": 5}
"""Panels, and the place of the AUC without the map's top among the columns of a share."""


def draw(table: Table, path: Path) -> None:
    """A column for each attack: solid, the map's top left out; dashed, random regions of the same class mix."""
    attacks = list(dict.fromkeys(str(row[1]) for row in table.rows))
    size = (3.4 * len(attacks), 6.6)
    figure, axes = plt.subplots(len(WAYS), len(attacks), figsize=size, sharey=True, sharex=True, layout="constrained")
    for line, (way, place) in zip(axes, WAYS.items(), strict=True):
        for ax, attack in zip(line, attacks, strict=True):
            rows = {str(row[0]): row for row in table.rows if row[1] == attack}
            for name in SHOWN:
                if name in rows:
                    _lines(ax, rows[name], name, place)
            ax.set_title(f"image attack: {attack}", loc="left", fontsize=10)
            ax.spines[["top", "right"]].set_visible(False)
            ax.grid(color="#dddddd", linewidth=0.6)
        line[0].set_ylabel(f"AUC, {way}", fontsize=8)
    for ax in axes[-1]:
        ax.set_xlabel("share of blocks left out")
    axes[0][0].plot([], [], "--", color="#666666", label="random, of the same class mix")
    figure.legend(*axes[0][0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def _lines(ax: Axes, row: Any, name: str, place: int) -> None:
    for offset, style in ((place, "o-"), (1, "--")):
        values = [row[2], *(row[FIRST_SHARE + WIDTH * s + offset] for s in range(len(SHARES)))]
        label = name.partition(":")[0] if style == "o-" else None
        ax.plot([0.0, *SHARES], values, style, color=SHOWN[name], linewidth=1.4, label=label, markersize=3)
