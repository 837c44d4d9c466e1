"""(b) What an audit costs beyond the forward passes of target and attack network."""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks import audit_parts
from benchmarks.prepared import Groups, opened, read
from benchmarks.stopwatch import StageClock, forward_passes
from benchmarks.tables import Cell, Table
from benchmarks.timing import seconds
from benchmarks.workload import ARCHITECTURE, ENCODER, SIZE, with_run, write_workload
from core.attacks.base import AttackContext, Observation, Scorer
from core.audit.observe import defended, observe
from core.audit.reading import Loaded
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.progress import Progress
from core.targets.base import Target

BARE = "bare, in memory"
ALL = "audit, all maps"


@dataclass(frozen=True)
class Spent:
    """Wall and processor time of one run; the time inside forward passes; the stages of an audit."""

    wall: float
    processor: float
    target: float
    attack: float
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bare:
    """What the audit computes, with everything in memory, one thing after the other."""

    target: Target
    groups: Groups
    scorer: Scorer
    released: Sequence[Sequence[Observation]]
    """What the attacker sees of each group under each defense."""

    def run(self) -> None:
        """Query the target with every batch, then score every observation."""
        for group in self.groups:
            self.target.outputs([image.image for image in group])
        for observations in self.released:
            self.scorer(observations)


def measure(images: int, device: str, repeats: int) -> list[Table]:
    """Ratios with parts switched off one after the other, stages, and the parts one by one."""
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        spec = write_workload(Path(name), images)
        bare = prepare(spec, opened(spec, device), device)
        runs = _runs(spec, bare, device, repeats)
        stages = _stages(runs[ALL], audit_parts.data_check(spec))
        return [_ratios(runs, images), stages, audit_parts.table(spec, bare.target, bare.groups, bare.scorer)]


def prepare(spec: AuditSpec, target: Target, device: str) -> Bare:
    """Read the images and work out what the attacker sees of them."""
    groups = read(spec, target)
    context = AttackContext(device, spec.seed, spec.folder, spec.run.patch_batch)
    released = []
    for group in groups:
        outputs = target.outputs([image.image for image in group])
        seen = [observe(o, i.label, i.size, i.sha256) for o, i in zip(outputs, group, strict=True)]
        released += [[defended(chain, o, spec.seed) for o in seen] for chain in spec.defenses]
    return Bare(target, groups, spec.primary.attack.start(context), released)


def _runs(spec: AuditSpec, bare: Bare, device: str, repeats: int) -> dict[str, list[Spent]]:
    """All runs, `repeats` times; in turn, so that other programs slow all of them alike."""
    quiet = with_run(spec, "none")
    kinds: dict[str, Callable[[], Spent]] = {
        BARE: lambda: _spent(bare.run, device),
        ALL: lambda: audit(with_run(spec, "all"), device),
        "no maps kept": lambda: audit(quiet, device),
        "nor mIoU counted": lambda: audit(quiet, device, uncounted(bare)),
        "nor images read": lambda: audit(quiet, device, uncounted(bare), unread(bare)),
    }
    runs: dict[str, list[Spent]] = {name: [] for name in kinds}
    for _ in range(repeats):
        for name, run in kinds.items():
            runs[name].append(run())
    return runs


def audit(spec: AuditSpec, device: str, *switches: contextlib.AbstractContextManager[None]) -> Spent:
    """Run an audit from nothing, with parts switched off, in a folder that is deleted afterwards."""
    clock = StageClock()
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name, contextlib.ExitStack() as stack:
        for switch in switches:
            stack.enter_context(switch)
        folder, options = Path(name) / "audit", RunOptions(device=device)
        spent = _spent(lambda: run_audit(spec, folder, options, Progress(clock)), device)
        return replace(spent, stages=clock.stop())


@contextlib.contextmanager
def uncounted(bare: Bare) -> Iterator[None]:
    """Without counting full-resolution predictions against label maps."""
    nothing = np.zeros((bare.target.info.classes,) * 2, np.int64)
    with mock.patch("core.audit.analyse.plain_confusion", lambda output, label: nothing):
        yield


@contextlib.contextmanager
def unread(bare: Bare) -> Iterator[None]:
    """With images and label maps already in memory."""
    known = {(image.row.role, image.row.key): image for group in bare.groups for image in group}

    def load(row: ImageRow, *_: object) -> Loaded:
        return replace(known[row.role, row.key], row=row)

    with mock.patch("core.audit.pipeline.load", load):
        yield


def _spent(work: Callable[[], object], device: str) -> Spent:
    with forward_passes(device) as (target, attack):
        before = time.process_time()
        wall = seconds(work)
        return Spent(wall, time.process_time() - before, target.seconds, attack.seconds)


# ---------------------------------------------------------------- tables


def _ratios(runs: Mapping[str, Sequence[Spent]], images: int) -> Table:
    rows: list[list[Cell]] = []
    for name, found in runs.items():
        pairs = list(zip(found, runs[BARE], strict=True))
        rows.append(
            [
                name,
                statistics.median(s.wall for s in found),
                statistics.median(s.processor for s in found),
                statistics.median(s.target for s in found),
                statistics.median(s.attack for s in found),
                f"{statistics.median(s.wall / (b.target + b.attack) for s, b in pairs):.2f}",
                f"{statistics.median(s.wall / b.wall for s, b in pairs):.2f}",
                f"{statistics.median(s.processor / b.processor for s, b in pairs):.2f}",
            ]
        )
    return Table(
        f"(b) {images} images of {SIZE[0]}x{SIZE[1]}, {ARCHITECTURE} {ENCODER}, no defense and Argmax: seconds",
        (
            "run",
            "wall",
            "processor",
            "in target",
            "in attack",
            "wall / bare forward",
            "wall / bare wall",
            "processor / bare",
        ),
        rows,
        (
            "Bare: every batch through the target, then every map through the attack network, one after the other.",
            "Its forward passes are the yardstick; its wall time has pre-processing, representations and maps besides.",
            "Each line below the audit switches off one thing more. Medians over the rounds, of ratios within one.",
        ),
    )


def _stages(runs: Sequence[Spent], check: float) -> Table:
    names = list(dict.fromkeys(name for run in runs for name in run.stages))
    rows: list[list[Cell]] = [[name, statistics.median(run.stages[name] for run in runs)] for name in names]
    rows.append(["Data check before the run (in no other line)", check])
    notes = ("Auditing includes the summary, which follows it without a stage of its own.",)
    return Table("(b) Stages of the audit with all maps: seconds", ("stage", "seconds"), rows, notes)
