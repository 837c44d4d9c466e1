"""Whether target, shadows and attack network were trained on what the audit says they were, and on nothing else.

Whoever trains with SegLeak gets the hashes of the training images kept beside the checkpoint. Where such a list is
found, the audit is checked against it: a contradiction stops it, an overlap is printed, no list is printed too.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from core.data.samples import Role
from core.errors import DataError
from core.training.manifest import TrainingManifest

SHOWN_TO_ATTACKS = "shown_to_attacks"
"""Fact: hashes of the audit's images that an attack was trained with, by attack id."""

UNVERIFIED = "{name}: no list of its training images was found, so independence cannot be verified."


@dataclass(frozen=True)
class HashedImage:
    """An image of the audit, by the SHA-256 of its file."""

    key: str
    role: Role
    sha256: str


def check_target(
    name: str, manifest: TrainingManifest | None, images: Sequence[HashedImage], *, hardened: bool = False
) -> list[str]:
    """Sentences for the record. Raises `DataError` where the list contradicts the audit's image sets.

    A `hardened` target need not have seen the members: a distilled one learns from its teacher.
    """
    if manifest is None:
        return [UNVERIFIED.format(name=name)]
    trained = set(manifest.members)
    seen = [i.key for i in images if i.role is Role.NON_MEMBER and i.sha256 in trained]
    if seen:
        raise DataError(
            f"{name}: was trained on {_some(seen)}, which the audit lists as non-members.",
            "Take them out of the non-members.",
        )
    untrained = [i.key for i in images if i.role is Role.MEMBER and i.sha256 not in trained]
    if untrained and not hardened:
        raise DataError(
            f"{name}: was not trained on {_some(untrained)}, which the audit lists as members.",
            "Take them out of the members, or audit the model that was trained on them.",
        )
    if untrained:
        first = f"Warning: {name}: was itself not trained on {_count(len(untrained), 'member')} of this audit."
    else:
        first = f"{name}: its list of {len(trained)} training images agrees with the audit's members and non-members."
    return [first, *_suspects(name, trained, images), *_others(name, set(manifest.others), images)]


def _suspects(name: str, trained: Set[str], images: Sequence[HashedImage]) -> list[str]:
    suspects = [i.sha256 in trained for i in images if i.role is Role.SUSPECT]
    if not any(suspects):
        return []
    return [f"{name}: its list of training images contains {sum(suspects)} of {_count(len(suspects), 'suspect')}."]


def _others(name: str, others: Set[str], images: Sequence[HashedImage]) -> list[str]:
    """Non-members that a pre-training or a hardening has seen are too much like members to stand for the unseen."""
    shaped = sum(i.role is Role.NON_MEMBER and i.sha256 in others for i in images)
    if not shaped:
        return []
    return [
        f"Warning: {name}: {_count(shaped, 'non-member')} of this audit shaped its weights without being members "
        "(in a training before this one, or as reference images); what leaks of the members may be understated."
    ]


def check_attack(
    name: str, manifest: TrainingManifest | None, images: Sequence[HashedImage], targets: Set[str] = frozenset()
) -> list[str]:
    """Sentences for the record: which of the audit's images the attack network or its shadows have seen.

    `targets` are the hashes of the audited models: none of them may have served as a shadow.
    """
    if manifest is None:
        return [UNVERIFIED.format(name=name)]
    seen_by = {"attack network": set(manifest.members) | set(manifest.non_members)}
    sentences = []
    for number, shadow in enumerate(manifest.shadows, start=1):
        seen_by[f"shadow {number}"] = set(shadow.members)
        if shadow.sha256 in targets:
            sentences.append(
                f"Warning: {name}: its shadow {number} is a target of this audit; its scores prove little."
            )
    sentences += [s for who, seen in seen_by.items() if (s := _overlap(name, who, seen, images))]
    return sentences or [f"{name}: shares no image with the audit."]


def seen_in_training(manifest: TrainingManifest | None, images: Sequence[HashedImage]) -> list[str]:
    """Hashes of the audit's images that an attack network or one of its shadows was trained with."""
    if manifest is None:
        return []
    shown = {*manifest.members, *manifest.non_members, *(sha for shadow in manifest.shadows for sha in shadow.members)}
    return sorted(shown & {image.sha256 for image in images})


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _overlap(name: str, who: str, seen: set[str], images: Sequence[HashedImage]) -> str:
    shared: dict[str, int] = {}
    for image in images:
        if image.sha256 in seen:
            shared[str(image.role)] = shared.get(str(image.role), 0) + 1
    if not shared:
        return ""
    counts = " and ".join(_count(count, role) for role, count in shared.items())
    return (
        f"Warning: {name}: its {who} was trained with {counts} of this audit; the scores of these are too favourable."
    )


def _some(keys: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(keys[:limit])
    return shown if len(keys) <= limit else f"{shown} and {len(keys) - limit} more"


def check_roles(images: Sequence[HashedImage]) -> None:
    """Raise `DataError` where one file is both a member and a non-member."""
    non_members = {i.sha256 for i in images if i.role is Role.NON_MEMBER}
    both = [i.key for i in images if i.role is Role.MEMBER and i.sha256 in non_members]
    if both:
        raise DataError(f"{_some(both)}: listed as member and as non-member.", "An image can be only one of them.")
