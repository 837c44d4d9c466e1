"""The experiment's figures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Results = Mapping[str, Any]
Row = Mapping[str, Any]

COLOURS = {"patch": "#0072B2", "loss": "#D55E00", "dice": "#009E73", "confidence": "#8C6BB1"}
"""Told apart by colour-blind eyes too (Okabe and Ito 2008)."""
MARKERS = "os^Dv<>PX*"
GREY = "#666666"
CHANCE = 0.5
HEADLINE = "unet"
REGIMES = {
    f"{model}-{regime}": f"{title}, {regime.replace('-', ' ')}"
    for model, title in {"unet": "Unet", "pspnet": "PSPNet"}.items()
    for regime in ("overfitted", "well-trained")
}
IN_REGIMES = {
    "none": ("none", "#0072B2"),
    "argmax": ("argmax", "#E69F00"),
    "gauss-sigma0.1": ("gauss, sigma 0.1", "#009E73"),
    "distillation": ("distillation", "#CC79A7"),
    "dp-sgd": ("dp-sgd, epsilon 8", "#000000"),
}
"""Defense of the outputs, or way of training -> what it is called, and its colour."""


def rows_of(results: Results, name: str) -> list[Row]:
    """The rows of a study; none where it was not run."""
    return [row for study in results["studies"] if study["name"] == name for row in study["rows"]]


def _chosen(rows: list[Row], attack: str, defense: str = "") -> list[Row]:
    return [r for r in rows if r["attack"] == attack and r["defense"].startswith(defense)]


def _bars(auc: Mapping[str, float]) -> list[list[float]]:
    """Lengths of an error bar below and above a value."""
    return [[auc["value"] - auc["low"]], [auc["high"] - auc["value"]]]


def _sheet(width: float = 6.4, height: float = 4.4, rows: int = 1) -> tuple[Figure, list[Axes]]:
    figure, axes = plt.subplots(rows, 1, figsize=(width, height), squeeze=False, layout="constrained")
    for ax in axes[:, 0]:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#dddddd", linewidth=0.6)
        ax.set_axisbelow(True)
    return figure, list(axes[:, 0])


def _save(figure: Figure, path: Path) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the writer's version in it, the same numbers give the same file.
    figure.savefig(path, dpi=150, facecolor="white", metadata={"Software": None})
    plt.close(figure)
    return True


# ---------------------------------------------------------------- privacy against utility


def privacy_utility(results: Results, path: Path) -> bool:
    """Utility (mIoU on non-members) against AUC: the better a defense, the further down and to the right."""
    panels = {"Output defenses": _outputs(results), "Hardened targets": _hardened(results)}
    if not any(panels.values()):
        return False
    figure, axes = _sheet(7.6, 8.4, rows=2)
    for ax, (title, points) in zip(axes, panels.items(), strict=True):
        _scatter(ax, points)
        ax.set_title(title, loc="left", fontsize=10)
        ax.set_xlabel("mIoU on non-members")
        ax.set_ylabel("AUC of the patch network (95 %, blocks)")
        ax.axhline(CHANCE, color=GREY, linewidth=0.8, linestyle=":")
        ax.plot([], [], "o", color=GREY, mfc="white", label="hollow: adaptive network")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return _save(figure, path)


Point = tuple[str, Row, bool]
"""Name of what was done, its row, and whether the attacker knew it."""


def _outputs(results: Results) -> list[Point]:
    """Everything done to the outputs of Unet."""
    known = [row for study in results["studies"] if study["part"] == "adaptive" for row in study["rows"]]
    found = [(row, False) for row in _chosen(rows_of(results, HEADLINE), "patch")]
    found += [(row, True) for row in _chosen(known, "patch") if row["defense"] != "none"]
    return [(row["defense"].partition("-place")[0], row, adaptive) for row, adaptive in found]


def _hardened(results: Results) -> list[Point]:
    """Every way of training Unet, judged on its undefended outputs."""
    found = [("none", row, False) for row in _chosen(rows_of(results, HEADLINE), "patch", "none")]
    for study in results["studies"]:
        if study["part"] in {"hardened", "adaptive"}:
            name = study["name"].partition("-")[2]
            found += [(name, row, study["part"] == "adaptive") for row in _chosen(study["rows"], "patch", "none")]
    return found


def _scatter(ax: Axes, points: list[Point]) -> None:
    """A colour and a marker for each name."""
    names = list(dict.fromkeys(name for name, _, _ in points))
    for name, row, adaptive in points:
        place = names.index(name)
        colour, auc = f"C{place}", row["auc"]
        ax.errorbar(
            row["miou"]["non-member"],
            auc["value"],
            yerr=_bars(auc),
            fmt=MARKERS[place % len(MARKERS)],
            color=colour,
            mfc="white" if adaptive else colour,
            linewidth=0.8,
            alpha=0.85,
            label=None if adaptive else name,
        )


# ---------------------------------------------------------------- the regimes


def regimes(results: Results, path: Path) -> bool:
    """AUC of every attack under every defense, in the two regimes of two architectures; all seeds together.

    Where not all seeds of a hardened target were run, each that was is a hollow mark.
    """
    found = {name: _in_regime(results, name) for name in REGIMES}
    if not any(found.values()):
        return False
    figure, axes = plt.subplots(2, 2, figsize=(10, 9.6), sharex=True, sharey=True, layout="constrained")
    attacks = list(dict.fromkeys(row["attack"] for rows in found.values() for _, row, _ in rows))
    for ax, (name, rows) in zip(axes.flat, found.items(), strict=True):
        _regime(ax, attacks, rows)
        ax.set_title(REGIMES[name], loc="left", fontsize=10)
    for ax in axes[-1]:
        ax.set_xlabel("AUC (95 %, blocks)")
    for label, colour in IN_REGIMES.values():
        axes[0, 0].plot([], [], "o", color=colour, label=label)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5, frameon=False)
    return _save(figure, path)


def _in_regime(results: Results, name: str) -> list[tuple[str, Row, bool]]:
    """What was done to the target, a row, and whether it is of all seeds."""
    rows = [(row["defense"], row, True) for row in rows_of(results, name)]
    for hardening in ("distillation", "dp-sgd"):
        every = rows_of(results, f"{name}-{hardening}")
        seeds = [row for seed in range(3) for row in rows_of(results, f"{name}-{hardening}-seed{seed}")]
        rows += [(hardening, row, bool(every)) for row in every or seeds]
    return rows


def _regime(ax: Axes, attacks: Sequence[str], rows: Sequence[tuple[str, Row, bool]]) -> None:
    for done, row, whole in rows:
        lane = list(IN_REGIMES).index(done)
        height = attacks.index(row["attack"]) + 0.15 * (lane - (len(IN_REGIMES) - 1) / 2)
        colour = IN_REGIMES[done][1]
        bars = _bars(row["auc"]) if whole else None
        face = colour if whole else "white"
        value = row["auc"]["value"]
        ax.errorbar(value, height, xerr=bars, fmt="o", color=colour, mfc=face, markersize=4.5, elinewidth=1)
    for border in range(1, len(attacks)):
        ax.axhline(border - 0.5, color="#dddddd", linewidth=0.6)
    ax.axvline(CHANCE, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(attacks)), attacks)
    ax.set_ylim(len(attacks) - 0.5, -0.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)


# ---------------------------------------------------------------- the others


def roc(results: Results, path: Path) -> bool:
    """Mean ROC curves of the undefended headline, on logarithmic axes."""
    rows = [r for r in rows_of(results, HEADLINE) if r["defense"] == "none"]
    if not rows:
        return False
    figure, (ax,) = _sheet(5.2, 4.8)
    for row in rows:
        ax.plot(results["curve"], row["curve"], color=COLOURS[row["attack"]], label=row["attack"], linewidth=1.6)
    ax.plot([0.005, 1], [0.005, 1], color=GREY, linewidth=0.8, linestyle=":", label="chance")
    ax.set(xscale="log", yscale="log", xlim=(0.008, 1), ylim=(0.008, 1.05))
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate, mean of the targets")
    ax.legend(frameon=False, loc="lower right")
    return _save(figure, path)


def samplers(results: Results, path: Path) -> bool:
    """AUC against the number of random patches, beside the other samplers."""
    rows = {r["attack"]: r for r in rows_of(results, "samplers")}
    random = sorted((int(a.removeprefix("random-")), r["auc"]) for a, r in rows.items() if a.startswith("random-"))
    if not random:
        return False
    figure, (ax,) = _sheet()
    for count, auc in random:
        ax.errorbar(count, auc["value"], yerr=_bars(auc), fmt="o", color=COLOURS["patch"], capsize=2)
    ax.plot([n for n, _ in random], [a["value"] for _, a in random], color=COLOURS["patch"], label="random")
    others = {a: r for a, r in rows.items() if a.startswith(("sliding", "rejection")) or a == "loss"}
    for (attack, row), style in zip(others.items(), ("--", "-.", ":"), strict=False):
        ax.axhline(row["auc"]["value"], color=GREY, linestyle=style, linewidth=1, label=attack)
    ax.set_xscale("log", base=2)
    ax.set_xticks([n for n, _ in random], [str(n) for n, _ in random])
    ax.set_xlabel("patches per image")
    ax.set_ylabel("AUC (95 %, blocks)")
    ax.legend(frameon=False)
    return _save(figure, path)


def gauss(results: Results, path: Path) -> bool:
    """AUC and mIoU against the noise of the defense Gauss."""
    rows = rows_of(results, HEADLINE)
    found = {attack: _sweep(rows, attack) for attack in ("patch", "loss")}
    if not any(found.values()):
        return False
    figure, (top, bottom) = _sheet(6.4, 6.0, rows=2)
    for attack, sweep in found.items():
        for sigma, row in sweep:
            top.errorbar(sigma, row["auc"]["value"], yerr=_bars(row["auc"]), fmt="o", color=COLOURS[attack], capsize=2)
        top.plot([s for s, _ in sweep], [r["auc"]["value"] for _, r in sweep], color=COLOURS[attack], label=attack)
    for side, style in (("member", "-"), ("non-member", "--")):
        sweep = found["patch"]
        bottom.plot([s for s, _ in sweep], [r["miou"][side] for _, r in sweep], style, color=GREY, label=f"{side}s")
    top.set_ylabel("AUC (95 %, blocks)")
    bottom.set_ylabel("mIoU")
    bottom.set_ylim(bottom=0)
    bottom.set_xlabel("sigma")
    for ax in (top, bottom):
        ax.legend(frameon=False)
    return _save(figure, path)


def _sweep(rows: list[Row], attack: str) -> list[tuple[float, Row]]:
    """Noise and row, beginning with no defense."""
    noisy = [(float(r["defense"].removeprefix("gauss-sigma")), r) for r in _chosen(rows, attack, "gauss-sigma")]
    return [*((0.0, r) for r in _chosen(rows, attack, "none")), *sorted(noisy, key=lambda found: found[0])]


FIGURES: Mapping[str, tuple[str, Callable[[Results, Path], bool]]] = {
    "privacy-utility": ("What each defense costs and what it brings", privacy_utility),
    "regimes": ("Every attack under every defense, two architectures in two regimes", regimes),
    "roc": ("ROC curves of the undefended Unet targets", roc),
    "samplers": ("How many patches, and which", samplers),
    "gauss": ("Noise on the posteriors", gauss),
}
"""Name of the file -> title, and what draws it; it returns whether there was anything to draw."""
