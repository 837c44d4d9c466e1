"""What a data check has to say, in sentences for a person."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.data.duplicates import Fingerprint
from core.data.labels import same_view
from core.data.samples import ImageSet, Role, Sample
from core.data.shift import Appearance

Severity = Literal["error", "warning", "note"]
Item = Mapping[str, str | int | float]

NAMED_FILES = 3
"""Files named in a sentence; the others are counted there and listed in the items."""

PLURAL = {Role.MEMBER: "members", Role.NON_MEMBER: "non-members", Role.SUSPECT: "suspects"}


@dataclass(frozen=True)
class Finding:
    """One thing a data check found.

    Attributes
    ----------
    severity
        "error": results would be wrong; "warning": they could mislead; "note": good to know.
    code
        Short and stable, such as "exact-duplicates".
    sentence
        What was found, in which files, and what it means for the audit.
    items
        The files or values concerned, ready for JSON; at most `duplicates.LISTED_PAIRS` pairs of near-duplicates.
    """

    severity: Severity
    code: str
    sentence: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What reading one image and its label map gave.

    Attributes
    ----------
    role, sample
        Which image it is.
    problem, label_problem
        Why the image or the label map could not be read, or "".
    fingerprint, appearance
        None where the image could not be read.
    label_size
        Height and width of the label map; None without one.
    unknown
        Values outside the scheme with their numbers of pixels.
    unknown_are_colours
        Whether the values in `unknown` are colours, 0xRRGGBB.
    labelled_pixels
        Pixels of the label map that are not void.
    calibrates
        Whether it is among the non-members that calibrate verdicts, where some do not.
    """

    role: Role
    sample: Sample
    problem: str = ""
    label_problem: str = ""
    fingerprint: Fingerprint | None = None
    appearance: Appearance | None = None
    label_size: tuple[int, int] | None = None
    unknown: Mapping[int, int] | None = None
    unknown_are_colours: bool = False
    labelled_pixels: int = 0
    calibrates: bool = False

    @property
    def misfit(self) -> bool:
        """Whether image and label map are of different shapes and cannot belong together."""
        if self.label_size is None or self.appearance is None:
            return False
        return not same_view(self.appearance.size, self.label_size)


def named(paths: Iterable[Path]) -> str:
    """How many files, and the names of the first few, such as "2 (a.png, b.png)"."""
    names = [path.name for path in paths]
    more = len(names) - NAMED_FILES
    return f"{len(names)} ({', '.join(names[:NAMED_FILES])}{f' and {more} more' if more > 0 else ''})"


def counted(number: int, noun: str) -> str:
    """Such as "1 pair" or "no pairs"."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _files(paths: Iterable[Path]) -> tuple[Item, ...]:
    return tuple({"file": str(path)} for path in paths)


def set_findings(role: Role, sets: Sequence[ImageSet]) -> list[Finding]:
    """What the folders alone tell: images without label maps, label maps without images."""
    found = []
    without = (sample.image for image_set in sets for sample in image_set.samples if sample.label is None)
    missing = list(dict.fromkeys([*without, *(path for image_set in sets for path in image_set.missing)]))
    orphans = [path for image_set in sets for path in image_set.orphans]
    if missing:
        sentence = (
            f"Images without a label map among the {PLURAL[role]}: {named(missing)}. Attacks that need labels leave "
            "these images out."
        )
        severity: Severity = "note" if role is Role.SUSPECT else "warning"
        found.append(Finding(severity, "missing-labels", sentence, _files(missing)))
    if orphans:
        sentence = (
            f"Label maps without an image beside the {PLURAL[role]}: {named(orphans)}. They are not used; if the "
            "images should be there, names or suffixes do not match."
        )
        found.append(Finding("warning", "orphan-labels", sentence, _files(orphans)))
    return found


def reading_findings(role: Role, images: Sequence[Inspection]) -> list[Finding]:
    """Images and label maps of one role that cannot be read, do not fit each other, or say nothing."""
    broken = [image for image in images if image.problem]
    broken_labels = [image for image in images if image.label_problem]
    misfits = [image for image in images if image.misfit]
    empty = [
        image.sample.label or image.sample.image for image in images if image.label_size and not image.labelled_pixels
    ]
    found = []
    if broken:
        all_broken = len(broken) == len(images)
        meaning = "None is left to audit." if all_broken else "They are recorded and left out of the audit."
        problems = [(image.sample.image, image.problem) for image in broken]
        severity: Severity = "error" if all_broken else "warning"
        found.append(_unreadable(severity, f"Images among the {PLURAL[role]}", problems, meaning))
    if broken_labels:
        meaning = "Their images are recorded as failed and left out of the audit."
        problems = [(image.sample.label or image.sample.image, image.label_problem) for image in broken_labels]
        found.append(_unreadable("warning", f"Label maps of the {PLURAL[role]}", problems, meaning))
    if misfits:
        sentence = (
            f"Label maps of another shape than their image among the {PLURAL[role]}: "
            f"{named(i.sample.image for i in misfits)}. Image and label map do not belong together; such images are "
            "recorded as failed and left out of the audit."
        )
        found.append(Finding("error", "size-mismatch", sentence, tuple(_misfit(image) for image in misfits)))
    if empty:
        sentence = (
            f"Label maps of the {PLURAL[role]} that are entirely void: {named(empty)}. Nothing can be measured on "
            "them; if this is unexpected, check the class scheme and the encoding."
        )
        found.append(Finding("warning", "void-labels", sentence, _files(empty)))
    return found


def _unreadable(severity: Severity, what: str, problems: Sequence[tuple[Path, str]], meaning: str) -> Finding:
    code = "unreadable-images" if what.startswith("Images") else "unreadable-labels"
    files = named(path for path, _ in problems)
    sentence = f"{what} that cannot be read: {files}. {meaning} The first reason: {problems[0][1]}"
    return Finding(severity, code, sentence, tuple({"file": str(path), "reason": why} for path, why in problems))


def _misfit(image: Inspection) -> Item:
    height, width = image.appearance.size if image.appearance else (0, 0)
    label_height, label_width = image.label_size or (0, 0)
    return {
        "file": str(image.sample.image),
        "image": f"{width} x {height}",
        "label": f"{label_width} x {label_height}",
    }


def scheme_findings(images: Sequence[Inspection], scheme: str) -> list[Finding]:
    """Label values outside the class scheme, over all roles."""
    pixels: Counter[int | str] = Counter()
    files: dict[int | str, list[Path]] = defaultdict(list)
    for image in images:
        for number, count in (image.unknown or {}).items():
            value = f"#{number:06x}" if image.unknown_are_colours else number
            pixels[value] += count
            if image.sample.label:
                files[value].append(image.sample.label)
    if not pixels:
        return []
    outside, inside = sum(pixels.values()), sum(image.labelled_pixels for image in images)
    severity: Severity = "error" if outside > inside else "warning"
    values = ", ".join(str(value) for value, _ in pixels.most_common(5)) + (" ..." if len(pixels) > 5 else "")
    concerned = list(dict.fromkeys(path for paths in files.values() for path in paths))
    meaning = (
        "Most labelled pixels are outside it: this is the wrong scheme or the wrong encoding."
        if severity == "error"
        else "They count as void; add them to the scheme if they are classes."
    )
    sentence = (
        f"Label values outside the class scheme {scheme}: {values}, on {outside:,} pixels. Label maps concerned: "
        f"{named(concerned)}. {meaning}"
    )
    items: tuple[Item, ...] = tuple(
        {"value": value, "pixels": count, "files": len(files[value]), "first": str(files[value][0])}
        for value, count in pixels.most_common()
    )
    return [Finding(severity, "unknown-label-values", sentence, items)]
