"""From a spec to the list of images and the batches in which they go through the target."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.audit.spec import AuditSpec, ImagesEntry
from core.audit.store import ImageRow
from core.data.images import image_size
from core.data.labels import settle_encoding
from core.data.layouts import open_images
from core.data.samples import ImageSet, Role
from core.data.scheme import ClassScheme, load_scheme
from core.errors import DataError, SpecError
from core.progress import Progress


@dataclass(frozen=True)
class PlannedSet:
    """One [[images]] table of the spec, found on disk."""

    entry: ImagesEntry
    images: ImageSet
    scheme: ClassScheme
    encoding: str


def find_sets(spec: AuditSpec, scheme_of_target: str | None = None) -> list[PlannedSet]:
    """Find the images of every table of the spec. Raises `DataError` or `SpecError`."""
    sets = []
    for entry in spec.images:
        images = open_images(spec.resolve(entry.path), entry.layout, entry.options)
        if entry.limit:
            images = replace(images, samples=images.samples[: entry.limit])
        name = entry.scheme or spec.scheme or images.scheme or scheme_of_target
        if name is None:
            raise SpecError(
                f"{entry.path}: nothing says which classes its label maps use.",
                "Set 'scheme' at the top of the spec, to a built-in name or a TOML file.",
            )
        scheme = load_scheme(name, spec.folder)
        sets.append(PlannedSet(entry, images, scheme, _encoding(entry.encoding or images.encoding, images, scheme)))
    return sets


def _encoding(encoding: str, images: ImageSet, scheme: ClassScheme) -> str:
    """The encoding of a set's label maps: "auto" is settled for all of them together, so that no file stands alone."""
    labels = [s.label for s in images.samples if s.label is not None]
    if encoding != "auto" or not labels:
        return encoding
    try:
        return settle_encoding(labels, scheme)
    except DataError:  # a file that cannot be read: it is reported when its turn comes
        return encoding


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
        try:
            height, width = image_size(sample.image, pixel_limit)
            rows.append(replace(row, height=height, width=width))
        except DataError as error:
            rows.append(replace(row, state="failed", reason=str(error)))
    return rows


def batches(rows: Iterable[ImageRow], size: int) -> list[list[ImageRow]]:
    """Images of one size, in order, `size` at a time.

    The composition depends on the spec and the files' headers, never on what is already done or failed: a batch of 8
    and a batch of 1 differ by 1e-5 in their posteriors, and a resumed audit must give the same bytes.
    """
    by_size: dict[tuple[int, int], list[ImageRow]] = {}
    for row in rows:
        if row.size is not None:
            by_size.setdefault(row.size, []).append(row)
    return [group[i : i + size] for group in by_size.values() for i in range(0, len(group), size)]
