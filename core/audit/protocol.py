"""Which known non-members calibrate the verdicts of an audit, and serve nothing else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.data.samples import Role
from core.metrics.evidence import calibration_needed
from core.randomness import key_for


def calibration_images(spec: AuditSpec, rows: Sequence[ImageRow]) -> frozenset[int]:
    """Ids of the non-members that calibrate: those of the tables marked `calibration`, or of all, by the given share.

    `rows` are all images of the audit, so that leaving one out later does not choose others anew. The choice depends
    on seed and names alone, so it is made before anything is scored. Whole groups are chosen.
    """
    marked = {place for place, entry in enumerate(spec.images) if entry.calibration}
    able = [row for row in rows if row.role is Role.NON_MEMBER and (not marked or row.entry in marked)]
    units = sorted({unit_of(row) for row in able}, key=lambda unit: key_for(spec.seed, unit, "calibration"))
    chosen = set(units[: _shared(spec, len(units))])
    return frozenset(row.id for row in able if unit_of(row) in chosen)


@dataclass(frozen=True)
class Foreseen:
    """What verdicts will rest on, as far as it is known before an audit; groups count once.

    Attributes
    ----------
    calibration, suspects
        How many non-members will calibrate, and how many suspects there are to judge.
    """

    calibration: int
    suspects: int

    def supports(self, level: float) -> bool:
        """Whether a p-value can be small enough for a level of false alarms."""
        return self.calibration >= calibration_needed(level)


def foreseen(spec: AuditSpec, sizes: Sequence[int]) -> Foreseen:
    """What the image sets of a spec give; `sizes`: how many images, or groups of them, each [[images]] table has."""
    by_entry = list(zip(spec.images, sizes, strict=True))
    marked = any(entry.calibration for entry in spec.images)
    able = [n for entry, n in by_entry if entry.role is Role.NON_MEMBER and (not marked or entry.calibration)]
    suspects = sum(n for entry, n in by_entry if entry.role is Role.SUSPECT)
    return Foreseen(_shared(spec, sum(able)), suspects)


def _shared(spec: AuditSpec, units: int) -> int:
    """How many of so many units calibrate."""
    return math.ceil(spec.protocol.calibration * units)


def unit_of(row: ImageRow) -> str:
    """What is chosen, and counts, as a whole: the group, or the image where it has none."""
    return f"image {row.entry}/{row.key}" if row.group is None else f"group {row.group}"
