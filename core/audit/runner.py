"""Runs an audit: the one function behind the command line, the window's engine process and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.attacks.base import AttackContext
from core.audit import provenance
from core.audit.analyse import StartedAttack, requires_label
from core.audit.cache import PosteriorCache
from core.audit.device import pick_device
from core.audit.hashing import check_independence
from core.audit.memory import ShrinkingBatch
from core.audit.pipeline import LabelReading, Pipeline
from core.audit.plan import PlannedSet, batches, find_sets, image_rows
from core.audit.sources import open_sources
from core.audit.spec import AuditSpec, read_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore
from core.audit.summary import summarise, write_summary
from core.data.check import check_data
from core.data.samples import ImageSet, Role
from core.errors import DataError, StoreError
from core.progress import Progress

if TYPE_CHECKING:
    from core.targets.base import Target


@dataclass(frozen=True)
class RunOptions:
    """What the caller decides about a run, beside the spec.

    Attributes
    ----------
    device
        "auto", "cpu" or "cuda:N".
    trusted
        SHA-256 of model files with code whose owner said that they trust them.
    cache
        Where posteriors are kept; None: the user's cache folder with the spec's quota.
    """

    device: str = "auto"
    trusted: frozenset[str] = frozenset()
    cache: PosteriorCache | None = None


def run_audit(
    spec: AuditSpec, folder: Path, options: RunOptions | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Run or resume an audit in `folder`; returns the summary, which is also written there.

    Raises
    ------
    SegLeakError
        The spec, the target, an attack network or an image set cannot be used; the message says what to do.
    Cancelled
        A stop was asked for. Everything finished by then is kept, and a second call goes on from there.
    """
    options = options or RunOptions()
    progress = progress or Progress()
    spec = spec.moved_to(folder.absolute())
    with AuditStore.create(folder) as store:
        _claim(store, spec)
        return _Run(spec, store, options, progress).run()


def _claim(store: AuditStore, spec: AuditSpec) -> None:
    """Make the folder this spec's, or check that it already is."""
    known = store.fact("spec_sha256")
    if known not in {None, spec.sha256}:
        raise StoreError(f"{store.folder}: holds an audit of another spec.", "Choose another folder with --out.")
    store.set_fact("spec_sha256", spec.sha256)
    write_spec(spec, store.folder / SPEC_NAME)


@dataclass
class _Run:
    """One run of an audit, step by step."""

    spec: AuditSpec
    store: AuditStore
    options: RunOptions
    progress: Progress

    def run(self) -> dict[str, Any]:
        device = pick_device(self.options.device)
        self.progress.start("Opening the target", 1)
        trusted = self.options.trusted | ({self.spec.target.trust} if self.spec.target.trust else set())
        target = self._open_target(device, frozenset(trusted))
        sources = open_sources(self.spec, target, frozenset(trusted))
        context = AttackContext(device, self.spec.seed, self.spec.folder, self.spec.run.patch_batch)
        attacks = [
            StartedAttack(e, e.attack.start(context), requires_label(e.attack, context)) for e in self.spec.attacks
        ]
        self.progress.step()

        sets = find_sets(self.spec, target.info.scheme)
        self._note_classes(target, sets)
        if not self.store.images():
            self.store.add_images(image_rows(sets, self.spec.run.pixel_limit, self.progress))
        rows = self.store.images()
        self._check_data(sets)
        check_independence(self.spec, self.store, sources, rows, self.progress)

        self._record_run(device)
        pipeline = Pipeline(
            store=self.store,
            sources=sources,
            attacks=attacks,
            reading=[LabelReading(s.scheme, s.encoding) for s in sets],
            shrinking=ShrinkingBatch(self.spec.run.batch, self._shrunk),
            cache=self._cache(),
            seed=self.spec.seed,
            pixel_limit=self.spec.run.pixel_limit,
            kept_maps=self._kept_maps(),
        )
        pipeline.run(batches(rows, self.spec.run.batch), self.progress)
        self.store.set_fact("finished", provenance.now())
        summary = summarise(self.store, self.spec)
        write_summary(self.store.folder, summary)
        return summary

    def _open_target(self, device: str, trusted: frozenset[str]) -> "Target":
        from core.targets.open import open_target

        entry = self.spec.target
        target = open_target(self.spec.resolve(entry.path), entry.options, entry.preprocessing, device, trusted)
        facts = provenance.target_facts(target)
        self.store.set_fact("target", facts)
        return target

    def _note_classes(self, target: "Target", sets: Sequence[PlannedSet]) -> None:
        for planned in sets:
            if target.info.classes and planned.scheme.classes != target.info.classes:
                raise DataError(
                    f"{planned.entry.path}: its class scheme {planned.scheme.name} has {planned.scheme.classes} "
                    f"classes, the target {target.info.classes}.",
                    "Choose the scheme the target was trained with.",
                )
        self.store.set_fact("classes", {"scheme": sets[0].scheme.name, "names": list(sets[0].scheme.names)})
        self.store.set_fact("sets", [{"path": s.entry.path, "found": s.images.sentence} for s in sets])

    def _check_data(self, sets: Sequence[PlannedSet]) -> None:
        if not self.spec.run.data_check or self.store.fact("data_check") is not None:
            return
        report = check_planned(sets, self.spec.run.pixel_limit, self.progress)
        self.store.set_fact("data_check", report)

    def _cache(self) -> PosteriorCache | None:
        if self.options.cache is not None:
            return self.options.cache
        quota = self.spec.run.cache_gb
        return PosteriorCache.default(quota) if quota > 0 else None

    def _kept_maps(self) -> frozenset[str]:
        ids = {"all": [a.id for a in self.spec.attacks], "primary": [self.spec.primary.id], "none": []}
        return frozenset(ids[self.spec.run.maps])

    def _record_run(self, device: str) -> None:
        self.store.set_fact("runs", [*self.store.fact("runs", []), provenance.run_facts(self.spec, device)])

    def _shrunk(self, limit: int) -> None:
        self.progress.say(f"memory ran out: batches of {limit} from now on")
        self.store.set_fact("batch_shrunk_to", limit)


def check_planned(sets: Sequence[PlannedSet], pixel_limit: int, progress: Progress) -> dict[str, Any]:
    """The data check of all image sets against each other, as a JSON-ready report."""
    by_role: dict[Role, list[ImageSet]] = {}
    for planned in sets:
        by_role.setdefault(Role(planned.entry.role), []).append(planned.images)
    return check_data(by_role, sets[0].scheme, progress, pixel_limit).to_dict()


def open_audit(folder: Path) -> tuple[AuditStore, AuditSpec]:
    """Open a finished or running audit for reading."""
    store = AuditStore.read(folder)
    return store, read_spec(folder / SPEC_NAME)
