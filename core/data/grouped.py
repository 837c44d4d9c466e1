"""What groups (drive, patient, city) say of image sets: some images without one, and groups on two sides at once."""

from collections.abc import Mapping, Sequence

from core.data.compared import COMPARED
from core.data.findings import PLURAL, Finding, Inspection, counted
from core.data.samples import Role

SHARED_MEANING: Mapping[tuple[Role, Role], str] = {
    (Role.MEMBER, Role.NON_MEMBER): (
        "What resembles a training image scores like a member, which hides leakage: split by whole groups."
    ),
    (Role.SUSPECT, Role.MEMBER): (
        "Such suspects resemble training images and can score like them without having been trained on."
    ),
    (Role.SUSPECT, Role.NON_MEMBER): (
        "If such suspects were trained on, the non-members that resemble them weaken the evidence."
    ),
}


def group_findings(images: Mapping[Role, Sequence[Inspection]]) -> list[Finding]:
    """Roles of which only some images have a group, and groups with images of two roles."""
    shared = (_shared(images, pair) for pair in COMPARED)
    return [found for found in (*map(_partly, images.values()), *shared) if found is not None]


def _partly(images: Sequence[Inspection]) -> Finding | None:
    without = sum(image.sample.group is None for image in images)
    if without in {0, len(images)}:
        return None
    sentence = (
        f"Of {len(images):,} {PLURAL[images[0].role]} {without:,} have no group and the others have. Each image "
        "without one counts as independent of all others: give it a group, or intervals and verdicts claim too much."
    )
    return Finding("warning", "groups-missing", sentence, ({"images": len(images), "without": without},))


def _shared(images: Mapping[Role, Sequence[Inspection]], pair: tuple[Role, Role]) -> Finding | None:
    first, second = ([image.sample.group for image in images.get(role, ())] for role in pair)
    groups = (set(first) & set(second)) - {None}
    if not groups:
        return None
    concerned = sum(group in groups for group in first)
    sentence = (
        f"Groups with {PLURAL[pair[0]]} and {PLURAL[pair[1]]} in them: {len(groups):,}, with "
        f"{counted(concerned, pair[0])} and {counted(sum(g in groups for g in second), pair[1])}. "
        f"{SHARED_MEANING[pair]}"
    )
    return Finding("warning", "groups-shared", sentence, ({"groups": len(groups), "images": concerned},))
