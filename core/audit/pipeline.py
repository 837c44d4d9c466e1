"""The only loop over an audit's images: reading, target, attack and writing overlap."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.attacks.base import AttackResult
from core.audit.analyse import (
    Findings,
    StartedAttack,
    attack_all,
    count_confusions,
    needs_output,
    undefended,
)
from core.audit.cache import CacheEntry, PosteriorCache, cache_key
from core.audit.memory import ShrinkingBatch
from core.audit.reading import Loaded, load
from core.audit.sources import Source
from core.audit.store import AuditStore, ImageResult, ImageRow
from core.data.scheme import ClassScheme
from core.errors import DataError, TargetError
from core.progress import Progress

if TYPE_CHECKING:
    from core.targets.base import Output

READERS = 2
AHEAD = 2
"""Batches read ahead of the target, and batches the attack may lag behind it."""


@dataclass(frozen=True)
class LabelReading:
    """How the label maps of one [[images]] table are read."""

    scheme: ClassScheme
    encoding: str


@dataclass(frozen=True)
class Queried:
    """What one source gave for a batch: an output where the target was run, a cache entry where it was not needed."""

    source: Source
    outputs: "Sequence[Output | None]"
    entries: Sequence[CacheEntry | None]
    keys: Sequence[str]

    def all_entries(self, images: Sequence[Loaded]) -> list[CacheEntry]:
        """An entry for each image, from the cache or from the output."""
        entries = []
        for image, output, cached in zip(images, self.outputs, self.entries, strict=True):
            if cached is not None:
                entries.append(cached)
            elif output is not None:
                entries.append(undefended(image, output))
        return entries


@dataclass(frozen=True)
class Pipeline:
    """Everything the loop needs; see `run`."""

    store: AuditStore
    sources: Sequence[Source]
    attacks: Sequence[StartedAttack]
    reading: Sequence[LabelReading]
    shrinking: ShrinkingBatch
    cache: PosteriorCache | None
    seed: int
    pixel_limit: int
    kept_maps: frozenset[str]
    """Ids of the attacks whose maps are kept."""

    def run(self, batches: Sequence[Sequence[ImageRow]], progress: Progress) -> None:
        """Audit every batch. Raises `Cancelled` after what is in flight has been written."""
        todo = [b for b in batches if any(row.state == "waiting" for row in b)]
        progress.start("Auditing", sum(_waiting(b) for b in todo))
        with (
            ThreadPoolExecutor(READERS, "read") as readers,
            ThreadPoolExecutor(1, "analyse") as analyst,
            ThreadPoolExecutor(1, "write") as writer,
        ):
            pending: deque[tuple[Future[list[Future[None]]], int]] = deque()
            try:
                for rows, loaded in self._read_ahead(todo, readers):
                    progress.check()
                    images, queried = self._query(loaded)
                    pending.append((analyst.submit(self._analyse, images, queried, writer), _waiting(rows)))
                    while len(pending) > AHEAD:
                        self._finish(pending.popleft(), progress)
            finally:
                # Also after a cancel or an error: what has been computed is not thrown away.
                while pending:
                    self._finish(pending.popleft(), None if progress.cancelled else progress)
        progress.check()

    def _finish(self, item: tuple[Future[list[Future[None]]], int], progress: Progress | None) -> None:
        future, count = item
        for written in future.result():
            written.result()
        if progress is not None and count:
            progress.step(steps=count)

    # ------------------------------------------------------------ reading

    def _read_ahead(
        self, batches: Sequence[Sequence[ImageRow]], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[Sequence[ImageRow], list[Loaded]]]:
        coming: deque[tuple[Sequence[ImageRow], list[Future[Loaded]]]] = deque()
        for rows in batches:
            coming.append((rows, [pool.submit(self._load, row) for row in rows]))
            if len(coming) > AHEAD:
                yield self._take(*coming.popleft())
        while coming:
            yield self._take(*coming.popleft())

    def _load(self, row: ImageRow) -> Loaded:
        how = self.reading[row.entry]
        return load(row, how.scheme, how.encoding, self.pixel_limit)

    def _take(
        self, rows: Sequence[ImageRow], futures: Sequence[Future[Loaded]]
    ) -> tuple[Sequence[ImageRow], list[Loaded]]:
        loaded = []
        for row, future in zip(rows, futures, strict=True):
            try:
                loaded.append(future.result())
            except DataError as error:
                self.store.fail(row.id, str(error))
        return rows, loaded

    # ------------------------------------------------------------ target

    def _query(self, images: list[Loaded]) -> tuple[list[Loaded], list[Queried]]:
        """Query every source with a batch; images a source cannot take are recorded and left out."""
        queried = []
        for source in self.sources:
            keys = [self._key(source, image) for image in images]
            entries = [self.cache.get(k) if self.cache else None for k in keys]
            if not needs_output(source) and all(e is not None for e in entries):
                queried.append(Queried(source, [None] * len(images), entries, keys))
                continue
            outputs, failed = self._outputs(source, images)
            if failed:
                for place, reason in failed.items():
                    self.store.fail(images[place].row.id, reason)
                return self._query([image for i, image in enumerate(images) if i not in failed])
            queried.append(Queried(source, outputs, [None] * len(images), keys))
        return images, queried

    def _outputs(self, source: Source, images: Sequence[Loaded]) -> "tuple[list[Output | None], dict[int, str]]":
        def query(part: Sequence[Loaded]) -> "list[Output]":
            return source.outputs([p.image for p in part], [p.sha256 for p in part])

        if not images:
            return [], {}
        try:
            outputs, _ = self.shrinking.run(query, images)
            return list(outputs), {}
        except TargetError as error:
            if len(images) == 1:
                return [None], {0: str(error)}
        failed: dict[int, str] = {}
        for place, image in enumerate(images):
            try:
                query([image])
            except TargetError as error:
                failed[place] = str(error)
        if not failed:
            raise TargetError("The target fails on a batch and on none of its images.", "Set 'batch = 1' in [run].")
        return [], failed

    def _key(self, source: Source, image: Loaded) -> str:
        label = "" if image.label_sha256 is None else image.label_sha256
        how = self.reading[image.row.entry]
        parts = (image.sha256, label, how.scheme.name, how.encoding, str(image.size), str(self.shrinking.limit))
        return cache_key(*source.cache_parts, *parts)

    # ------------------------------------------------------------ attack and writing

    def _analyse(
        self, images: Sequence[Loaded], queried: Sequence[Queried], writer: ThreadPoolExecutor
    ) -> list[Future[None]]:
        findings = [Findings() for _ in images]
        written: list[Future[None]] = []
        for one in queried:
            entries = one.all_entries(images)
            for image, entry, output, found in zip(images, entries, one.outputs, findings, strict=True):
                count_confusions(one.source, image, entry, output, self.seed, found)
            attack_all(one.source, images, entries, self.attacks, self.seed, findings)
            if self.cache is not None:
                fresh = zip(one.keys, one.entries, entries, strict=True)
                written += [writer.submit(self.cache.put, k, entry) for k, old, entry in fresh if old is None]
        waiting = [(i, f) for i, f in zip(images, findings, strict=True) if i.row.state == "waiting"]
        return written + [writer.submit(self.store.write, self._result(i, f, len(images))) for i, f in waiting]

    def _result(self, image: Loaded, found: Findings, batch: int) -> ImageResult:
        results = {key: self._without_maps(key[1], outcome) for key, outcome in found.results.items()}
        used = min(batch, self.shrinking.limit)
        return ImageResult(image.row.id, image.sha256, image.label_sha256, used, results, found.confusions)

    def _without_maps(self, attack: str, outcome: AttackResult | str) -> AttackResult | str:
        if isinstance(outcome, str) or attack in self.kept_maps:
            return outcome
        return AttackResult(outcome.score)


def _waiting(rows: Sequence[ImageRow]) -> int:
    return sum(row.state == "waiting" for row in rows)
