"""CamVid as SegNet's authors published it: train.txt, val.txt, test.txt with stems or pairs of paths."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from core.data.layouts.base import LAYOUTS, SPLITS, Layout, image_set
from core.data.layouts.listfile import parse_line
from core.data.layouts.walk import Found, image_files
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param

SPLIT_NAMES = SPLITS[1:]
FRAME = re.compile(r"(0001TP|0006R0|0016E5|Seq05VD)_")
"""Begin of every CamVid frame's name: its sequence."""


@LAYOUTS.register
@dataclass(frozen=True)
class CamVid(Layout):
    """Lists of stems beside images/ and labels/, or lists of paths beside train/ and trainannot/.

    Groups are video sequences.
    """

    name: ClassVar[str] = "camvid"
    title: ClassVar[str] = "CamVid"
    split: str = param("all", "which images", choices=SPLITS)

    def recognise(self, path: Path) -> str | None:
        """A list of a split whose first line names a CamVid frame."""
        for split in SPLIT_NAMES:
            lines = _lines(path / f"{split}.txt", limit=1)
            if lines and FRAME.match(PurePosixPath(lines[0].split()[0]).name):
                return f"CamVid, because {split}.txt lists its frames"
        return None

    def find(self, path: Path) -> ImageSet:
        """The images that the chosen split's lists name."""
        files = {(found.folders[-1], found.stem): found for found in image_files(path) if found.folders}
        sequences = _sequences(path / "sequences.tsv")
        samples: dict[str, Sample] = {}
        missing = []
        for split in SPLIT_NAMES if self.split == "all" else (self.split,):
            for line in _lines(path / f"{split}.txt"):
                image, label = _pair(line, split, files)
                if image is None:
                    raise DataError(
                        f"{path / split}.txt: there is no image for '{line[:80]}'.",
                        "Complete the folder or the list.",
                    )
                if label is None:
                    missing.append(image.path)
                group = sequences.get(image.stem, image.stem.partition("_")[0])
                samples[image.key] = Sample(image.key, image.path, label and label.path, group)
        why = f"{self.recognise(path) or 'CamVid, as asked for'}, split {self.split}"
        return image_set(self, path, why, samples.values(), encoding="id", scheme="camvid11", missing=missing)


def _pair(line: str, split: str, files: dict[tuple[str, str], Found]) -> tuple[Found | None, Found | None]:
    """The image and label map a line means, by the names of their folders: the lists' own roots are their authors'."""
    paths = parse_line(line)
    if paths is None:
        image = files.get(("images", line)) or files.get((split, line))
        return image, files.get(("labels", line)) or files.get((f"{split}annot", line))
    return _named(paths.image, files), _named(paths.label, files) if paths.label else None


def _named(path: str, files: dict[tuple[str, str], Found]) -> Found | None:
    named = PurePosixPath(path)
    return files.get((named.parent.name, named.stem))


def _lines(path: Path, limit: int | None = None) -> list[str]:
    """The lines of a list without comments; none if there is no such file."""
    if not path.is_file():
        return []
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a list: {error}.", "It must be a text file in UTF-8.") from error
    return [line for line in lines if line and not line.startswith("#")][:limit]


def _sequences(path: Path) -> dict[str, str]:
    """Stem -> sequence, from a table with those two columns; empty if there is none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return {row["stem"]: row["sequence"] for row in rows if row.get("stem") and row.get("sequence")}
