"""The only loop over an audit's images: reading, target, attack and writing overlap."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from core.attacks.base import AttackResult
from core.audit.analyse import Findings, attack_all, count_confusions
from core.audit.cache import CacheEntry
from core.audit.memory import is_out_of_memory
from core.audit.query import Queried, Querier
from core.audit.reading import Loaded, load
from core.audit.started import StartedAttack
from core.audit.store import AuditStore, ImageResult, ImageRow
from core.errors import DataError
from core.progress import Progress

READERS = 2
AHEAD = 2
"""Batches read ahead of the target."""

BEHIND = 1
"""Batches the attacks may lag behind the target: each holds full-size outputs, maybe in the GPU's memory."""


@dataclass(frozen=True)
class Pipeline:
    """Everything the loop needs; see `run`."""

    store: AuditStore
    querier: Querier
    attacks: Sequence[StartedAttack]
    seed: int
    pixel_limit: int
    kept_maps: frozenset[str]
    """Ids of the attacks whose maps are kept."""

    def run(self, batches: Sequence[Sequence[ImageRow]], progress: Progress) -> None:
        """Audit every batch. Raises `Cancelled` after what is in flight has been written."""
        todo = [b for b in batches if _waiting(b)]
        progress.start("Auditing", sum(_waiting(b) for b in todo))
        pending: deque[tuple[Future[list[Future[None]]], int]] = deque()
        # Left in the opposite order: the writer takes work until the others have ended.
        with (
            ThreadPoolExecutor(1, "write") as writer,
            ThreadPoolExecutor(1, "analyse") as analyst,
            ThreadPoolExecutor(READERS, "read") as readers,
            closing(self._read_ahead(todo, readers)) as coming,
        ):
            try:
                for rows, loaded in coming:
                    progress.check()
                    images, queried = self._query(loaded)
                    pending.append((analyst.submit(self._analyse, images, queried, writer), _waiting(rows)))
                    del loaded, images, queried
                    while len(pending) > BEHIND:
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
        if progress is not None:
            progress.step(steps=count)

    # ------------------------------------------------------------ reading

    def _read_ahead(
        self, batches: Sequence[Sequence[ImageRow]], pool: ThreadPoolExecutor
    ) -> Generator[tuple[Sequence[ImageRow], list[Loaded]], None, None]:
        coming: deque[tuple[Sequence[ImageRow], list[Future[Loaded]]]] = deque()
        try:
            for rows in batches:
                coming.append((rows, [pool.submit(self._load, row) for row in rows]))
                if len(coming) > AHEAD:
                    yield self._take(*coming.popleft())
            while coming:
                yield self._take(*coming.popleft())
        finally:
            # Stopped early: nobody waits for these any more.
            for _, futures in coming:
                for future in futures:
                    future.cancel()

    def _load(self, row: ImageRow) -> Loaded:
        how = self.querier.reading[row.entry]
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
        while _waiting([image.row for image in images]):
            queried, failed = self.querier.query(images)
            if not failed:
                return images, queried
            for place, reason in failed.items():
                self.store.fail(images[place].row.id, reason)
            images = [image for place, image in enumerate(images) if place not in failed]
        return [], []

    # ------------------------------------------------------------ attack and writing

    def _analyse(
        self, images: Sequence[Loaded], queried: Sequence[Queried], writer: ThreadPoolExecutor
    ) -> list[Future[None]]:
        findings = [Findings() for _ in images]
        written: list[Future[None]] = []
        for one in queried:
            entries = self._judge(images, one, findings)
            if self.querier.cache is not None:
                fresh = zip(one.keys, one.entries, entries, strict=True)
                written += [writer.submit(self.querier.cache.put, k, entry) for k, old, entry in fresh if old is None]
        for place, (image, found) in enumerate(zip(images, findings, strict=True)):
            if image.row.state == "waiting":
                result = self._result(image, found, queried[0].sizes[place])
                written.append(writer.submit(self.store.write, result))
        return written

    def _judge(self, images: Sequence[Loaded], one: Queried, findings: Sequence[Findings]) -> list[CacheEntry]:
        """Defend, attack and count a batch; on the CPU where the target leaves no room on the GPU."""
        try:
            return self._judged(images, one, findings)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return self._judged(images, one.on_cpu(), findings)

    def _judged(self, images: Sequence[Loaded], one: Queried, findings: Sequence[Findings]) -> list[CacheEntry]:
        entries = one.all_entries(images)
        for image, entry, output, found in zip(images, entries, one.outputs, findings, strict=True):
            count_confusions(one.source, image, entry, output, self.seed, found)
        attack_all(one.source, images, entries, self.attacks, self.seed, findings)
        return entries

    def _result(self, image: Loaded, found: Findings, batch: int) -> ImageResult:
        results = {key: self._without_maps(key[1], outcome) for key, outcome in found.results.items()}
        return ImageResult(image.row.id, image.sha256, image.label_sha256, batch, results, found.confusions)

    def _without_maps(self, attack: str, outcome: AttackResult | str) -> AttackResult | str:
        if isinstance(outcome, str) or attack in self.kept_maps:
            return outcome
        return AttackResult(outcome.score)


def _waiting(rows: Sequence[ImageRow]) -> int:
    return sum(row.state == "waiting" for row in rows)
