"""The numbers of an audit as rows of a table and as one line. Knows nothing of Qt, and computes nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.defenses.none import NoDefense
from core.errors import StoreError
from gui.minus import plain

if TYPE_CHECKING:
    from gui.results.figures import Figures
    from gui.results.marks import Mark

Summary = Mapping[str, Any]
NOT_MEASURABLE = "n/m"
COARSE = "~"
"""Stands before what a part of the images says."""
ON_GRID = "Counted on the attack grid, not at full label resolution."


def read_summary(folder: Path) -> Summary | None:
    """The summary of an audit that has ended; None before. Raises `StoreError` where it is damaged."""
    from core.audit.store import SUMMARY_NAME

    path = folder / SUMMARY_NAME
    try:
        summary = json.loads(path.read_text("utf-8"))
        summary_rows(summary)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}).", "Check the rights.") from error
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise StoreError(f"{path}: is damaged.", "Run the audit again: that computes its numbers anew.") from error
    return summary  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes
    ----------
    text
        As it is shown.
    value
        To sort by; None where there is none.
    why
        What its tool tip says: an interval, or why there is no number.
    """

    text: str
    value: float | str | None = None
    why: str = ""


@dataclass(frozen=True)
class Row:
    """The numbers of one defense under one attack; `cells` are in the order of `COLUMNS`."""

    chain: str
    attack: str
    primary: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    title: str
    help: str


COLUMNS = (
    Column("Defense", "What is changed in what the target gives out."),
    Column("Attack", "* the primary attack, named before anything was scored. All others are exploratory."),
    Column("AUC", "How well image scores tell members from non-members: 0.5 is chance, 1 is every time."),
    Column("Interval", "Of the AUC, resampled by image or by group."),
    Column("TPR at 10 %", "Share of members found where 10 % of non-members are flagged by mistake."),
    Column("at 1 %", "Share of members found where 1 % of non-members are flagged by mistake."),
    Column("at 0.1 %", "Share of members found where 0.1 % of non-members are flagged by mistake."),
    Column("Advantage", "The largest TPR minus FPR over all thresholds, found on these very scores: optimistic."),
    Column("mIoU\nmembers", "Mean IoU on members, at full label resolution."),
    Column("mIoU\nnon-members", "Mean IoU on non-members, at full label resolution: what the defense costs."),
    Column("Attacker", "Whether the attack knows the defense. Without a defense there is nothing to know."),
)


def summary_rows(summary: Summary) -> list[Row]:
    """The table, in the order of the audit."""
    titles = {defense["id"]: _title(defense) for defense in summary["defenses"]}
    return [_row(result, titles, summary["segmentation"]) for result in summary["results"]]


def _title(defense: Mapping[str, Any]) -> str:
    plain = defense["title"] == NoDefense.name
    return NoDefense.title if plain else str(defense["title"])


def _row(result: Mapping[str, Any], titles: Mapping[str, str], segmentation: Mapping[str, Any]) -> Row:
    metrics = result["metrics"]
    missing = metrics["needs"]
    auc = _number(metrics["auc"], missing)
    cells = (
        Cell(titles[result["defense"]], titles[result["defense"]]),
        Cell(result["attack"] + (" *" if result["primary"] else ""), result["attack"]),
        auc,
        _interval(metrics["auc_interval"], missing),
        *_tpr(metrics["tpr_at"], missing),
        _number(metrics["advantage"], missing),
        *(_miou(segmentation.get(result["defense"], {}), role) for role in ("member", "non-member")),
        Cell(""),
    )
    return Row(result["defense"], result["attack"], bool(result["primary"]), cells)


def _number(value: float | None, missing: str) -> Cell:
    return Cell(NOT_MEASURABLE, None, missing) if value is None else Cell(f"{value:.3f}", float(value))


def _interval(interval: Mapping[str, float] | None, missing: str) -> Cell:
    if interval is None:
        return Cell(NOT_MEASURABLE, None, missing or "not measurable with so few images")
    low, high = float(interval["low"]), float(interval["high"])
    return Cell(f"{low:.3f} to {high:.3f}", low)


def _tpr(measured: Sequence[Mapping[str, Any]], missing: str) -> list[Cell]:
    """Three cells, whatever was measured."""
    cells = []
    for at in [*measured[:3], *[None] * (3 - len(measured))]:
        cell = _number(None, missing) if at is None else _number(at["value"], at["needs"] or missing)
        interval = at["interval"] if at is not None else None
        why = f"{interval['low']:.3f} to {interval['high']:.3f}" if interval else cell.why
        cells.append(Cell(cell.text, cell.value, why))
    return cells


def _miou(sides: Mapping[str, Any], role: str) -> Cell:
    side = sides.get(role)
    if side is None or side["miou"] is None:
        return Cell("", None, f"No {role} has a label map.")
    return Cell(f"{side['miou']:.3f}", float(side["miou"]), f"{side['images']} images")


def live_row(figures: "Figures", title: str, *, primary: bool) -> Row:
    """The row of a result that no summary has; numbers of a part of the images say so."""
    result = figures.result
    plain = {"defense": result.chain, "attack": result.attack, "primary": primary, "metrics": figures.metrics}
    row = _row(plain, {result.chain: title}, {result.chain: figures.segmentation})
    *head, members, non_members, mark = row.cells
    utility = [_on_grid(cell) if result.on_grid else cell for cell in (members, non_members)]
    numbers = [cell if result.exact else _coarse(cell, result.note) for cell in (*head[2:], *utility)]
    return replace(row, cells=(*head[:2], *numbers, mark))


def waiting_row(chain: str, attack: str, title: str, why: str, *, primary: bool) -> Row:
    """The row of a defense that has no numbers yet, or will have none."""
    names = Cell(title, title), Cell(attack + (" *" if primary else ""), attack)
    rest = [Cell("\N{HORIZONTAL ELLIPSIS}", None, why)] * (len(COLUMNS) - 3)
    return Row(chain, attack, primary, (*names, *rest, Cell("")))


def titled(row: Row, defense: str, attack: str) -> Row:
    """The row with the names of its defense and its attack; tool tips say what they are called in specs."""
    told = "In specs and commands: {}".format
    first = Cell(defense, defense, told(row.chain))
    second = Cell(attack + (" *" if row.primary else ""), attack, told(row.attack))
    return replace(row, cells=(first, second, *row.cells[2:]))


def marked(row: Row, mark: "Mark | None") -> Row:
    """The row with what is said of its attacker."""
    cell = Cell("") if mark is None else Cell(mark.text, mark.words, mark.help)
    return replace(row, cells=(*row.cells[:-1], cell))


def _coarse(cell: Cell, note: str) -> Cell:
    return cell if cell.value is None else Cell(COARSE + cell.text, cell.value, f"{note} {cell.why}".strip())


def _on_grid(cell: Cell) -> Cell:
    return cell if cell.value is None else Cell(f"{cell.text} on grid", cell.value, f"{ON_GRID} {cell.why}".strip())


def as_tsv(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts for a spreadsheet: tabs and line ends inside a text become spaces, a minus becomes a hyphen."""
    return plain("".join("\t".join(" ".join(text.split()) for text in row) + "\n" for row in rows))


def one_line(summary: Summary, attacks: Mapping[str, str], defenses: Mapping[str, str]) -> str:
    """What an audit found, in a line: counts, and the primary attack on the first defense.

    `attacks`, `defenses`: what they are called, by their ids.
    """
    counts = [(c["done"], role) for role, c in summary["images"].items() if c["done"]]
    images = ", ".join(f"{n} {role}{'' if n == 1 else 's'}" for n, role in counts) or "no images"
    first = next((r for r in summary["results"] if r["primary"]), None)
    if first is None:
        return images
    metrics = first["metrics"]
    if metrics["auc"] is None:
        return f"{images}; AUC {metrics['needs']}"
    interval = metrics["auc_interval"]
    around = f" ({interval['low']:.2f} to {interval['high']:.2f})" if interval else ""
    attack, output = attacks.get(first["attack"], first["attack"]), _first_defense(summary, first, defenses)
    return f"AUC {metrics['auc']:.2f}{around} for {attack}, {output}; {images}"


def _first_defense(summary: Summary, result: Mapping[str, Any], names: Mapping[str, str]) -> str:
    key = result["defense"]
    title = next((_title(d) for d in summary["defenses"] if d["id"] == key), key)
    return "undefended" if key == NoDefense.name else f"under {names.get(key, title)}"
