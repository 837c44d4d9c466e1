"""Several shadows in one call: splits drawn or given, a table of who was trained on what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.samples import ImageSet
from core.errors import DataError, SpecError
from core.progress import Progress
from core.targets.open import open_target
from core.training.images import read_hashed
from core.training.manifest import read_manifest
from core.training.membership import NAME, Membership, random_halves, read_membership, write_membership
from core.training.settings import TargetTraining
from core.training.shadows import ShadowData
from core.training.target import train_target

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme


@dataclass(frozen=True)
class Fleet:
    """Shadows over one image set: their folder, the image set, the table, the scheme of the label maps."""

    folder: Path
    images: ImageSet
    membership: Membership
    scheme: "ClassScheme"


def train_shadows(
    images: ImageSet,
    scheme: "ClassScheme",
    settings: Sequence[TargetTraining],
    count: int,
    out: Path,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
    split: Path | None = None,
) -> Fleet:
    """Train shadows into a folder, each on about half of the images.

    Shadows that are there already are kept, so a stopped call goes on.

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

    Raises
    ------
    DataError
        An image cannot be used, or the folder or the table belongs to other images.
    SpecError
        The count does not fit.
    Cancelled
        A stop was asked for; finished shadows stay.
    """
    if count < 2 or not settings:
        raise SpecError(f"{count} shadows are too few.", "Train at least 2: a pair exchanges members and non-members.")
    progress = progress or Progress()
    hashes = hashes_of(images, progress)
    table = _table(images, hashes, count, out, split, settings[0].seed)
    for number, name in enumerate(table.shadows):
        wanted = table.of(name)
        chosen = [s for s in images.samples if wanted[hashes[s.key]]]
        members = replace(images, samples=tuple(chosen))
        one = settings[(number // 2) % len(settings)]
        if not _is_trained(out / name, {hashes[s.key] for s in chosen}):
            train_target([members], scheme, replace(one, seed=one.seed + number), out / name, device, progress=progress)
    return Fleet(out, images, table, scheme)


def open_fleet(folder: Path, images: ImageSet, scheme: "ClassScheme") -> Fleet:
    """Shadows trained earlier, with the image set they were trained over. Raises `DataError`."""
    return Fleet(folder, images, read_membership(folder), scheme)


def shadow_data(fleet: Fleet, device: str = "cpu", progress: Progress | None = None) -> list[ShadowData]:
    """What an attack network learns from: every shadow with its members and non-members.

    Raises
    ------
    DataError
        No image of the set is in the table.
    TargetError
        A shadow cannot be opened.
    """
    hashes = hashes_of(fleet.images, progress or Progress())
    if not set(hashes.values()) & set(fleet.membership.images):
        raise DataError(
            f"{fleet.folder}: the membership table knows none of these images.", "Give the images of its shadows."
        )
    found = []
    for name in fleet.membership.shadows:
        member_of = fleet.membership.of(name)
        sides = {
            wanted: tuple(s for s in fleet.images.samples if member_of.get(hashes[s.key]) is wanted)
            for wanted in (True, False)
        }
        target = open_target(fleet.folder / name, device=device)
        inside, outside = (replace(fleet.images, samples=sides[w]) for w in (True, False))
        found.append(ShadowData(target, inside, outside, fleet.scheme))
    return found


def hashes_of(images: ImageSet, progress: Progress) -> dict[str, str]:
    """Key -> SHA-256 of each image file. Raises `DataError` where one cannot be read."""
    samples = progress.over("hashing images", images.samples, len(images.samples))
    return {sample.key: read_hashed(sample.image)[1] for sample in samples}


def _table(
    images: ImageSet, hashes: dict[str, str], count: int, out: Path, split: Path | None, seed: int
) -> Membership:
    """The folder's table, the given one, or a new one; written before the first shadow is trained."""
    names = tuple(f"shadow-{i:02d}.safetensors" for i in range(count))
    source = out / NAME if (out / NAME).is_file() else split
    if source is not None:
        table = read_membership(source)
        if set(table.images) != set(hashes.values()) or len(table.shadows) != count:
            raise DataError(
                f"{source}: is for other images, or for another number of shadows.",
                "Take another folder, or give the images and the number it was made with.",
            )
        table = replace(table, shadows=names)
    else:
        groups = [s.group or hashes[s.key] for s in images.samples]
        table = Membership(
            names,
            tuple(hashes[s.key] for s in images.samples),
            tuple(s.key for s in images.samples),
            tuple(groups),
            random_halves(groups, count, seed),
        )
    write_membership(out, table)
    return table


def _is_trained(checkpoint: Path, members: set[str]) -> bool:
    """Whether the checkpoint is there. Raises `DataError` where it was trained on other images."""
    if not checkpoint.is_file():
        return False
    manifest = read_manifest(checkpoint)
    if manifest is None or set(manifest.members) != members:
        raise DataError(f"{checkpoint}: was trained on other images.", "Take another folder, or delete it.")
    return True
