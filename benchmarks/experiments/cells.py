"""Cells: pieces of work that are done once, each kept under a name that says all that it depends on."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import sha256_of_bytes, write_text
from core.progress import Progress
from core.versions import now, versions

if TYPE_CHECKING:
    from benchmarks.experiments.folds import Fold

VERSION = 1
"""Part of every hash: raise it where the same settings come to mean something else."""

GIVEN = "given"
"""Kind of a cell that is a file from elsewhere: there is nothing to make."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One piece of work.

    Attributes
    ----------
    kind
        What makes it: "model", "network", "audit", "rows", or `GIVEN`.
    name
        For a person; not part of the hash.
    settings
        All that it depends on beside other cells, as plain JSON values.
    needs
        The cells it depends on, by the part they play.
    file
        Of a given cell, its file.
    """

    kind: str
    name: str
    settings: Mapping[str, Any]
    needs: Mapping[str, "Cell"] = field(default_factory=dict)
    file: Path | None = None

    @cached_property
    def key(self) -> str:
        """Hash of its settings and of everything it needs, 12 hex digits."""
        asked = {
            "version": VERSION,
            "kind": self.kind,
            "settings": self.settings,
            "needs": {part: need.key for part, need in self.needs.items()},
        }
        return sha256_of_bytes(json.dumps(asked, sort_keys=True, allow_nan=False).encode())[:12]

    def with_needs(self) -> Iterator["Cell"]:
        """Everything it needs, in the order of the work, then itself; some come more than once."""
        for need in self.needs.values():
            yield from need.with_needs()
        yield self


@dataclass(frozen=True)
class Workshop:
    """Where cells are made and kept.

    Attributes
    ----------
    folder
        Holds a folder for each kind of cell. `<name>-<key>.json` says that a cell is done, and what came of it.
    data
        The folder of CamVid.
    folds
        Its four folds.
    makers
        Kind -> function that does the work and returns its result, plain JSON values.
    device
        "cpu" or "cuda:N".
    progress
        Told of every step of a cell's work.
    announce
        Told of each cell whose work begins.
    """

    folder: Path
    data: Path
    folds: Mapping[str, "Fold"]
    makers: Mapping[str, Callable[[Cell, "Workshop"], dict[str, Any]]]
    device: str = "cpu"
    progress: Progress = field(default_factory=Progress)
    announce: Callable[[Cell], None] = lambda cell: None

    def path(self, cell: Cell, ending: str) -> Path:
        """A file of a cell; a given cell's only one is its own."""
        return cell.file or self.folder / cell.kind / f"{cell.name}-{cell.key}{ending}"

    def done(self, cell: Cell) -> bool:
        """Whether its work is finished."""
        return cell.kind == GIVEN or self.path(cell, ".json").is_file()

    def result(self, cell: Cell) -> dict[str, Any]:
        """What came of a finished cell."""
        found: dict[str, Any] = json.loads(self.path(cell, ".json").read_text("utf-8"))["result"]
        return found

    def finish(self, cell: Cell) -> None:
        """Do what is left of a cell: what it needs first, and nothing where it is done."""
        if self.done(cell):
            return
        for need in cell.needs.values():
            self.finish(need)
        self.announce(cell)
        start = time.monotonic()
        result = self.makers[cell.kind](cell, self)
        record = {
            "kind": cell.kind,
            "name": cell.name,
            "settings": cell.settings,
            "needs": {part: f"{need.kind}/{need.name}-{need.key}" for part, need in cell.needs.items()},
            "result": result,
            "seconds": round(time.monotonic() - start, 1),
            "made": now(),
            "versions": versions(),
        }
        # Last: whatever else the cell wrote is whole by now.
        write_text(self.path(cell, ".json"), json.dumps(record, indent=1) + "\n")
