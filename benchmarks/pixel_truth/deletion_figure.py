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

FIRST_SHARE = 6
"""Place of the first column that belongs to a share; each has five."""


def draw(table: Table, path: Path) -> None:
    """A panel for each attack: solid, the map's top left out; dashed, random regions of the same class mix."""
    attacks = list(dict.fromkeys(str(row[1]) for row in table.rows))
    figure, axes = plt.subplots(1, len(attacks), figsize=(3.4 * len(attacks), 3.8), sharey=True, layout="constrained")
    for ax, attack in zip(axes, attacks, strict=True):
        rows = {str(row[0]): row for row in table.rows if row[1] == attack}
        for name, colour in SHOWN.items():
            if name in rows:
                _lines(ax, rows[name], name.partition(":")[0], colour)
        ax.set_title(f"image attack: {attack}", loc="left", fontsize=10)
        ax.set_xlabel("share of blocks left out")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#dddddd", linewidth=0.6)
        ax.axhline(0.5, color="#666666", linewidth=0.8, linestyle=":")
    axes[0].set_ylabel("AUC")
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def _lines(ax: Axes, row: Any, name: str, colour: str) -> None:
    places = [0.0, *SHARES]
    for offset, style, what in ((0, "-", "top of"), (1, "--", "random, as")):
        values = [row[2], *(row[FIRST_SHARE + 5 * s + offset] for s in range(len(SHARES)))]
        ax.plot(places, values, style, color=colour, linewidth=1.5, label=f"{what} {name}", marker="o", markersize=3)
