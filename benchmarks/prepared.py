"""An audit's images in memory, read as the audit reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.attacks.base import Observation
from core.audit.observe import observe
from core.audit.plan import batches, find_sets, image_rows
from core.audit.reading import Loaded, load
from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.data.samples import Role
from core.progress import Progress
from core.targets.base import Target
from core.targets.open import open_target

Groups = list[list[Loaded]]


def opened(spec: AuditSpec, device: str) -> Target:
    """The audit's target."""
    entry = spec.target
    return open_target(spec.resolve(entry.path), entry.options, entry.preprocessing, device)


def read(spec: AuditSpec, target: Target, per_role: int | None = None) -> Groups:
    """The audit's images in the batches in which it queries its target; at most `per_role` of a role, evenly spread."""
    sets = find_sets(spec, target.info.scheme)
    rows = _spread(image_rows(sets, spec.run.pixel_limit, Progress()), per_role)
    return [
        [load(row, sets[row.entry].scheme, sets[row.entry].encoding, spec.run.pixel_limit) for row in batch]
        for batch in batches(rows, spec.run.batch)
    ]


def _spread(rows: Sequence[ImageRow], per_role: int | None) -> list[ImageRow]:
    kept: list[ImageRow] = []
    for role in Role:
        of_role = [row for row in rows if row.role is role]
        step = max(1, len(of_role) // per_role) if per_role else 1
        kept += of_role[::step][:per_role]
    return kept


@dataclass(frozen=True)
class Seen:
    """What the attacker sees of an image, and what is known of it."""

    observation: Observation
    role: Role
    group: str | None


def observed(target: Target, groups: Groups) -> list[Seen]:
    """What the attacker sees without a defense."""
    return [
        Seen(observe(output, image.label, image.size, image.sha256), image.row.role, image.row.group)
        for group in groups
        for image, output in zip(group, target.outputs([g.image for g in group]), strict=True)
    ]
