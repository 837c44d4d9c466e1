"""The reference models of an audit: opened, and what is known of their training."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.attacks.views import View
from core.audit.reference_fit import ModelFacts, misfit
from core.audit.sources import Source
from core.audit.spec import AuditSpec, ReferenceEntry
from core.data.layouts import open_images
from core.errors import DataError
from core.files import sha256_of_file
from core.grid import Grid
from core.training.half import Truth
from core.training.manifest import read_manifest
from core.training.membership import NAME, read_membership

if TYPE_CHECKING:
    from core.targets.base import Target


@dataclass(frozen=True)
class AuditedReference:
    """A reference model of the audit.

    Attributes
    ----------
    source
        How it is asked; it has no chain, because the attacker owns it.
    members
        SHA-256 of the images it was trained on; None where nothing says so.
    truth
        Which blocks of its members taught it, where only half of each did.
    whole
        Images that shaped it in another way, all of each.
    """

    source: Source
    members: frozenset[str] | None
    truth: Truth | None = None
    whole: frozenset[str] = frozenset()

    def trained(self, image_sha256: str) -> bool | None:
        """Whether it was trained on an image; None where nothing says so."""
        return None if self.members is None else image_sha256 in self.members

    def taught(self, image_sha256: str, grid: Grid, view: View | None = None) -> npt.NDArray[np.bool_] | None:
        """Where it learned from an image, or from what a view shows of it, on the attack grid `(h, w)`.

        None: everywhere or nowhere, as `trained` says.
        """
        if self.truth is None or image_sha256 in self.whole or not self.trained(image_sha256):
            return None
        return self.truth.mask(image_sha256, grid if view is None else view.before(grid))

    @property
    def known(self) -> str:
        """What is known of its training, as one text: equal where it is the same."""
        if self.members is None:
            return "nothing"
        return " ".join((*sorted(self.members), *((str(self.truth), *sorted(self.whole)) if self.truth else ())))

    def knows(self, images: Sequence[str]) -> str:
        """How many of some images, by their hashes, it was trained on: the rest of a sentence about it."""
        if self.members is None:
            return "has no list of its training images beside it, so it counts as trained on none of them."
        known = sum(image in self.members for image in images)
        part = "half of the blocks of " if self.truth else ""
        return f"was trained on {part}{known} of the {len(images)} images of this audit."


def told(references: Sequence[AuditedReference], images: Sequence[str]) -> list[str]:
    """Sentences for the record: how many of the audit's images, by their hashes, the references were trained on."""
    names: dict[str, list[str]] = {}
    for reference in references:
        names.setdefault(reference.knows(images), []).append(reference.source.target.info.path.name)
    return [
        f"References {', '.join(those)}: each {knows}" if len(those) > 1 else f"Reference {those[0]}: {knows}"
        for knows, those in names.items()
    ]


def taught_in_blocks(references: Sequence[AuditedReference], images: AbstractSet[str]) -> int:
    """How many references that have seen some of the images learned from half of each; 0 unless all of these did."""
    knowing = [reference for reference in references if reference.members and reference.members & images]
    return len(knowing) if all(r.truth and not r.whole & images for r in knowing) else 0


def open_references(spec: AuditSpec, target: "Target", trusted: frozenset[str]) -> tuple[AuditedReference, ...]:
    """Open the references of a spec. Their weights stay in memory, beside the target's.

    Raises
    ------
    TargetError
        A file cannot be opened.
    SpecError
        A reference has other classes than the target, is the target, or is given twice.
    DataError
        What says which images it was trained on cannot be read.
    """
    moved = spec.with_paths(lambda path: str(spec.resolve(path)))
    opened = tuple(open_reference(entry, target.device, trusted) for entry in moved.references)
    facts = [_facts(reference.source.target) for reference in opened]
    for number, reference in enumerate(facts):
        if error := misfit(reference, _facts(target), facts[:number]):
            raise error
    return opened


def open_reference(entry: ReferenceEntry, device: str, trusted: frozenset[str]) -> AuditedReference:
    """Open one reference whose paths begin at the working folder. Raises `TargetError` or `DataError`."""
    from core.targets.open import open_target

    trusted |= {entry.trust} if entry.trust else set()
    reference = open_target(Path(entry.path), entry.options, entry.preprocessing, device, trusted)
    return audited(reference, entry)


def audited(reference: "Target", entry: ReferenceEntry | None = None) -> AuditedReference:
    """An opened model as a reference; `entry` may name what it was trained on, else the list beside it says so.

    Raises `DataError` where that cannot be read.
    """
    sha256 = reference.info.sha256
    manifest = read_manifest(reference.info.path, sha256)
    source = Source(f"reference/{sha256}", reference, ())
    members = None if manifest is None else frozenset((*manifest.members, *manifest.others))
    if entry is not None and entry.members:
        members = _named(Path(entry.members), reference.info.path)
    if manifest is None:
        return AuditedReference(source, members)
    return AuditedReference(source, members, Truth.told_by(manifest), frozenset(manifest.others))


def _facts(model: "Target") -> ModelFacts:
    return ModelFacts(model.info.path.name, model.info.sha256, model.info.classes, model.info.scheme)


def _named(given: Path, path: Path) -> frozenset[str]:
    """The images that a table of shadows, a list or a folder names as those that the model at `path` was trained on."""
    if given.name == NAME or (given / NAME).is_file():
        known = read_membership(given).of(path.name)
        return frozenset(sha for sha, member in known.items() if member)
    try:
        return frozenset(sha256_of_file(sample.image) for sample in open_images(given).samples)
    except OSError as error:
        raise DataError(f"{given}: an image cannot be read ({error}).", "Check the list of members.") from error
