"""What an attack network learns from: the representations of a shadow's members and non-members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.attacks.representations import REPRESENTATIONS, Representation
from core.audit.observe import defended, observe
from core.data.samples import ImageSet, Sample
from core.defenses.chain import Chain
from core.errors import DataError, SpecError
from core.progress import Progress
from core.training.images import label_of, read_hashed, settled_encoding
from core.training.manifest import ShadowRecord, read_manifest

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme
    from core.targets.base import Target


@dataclass(frozen=True)
class ShadowData:
    """A shadow, the images it was trained on, images it was not, and the class scheme of their label maps.

    With few images, give two shadows that exchange members and non-members. A single one lets the network learn which
    scenes are members, because the two halves never show quite the same kind of scene.
    """

    target: "Target"
    members: ImageSet
    non_members: ImageSet
    scheme: "ClassScheme"


@dataclass(frozen=True)
class Example:
    """One image as the attack network sees it.

    Attributes
    ----------
    values
        The representation `(K, h, w)`, float16: half the memory, and far finer than what is learned from it.
    member
        Whether the shadow was trained on the image.
    group
        What it shares with images it depends on; its own hash where nothing is known.
    sha256
        SHA-256 of the image file.
    """

    values: torch.Tensor
    member: bool
    group: str
    sha256: str


@dataclass(frozen=True)
class Observed:
    """A shadow after its one pass: its file's name, its entry in the manifest, its examples."""

    name: str
    record: ShadowRecord
    examples: tuple[Example, ...]


def collect(
    shadows: Sequence[ShadowData], representation: str, defense: Chain, seed: int, progress: Progress
) -> list[Observed]:
    """Run every shadow once over its images; the training after it needs no shadow any more.

    Raises
    ------
    DataError
        An image cannot be used, is member and non-member of one shadow, or contradicts the shadow's own list.
    SpecError
        The defense changes the shadow itself rather than its posteriors.
    """
    if defense.source is not None:
        raise SpecError(
            f"An attack network cannot be trained under the defense '{defense.describe()}'.",
            "Train on defenses that act on posteriors, or give the hardened checkpoint as the shadow.",
        )
    observer = _Observer(REPRESENTATIONS.make({"name": representation}), defense, seed, progress)
    total = sum(len(s.members.samples) + len(s.non_members.samples) for s in shadows)
    progress.start("observing shadows", total)
    observed: list[Observed] = []
    for shadow in shadows:
        found = observer.examples(shadow)
        record = _checked_record(shadow, found)
        observed.append(Observed(shadow.target.info.path.name, record, tuple(found)))
    return observed


@dataclass(frozen=True)
class _Observer:
    """Turns images into examples."""

    maker: Representation
    defense: Chain
    seed: int
    progress: Progress

    def examples(self, shadow: ShadowData) -> list[Example]:
        """The examples of a shadow, members first."""
        found = []
        for images, member in ((shadow.members, True), (shadow.non_members, False)):
            encoding = settled_encoding(images, shadow.scheme)
            found += [self._example(shadow, sample, encoding, member) for sample in images.samples]
        return found

    def _example(self, shadow: ShadowData, sample: Sample, encoding: str, member: bool) -> Example:
        image, sha256 = read_hashed(sample.image)
        size = (image.shape[0], image.shape[1])
        label = label_of(sample, shadow.scheme, encoding, size) if self.maker.needs_label else None
        grid = size if label is None else (label.shape[0], label.shape[1])
        seen = observe(shadow.target.outputs([image])[0], label, grid, sha256)
        values = self.maker.of(defended(self.defense, seen, self.seed)).astype(np.float16)
        self.progress.step(sample.key)
        return Example(torch.from_numpy(values), member, sample.group or sha256, sha256)


def _checked_record(shadow: ShadowData, examples: Sequence[Example]) -> ShadowRecord:
    """The shadow's manifest entry. Refuses examples that would teach the network the opposite of the truth."""
    members = {e.sha256 for e in examples if e.member}
    others = {e.sha256 for e in examples if not e.member}
    info = shadow.target.info
    manifest = read_manifest(info.path, info.sha256)
    trained = members if manifest is None else set(manifest.members)
    for wrong, what, remedy in (
        (members & others, "are given as members and as non-members", "Take them out of one of the two."),
        (
            members - trained,
            "are given as members, but the shadow's list of training images lacks them",
            "Give the images the shadow was trained on.",
        ),
        (
            others & trained,
            "are given as non-members, but the shadow was trained on them",
            "Give images the shadow has not seen.",
        ),
    ):
        if wrong:
            raise DataError(f"{info.path.name}: {len(wrong)} images {what}.", remedy)
    return ShadowRecord(info.sha256, tuple(sorted(trained)))
