"""A text file that lists images, one a line, optionally with label map and group."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from core.data.images import EXTENSIONS
from core.data.layouts.base import LAYOUTS, Layout, image_set
from core.data.layouts.groups import grouping
from core.data.layouts.naming import common_encoding, label_suffix
from core.data.layouts.walk import key_of
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param

LIST_EXTENSIONS = (".txt", ".lst", ".list", ".csv", ".tsv")

_FILE = r".+?\.(?:" + "|".join(sorted(extension[1:] for extension in EXTENSIONS)) + ")"
_SEPARATOR = r"(?:\s*[,;]\s*|\s+)"
_PLAIN = re.compile(rf"({_FILE})(?:{_SEPARATOR}({_FILE}))?(?:{_SEPARATOR}(\S+))?", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s,;]+)")


class Line(NamedTuple):
    """One line: paths as written, and the group."""

    image: str
    label: str | None = None
    group: str | None = None


@LAYOUTS.register
@dataclass(frozen=True)
class ListFile(Layout):
    """Lines of `image`, `image label` or `image label group`, as authors publish their splits.

    The parts are separated by blanks, tabs, commas or semicolons. Paths with blanks may be quoted; without
    quotes an image's extension ends the path. A third part is the group. Lines that begin with # are comments.
    """

    name: ClassVar[str] = "list"
    title: ClassVar[str] = "List file"
    root: str | None = param(
        None, "folder in which relative paths begin, itself relative to the list; absent: the list's"
    )
    groups: str | None = param(None, "table of key and group (.tsv or .csv), relative to the list")
    group_pattern: str | None = param(None, "regular expression that finds the group in the key")

    def recognise(self, path: Path) -> str | None:
        """A text file by its extension."""
        if path.suffix.lower() in LIST_EXTENSIONS and path.is_file():
            return f"a list file, because {path.name} is a text file"
        return None

    def find(self, path: Path) -> ImageSet:
        """The listed images in the order of the list; one that is listed twice counts once.

        Raises `DataError` naming the line that is not understood, or when none of the images exists.
        """
        folder = path.parent
        root = folder / self.root if self.root else folder
        group_of = grouping(folder, self.groups, self.group_pattern)
        there = _Existing()
        samples: dict[str, Sample] = {}
        labels: dict[str, str | None] = {}
        missing = []
        for number, line in read_list(path):
            image = root / line.image
            key = key_of(_relative(line.image))
            if labels.setdefault(key, line.label) != line.label:
                raise DataError(
                    f"{path}, line {number}: '{line.image}' has another label map than before.",
                    "List each image once.",
                )
            label = root / line.label if line.label else None
            if label is not None and not there.has(label):
                missing.append(image)
                label = None
            samples.setdefault(key, Sample(key, image, label, line.group or group_of(key)))
        if samples and not any(there.has(sample.image) for sample in samples.values()):
            raise DataError(
                f"{path}: none of its images exists, not even {next(iter(samples.values())).image}.",
                "Set 'root' to the folder in which the list's paths begin.",
            )
        encoding, scheme = _encoding(sample.label for sample in samples.values())
        why = self.recognise(path) or "a list file, as asked for"
        return image_set(
            self,
            path,
            why,
            samples.values(),
            in_order=True,
            encoding=encoding,
            scheme=scheme,
            missing=dict.fromkeys(missing),
            asked_groups=bool(self.groups or self.group_pattern),
        )


def _relative(image: str) -> tuple[str, ...]:
    """The parts of a listed path without the root, as keys are never absolute."""
    path = Path(image)
    return path.parts[1:] if path.is_absolute() else path.parts


def read_list(path: Path) -> Iterator[tuple[int, Line]]:
    """Line numbers from 1 and what the lines say. Raises `DataError` naming the line."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a list: {error}.", "It must be a text file in UTF-8.") from error
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            parsed = parse_line(line)
            if parsed is None:
                raise DataError(
                    f"{path}, line {number}: no image is named in '{line[:80]}'.",
                    "Lines are 'image', 'image label' or 'image label group'.",
                )
            yield number, parsed


def parse_line(line: str) -> Line | None:
    """The parts of one line, or None when it does not begin with the path of an image."""
    if "\t" in line:
        parts = [part.strip().strip("\"'") for part in line.split("\t")]
    elif '"' in line or line.startswith("'"):
        parts = ["".join(found) for found in _QUOTED.findall(line)]
    else:
        match = _PLAIN.fullmatch(line)
        if match is None:
            return None
        return Line(match[1], match[2], match[3])
    if not 1 <= len(parts) <= 3 or not _is_image(parts[0]):
        return None
    label = parts[1] if len(parts) > 1 and _is_image(parts[1]) else None
    group = parts[2] if len(parts) == 3 else (parts[1] if len(parts) == 2 and label is None else None)
    return Line(parts[0], label, group or None)


class _Existing:
    """Whether files exist, by listing each folder once: many lists name files on slow network drives."""

    def __init__(self) -> None:
        self._names: dict[Path, frozenset[str]] = {}

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""
        folder = path.parent
        if folder not in self._names:
            self._names[folder] = frozenset(p.name for p in folder.iterdir()) if folder.is_dir() else frozenset()
        return path.name in self._names[folder]


def _is_image(text: str) -> bool:
    return Path(text).suffix.lower() in EXTENSIONS


def _encoding(labels: Iterator[Path | None]) -> tuple[str, str | None]:
    stems = (label.stem for label in labels if label is not None)
    return common_encoding(found[1] if (found := label_suffix(stem)) else None for stem in stems)
