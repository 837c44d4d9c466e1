"""A table of evidence: what a pixel's probability says beside that of the references. A JSON file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.json_card import card_text, is_number, read_card, write_card
from core.attacks.shipped import beside, is_short_name
from core.errors import AttackError

KIND = "segleak ratio table"
MOST_KNOTS = 64
FOLDER = Path(__file__).resolve().parents[3] / "resources" / "ratio_tables"
ENDING = ".json"
DEFAULT = "camvid"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RatioTable:
    """Evidence at a grid of log odds, linear in between. Wrong values raise `AttackError`.

    Attributes
    ----------
    knots
        n log odds, increasing: log(p / (1 - p)) of the probability of the label's class. Values beyond the first and
        the last are taken for these.
    values
        `n x n`: a row for each knot of the target, a column for each of the references. Log odds that a block of such
        pixels taught the target, less their mean over the shadows.
    trained_on
        The shadows and how many images, for a person.
    extra
        Anything else worth keeping, as plain JSON values (such as the AUC on images kept from the fit).
    """

    classes: ClassVar[None] = None
    threshold: ClassVar[None] = None
    threshold_source: ClassVar[str] = ""
    knots: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    trained_on: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.knots)
        rows = (self.knots, *self.values)
        if not 2 <= count <= MOST_KNOTS or len(self.values) != count or any(len(row) != count for row in rows):
            raise AttackError(f"the table is not a square of 2 to {MOST_KNOTS} knots.", "Train it again.")
        if not all(is_number(value) for row in rows for value in row):
            raise AttackError("the table holds something that is no number.", "Train it again.")
        if any(low >= high for low, high in zip(self.knots, self.knots[1:], strict=False)):
            raise AttackError("the table's knots do not increase.", "Train it again.")

    def evidence(self, target: Array, reference: Array) -> Array:
        """What pixels say.

        Parameters
        ----------
        target, reference
            Probabilities of the label's class, 0 to 1, of one shape: the target's and the references' mean.

        Returns
        -------
        Evidence of that shape; higher = more likely learned.
        """
        places, weights = cells(self.knots, target, reference)
        return np.asarray((self._flat[places] * weights).sum(axis=0))

    @cached_property
    def _flat(self) -> Array:
        return np.array(self.values, np.float64).ravel()

    def to_json(self) -> str:
        """The table as JSON text."""
        return card_text(KIND, self)


def cells(knots: tuple[float, ...], target: Array, reference: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """The four cells of a table around each pixel, and how much each of them counts.

    Parameters
    ----------
    knots
        Log odds, n of them.
    target, reference
        Probabilities `(...)`, 0 to 1.

    Returns
    -------
    Places in the table, row by row, `(4, ...)`, and weights `(4, ...)`, 0 to 1 with sum 1.
    """
    (row, down), (column, across) = (_between(knots, values) for values in (target, reference))
    places = [(row + i) * len(knots) + column + j for i in (0, 1) for j in (0, 1)]
    weights = [a * b for a in (1 - down, down) for b in (1 - across, across)]
    return np.stack(places), np.stack(weights)


def _between(knots: tuple[float, ...], probability: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """The knot below each probability, and how far it is on the way to the next, 0 to 1."""
    edges = np.array(knots, np.float64)
    with np.errstate(divide="ignore"):
        odds = np.clip(np.log(probability) - np.log1p(-probability), edges[0], edges[-1])
    below = np.clip(np.searchsorted(edges, odds, side="right") - 1, 0, len(edges) - 2)
    return below, (odds - edges[below]) / np.diff(edges)[below]


def table_path(name: str, folder: Path) -> Path:
    """The file of a table: a path relative to `folder`, or the short name of one that comes along.

    Raises `AttackError` where none that comes along has that name.
    """
    if not is_short_name(name):
        return beside(name, folder)
    shipped = sorted(path.stem for path in FOLDER.glob(f"*{ENDING}"))
    if name not in shipped:
        raise AttackError(
            f"There is no ratio table '{name}'.",
            f"Give a file of `train ratio`, or one of those that come with the program: {', '.join(shipped)}.",
        )
    return FOLDER / f"{name}{ENDING}"


def write_table(path: Path, table: RatioTable) -> None:
    """Write a table, atomically."""
    write_card(path, table.to_json())


def read_table(path: Path) -> RatioTable:
    """Read a table. Raises `AttackError` naming the file."""
    return read_card(path, KIND, "train ratio", _table)


def _table(values: Mapping[str, Any]) -> RatioTable:
    return RatioTable(
        tuple(values["knots"]),
        tuple(tuple(row) for row in values["values"]),
        str(values.get("trained_on", "")),
        dict(values.get("extra", {})),
    )
