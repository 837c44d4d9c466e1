"""CamVid in four folds of blocks of frames, so that target and shadows never share a frame."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.files import sha256_of_bytes, sha256_of_file, write_text
from core.training.membership import random_halves

NAMES = ("P", "Q", "R", "S")

OPPOSITE = {"P": "Q", "Q": "P", "R": "S", "S": "R"}
"""Fold of a target's members -> fold of the non-members it is judged with."""

SHADOWS = {"P": ("R", "S"), "Q": ("R", "S"), "R": ("P", "Q"), "S": ("P", "Q")}
"""Fold of a target's members -> folds its attacker's two shadows are trained on, exchanging their images."""

TARGETS = ("P", "Q")
"""Folds of the targets whose attackers have everything of R and S."""

MIXED = ("V", "W")
"""Folds of the frames of R and S, for further models of the attacker's."""

HALVES = {"R1": "S1", "S1": "R1", "R2": "S2", "S2": "R2"}
"""Halves of R and S -> the half that a shadow on it exchanges its images with."""

HALF_REFERENCES = {"R1": "S2", "S1": "R2", "R2": "S1", "S2": "R1"}
"""Half that a shadow is trained on -> half of its reference images, which are then on neither side."""

KNOWING = tuple(f"K{number}" for number in range(1, 9))
"""Random halves of the frames of P and Q, pair by pair the two halves of one deal: for references of an attacker who
has the images under audit, half of which have seen each of them."""

CLIP = "val"
"""Left out: 101 frames of one clip of 6.7 seconds, one scene in effect."""


@dataclass(frozen=True)
class Frame:
    """One frame: its file name without ending, and the block of consecutive frames it was drawn with."""

    stem: str
    block: str


@dataclass(frozen=True)
class Fold:
    """The frames of one fold, and a hash of their images, label maps and blocks."""

    frames: tuple[Frame, ...]
    digest: str

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks it is made of, in order."""
        return tuple(dict.fromkeys(frame.block for frame in self.frames))


def split(data: Path, block: int, gap: int) -> dict[str, Fold]:
    """Blocks of each sequence to the folds in turn.

    Parameters
    ----------
    data
        Holds `images/`, `labels/`, `sequences.tsv` (stem, split, sequence, frame) and `near_duplicates.tsv` (a, b).
    block
        Frames in a row of one fold.
    gap
        Frames left out after each block: neighbours in a video are near-duplicates.
    """
    folds: dict[str, list[Frame]] = {name: [] for name in NAMES}
    turn = 0
    for sequence, stems in _sequences(data / "sequences.tsv"):
        for start in range(0, len(stems), block + gap):
            name = NAMES[turn % len(NAMES)]
            folds[name] += [Frame(stem, f"{sequence}/{start}") for stem in stems[start : start + block]]
            turn += 1
    kept = without_duplicates(folds, data / "near_duplicates.tsv")
    return {name: Fold(tuple(frames), digest_of(data, frames)) for name, frames in kept.items()}


def mixed(folds: Mapping[str, Fold]) -> dict[str, Fold]:
    """R and S dealt anew, block by block, to two more folds.

    With models on both deals every shadow image has a model that has seen it and one that has not, beside the shadow
    that stands for a target.
    """
    dealt: dict[str, list[Frame]] = {name: [] for name in MIXED}
    for source in SHADOWS["P"]:
        for number, block in enumerate(folds[source].blocks):
            dealt[MIXED[number % len(MIXED)]] += [f for f in folds[source].frames if f.block == block]
    origin = " ".join(folds[source].digest for source in SHADOWS["P"])
    return {name: Fold(tuple(f), sha256_of_bytes(f"{origin} {name}".encode())[:16]) for name, f in dealt.items()}


def halved(folds: Mapping[str, Fold]) -> dict[str, Fold]:
    """R and S in halves, block by block: for shadows whose training takes reference images, too."""
    found = {}
    for source in SHADOWS["P"]:
        for number in (1, 2):
            blocks = folds[source].blocks[number - 1 :: 2]
            frames = tuple(f for f in folds[source].frames if f.block in blocks)
            name = f"{source}{number}"
            found[name] = Fold(frames, sha256_of_bytes(f"{folds[source].digest} {name}".encode())[:16])
    return found


def known(folds: Mapping[str, Fold]) -> dict[str, Fold]:
    """P and Q dealt to pairs of random halves, whole blocks at a time."""
    frames = [frame for name in TARGETS for frame in folds[name].frames]
    members = random_halves([frame.block for frame in frames], len(KNOWING), seed=0)
    origin = " ".join(folds[name].digest for name in TARGETS)
    found = {}
    for name, inside in zip(KNOWING, members.T, strict=True):
        chosen = tuple(frame for frame, taken in zip(frames, inside, strict=True) if taken)
        found[name] = Fold(chosen, sha256_of_bytes(f"{origin} {name}".encode())[:16])
    return found


def with_dealt(folds: Mapping[str, Fold]) -> dict[str, Fold]:
    """The four folds, and those that they are dealt to."""
    return {**folds, **mixed(folds), **halved(folds), **known(folds)}


def _sequences(table: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and stems, in the order of the video, of each sequence."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if row["split"] != CLIP:
                found[row["sequence"]].append((int(row["frame"]), row["stem"]))
    for name, frames in sorted(found.items()):
        yield name, [stem for _, stem in sorted(frames)]


def without_duplicates(folds: Mapping[str, Sequence[Frame]], pairs: Path) -> dict[str, list[Frame]]:
    """Leave out frames that look like one of another fold; both of a pair, so that no fold gets the easier scenes."""
    fold_of = {frame.stem: name for name, frames in folds.items() for frame in frames}
    dropped: set[str] = set()
    with pairs.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            a, b = row["a"], row["b"]
            if a in fold_of and b in fold_of and fold_of[a] != fold_of[b]:
                dropped |= {a, b}
    return {name: [f for f in frames if f.stem not in dropped] for name, frames in folds.items()}


def digest_of(data: Path, frames: Sequence[Frame]) -> str:
    """A hash of the images, label maps and blocks of frames in `data`."""
    lines = (
        f"{f.stem} {f.block} {sha256_of_file(data / _image(f))} {sha256_of_file(data / _label(f))}" for f in frames
    )
    return sha256_of_bytes("\n".join(lines).encode())[:16]


def _image(frame: Frame) -> str:
    return f"images/{frame.stem}.jpg"


def _label(frame: Frame) -> str:
    return f"labels/{frame.stem}.png"


def list_file(fold: Fold, folder: Path) -> Path:
    """The fold as a list file in `folder`, written where it is not there; its paths begin in the data's folder."""
    path = folder / f"{fold.digest}.txt"
    if not path.is_file():
        write_text(path, "".join(f"{_image(f)} {_label(f)} {f.block}\n" for f in fold.frames))
    return path


def image_set(fold: Fold, data: Path, folder: Path) -> ImageSet:
    """The fold's images with label maps and blocks as groups."""
    return open_images(list_file(fold, folder), "list", {"root": str(data.absolute())})
