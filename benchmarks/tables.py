"""Results as tables: printed, and kept as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from core.files import write_text

Cell = str | float | int


@dataclass(frozen=True)
class Table:
    """What one benchmark found.

    Attributes
    ----------
    title
        What was measured.
    columns
        Names with units.
    rows
        One value per column.
    notes
        What the numbers mean, as sentences.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def show(table: Table) -> None:
    """Print a table."""
    console = Console(width=120, highlight=False)
    shown = RichTable(title=table.title, title_justify="left")
    for place, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if place else "left", no_wrap=not place)
    for row in table.rows:
        shown.add_row(*map(_text, row))
    console.print(shown)
    for note in table.notes:
        console.print(f"  {note}", markup=False)
    console.print()


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)


def keep(tables: Sequence[Table], environment: Mapping[str, Cell], path: Path) -> None:
    """Write tables and what they depend on as JSON, atomically."""
    document = {"environment": dict(environment), "tables": [asdict(t) for t in tables]}
    write_text(path, json.dumps(document, indent=1) + "\n")
