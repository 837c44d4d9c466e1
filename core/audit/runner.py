"""Runs an audit: the one function behind the command line, the window's engine process and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.attacks.base import AttackContext
from core.audit import provenance
from core.audit.asked_alike import ASKING_REFERENCES
from core.audit.beside import Wanted
from core.audit.cache import PosteriorCache
from core.audit.device import pick_device
from core.audit.extension import due_again, extends, lacking, only, take_in, was_taken_in
from core.audit.hashing import check_independence, check_unchanged
from core.audit.memory import ShrinkingBatch
from core.audit.networks import check_network_classes, find_networks
from core.audit.pipeline import Pipeline
from core.audit.plan import PlannedSet, batches, check_classes, find_sets, image_rows, in_turns, measured
from core.audit.query import Querier, count_classes
from core.audit.references import open_references
from core.audit.sources import open_sources
from core.audit.spec import AuditSpec, RunSettings, read_spec, write_spec
from core.audit.started import StartedAttack
from core.audit.store import SPEC_NAME, AuditStore, ImageRow
from core.audit.summary import summarise, write_summary
from core.data.check import check_data
from core.data.samples import ImageSet, Role
from core.errors import SpecError, StoreError
from core.progress import Progress
from core.versions import now

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
    extend
        Whether an audit may take in defenses that the spec has behind those it was run with.
    """

    device: str = "auto"
    trusted: frozenset[str] = frozenset()
    cache: PosteriorCache | None = None
    extend: bool = False


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
        return _Run(_claimed(store, spec, extend=options.extend), store, options, progress).run()


def _claimed(store: AuditStore, spec: AuditSpec, *, extend: bool) -> AuditSpec:
    """Make the folder this spec's, or check that it already is; returns the spec with the batches it began with."""
    if not any(row.state == "done" for row in store.images()):
        store.clear()  # nothing is lost, and a spec that was mended after an error is no other audit
    elif store.fact("spec_sha256") != spec.sha256 and not was_taken_in(store, spec):
        known = read_spec(store.folder / SPEC_NAME)
        if not (extend and extends(spec, known)):
            raise StoreError(f"{store.folder}: holds an audit of another spec.", "Choose another folder with --out.")
        take_in(store, spec, known)
    spec = replace(spec, run=_as_begun(store, spec.run))
    path = store.folder / SPEC_NAME
    if not _holds(path, spec):
        write_spec(spec, path)
    store.set_fact("spec_sha256", spec.sha256)
    return spec


def _as_begun(store: AuditStore, run: RunSettings) -> RunSettings:
    """The settings with the batches of the first run, or smaller ones where memory must be saved.

    Larger or smaller batches move scores by 1e-5; an audit that was stopped should not show where.
    """
    asked = {"batch": run.batch, "patch_batch": run.patch_batch}
    first = store.fact("batches")
    if first is None:
        store.set_fact("batches", asked)
        return run
    return replace(run, **{key: min(value, first[key]) for key, value in asked.items()})


def _holds(path: Path, spec: AuditSpec) -> bool:
    """Whether a spec file already says the same, perhaps with a person's comments."""
    try:
        return read_spec(path) == spec
    except SpecError:
        return False


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
        target = self._open_target(device, trusted)
        sources = open_sources(self.spec, target, trusted)
        networks = find_networks(self.spec)
        context = AttackContext(device, self.spec.seed, self.spec.folder, self.spec.run.patch_batch)
        attacks = [StartedAttack(entry, context) for entry in self.spec.attacks]
        wanted = Wanted.by(attacks, lambda: open_references(self.spec, target, trusted))
        self.store.set_fact(ASKING_REFERENCES, [attack.entry.id for attack in attacks if attack.needs_references])
        self.progress.step()

        sets = find_sets(self.spec, target.info.scheme)
        check_unchanged(self.store, sources, networks, [s.scheme for s in sets], wanted.references)
        rows = self._rows(sets)
        reading = [s.reading for s in sets]
        classes = target.info.classes or count_classes(target, rows, self.spec.run.pixel_limit)
        for how in reading:
            check_classes(how, classes)
        check_network_classes(networks, classes)
        self._note_sets(sets)
        self._check_data(sets)
        check_independence(self.store, sources, networks, rows, self.progress, wanted.references)

        shrinking = ShrinkingBatch(self.spec.run.batch, self._shrunk)
        pipeline = Pipeline(
            store=self.store,
            querier=Querier(sources, reading, shrinking, self._cache()),
            attacks=attacks,
            seed=self.spec.seed,
            pixel_limit=self.spec.run.pixel_limit,
            kept_maps=self._kept_maps(),
            wanted=wanted,
            device=device,
        )
        if any(row.state == "waiting" for row in rows) or self.store.fact("finished") is None:
            self._record_run(device)
            pipeline.run(in_turns(batches(rows, self.spec.run.batch)), self.progress)
            self._complete(pipeline)
            self.store.set_fact("finished", now())
        summary = summarise(self.store, self.spec)
        write_summary(self.store.folder, summary)
        return summary

    def _complete(self, pipeline: Pipeline) -> None:
        """Take images through the defenses that were added after they were done."""
        missing = lacking(self.store, self.spec)
        if missing:
            sources = only(pipeline.querier.sources, [c for c in self.spec.defenses if c.id in missing])
            rows = due_again(self.store.images(), frozenset().union(*missing.values()))
            again = replace(pipeline, querier=replace(pipeline.querier, sources=sources))
            again.run(in_turns(batches(rows, self.spec.run.batch)), self.progress)

    def _rows(self, sets: Sequence[PlannedSet]) -> list[ImageRow]:
        """The audit's images; those that failed in an earlier run get another chance."""
        limit = self.spec.run.pixel_limit
        if not self.store.images():
            self.store.add_images(image_rows(sets, limit, self.progress))
        else:
            self.store.retry(measured(row, limit) for row in self.store.images() if row.state == "failed")
        return self.store.images()

    def _open_target(self, device: str, trusted: frozenset[str]) -> "Target":
        from core.targets.open import open_target

        entry = self.spec.target
        target = open_target(self.spec.resolve(entry.path), entry.options, entry.preprocessing, device, trusted)
        self.store.set_fact("target", provenance.target_facts(target))
        return target

    def _note_sets(self, sets: Sequence[PlannedSet]) -> None:
        scheme = next((s.scheme for s in sets if s.scheme is not None), None)
        if scheme is not None:
            self.store.set_fact("classes", {"scheme": scheme.name, "names": list(scheme.names)})
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
    """The data check of all image sets against each other, as a JSON-ready report.

    Label maps are looked at where all sets share one class scheme.
    """
    by_role: dict[Role, list[ImageSet]] = {}
    for planned in sets:
        images = replace(planned.images, encoding=planned.encoding)
        by_role.setdefault(Role(planned.entry.role), []).append(images)
    schemes = {planned.scheme for planned in sets if planned.scheme is not None}
    scheme = schemes.pop() if len(schemes) == 1 else None
    return check_data(by_role, scheme, progress, pixel_limit).to_dict()


def open_audit(folder: Path) -> tuple[AuditStore, AuditSpec]:
    """Open a finished or running audit for reading."""
    store = AuditStore.read(folder)
    try:
        return store, read_spec(folder / SPEC_NAME)
    except SpecError:
        store.close()
        raise
