"""The columns of an audit's images as arrays in one order: what lists, plots and filters read. Knows nothing of Qt."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from core.audit.columns import ColumnStore
from core.audit.store import ImageRow

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """The images of an audit at one moment, in the spec's order.

    Attributes
    ----------
    rows
        The images.
    index
        Place in the list by image id.
    keys
        Paths relative to the folders of the spec, with forward slashes.
    roles, states
        `(n,)`: member, non-member, suspect; waiting, done, failed.
    """

    rows: tuple[ImageRow, ...]
    index: Mapping[int, int]
    keys: tuple[str, ...]
    roles: npt.NDArray[np.str_]
    states: npt.NDArray[np.str_]

    @classmethod
    def of(cls, rows: Sequence[ImageRow]) -> Self:
        """List these images."""
        return cls(
            rows=tuple(rows),
            index={row.id: place for place, row in enumerate(rows)},
            keys=tuple(row.key for row in rows),
            roles=np.array([row.role for row in rows], np.str_),
            states=_states(rows),
        )

    def updated(self, changed: Iterable[ImageRow]) -> Self:
        """The same images, some of them in another state."""
        rows = list(self.rows)
        for row in changed:
            rows[self.index[row.id]] = row
        return replace(self, rows=tuple(rows), states=_states(rows))

    def changed_since(self, before: "Listing") -> list[int]:
        """Ids of the images whose state is another one than before."""
        return [self.rows[place].id for place in np.flatnonzero(self.states != before.states).tolist()]


def _states(rows: Iterable[ImageRow]) -> npt.NDArray[np.str_]:
    return np.array([row.state for row in rows], np.str_)


@dataclass(frozen=True)
class Segmentation:
    """How well the target did on each image under one defense, in the order of the listing.

    Attributes
    ----------
    miou
        Mean IoU over the classes that occur, `(n,)`, 0 to 1; NaN where it was not counted.
    present
        Whether a class occurs in the image's label map, `(n, C)`; all False where nothing was counted.
    """

    miou: FloatArray
    present: npt.NDArray[np.bool_]


class Columns:
    """Reads each column once and keeps it; where a running audit has grown, only what it added is read.

    Safe to use from several threads, none of which waits while another one reads. Arrays that were given out never
    change.
    """

    def __init__(self, store: ColumnStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._version = store.version  # before the rows: what is written in between is news
        self._kept: dict[tuple[str, ...], tuple[Listing, Any]] = {}
        self.listing = Listing.of(store.images())

    def scores(self, chain: str, attack: str) -> FloatArray:
        """Image scores `(n,)`, NaN where there is none."""

        def read(listing: Listing, known: FloatArray | None, images: Sequence[int] | None) -> FloatArray:
            values = np.full(len(listing.rows), np.nan) if known is None else known.copy()
            ids, scores = self._store.score_column(chain, attack, images)
            places = np.array([listing.index.get(image, -1) for image in ids.tolist()], np.int64)
            values[places[places >= 0]] = scores[places >= 0]
            return values

        return self._current(("scores", chain, attack), read)

    def segmentation(self, chain: str) -> Segmentation:
        """MIoU and classes of every image; seconds for 100,000 of them."""

        def read(listing: Listing, known: Segmentation | None, images: Sequence[int] | None) -> Segmentation:
            return _filled(listing, known, self._store.confusion_column(chain, images))

        return self._current(("segmentation", chain), read)

    def holds(self, *column: str) -> bool:
        """Whether ("scores", chain, attack) or ("segmentation", chain) was read already, so that it costs nothing."""
        return column in self._kept

    def _current(self, key: tuple[str, ...], read: Callable[[Listing, T | None, Sequence[int] | None], T]) -> T:
        """The column as of the listing. `read` takes what is known and the images to read anew, None for all."""
        listing = self.listing
        before, known = self._kept.get(key, (None, None))
        if before is listing and known is not None:
            return known  # type: ignore[no-any-return]
        if before is None or before.index is not listing.index:
            values = read(listing, None, None)
        else:
            values = read(listing, known, listing.changed_since(before))
        self._kept[key] = listing, values
        return values

    def refresh(self) -> bool:
        """Take in what a run wrote since; says whether there was anything. Cheap where there was not."""
        with self._lock:
            version = self._store.version
            if version == self._version:
                return False
            self._version = version
            before, now = self.listing, self._listed()
            self.listing = now
            return now is not before

    def _listed(self) -> Listing:
        """The images as they are now; the listing itself where nothing changed."""
        ids, states = self._store.states()
        if list(self.listing.index) != ids.tolist():
            # The run had not listed its images yet, or began again with a mended spec.
            return Listing.of(self._store.images())
        changed = ids[states != self.listing.states].tolist()
        return self.listing.updated(self._store.some_images(changed)) if changed else self.listing


def _filled(
    listing: Listing, known: Segmentation | None, counted: Iterable[tuple[Sequence[int], npt.NDArray[np.int64]]]
) -> Segmentation:
    """What is known with the counts `(m, C, C)` of some images taken in."""
    values = np.full(len(listing.rows), np.nan) if known is None else known.miou.copy()
    present = np.zeros((len(listing.rows), 0), np.bool_) if known is None else known.present.copy()
    for images, counts in counted:
        places = np.array([listing.index.get(image, -1) for image in images], np.int64)
        known_ones, at = counts[places >= 0], places[places >= 0]
        missing = max(0, counts.shape[1] - present.shape[1])
        present = np.pad(present, ((0, 0), (0, missing))) if missing else present
        values[at] = _mious(known_ones)
        present[at, : counts.shape[1]] = known_ones.any(axis=2)
    return Segmentation(values, present)


def _mious(counts: npt.NDArray[np.int64]) -> FloatArray:
    """`core.metrics.segmentation.miou` of many images at once: `(m, C, C)` to `(m,)`, ten times as fast."""
    hits = np.diagonal(counts, axis1=1, axis2=2).astype(np.float64)
    union = counts.sum(axis=1) + counts.sum(axis=2) - hits
    occurs = union > 0
    total = np.divide(hits, union, out=np.zeros_like(hits), where=occurs).sum(axis=1)
    classes = occurs.sum(axis=1)
    mean: FloatArray = np.divide(total, classes, out=np.full(len(counts), np.nan), where=classes > 0)
    return mean
