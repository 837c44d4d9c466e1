"""Cuts the stored map of one image after another into parts and objects. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.audit.place import label_path
from core.audit.plan import LabelReading
from core.audit.spec import AttackEntry, AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data.labels import read_label
from core.grid import Grid
from core.metrics.objects import ObjectTable, no_objects, objects_of
from core.metrics.slices import Parts, by_place, means

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """One image, cut up; means are oriented so that higher = more likely a member.

    Attributes
    ----------
    means
        Over each part, NaN where the image lacks it.
    objects
        Its single objects; none without a label map.
    """

    means: FloatArray
    objects: ObjectTable


@dataclass(frozen=True)
class Cutter:
    """Reads the map and label map of an image and averages over every part and object."""

    store: AuditStore
    spec: AuditSpec
    chain: str
    entry: AttackEntry
    reading: Sequence[LabelReading]
    parts: tuple[Parts, ...]

    def cut(self, row: ImageRow) -> Cut:
        """Cut one image up."""
        values = self.store.maps(row.id, self.chain, self.entry.id)[self.entry.attack.maps[0]]
        values = values * np.float32(self.entry.attack.map_sign or 1)
        label = self._label(row)
        if label is not None and label.shape != values.shape:
            label = None
        found = np.concatenate([self._means(values, label, kind) for kind in self.parts])
        return Cut(found, no_objects() if label is None else objects_of(values, label, row.id))

    def _means(self, values: npt.NDArray[np.float32], label: npt.NDArray[np.uint8] | None, kind: Parts) -> FloatArray:
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
