"""What the parts of an audit cost by themselves, in one thread, beside the forward passes."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.prepared import Groups
from benchmarks.tables import Cell, Table
from benchmarks.timing import median, rounds, seconds
from core.attacks.base import Scorer
from core.audit import mapfile
from core.audit.observe import defended, recorded
from core.audit.plan import find_sets
from core.audit.reading import load
from core.audit.release import plain_confusion
from core.audit.runner import check_planned
from core.audit.spec import AuditSpec
from core.progress import Progress
from core.targets.base import Target


def data_check(spec: AuditSpec) -> float:
    """Seconds of the data check that comes before the run."""
    return seconds(lambda: check_planned(find_sets(spec), spec.run.pixel_limit, Progress()))


def table(spec: AuditSpec, target: Target, groups: Groups, scorer: Scorer) -> Table:
    """Milliseconds per image of each part."""
    image = groups[0][0]
    planned = find_sets(spec)[image.row.entry]
    output = target.outputs([image.image])[0]
    seen = recorded(output, image.label, image.size)
    plain = seen.observation(image.sha256)
    (result,) = scorer([plain])
    assert image.label is not None
    label = image.label
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        works: dict[str, Callable[[], object]] = {
            "reading image and label map": lambda: load(
                image.row, planned.scheme, planned.encoding, spec.run.pixel_limit
            ),
            "attack grid from the output": lambda: recorded(output, label, image.size),
            "counting for mIoU": lambda: plain_confusion(output, label),
            "observations under both defenses": lambda: [
                defended(chain, seen.observation(image.sha256), spec.seed) for chain in spec.defenses
            ],
            "writing the maps of one defense": lambda: mapfile.write(Path(name) / "maps.npz", result),
        }
        times = rounds(works, 15, 3)
    rows: list[list[Cell]] = [[part, 1e3 * median(times, part)] for part in works]
    return Table("(b) Parts of the audit by themselves: ms per image", ("part", "ms"), rows)
