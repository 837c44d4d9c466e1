"""For how many images references can be asked online: some have seen them, and others have not."""

from dataclasses import dataclass
from typing import ClassVar

from core.audit.spec import ReferenceEntry
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Job
from core.engine.jobs.look_at_images import ImagesAsked


@dataclass(frozen=True)
class Seen:
    """How many images there are, and how many have references on both sides.

    Attributes
    ----------
    in_blocks
        Whether every reference is on both sides of every image: it learned from half of its blocks.
    """

    images: int
    both: int
    in_blocks: bool = False


@dataclass(frozen=True)
class CountSeen(Job):
    """Read every image's hash and every reference's list of training images; the value is a `Seen`.

    Attributes
    ----------
    entries
        The references as in the spec, with full paths.
    asked
        The images.
    """

    lane: ClassVar[Lane] = Lane.LONG
    entries: tuple[ReferenceEntry, ...]
    asked: ImagesAsked

    def run(self, desk: Desk) -> Seen:
        """Count; raises `SegLeakError` where an image or a reference cannot be read."""
        from core.audit.references import open_reference
        from core.engine.models import consents
        from core.training.fleet import hashes_of

        # One after the other: no two of them need to be in memory.
        known: list[tuple[frozenset[str], frozenset[str]]] = []
        for entry in self.entries:
            reference = open_reference(entry, "cpu", consents(self.trusted))
            members = reference.members or frozenset()
            known.append((members, members - reference.whole if reference.truth else frozenset()))
        images = hashes_of([planned.images for planned in self.asked.planned()], desk.progress).values()
        both = sum(
            any(image in members for members, _ in known)
            and any(image not in members or image in partly for members, partly in known)
            for image in images
        )
        return Seen(len(images), both, all(partly.issuperset(images) for _, partly in known))
