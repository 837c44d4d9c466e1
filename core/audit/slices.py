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
from core.audit.place import label_path
from core.audit.plan import LabelReading, find_sets
from core.audit.spec import AttackEntry, AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data.labels import read_label
from core.data.samples import Role
from core.errors import StoreError
from core.grid import Grid
from core.metrics.slices import Leak, Parts, all_parts, by_place, leak_of, means
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
    name
        The part, such as "road".
    leak
        How well it tells members from non-members.
    scores
        The mean of the map over the part, by image id; higher = more likely a member. Images without it are left out.
    """

    kind: str
    title: str
    name: str
    leak: Leak
    scores: Mapping[int, float] = field(repr=False)


@dataclass(frozen=True)
class Slices:
    """All slices of one map, those that surely leak most first (by the lower end of the interval)."""

    chain: str
    attack: str
    map: str
    images: int
    slices: tuple[Slice, ...]


def slices_of(store: AuditStore, spec: AuditSpec, chain: str, attack: str, progress: Progress | None = None) -> Slices:
    """Cut the first map of an attack under a defense into parts. Images without a stored map are left out.

    Raises `StoreError` where there is no such map, `DataError` where the images are not found any more, `Cancelled`.
    """
    entry = _entry(spec, attack)
    classes = store.fact("classes", {})
    reading = [planned.reading for planned in find_sets(spec, classes.get("scheme"))]
    out = review.excluded(review.read(store.folder))
    rows = [row for row in store.images() if row.id not in out and row.state == "done"]
    parts = all_parts(classes.get("names", ()))
    cutter = _Cutter(store, spec, chain, entry, reading, parts)
    with_map = [row for row in rows if store.map_path(row.id, chain, attack).is_file()]
    if not with_map:
        raise StoreError(f"{store.folder.name}: keeps no maps of '{attack}' under '{chain}'.", 'Run with maps = "all".')
    table = np.stack(list(_read(cutter, with_map, progress or Progress())))
    found = [
        _slice(spec, with_map, kind, name, table[:, column])
        for column, (kind, name) in enumerate((kind, name) for kind in parts for name in kind.names)
    ]
    ranked = sorted((s for s in found if s.scores), key=_surely, reverse=True)
    return Slices(chain, attack, entry.attack.maps[0], len(with_map), tuple(ranked))


def _entry(spec: AuditSpec, attack: str) -> AttackEntry:
    entry = next((e for e in spec.attacks if e.id == attack), None)
    if entry is None or not entry.attack.maps:
        raise StoreError(f"'{attack}': no attack of this audit that draws maps.", "See `main.py info` for its attacks.")
    return entry


def _read(cutter: "_Cutter", rows: Sequence[ImageRow], progress: Progress) -> Iterator[FloatArray]:
    with ThreadPoolExecutor(READERS, "slices") as pool:
        try:
            yield from progress.over("Reading maps", pool.map(cutter.means, rows), len(rows))
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Cutter:
    """Reads the map and label map of an image and averages over every part."""

    store: AuditStore
    spec: AuditSpec
    chain: str
    entry: AttackEntry
    reading: Sequence[LabelReading]
    parts: tuple[Parts, ...]

    def means(self, row: ImageRow) -> FloatArray:
        """The mean over each part, oriented so that higher = more likely a member; NaN where the image lacks it."""
        values = self.store.maps(row.id, self.chain, self.entry.id)[self.entry.attack.maps[0]]
        label = self._label(row)
        if label is not None and label.shape != values.shape:
            label = None
        sign = self.entry.attack.map_sign or 1
        return sign * np.concatenate([self._cut(values, label, kind) for kind in self.parts])

    def _cut(self, values: npt.NDArray[np.float32], label: npt.NDArray[np.uint8] | None, kind: Parts) -> FloatArray:
        if label is None and kind.number is not by_place:
            return np.full(len(kind.names), np.nan)
        numbers = kind.number(np.zeros(values.shape, np.uint8) if label is None else label)
        return means(values, numbers, len(kind.names))

    def _label(self, row: ImageRow) -> npt.NDArray[np.uint8] | None:
        """The label map on the attack grid."""
        how = self.reading[row.entry]
        path = label_path(row, self.spec)
        if path is None or how.scheme is None:
            return None
        full = read_label(path, how.scheme, how.encoding, self.spec.run.pixel_limit).train_ids
        height, width = full.shape
        return Grid.of((height, width)).take(full).astype(np.uint8, copy=False)


def _slice(spec: AuditSpec, rows: Sequence[ImageRow], kind: Parts, name: str, values: FloatArray) -> Slice:
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
    return Slice(kind.kind, kind.title, name, leak, scores)


def _surely(one: Slice) -> tuple[float, float]:
    """What slices are ranked by: the lower end of the interval, then the AUC; last those without."""
    leak = one.leak
    return (leak.interval.low if leak.interval else -1.0, leak.auc if leak.auc is not None else -1.0)
