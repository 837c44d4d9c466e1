"""Which known non-members calibrate the verdicts of an audit, and serve nothing else."""

import math
from collections.abc import Sequence

from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.data.samples import Role
from core.randomness import key_for


def calibration_images(spec: AuditSpec, rows: Sequence[ImageRow]) -> frozenset[int]:
    """Ids of the non-members that calibrate: those of the tables marked `calibration`, or of all, by the given share.

    `rows` are all images of the audit, so that leaving one out later does not choose others anew. The choice depends
    on seed and names alone, so it is made before anything is scored. Whole groups are chosen.
    """
    marked = {place for place, entry in enumerate(spec.images) if entry.calibration}
    able = [row for row in rows if row.role is Role.NON_MEMBER and (not marked or row.entry in marked)]
    units = sorted({_unit(row) for row in able}, key=lambda unit: key_for(spec.seed, unit, "calibration"))
    chosen = set(units[: math.ceil(spec.protocol.calibration * len(units))])
    return frozenset(row.id for row in able if _unit(row) in chosen)


def _unit(row: ImageRow) -> str:
    """What is chosen as a whole: the group, or the image where it has none."""
    return f"image {row.entry}/{row.key}" if row.group is None else f"group {row.group}"
