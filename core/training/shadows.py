"""What an attack network learns from: the representations of a shadow's members and non-members."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.attacks.representations import REPRESENTATIONS, Representation
from core.audit.observe import defended, observe, recorded
from core.audit.references import AuditedReference
from core.audit.sources import Source
from core.data.samples import ImageSet, Sample
from core.defenses.base import Defense
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.defenses.hardened import Hardened
from core.errors import DataError, SpecError
from core.progress import Progress
from core.training.images import label_of, read_hashed, settled_encoding
from core.training.manifest import ShadowRecord, read_manifest

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme
    from core.targets.base import Target, TargetInfo


@dataclass(frozen=True)
class ShadowData:
    """A shadow, images it was trained on, images it was not, and the class scheme of their label maps.

    Images that are read in different ways come in one of these each, with the same shadow.

    With few images, give two shadows that exchange members and non-members. A single one lets the network learn which
    scenes are members, because the two halves never show quite the same kind of scene.
    """

    target: "Target"
    members: ImageSet
    non_members: ImageSet
    scheme: "ClassScheme"


@dataclass(frozen=True)
class Example:
    """One image as the attack network sees it through one defense.

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
    defense
        The chain of defenses, as `Chain.describe` has it.
    """

    values: torch.Tensor
    member: bool
    group: str
    sha256: str
    defense: str = "none"


@dataclass(frozen=True)
class Observed:
    """A shadow after its one pass.

    Attributes
    ----------
    name
        Its file's name.
    kind
        Its architecture and number of classes, for a person.
    record
        Its entry in the manifest.
    examples
        What the attack network learns from: each image once per chain of defenses.
    """

    name: str
    kind: str
    record: ShadowRecord
    examples: tuple[Example, ...]


ReferencesOf = Callable[[str, str], Sequence[AuditedReference]]
"""From the SHA-256 of a shadow and of an image to the references that are shown beside them."""


def collect(
    shadows: Sequence[ShadowData],
    representation: str,
    defenses: Sequence[Chain],
    seed: int,
    progress: Progress,
    references: ReferencesOf = lambda shadow, image: (),
) -> list[Observed]:
    """Run every shadow once over its images; the training after it needs no shadow any more.

    Raises
    ------
    DataError
        An image cannot be used, is member and non-member of one shadow, or contradicts the shadow's own list.
    SpecError
        A defense is another checkpoint.
    TargetError
        A defense asks the shadow for what its format or architecture cannot do.
    """
    for chain in defenses:
        if isinstance(chain.source, Hardened):
            raise SpecError(
                f"An attack network cannot be trained under the defense '{chain.describe()}'.",
                "Train on defenses that act on posteriors or ask for dropout, or give the hardened checkpoint as the "
                "shadow.",
            )
    observer = _Observer(REPRESENTATIONS.make({"name": representation}), tuple(defenses), seed, progress, references)
    progress.start("observing shadows", sum(len(s.members.samples) + len(s.non_members.samples) for s in shadows))
    parts: dict[str, list[ShadowData]] = {}
    for shadow in shadows:
        parts.setdefault(shadow.target.info.sha256, []).append(shadow)
    return [_observed(observer, same) for same in parts.values()]


def _observed(observer: "_Observer", parts: Sequence[ShadowData]) -> Observed:
    """One shadow, over all of its images."""
    info = parts[0].target.info
    examples = [example for part in parts for example in observer.examples(part)]
    kind = f"{info.architecture or info.format}, {info.classes or 'unknown'} classes"
    return Observed(info.path.name, kind, _checked_record(info, examples), tuple(examples))


@dataclass(frozen=True)
class _Observer:
    """Turns images into examples."""

    maker: Representation
    defenses: tuple[Chain, ...]
    seed: int
    progress: Progress
    references: ReferencesOf

    def examples(self, shadow: ShadowData) -> list[Example]:
        """The examples of a shadow, members first."""
        found, sources = [], self._sources(shadow.target)
        for images, member in ((shadow.members, True), (shadow.non_members, False)):
            encoding = settled_encoding(images, shadow.scheme)
            for sample in images.samples:
                found += self._examples(sources, shadow.scheme, sample, encoding, member)
                self.progress.step(sample.key)
        return found

    def _sources(self, target: "Target") -> list[Source]:
        """The ways in which an audit under these defenses asks a target, each with the chains on its answers."""
        ways = dict.fromkeys(chain.source for chain in self.defenses)
        return [self._source(target, way) for way in ways]

    def _source(self, target: "Target", way: Defense | None) -> Source:
        chains = tuple(chain for chain in self.defenses if chain.source == way)
        return Source("", target, chains, way if isinstance(way, Dropout) else None, self.seed)

    def _examples(
        self, sources: Sequence[Source], scheme: "ClassScheme", sample: Sample, encoding: str, member: bool
    ) -> list[Example]:
        """An image under every defense."""
        image, sha256 = read_hashed(sample.image)
        size = (image.shape[0], image.shape[1])
        label = label_of(sample, scheme, encoding, size) if self.maker.needs_label else None
        grid = size if label is None else (label.shape[0], label.shape[1])
        found = []
        beside = tuple(
            recorded(reference.source.outputs([image], [sha256])[0], label, grid).reference(reference.trained(sha256))
            for reference in self.references(sources[0].target.info.sha256, sha256)
        )
        for source in sources:
            seen = observe(source.outputs([image], [sha256])[0], label, grid, sha256)
            seen = replace(seen, references=beside)
            for chain in source.chains:
                values = torch.from_numpy(self.maker.of(defended(chain, seen, self.seed)).astype(np.float16))
                found.append(Example(values, member, sample.group or sha256, sha256, chain.describe()))
        return found


def _checked_record(info: "TargetInfo", examples: Sequence[Example]) -> ShadowRecord:
    """A shadow's manifest entry. Refuses examples that would teach the network the opposite of the truth."""
    members = {e.sha256 for e in examples if e.member}
    others = {e.sha256 for e in examples if not e.member}
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
