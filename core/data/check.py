"""The data check before an audit: whether the images are what they are said to be, and allow honest numbers.

Members, non-members and suspects are read once, in threads, and compared with each other. A broken file becomes a
finding.
"""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.comparisons import comparison_findings
from core.data.duplicates import fingerprint
from core.data.findings import PLURAL, Finding, Inspection, Severity, reading_findings, scheme_findings, set_findings
from core.data.grouped import group_findings
from core.data.images import PIXEL_LIMIT, opened_file, read_image_bytes
from core.data.labels import read_label, settle_encoding
from core.data.samples import ImageSet, Role, Sample
from core.data.scheme import VOID, ClassScheme
from core.data.shift import appearance
from core.errors import DataError, SegLeakError
from core.files import sha256_of_bytes
from core.progress import Progress

MAX_THREADS = 8


@dataclass(frozen=True)
class RoleCounts:
    """How many images of one role there are, can be read and have a label map, and how many groups they form."""

    images: int
    readable: int
    labelled: int
    groups: int


@dataclass(frozen=True)
class DataReport:
    """The outcome of a data check.

    Attributes
    ----------
    counts
        Per role that was given.
    layouts
        Per role, what was recognised in its folders, as sentences.
    findings
        Errors first, then warnings, then notes.
    """

    counts: Mapping[Role, RoleCounts]
    layouts: Mapping[Role, tuple[str, ...]]
    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    @property
    def ok(self) -> bool:
        """Whether nothing was found that would make results wrong."""
        return not self.of("error")

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "counts": {str(role): dataclasses.asdict(counts) for role, counts in self.counts.items()},
            "layouts": {str(role): list(sentences) for role, sentences in self.layouts.items()},
            "findings": [
                {**dataclasses.asdict(finding), "items": [dict(item) for item in finding.items]}
                for finding in self.findings
            ],
        }


def check_data(
    sets: Mapping[Role, Sequence[ImageSet]],
    scheme: ClassScheme | None = None,
    progress: Progress | None = None,
    pixel_limit: int = PIXEL_LIMIT,
) -> DataReport:
    """Read all images and label maps once and say what stands in the way of an honest audit.

    Parameters
    ----------
    sets
        The image sets of each role; a role may be absent or empty.
    scheme
        The class scheme of the label maps; without one they are not opened.
    progress
        Steps are images, then comparisons.
    pixel_limit
        Larger images are not decoded.

    Raises
    ------
    Cancelled
        Where `progress` was asked to stop.
    """
    progress = progress or Progress()
    findings: list[Finding] = []
    images: dict[Role, list[Inspection]] = {role: [] for role in Role if sets.get(role)}
    jobs = list(_jobs(sets, images, scheme, pixel_limit, findings))
    for image in progress.over("Checking images", _inspected(jobs), len(jobs)):
        images[image.role].append(image)
    for role, inspected in images.items():
        findings += set_findings(role, sets[role]) + reading_findings(role, inspected)
    if scheme:
        findings += scheme_findings([image for inspected in images.values() for image in inspected], scheme.name)
    findings += group_findings(images) + comparison_findings(images, progress) + _absent(images)
    order = ("error", "warning", "note")
    return DataReport(
        counts={role: _counts(inspected) for role, inspected in images.items()},
        layouts={role: tuple(image_set.sentence for image_set in sets[role]) for role in images},
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
    )


@dataclass(frozen=True)
class _Job:
    role: Role
    sample: Sample
    encoding: str
    scheme: ClassScheme | None
    pixel_limit: int
    calibrates: bool = False


def _jobs(
    sets: Mapping[Role, Sequence[ImageSet]],
    roles: Iterable[Role],
    scheme: ClassScheme | None,
    pixel_limit: int,
    findings: list[Finding],
) -> Iterator[_Job]:
    for role in roles:
        for image_set in sets[role]:
            encoding = image_set.encoding
            labels = [sample.label for sample in image_set.samples if sample.label]
            if encoding == "auto" and scheme and labels:
                try:
                    encoding = settle_encoding(labels, scheme, pixel_limit)
                except DataError as error:
                    sentence = f"The encoding of the {PLURAL[role]}' label maps is not clear: {error}"
                    findings.append(Finding("warning", "label-encoding", sentence))
            yield from (
                _Job(role, sample, encoding, scheme, pixel_limit, image_set.calibrates) for sample in image_set.samples
            )


def _inspected(jobs: Sequence[_Job]) -> Iterator[Inspection]:
    """Inspections in the order of the jobs; what has not begun is dropped when the caller stops early."""
    pool = ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1), thread_name_prefix="data-check")
    try:
        yield from pool.map(_inspect, jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def _inspect(job: _Job) -> Inspection:
    return dataclasses.replace(_read_image(job), calibrates=job.calibrates, **_read_label(job))


def _read_image(job: _Job) -> Inspection:
    path = job.sample.image
    try:
        with opened_file(path) as stream:
            data = stream.read()
        pixels = read_image_bytes(data, path, job.pixel_limit)
        return Inspection(
            job.role,
            job.sample,
            fingerprint=fingerprint(sha256_of_bytes(data), pixels),
            appearance=appearance(data, path, pixels, job.pixel_limit),
        )
    except (SegLeakError, OSError, MemoryError) as error:
        return Inspection(job.role, job.sample, problem=_reason(error))


def _read_label(job: _Job) -> dict[str, Any]:
    if job.sample.label is None or job.scheme is None:
        return {}
    try:
        label = read_label(job.sample.label, job.scheme, job.encoding, job.pixel_limit)
    except (SegLeakError, OSError, MemoryError) as error:
        return {"label_problem": _reason(error)}
    return {
        "label_size": label.train_ids.shape,
        "unknown": label.unknown,
        "unknown_are_colours": label.encoding == "colour",
        "labelled_pixels": int(np.count_nonzero(label.train_ids != VOID)),
    }


def _reason(error: BaseException) -> str:
    return str(error) or "not enough memory"


def _counts(images: Sequence[Inspection]) -> RoleCounts:
    return RoleCounts(
        images=len(images),
        readable=sum(not image.problem for image in images),
        labelled=sum(image.sample.label is not None for image in images),
        groups=len({image.sample.group for image in images} - {None}),
    )


def _absent(images: Mapping[Role, Sequence[Inspection]]) -> list[Finding]:
    meaning = {
        Role.MEMBER: "AUC, TPR and the power of the attack cannot be measured on this target.",
        Role.NON_MEMBER: "no false positive rate can be measured and no verdict be given.",
    }
    return [
        Finding("note", f"no-{role}s", f"There are no known {PLURAL[role]}: {text}")
        for role, text in meaning.items()
        if not images.get(role)
    ]
