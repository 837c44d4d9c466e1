"""Numbers per class and defense: a table with differences, whatever the number is. Knows nothing of Qt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.samples import Role
from core.metrics.roc import FloatArray
from core.metrics.segmentation import iou_per_class

if TYPE_CHECKING:
    from gui.results import Result

MEAN = "Mean of classes"


@dataclass(frozen=True, eq=False)
class ClassTable:
    """A number per class and defense.

    Attributes
    ----------
    names
        Of the classes, by train id.
    values
        `(C,)` by chain id, in the order they are shown; NaN for a class that does not occur.
    base
        Id of the chain that differences are against; empty: there are none.
    notes
        What to know, by chain id: a number is coarse, or counted on the attack grid.
    """

    names: tuple[str, ...]
    values: Mapping[str, FloatArray]
    base: str = ""
    notes: Mapping[str, str] | None = None

    @property
    def means(self) -> dict[str, float]:
        """Mean over the classes that occur; NaN where none does."""
        return {chain: mean_of(values) for chain, values in self.values.items()}

    @property
    def others(self) -> list[str]:
        """The chains that have differences."""
        return [chain for chain in self.values if self.base and chain != self.base]

    def differences(self, chain: str) -> FloatArray:
        """What a defense changes against `base`, `(C + 1,)`; the first one is that of the means."""
        return self.column(chain) - self.column(self.base)

    def column(self, chain: str) -> FloatArray:
        """The mean, then the values, `(C + 1,)`."""
        return np.insert(self.values[chain], 0, self.means[chain])


def mean_of(values: FloatArray) -> float:
    """The mean without NaN; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def iou_table(results: Mapping[str, "Result"], names: Sequence[str], role: Role, base: str) -> ClassTable | None:
    """IoU of each class over the images of one role; None where no label map was counted."""
    counted = {chain: result.confusions[role] for chain, result in results.items() if role in result.confusions}
    if not counted:
        return None
    values = {chain: iou_per_class(counts) for chain, counts in counted.items()}
    notes = {chain: _note(results[chain]) for chain in counted}
    return ClassTable(class_names(names, values), values, base if base in values else "", notes)


def class_names(names: Sequence[str], values: Mapping[str, FloatArray]) -> tuple[str, ...]:
    """A name for each class, made up where there is none."""
    most = max(len(column) for column in values.values())
    return (*names[:most], *(f"class {train_id}" for train_id in range(len(names), most)))


def _note(result: "Result") -> str:
    on_grid = "Counted on the attack grid, not at full resolution." if result.on_grid else ""
    return " ".join(part for part in (result.note, on_grid) if part)


def missing_iou(role: Role) -> str:
    """Why there is no IoU."""
    return f"No {role} has a label map, so there is no IoU to show."
