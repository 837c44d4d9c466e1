"""From a spec to the list of images and the batches in which they go through the target."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.audit.spec import AuditSpec, ImagesEntry
from core.audit.store import ImageRow
from core.data.images import image_size
from core.data.labels import settle_encoding
from core.data.layouts import open_images
from core.data.samples import ImageSet, Role
from core.data.scheme import ClassScheme, load_scheme
from core.errors import DataError, SpecError
from core.progress import Progress

BATCH_PIXELS = 16_000_000
"""Most pixels of a batch of more than one image: full-size outputs of 20 classes take 1.3 GB there.

A number, and not what memory is free, so that the same spec makes the same batches everywhere.
"""


@dataclass(frozen=True)
class LabelReading:
    """How the label maps of one [[images]] table are read; `scheme` is None where it has none."""

    scheme: ClassScheme | None
    encoding: str


@dataclass(frozen=True)
class PlannedSet:
    """One [[images]] table of the spec, found on disk; `scheme` is None where nothing names or needs one."""

    entry: ImagesEntry
    images: ImageSet
    scheme: ClassScheme | None
    encoding: str

    @property
    def reading(self) -> LabelReading:
        """How its label maps are read."""
        return LabelReading(self.scheme, self.encoding)


def find_sets(spec: AuditSpec, scheme_of_target: str | None = None) -> list[PlannedSet]:
    """Find the images of every table of the spec. Raises `DataError` or `SpecError`."""
    sets = []
    for entry in spec.images:
        images = open_images(spec.resolve(entry.path), entry.layout, entry.options)
        images = replace(images, calibrates=entry.calibration)
        if entry.limit:
            images = replace(images, samples=images.samples[: entry.limit])
        scheme = _scheme(spec, entry.scheme or spec.scheme or images.scheme or scheme_of_target)
        if scheme is None and any(s.label is not None for s in images.samples):
            raise SpecError(
                f"{entry.path}: nothing says which classes its label maps use.",
                "Set 'scheme' at the top of the spec, to a built-in name or a TOML file.",
            )
        sets.append(PlannedSet(entry, images, scheme, _encoding(entry.encoding or images.encoding, images, scheme)))
    _refuse_repeated(sets)
    return sets


def _scheme(spec: AuditSpec, name: str | None) -> ClassScheme | None:
    if name is None:
        return None
    # A file's path may begin with "~".
    return load_scheme(spec.resolve(name) if name.endswith((".toml", ".json")) else name, spec.folder)


def _encoding(encoding: str, images: ImageSet, scheme: ClassScheme | None) -> str:
    """The encoding of a set's label maps: "auto" is settled for all of them together, so that no file stands alone."""
    labels = [s.label for s in images.samples if s.label is not None]
    if encoding != "auto" or not labels or scheme is None:
        return encoding
    try:
        return settle_encoding(labels, scheme)
    except DataError:  # a file that cannot be read: it is reported when its turn comes
        return encoding


def _refuse_repeated(sets: Sequence[PlannedSet]) -> None:
    """An image counted twice would make every interval too narrow."""
    seen: dict[tuple[Role, str], str] = {}
    for planned in sets:
        role, path = planned.entry.role, planned.entry.path
        images = {(role, str(sample.image)): path for sample in planned.images.samples}
        for image in images.keys() & seen.keys():
            raise DataError(f"{image[1]}: a {role} in both {seen[image]} and {path}.", "Give each image once.")
        seen |= images


def check_classes(reading: LabelReading, classes: int, model: str = "the target") -> None:
    """Raise `DataError` where a model of so many classes cannot have been trained with the label maps' scheme."""
    if reading.scheme is not None and classes and reading.scheme.classes != classes:
        raise DataError(
            f"The class scheme {reading.scheme.name} has {reading.scheme.classes} classes, {model} {classes}.",
            "Choose the scheme it was trained with, or another model.",
        )


def image_rows(sets: Sequence[PlannedSet], pixel_limit: int, progress: Progress) -> list[ImageRow]:
    """A row for every image, in the spec's order, with its size from the header; unreadable ones as failed."""
    rows: list[ImageRow] = []
    pairs = [(number, planned, sample) for number, planned in enumerate(sets) for sample in planned.images.samples]
    for number, planned, sample in progress.over("Listing images", pairs, len(pairs)):
        row = ImageRow(
            id=len(rows),
            role=Role(planned.entry.role),
            entry=number,
            key=sample.key,
            path=str(sample.image),
            label_path=None if sample.label is None else str(sample.label),
            group=sample.group,
        )
        rows.append(measured(row, pixel_limit))
    return rows


def measured(row: ImageRow, pixel_limit: int) -> ImageRow:
    """The row, waiting, with the image's size; as failed, with the reason, where the header cannot be read."""
    try:
        height, width = image_size(Path(row.path), pixel_limit)
    except DataError as error:
        return replace(row, state="failed", reason=str(error), height=None, width=None)
    return replace(row, state="waiting", reason=None, height=height, width=width)


def batches(rows: Iterable[ImageRow], size: int) -> list[list[ImageRow]]:
    """Images of one size, in order, `size` at a time, fewer where they are large.

    The composition depends on the spec and the files' headers, never on what is already done or failed: a batch of 8
    and a batch of 1 differ by 1e-5 in their posteriors, and a resumed audit must give the same bytes.
    """
    by_size: dict[tuple[int, int], list[ImageRow]] = {}
    for row in rows:
        if row.size is not None:
            by_size.setdefault(row.size, []).append(row)
    return [part for (h, w), group in by_size.items() for part in _parts(group, min(size, BATCH_PIXELS // (h * w)))]


def in_turns(made: Iterable[list[ImageRow]]) -> list[list[ImageRow]]:
    """The batches as they are audited: members, non-members and suspects take turns, so that first metrics come early.

    A batch counts for the role of its first image. Which images go together stays as it was planned, and with it every
    score; so an audit that was begun in another order can go on in this one.
    """
    taken: Counter[Role] = Counter()
    turns = []
    for batch in made:
        turns.append((taken[batch[0].role], batch))
        taken[batch[0].role] += 1
    return [batch for _, batch in sorted(turns, key=lambda item: item[0])]


def _parts(group: Sequence[ImageRow], size: int) -> list[list[ImageRow]]:
    step = max(1, size)
    return [list(group[i : i + step]) for i in range(0, len(group), step)]
