"""Groups: which images are not independent of each other, from a table or from the images' keys."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

from core.errors import DataError, SpecError


def grouping(folder: Path, table: str | None, pattern: str | None) -> Callable[[str], str | None]:
    """A function from an image's key to its group.

    Parameters
    ----------
    folder
        Where a relative `table` path begins.
    table
        A .tsv or .csv file with two columns, key and group. A key may also be a file name or a stem. None: no table.
    pattern
        A regular expression searched in the key: its group named "group", or its first group, or the whole match. None:
        no pattern. The table goes first.
    """
    known = _read_table(folder / table) if table else {}
    expression = _compiled(pattern) if pattern else None

    if not known and expression is None:
        return lambda key: None

    def group_of(key: str) -> str | None:
        name = key.rpartition("/")[2]
        for candidate in (key, name, name.rpartition(".")[0]):
            if candidate in known:
                return known[candidate]
        match = expression.search(key) if expression else None
        return _picked(match) if match else None

    return group_of


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SpecError(
            f"'group_pattern' is not a regular expression: {error}.",
            "An example: '^([^_]+)_' takes what is before '_'.",
        ) from error


def _picked(match: re.Match[str]) -> str | None:
    if "group" in match.re.groupindex:
        return match["group"] or None
    return (match[1] if match.re.groups else match[0]) or None


def _read_table(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, delimiter="," if path.suffix.lower() == ".csv" else "\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table of groups: {error}.", "It takes key and group.") from error
    table: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) != 2 or not all(cell.strip() for cell in row):
            raise DataError(f"{path}, line {number}: there must be two columns.", "They are key and group.")
        key, group = row[0].strip(), row[1].strip()
        if table.setdefault(key, group) != group:
            raise DataError(f"{path}, line {number}: '{key}' has two groups.", "Give every image one group.")
    return table
