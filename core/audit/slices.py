"""Where an audit leaks: the stored maps cut into parts, each judged over the images. Imports no torch.

Slices are many, so they are exploratory: the best of them looks better than it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core.audit import review
from core.audit.cutting import Cut, Cutter
from core.audit.objects import FoundObjects, found_objects
from core.audit.plan import find_sets
from core.audit.spec import AttackEntry, AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data.samples import Role
from core.errors import StoreError
from core.metrics.slices import Leak, Parts, all_parts, leak_of
from core.progress import Progress

READERS = 2
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Slice:
    """One part of the images.

    Attributes
    ----------
    kind, title
        The way of cutting, such as "class", and what it is called.
    name, number
        The part, such as "road", and its place among those of its kind.
    leak
        How well it tells members from non-members.
    scores
        The mean of the map over the part, by image id; higher = more likely a member. Images without it are left out.
    """

    kind: str
    title: str
    name: str
    number: int
    leak: Leak
    scores: Mapping[int, float] = field(repr=False)


@dataclass(frozen=True)
class Slices:
    """All slices of one map, those that surely leak most first (by the lower end of the interval), and its objects."""

    chain: str
    attack: str
    map: str
    images: int
    slices: tuple[Slice, ...]
    objects: FoundObjects


def slices_of(store: AuditStore, spec: AuditSpec, chain: str, attack: str, progress: Progress | None = None) -> Slices:
    """Cut the first map of an attack under a defense into parts. Images without a stored map are left out.

    Raises `StoreError` where there is no such map, `DataError` where the images are not found any more, `Cancelled`.
    """
    entry = _entry(spec, attack)
    classes = store.fact("classes", {})
    reading = [planned.reading for planned in find_sets(spec, classes.get("scheme"))]
    out = review.excluded(review.read(store.folder))
    rows = [row for row in store.images() if row.id not in out and row.state == "done"]
    names = tuple(classes.get("names", ()))
    parts = all_parts(names)
    with_map = [row for row in rows if store.map_path(row.id, chain, attack).is_file()]
    if not with_map:
        raise StoreError(f"{store.folder.name}: keeps no maps of '{attack}' under '{chain}'.", 'Run with maps = "all".')
    cuts = list(_read(Cutter(store, spec, chain, entry, reading, parts), with_map, progress or Progress()))
    table = np.stack([cut.means for cut in cuts])
    found = [
        _slice(spec, with_map, kind, number, table[:, column])
        for column, (kind, number) in enumerate((kind, number) for kind in parts for number in range(len(kind.names)))
    ]
    ranked = sorted((s for s in found if s.scores), key=_surely, reverse=True)
    objects = found_objects([cut.objects for cut in cuts], with_map, names)
    return Slices(chain, attack, entry.attack.maps[0], len(with_map), tuple(ranked), objects)


def _entry(spec: AuditSpec, attack: str) -> AttackEntry:
    entry = next((e for e in spec.attacks if e.id == attack), None)
    if entry is None or not entry.attack.maps:
        raise StoreError(f"'{attack}': no attack of this audit that draws maps.", "See `main.py info` for its attacks.")
    return entry


def _read(cutter: Cutter, rows: Sequence[ImageRow], progress: Progress) -> Iterator[Cut]:
    with ThreadPoolExecutor(READERS, "slices") as pool:
        try:
            yield from progress.over("Reading maps", pool.map(cutter.cut, rows), len(rows))
        finally:
            pool.shutdown(cancel_futures=True)


def _slice(spec: AuditSpec, rows: Sequence[ImageRow], kind: Parts, number: int, values: FloatArray) -> Slice:
    sides: list[Any] = [
        [i for i, row in enumerate(rows) if row.role is role] for role in (Role.MEMBER, Role.NON_MEMBER)
    ]
    groups = [[rows[i].group for i in side] for side in sides]
    leak = leak_of(
        *(values[side] for side in sides),
        *groups,
        resamples=spec.run.resamples,
        seed=spec.seed,
        level=spec.run.level,
    )
    scores = {row.id: float(v) for row, v in zip(rows, values, strict=True) if np.isfinite(v)}
    return Slice(kind.kind, kind.title, kind.names[number], number, leak, scores)


def _surely(one: Slice) -> tuple[float, float]:
    """What slices are ranked by: the lower end of the interval, then the AUC; last those without."""
    leak = one.leak
    return (leak.interval.low if leak.interval else -1.0, leak.auc if leak.auc is not None else -1.0)
