"""The only loop over an audit's images: reading, target, attack and writing overlap."""

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial

from core.attacks.base import AttackResult
from core.audit.analyse import Findings, attack_all, count_confusions
from core.audit.beside import Beside, Wanted
from core.audit.cache import CacheEntry
from core.audit.judges import judging
from core.audit.memory import is_out_of_memory
from core.audit.query import Queried, Querier
from core.audit.reading import Loaded, load
from core.audit.sources import Source
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
    wanted: Wanted = field(default_factory=Wanted)
    """What the attacks ask for beside the posteriors."""
    device: str = "cpu"
    """Where the attacks compute."""

    def run(self, batches: Sequence[Sequence[ImageRow]], progress: Progress) -> None:
        """Audit every batch. Raises `Cancelled` once what is whole has been written."""
        todo = [b for b in batches if _waiting(b)]
        progress.start("Auditing", sum(_waiting(b) for b in todo))
        pending: deque[tuple[Future[list[Future[None]]], int]] = deque()
        # Left in the opposite order: the writer takes work until the others have ended.
        with (
            ThreadPoolExecutor(1, "write") as writer,
            ThreadPoolExecutor(1, "gather") as gatherer,
            judging(self.device) as judges,
            ThreadPoolExecutor(READERS, "read") as readers,
            closing(self._read_ahead(todo, readers)) as coming,
        ):
            try:
                for rows, loaded in coming:
                    progress.check()
                    images, queried, beside = self._query(loaded)
                    judged = self._start_judging(images, queried, beside, judges, progress)
                    pending.append((gatherer.submit(self._gather, judged, writer), _waiting(rows)))
                    del loaded, images, queried, beside, judged
                    while len(pending) > BEHIND:
                        self._finish(pending.popleft(), progress)
            finally:
                # Also after a cancel or an error: what is whole is not thrown away.
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

    def _query(self, images: list[Loaded]) -> tuple[list[Loaded], list[Queried], list[list[Beside]]]:
        """Query every source with a batch, and what is wanted beside; images that cannot be taken are left out."""
        while _waiting([image.row for image in images]):
            # First what is wanted beside: nothing of it stays in the device's memory.
            beside, failed = self._beside(images)
            if not failed:
                queried, failed = self.querier.query(images)
            if not failed:
                return images, queried, beside
            for place, reason in failed.items():
                self.store.fail(images[place].row.id, reason)
            images = [image for place, image in enumerate(images) if place not in failed]
        return [], [], []

    def _beside(self, images: list[Loaded]) -> tuple[list[list[Beside]], Mapping[int, str]]:
        def ask(source: Source) -> Sequence[CacheEntry]:
            entries, failed = self.querier.entries(source, images)
            if failed:
                raise _RefusedError(failed)
            return entries

        try:
            return self.wanted.beside(self.querier.sources, images, ask), {}
        except _RefusedError as refused:
            return [], refused.failed

    # ------------------------------------------------------------ attack and writing

    def _start_judging(
        self,
        images: Sequence[Loaded],
        queried: Sequence[Queried],
        beside: Sequence[Sequence[Beside]],
        judges: ThreadPoolExecutor,
        progress: Progress,
    ) -> list["Future[_Judged]"]:
        started = []
        for place, image in enumerate(images):
            asked = [(one.at(place), [by[place]]) for one, by in zip(queried, beside, strict=True)]
            work = partial(self._judge_image, image, asked, progress)
            # In this context: whoever watches the layers that this thread runs also watches the attacks'.
            started.append(judges.submit(copy_context().run, work))
        return started

    def _judge_image(
        self, image: Loaded, asked: Sequence[tuple[Queried, Sequence[Beside]]], progress: Progress
    ) -> "_Judged":
        """What an image shows; no result of it where a stop was asked for before it was whole."""
        found, fresh = Findings(), list[tuple[str, CacheEntry]]()
        for one, by in asked:
            if progress.cancelled:
                return _Judged(None, fresh)
            (entry,) = self._judge([image], one, by, [found])
            if one.entries[0] is None:
                fresh.append((one.keys[0], entry))
        waiting = image.row.state == "waiting"
        return _Judged(self._result(image, found, asked[0][0].sizes[0]) if waiting else None, fresh)

    def _gather(self, judged: Sequence["Future[_Judged]"], writer: ThreadPoolExecutor) -> list[Future[None]]:
        """Have everything written, in the order of the images."""
        written: list[Future[None]] = []
        for future in judged:
            one = future.result()
            if self.querier.cache is not None:
                written += [writer.submit(self.querier.cache.put, key, entry) for key, entry in one.fresh]
            if one.result is not None:
                written.append(writer.submit(self.store.write, one.result))
        return written

    def _judge(
        self, images: Sequence[Loaded], one: Queried, beside: Sequence[Beside], findings: Sequence[Findings]
    ) -> list[CacheEntry]:
        """Defend, attack and count a batch; on the CPU where the target leaves no room on the GPU."""
        try:
            return self._judged(images, one, beside, findings)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return self._judged(images, one.on_cpu(), beside, findings)

    def _judged(
        self, images: Sequence[Loaded], one: Queried, beside: Sequence[Beside], findings: Sequence[Findings]
    ) -> list[CacheEntry]:
        entries = one.all_entries(images)
        for image, entry, output, found in zip(images, entries, one.outputs, findings, strict=True):
            count_confusions(one.source, image, entry, output, self.seed, found)
        attack_all(one.source, images, entries, self.attacks, self.seed, findings, beside)
        return entries

    def _result(self, image: Loaded, found: Findings, batch: int) -> ImageResult:
        results = {key: self._without_maps(key[1], outcome) for key, outcome in found.results.items()}
        return ImageResult(image.row.id, image.sha256, image.label_sha256, batch, results, found.confusions)

    def _without_maps(self, attack: str, outcome: AttackResult | str) -> AttackResult | str:
        if isinstance(outcome, str) or attack in self.kept_maps:
            return outcome
        return AttackResult(outcome.score)


@dataclass(frozen=True)
class _Judged:
    """What came out of one image: its result, where it is whole and was due, and what is new to the cache."""

    result: ImageResult | None
    fresh: Sequence[tuple[str, CacheEntry]]


class _RefusedError(Exception):
    """A model cannot take some images of a batch: why, by their places."""

    def __init__(self, failed: Mapping[int, str]) -> None:
        super().__init__()
        self.failed = failed


def _waiting(rows: Sequence[ImageRow]) -> int:
    return sum(row.state == "waiting" for row in rows)
