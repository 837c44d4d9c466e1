"""Images of a half-supervised model: what it and its references answer, and which blocks taught it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.attacks.base import Observation
from core.audit.observe import recorded
from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassScheme
from core.grid import Grid
from core.targets.base import Target
from core.training.half import Blocks, Truth
from core.training.images import label_of, read_hashed, settled_encoding


@dataclass(frozen=True)
class Known:
    """One image: what the attacker sees of it, and the truth that only we know."""

    observation: Observation
    blocks: Blocks
    group: str = ""
    """Its block of frames."""


@dataclass(frozen=True)
class Seen:
    """One image without a truth.

    Attributes
    ----------
    observation
        What the attacker sees of it.
    size
        Height and width of its label map.
    sample
        Its files and its block of frames.
    """

    observation: Observation
    size: tuple[int, int]
    sample: Sample


def seen_images(target: Target, references: Sequence[Target], images: ImageSet, scheme: ClassScheme) -> Iterator[Seen]:
    """What target and references, which have not seen the images, answer for each."""
    encoding = settled_encoding(images, scheme)
    for sample in images.samples:
        image, sha256 = read_hashed(sample.image)
        label = label_of(sample, scheme, encoding, (image.shape[0], image.shape[1]))
        size = (label.shape[0], label.shape[1])
        seen = recorded(target.outputs([image])[0], label, size).observation(sha256)
        beside = tuple(recorded(r.outputs([image])[0], label, size).reference(trained=False) for r in references)
        yield Seen(replace(seen, references=beside), size, sample)


def known_images(
    target: Target, references: Sequence[Target], truth: Truth, images: ImageSet, scheme: ClassScheme
) -> Iterator[Known]:
    """As `seen_images`, of images a half-supervised target was trained on."""
    for seen in seen_images(target, references, images, scheme):
        blocks = truth.blocks(seen.observation.image_sha256, Grid.of(seen.size))
        yield Known(seen.observation, blocks, seen.sample.group or seen.sample.key)
