"""A look at image sets before an audit: what lies in the folders, and whether it allows honest numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from core.audit.plan import PlannedSet, find_sets
from core.audit.spec import AuditSpec, ImagesEntry, TargetEntry
from core.data.images import PIXEL_LIMIT
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Job
from core.errors import SegLeakError

SHOWN = 12
"""Images of a set that are named, to be shown as thumbnails; they are spread over the whole set."""


@dataclass(frozen=True)
class FoundSet:
    """What one [[images]] table turned out to be.

    Attributes
    ----------
    sentence
        What was recognised and why.
    layout, scheme, encoding
        As they will be used; `scheme` is a built-in name or a file's full path, or None.
    images, labelled, groups
        How many there are.
    missing, orphans
        Images whose label map was expected and not found, and label maps without an image.
    shown
        Some of the images, spread over all of them.
    first
        The first image with its label map; the first image alone where no image has one.
    problem, remedy
        Why it cannot be audited, and what to do; or empty.
    """

    sentence: str = ""
    layout: str = ""
    scheme: str | None = None
    encoding: str = "auto"
    images: int = 0
    labelled: int = 0
    groups: int = 0
    missing: int = 0
    orphans: int = 0
    shown: tuple[Path, ...] = ()
    first: tuple[Path, Path | None] | None = None
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ImagesAsked:
    """Image sets as a spec names them.

    Attributes
    ----------
    entries, scheme
        The spec's [[images]] and scheme.
    folder
        Where relative paths begin.
    target_scheme
        The class scheme that the target names, if it does.
    """

    entries: tuple[ImagesEntry, ...]
    scheme: str | None = None
    folder: Path = Path()
    target_scheme: str | None = None

    def spec(self, *entries: ImagesEntry) -> AuditSpec:
        """A spec that holds nothing else; with these sets alone, where they are given."""
        return AuditSpec("", TargetEntry(""), entries or self.entries, (), (), self.scheme, folder=self.folder)

    def planned(self, *entries: ImagesEntry) -> list[PlannedSet]:
        """The sets, found. Raises `SegLeakError` as `find_sets`."""
        return find_sets(self.spec(*entries), self.target_scheme)


@dataclass(frozen=True)
class LookAtImages(Job):
    """Find the images of every set; the value is a `FoundSet` for each, in order. Few files are opened."""

    asked: ImagesAsked

    def run(self, desk: Desk) -> tuple[FoundSet, ...]:
        """Find them all at once; where that fails, one by one, so that each failure is said where it belongs."""
        try:
            return tuple(map(self._found, self.asked.planned()))
        except SegLeakError as error:
            together = error
        found = []
        for entry in self.asked.entries:
            desk.progress.check()
            found.append(self._alone(entry))
        if not any(one.problem for one in found):
            found[-1] = replace(found[-1], problem=together.message, remedy=together.remedy)
        return tuple(found)

    def _alone(self, entry: ImagesEntry) -> FoundSet:
        try:
            return self._found(*self.asked.planned(entry))
        except SegLeakError as error:
            problem = error
        try:
            images = open_images(self.asked.spec().resolve(entry.path), entry.layout, entry.options)
        except SegLeakError:
            return FoundSet(problem=problem.message, remedy=problem.remedy)
        return replace(_counted(images), problem=problem.message, remedy=problem.remedy)

    def _found(self, planned: PlannedSet) -> FoundSet:
        scheme = None if planned.scheme is None else self._scheme(planned)
        return replace(_counted(planned.images), scheme=scheme, encoding=planned.encoding)

    def _scheme(self, planned: PlannedSet) -> str | None:
        """The scheme's built-in name or full path, as `find_sets` chose it."""
        asked = self.asked
        name = planned.entry.scheme or asked.scheme or planned.images.scheme or asked.target_scheme
        return str(asked.spec().resolve(name)) if name and name.endswith((".toml", ".json")) else name


@dataclass(frozen=True)
class CheckImages(Job):
    """Read all images once and compare the sets with each other; the value is `DataReport.to_dict()`."""

    lane: ClassVar[Lane] = Lane.LONG
    asked: ImagesAsked
    pixel_limit: int = PIXEL_LIMIT

    def run(self, desk: Desk) -> dict[str, Any]:
        """The data check of the runner."""
        from core.audit.runner import check_planned

        return check_planned(self.asked.planned(), self.pixel_limit, desk.progress)


def _counted(images: ImageSet) -> FoundSet:
    samples = images.samples
    first = next((sample for sample in samples if sample.label is not None), samples[0])
    return FoundSet(
        sentence=images.sentence,
        layout=images.layout,
        encoding=images.encoding,
        images=len(samples),
        labelled=sum(sample.label is not None for sample in samples),
        groups=len({sample.group for sample in samples} - {None}),
        missing=len(images.missing),
        orphans=len(images.orphans),
        shown=tuple(sample.image for sample in _spread(samples)),
        first=(first.image, first.label),
    )


def _spread(samples: Sequence[Any]) -> list[Any]:
    """At most `SHOWN` of them, at equal distances."""
    count = min(SHOWN, len(samples))
    return [samples[place * len(samples) // count] for place in range(count)]
