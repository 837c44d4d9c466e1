"""An audit with its models open, so that single images can be looked at again and again."""

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.attacks.base import AttackContext, AttackResult, Observation
from core.audit.analyse import outcomes
from core.audit.beside import Wanted
from core.audit.cache import CacheEntry, PosteriorCache
from core.audit.memory import ShrinkingBatch
from core.audit.observe import defended
from core.audit.plan import batches, find_sets, image_rows
from core.audit.query import TOO_LARGE, Querier
from core.audit.reading import Loaded, load
from core.audit.references import AuditedReference, open_references
from core.audit.sources import Source, open_sources
from core.audit.spec import AuditSpec
from core.audit.started import StartedAttack
from core.audit.store import RESULTS_NAME, AuditStore, ImageRow
from core.data.images import image_size
from core.defenses.chain import Chain
from core.defenses.hardened import Hardened
from core.engine.recent import Recent
from core.engine.stamps import stamp
from core.errors import DataError, SegLeakError, SpecError, TargetError
from core.progress import Progress

if TYPE_CHECKING:
    from core.targets.base import Output, Target

IMAGES, LOOKED_AT, SOURCES = 64, 8, 4
"""How many are kept; an image's posteriors take about 1.4 MB."""

NOT_CACHED = "its posteriors are not in the cache"


@dataclass(frozen=True)
class Evidence:
    """Undefended posteriors of one image.

    Attributes
    ----------
    loaded
        The image's hashes; of its arrays only the label map on the attack grid.
    entry
        What the cache keeps of it.
    """

    loaded: Loaded
    entry: CacheEntry


class OpenedAudit:
    """An audit that is looked at. Used from several threads.

    Parameters
    ----------
    spec
        The spec.
    target
        Its target, opened.
    trusted
        SHA-256 of the files whose code may run.
    lock
        Held while models are opened or asked.

    Attributes
    ----------
    rows
        Its images by id, as its store has them now or, without one, as it would list them.
    """

    def __init__(self, spec: AuditSpec, target: "Target", trusted: frozenset[str], lock: threading.RLock) -> None:
        self.spec, self.target, self._trusted, self._lock = spec, target, trusted, lock
        sets = find_sets(spec, target.info.scheme)
        self._reading = [planned.reading for planned in sets]
        rows = self.stored_rows() or image_rows(sets, spec.run.pixel_limit, Progress())
        self.rows = {row.id: row for row in rows}
        self._batches = {row.id: len(part) for part in batches(rows, spec.run.batch) for row in part}
        quota = spec.run.cache_gb
        self._cache = PosteriorCache.default(quota) if quota > 0 else None
        self._context = AttackContext(target.device, spec.seed, spec.folder, spec.run.patch_batch)
        self._attacks: dict[str, StartedAttack] = {}
        self._opened_references: tuple[AuditedReference, ...] | None = None
        self._sources: Recent[Hashable, Source] = Recent(SOURCES)
        self._kept: Recent[Hashable, Evidence] = Recent(IMAGES)
        self._looked_at: Recent[Hashable, Evidence] = Recent(LOOKED_AT)

    def stored_rows(self) -> list[ImageRow]:
        """The images as the store has them at this moment; none where there is no store."""
        if not (self.spec.folder / RESULTS_NAME).is_file():
            return []
        with AuditStore.read(self.spec.folder) as store:
            return store.images()

    def row(self, image: int) -> ImageRow:
        """An image. Raises `SpecError` where the audit has none of that number."""
        if image not in self.rows:
            raise SpecError(f"The audit has no image {image}.", f"It has {len(self.rows)}, counted from 0.")
        return self.rows[image]

    def attacks(self, ids: Sequence[str]) -> list[StartedAttack]:
        """Attacks by id, ready to score; of no ids, the primary one. Raises `AttackError` where one cannot start."""
        with self._lock:
            return [self._attack(name) for name in ids or [self.spec.primary.id]]

    def _attack(self, name: str) -> StartedAttack:
        if name not in self._attacks:
            entry = next((entry for entry in self.spec.attacks if entry.id == name), None)
            if entry is None:
                raise SpecError(f"The audit has no attack '{name}'.", "Choose one of its spec.")
            self._attacks[name] = StartedAttack(entry, self._context)
        return self._attacks[name]

    def source(self, chain: Chain) -> Source:
        """What a chain queries, with the chain alone. Raises `TargetError` as `open_sources`."""
        bare = Chain(() if chain.source is None else (chain.source,))
        hardened = bare.source if isinstance(bare.source, Hardened) else None
        file = None if hardened is None else stamp(self.spec.resolve(hardened.path))
        with self._lock:
            found = self._sources.get((bare.id, file), lambda: self._open(bare))
        return replace(found, chains=(chain,))

    def _open(self, bare: Chain) -> Source:
        return open_sources(replace(self.spec, defenses=(bare,)), self.target, self._trusted)[0]

    def score(self, source: Source, evidence: Evidence, attacks: Sequence[str]) -> dict[str, AttackResult | str]:
        """What attacks say of an image under the source's chain, or why they say nothing, by id; as the audit does."""
        return self.judge(source, evidence, self.seen(source.chains[0], evidence), attacks)

    def judge(
        self, source: Source, evidence: Evidence, seen: Observation, attacks: Sequence[str]
    ) -> dict[str, AttackResult | str]:
        """What attacks say of what `seen` gave, or why they say nothing, by id."""
        return {one.entry.id: self._outcome(source, evidence, seen, one) for one in self.attacks(attacks)}

    def _outcome(
        self, source: Source, evidence: Evidence, seen: Observation, attack: StartedAttack
    ) -> AttackResult | str:
        """What an attack says, shown what it asks for beside the posteriors."""

        def ask(other: Source) -> list[CacheEntry]:
            return [self.evidence(other, evidence.loaded.row).entry]

        try:
            ((beside,),) = Wanted.by([attack], self._references).beside([source], [evidence.loaded], ask)
        except SegLeakError as error:
            return str(error)
        return outcomes(attack, [beside.put_to(seen, source.chains[0], self.spec.seed)])[0]

    def _references(self) -> tuple[AuditedReference, ...]:
        with self._lock:
            if self._opened_references is None:
                self._opened_references = open_references(self.spec, self.target, self._trusted)
            return self._opened_references

    def seen(self, chain: Chain, evidence: Evidence) -> Observation:
        """What the attacker sees of an image through a chain."""
        return defended(chain, evidence.entry.recorded.observation(evidence.loaded.sha256), self.spec.seed)

    # ------------------------------------------------------------ posteriors

    def evidence(self, source: Source, row: ImageRow) -> Evidence:
        """What a source gives for an image: kept from before, from the cache, or from the target.

        Raises `DataError` or `TargetError` where there is none.
        """
        with self._lock:
            return self._kept.get(_key(source, row), lambda: self._find(source, row))

    def in_view(self, source: Source, row: ImageRow) -> Evidence:
        """As `evidence`, and kept while another job goes through all images; for one thread."""
        return self._looked_at.get(_key(source, row), lambda: self.evidence(source, row))

    def _find(self, source: Source, row: ImageRow) -> Evidence:
        # Without a chain the cache's posteriors are all that is asked for (see `analyse.needs_output`).
        bare = replace(source, chains=())
        batch = row.batch or self._batches.get(row.id, 1)
        if row.sha256 is not None:
            known = _stand_in(row)
            entry = self._cached(bare, known, batch)
            if entry is not None:
                return _evidence(known, entry)
        how = self._reading[row.entry]
        loaded = load(row, how.scheme, how.encoding, self.spec.run.pixel_limit)
        return _evidence(loaded, self._cached(bare, loaded, batch) or self._asked(bare, loaded))

    def _cached(self, source: Source, loaded: Loaded, batch: int) -> CacheEntry | None:
        """What the audit's run has left in the cache."""
        silent = _Silent(source.id, source.target, (), source.dropout, source.seed, source.change)
        queried, failed = Querier((silent,), self._reading, _InBatchesOf(batch), self._cache).query([loaded])
        return None if failed else queried[0].entries[0]

    def _asked(self, source: Source, loaded: Loaded) -> CacheEntry:
        """The answer for the image alone, which differs by 1e-5 from its answer in a batch."""
        querier = Querier((source,), self._reading, ShrinkingBatch(1), self._cache)
        queried, failed = querier.query([loaded])
        if failed:
            raise _failure(source, loaded.row, failed[0])
        entry = queried[0].all_entries([loaded])[0]
        if self._cache is not None and queried[0].entries[0] is None:
            self._cache.put(queried[0].keys[0], entry)
        return entry


def _key(source: Source, row: ImageRow) -> Hashable:
    return source.id, source.target.info.sha256, row.id


def _failure(source: Source, row: ImageRow, reason: str) -> Exception:
    """Why there is no answer; a lack of memory as such, because it can be mended."""
    if reason == TOO_LARGE.format(name=source.target.info.path.name):
        return MemoryError(reason)
    return TargetError(f"{row.key}: {reason}")


@dataclass(frozen=True)
class _Silent(Source):
    """A source that answers from the cache or not at all."""

    def outputs(self, images: object, hashes: object) -> "list[Output]":
        raise TargetError(NOT_CACHED)


class _InBatchesOf(ShrinkingBatch):
    """Looks for what went through a target in batches of `limit`."""

    def sizes(self, count: int) -> list[int]:
        return [self.limit] * count


def _stand_in(row: ImageRow) -> Loaded:
    """An audited image for a look into the cache, which asks for hashes and sizes only: blank, and taking no memory."""
    size = row.size or (1, 1)
    label = None
    if row.label_sha256 is not None:
        label = np.broadcast_to(np.uint8(0), _size_of_label(row) or size)
    return Loaded(row, np.broadcast_to(np.uint8(0), (*size, 3)), label, row.sha256 or "", row.label_sha256)


def _size_of_label(row: ImageRow) -> tuple[int, int] | None:
    try:
        return image_size(Path(row.label_path or ""))
    except DataError:  # moved away since; most have the image's size
        return None


def _evidence(loaded: Loaded, entry: CacheEntry) -> Evidence:
    nothing = np.empty((0, 0, 3), np.uint8)
    return Evidence(replace(loaded, image=nothing, label=entry.recorded.label), entry)
