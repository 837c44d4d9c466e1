"""Several shadows in one call: splits drawn or given, a table of who was trained on what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.images import opened_file
from core.data.samples import ImageSet, Sample
from core.errors import DataError, SpecError
from core.files import sha256_of_bytes
from core.progress import Progress
from core.targets.architectures import build
from core.targets.checkpoint import read_card
from core.targets.open import open_target
from core.training.hardening import HARDENINGS, Hardening
from core.training.images import settled_encoding
from core.training.manifest import read_manifest
from core.training.membership import NAME, Membership, random_halves, read_membership, write_membership
from core.training.randomness import private_randomness
from core.training.settings import EXCHANGES, TargetTraining, of_shadow
from core.training.shadows import ShadowData
from core.training.target import TargetResult, recorded_settings, train_target

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme

Hashes = Mapping[Path, str]
"""SHA-256 of image files."""

Told = Callable[[str, TargetResult | None], None]
"""Is told each shadow's file name and how its training went; None: an earlier call trained it."""


@dataclass(frozen=True)
class Fleet:
    """Shadows over the same images: their folder, the image sets, the table, the scheme of the label maps."""

    folder: Path
    images: tuple[ImageSet, ...]
    membership: Membership
    scheme: "ClassScheme"


def train_shadows(
    images: ImageSet | Sequence[ImageSet],
    scheme: "ClassScheme",
    settings: Sequence[TargetTraining],
    count: int,
    out: Path,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
    split: Path | None = None,
    exchange: str = "images",
    hardening: Hardening | None = None,
    references: Sequence[ImageSet] = (),
    told: Told | None = None,
) -> Fleet:
    """Train shadows into a folder, each on about half of the images, or of each image.

    Shadows that are there already are kept and an unfinished one is gone on with, so a stopped call can be repeated.

    Parameters
    ----------
    images
        What members and non-members are drawn from.
    scheme
        The class scheme of the label maps.
    settings
        How to train; pairs of shadows take them in turn. Shadow i adds i to the seed.
    count
        Shadows, at least 2.
    out
        The folder: `shadow-00.safetensors` and so on, and `membership.csv`.
    device
        "cpu" or "cuda:N".
    progress
        As in `train_target`, shadow by shadow.
    split
        A membership table to follow in place of a random one; it names as many shadows.
    exchange
        What two shadows of a pair have halves of: the "images", or the "blocks" of every image, half-supervised. Blocks
        are of the side that the settings name, or of `BLOCK_SIDE`.
    hardening
        Train every shadow so that it remembers less; None: plainly.
    references
        Images that no shadow has as members, for hardenings that need some.
    told
        Called after each shadow, with its mIoU on its members and non-members.

    Raises
    ------
    DataError
        An image cannot be used, or the folder or the table belongs to other images or settings.
    SpecError
        The count does not fit, or hardening, settings and references do not go together.
    TargetError
        An architecture is not known, or its training fails.
    Cancelled
        A stop was asked for; finished shadows stay.
    """
    if count < 2 or not settings:
        raise SpecError(f"{count} shadows are too few.", "Train at least 2: a pair exchanges members and non-members.")
    if exchange not in EXCHANGES or (exchange == "blocks" and split is not None):
        raise SpecError(f"'exchange' cannot be '{exchange}' here.", "It is images, or blocks without a split.")
    progress, hardening = progress or Progress(), hardening or HARDENINGS.make({"name": "none"})
    _check_settings(settings, scheme, hardening)
    sets = _settled(_as_sets(images), scheme)
    hashes = hashes_of([*sets, *references], progress)
    _check_references(sets, references, hashes)
    table = _table(sets, hashes, count, out, split, settings[0].seed, exchange)
    for number, name in enumerate(table.shadows):
        one = of_shadow(settings[(number // 2) % len(settings)], number, exchange)
        sides = _sides(sets, table.of(name), hashes)
        members, others = ([side[k] for side in sides if side[k].samples] for k in (0, 1))
        result = None
        if not _is_trained(out / name, {hashes[s.image] for m in members for s in m.samples}, one, hardening):
            result = train_target(
                members,
                scheme,
                one,
                out / name,
                device,
                progress=progress,
                validation=others,
                hardening=hardening,
                references=references,
            )
        if told is not None:
            told(name, result)
    return Fleet(out, sets, table, scheme)


def open_fleet(folder: Path, images: ImageSet | Sequence[ImageSet], scheme: "ClassScheme") -> Fleet:
    """Shadows trained earlier, with the images they were trained over; others among these do no harm.

    Raises `DataError` where the folder has no membership table.
    """
    return Fleet(folder, _as_sets(images), read_membership(folder), scheme)


def shadow_data(fleet: Fleet, device: str = "cpu", progress: Progress | None = None) -> list[ShadowData]:
    """What an attack network learns from: every shadow with its members and non-members, for each image set.

    Raises
    ------
    DataError
        No image of the sets is in the table.
    TargetError
        A shadow cannot be opened.
    """
    hashes = hashes_of(fleet.images, progress or Progress())
    known = set(fleet.membership.images)
    # Sets without an image of these shadows may have label maps of another scheme.
    sets = [s for s in fleet.images if any(hashes[sample.image] in known for sample in s.samples)]
    if not sets:
        raise DataError(
            f"{fleet.folder}: the membership table knows none of these images.", "Give the images of its shadows."
        )
    settled = _settled(sets, fleet.scheme)
    found = []
    for name in fleet.membership.shadows:
        target = open_target(fleet.folder / name, device=device)
        sides = _sides(settled, fleet.membership.of(name), hashes)
        found += [ShadowData(target, inside, outside, fleet.scheme) for inside, outside in sides]
    return found


def scheme_of(folder: Path) -> str | None:
    """Name of the class scheme that a folder's shadows were trained with. Raises `DataError` without a table."""
    card = read_card(folder / read_membership(folder).shadows[0])
    return card.scheme if card else None


def hashes_of(sets: Iterable[ImageSet], progress: Progress) -> dict[Path, str]:
    """SHA-256 of every image file. Raises `DataError` where one cannot be read."""
    samples = [sample for images in sets for sample in images.samples]
    return {s.image: _hash(s) for s in progress.over("hashing images", samples, len(samples))}


def _hash(sample: Sample) -> str:
    with opened_file(sample.image) as stream:
        return sha256_of_bytes(stream.read())


def _as_sets(images: ImageSet | Sequence[ImageSet]) -> tuple[ImageSet, ...]:
    return (images,) if isinstance(images, ImageSet) else tuple(images)


def _settled(sets: Sequence[ImageSet], scheme: "ClassScheme") -> tuple[ImageSet, ...]:
    """The sets with their encoding settled over all of their label maps, so that every part is read alike."""
    return tuple(replace(images, encoding=settled_encoding(images, scheme)) for images in sets)


def _sides(sets: Sequence[ImageSet], member_of: Mapping[str, bool], hashes: Hashes) -> list[tuple[ImageSet, ImageSet]]:
    """Members and non-members of each set; images that the shadow's table does not know are left out."""

    def side(images: ImageSet, wanted: bool) -> ImageSet:
        return replace(images, samples=tuple(s for s in images.samples if member_of.get(hashes[s.image]) is wanted))

    return [(side(images, True), side(images, False)) for images in sets]


def _check_settings(settings: Sequence[TargetTraining], scheme: "ClassScheme", hardening: Hardening) -> None:
    """Refuse now what would be refused after hours of training the first shadows."""
    with private_randomness(0, "cpu"):
        for one in dict.fromkeys(settings):
            hardening.check(one)
            build(one.architecture, one.used_encoder, scheme.classes, one.arguments)


def _check_references(sets: Sequence[ImageSet], references: Sequence[ImageSet], hashes: Hashes) -> None:
    ours = {hashes[s.image] for images in sets for s in images.samples}
    both = ours & {hashes[s.image] for images in references for s in images.samples}
    if both:
        raise DataError(
            f"{len(both)} reference images are among the images that members are drawn from.",
            "Take them out of one of the two.",
        )


def _table(
    sets: Sequence[ImageSet], hashes: Hashes, count: int, out: Path, split: Path | None, seed: int, exchange: str
) -> Membership:
    """The folder's table, the given one, or a new one; written before the first shadow is trained."""
    names = tuple(f"shadow-{i:02d}.safetensors" for i in range(count))
    samples: dict[str, Sample] = {}
    for sample in (s for images in sets for s in images.samples):
        samples.setdefault(hashes[sample.image], sample)  # the same file twice is one image, with one role
    given = None if split is None else _read_table(split, samples.keys(), count)
    kept = _read_table(out / NAME, samples.keys(), count) if (out / NAME).is_file() else None
    if given and kept and given.rows() != kept.rows():
        raise DataError(f"{out / NAME}: divides the images otherwise than {split}.", "Take another folder.")
    blocks = exchange == "blocks"
    if kept and split is None and kept.members.all() != blocks:
        other = "images" if blocks else "blocks of images"
        raise DataError(f"{out / NAME}: is of shadows that exchange {other}.", "Take another folder.")
    table = kept or given or _new_table(samples, count, seed, blocks)
    table = replace(table, shadows=names)
    write_membership(out, table)
    return table


def _read_table(path: Path, images: Iterable[str], count: int) -> Membership:
    table = read_membership(path)
    if set(table.images) != set(images) or len(table.shadows) != count:
        raise DataError(
            f"{path}: is for other images, or for another number of shadows.",
            "Take another folder, or give the images and the number it was made with.",
        )
    return table


def _new_table(samples: Mapping[str, Sample], count: int, seed: int, blocks: bool) -> Membership:
    """Random halves of the images; or all of them, where halves are of blocks."""
    groups = [sample.group or sha256 for sha256, sample in samples.items()]
    keys = tuple(sample.key for sample in samples.values())
    members = np.ones((len(groups), count), bool) if blocks else random_halves(groups, count, seed)
    return Membership((), tuple(samples), keys, tuple(groups), members)


def _is_trained(checkpoint: Path, members: set[str], settings: TargetTraining, hardening: Hardening) -> bool:
    """Whether the checkpoint is there. Raises `DataError` where it was trained on other images or in another way."""
    if not checkpoint.is_file():
        return False
    manifest = read_manifest(checkpoint)
    if manifest is None:  # killed between the writing of the two
        return False
    if set(manifest.members) != members:
        raise DataError(f"{checkpoint}: was trained on other images.", "Take another folder, or delete it.")
    if other := _differing(manifest.settings, settings, hardening):
        raise DataError(f"{checkpoint}: was trained with another {other}.", "Take another folder, or delete it.")
    return True


def _differing(kept: Mapping[str, Any], settings: TargetTraining, hardening: Hardening) -> str:
    """The first setting in which a kept training differs from the wanted one, or ""."""
    wanted = recorded_settings(settings, hardening)
    if kept.get("hardening", {}) != wanted.pop("hardening", {}):
        return "hardening"
    # A setting that is younger than the checkpoint is not in its list: it had the default's effect.
    defaults = recorded_settings(TargetTraining(), hardening)
    return next((k for k, v in wanted.items() if kept.get(k, defaults[k]) != v), "")
