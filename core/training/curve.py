"""The loss curve of a training, for plots."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.files import write_text

SUFFIX = ".losses.csv"


def write_curve(checkpoint: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write `<file name>.losses.csv` beside a checkpoint, atomically; returns its path."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path = checkpoint.with_name(checkpoint.name + SUFFIX)
    write_text(path, table.getvalue())
    return path
