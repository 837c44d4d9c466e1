"""Members, non-members and suspects against each other: the same pictures twice, and differences that are no memory."""

from collections.abc import Mapping, Sequence

from core.data.compared import COMPARED, beginnings
from core.data.duplicates import Fingerprint, exact_duplicates, near_duplicates
from core.data.findings import PLURAL, Finding, Inspection, Item, Severity, counted, named
from core.data.samples import Role
from core.data.shift import differences
from core.progress import Progress

EXACT_MEANING: Mapping[tuple[Role, Role], tuple[Severity, str]] = {
    (Role.MEMBER, Role.NON_MEMBER): (
        "error",
        "An image cannot be both, and every number of the audit would be wrong: take them out of one side.",
    ),
    (Role.SUSPECT, Role.MEMBER): ("warning", "Whether the target was trained on these suspects is known already."),
    (Role.SUSPECT, Role.NON_MEMBER): (
        "error",
        "Non-members calibrate the verdict and cannot be judged by it at once: take them out of one side.",
    ),
}
NEAR_MEANING: Mapping[tuple[Role, Role], str] = {
    (Role.MEMBER, Role.NON_MEMBER): (
        "A non-member that resembles a training image scores like a member, which hides leakage: split by scene."
    ),
    (Role.SUSPECT, Role.MEMBER): (
        "A suspect that resembles a training image can score like a member without having been trained on."
    ),
    (Role.SUSPECT, Role.NON_MEMBER): (
        "If such a suspect was trained on, its look-alike non-member scores like a member and weakens the evidence."
    ),
}
SHIFT_COMPARED = ((Role.MEMBER, Role.NON_MEMBER), (Role.SUSPECT, Role.NON_MEMBER))


def comparison_findings(images: Mapping[Role, Sequence[Inspection]], progress: Progress) -> list[Finding]:
    """Duplicates between each two roles and within each, and shifts. One step per comparison; may raise `Cancelled`."""
    readable = {role: [image for image in inspected if not image.problem] for role, inspected in images.items()}
    readable = {role: inspected for role, inspected in readable.items() if inspected}
    between = [pair for pair in COMPARED if pair[0] in readable and pair[1] in readable]
    found: list[Finding] = []
    progress.start("Comparing images", len(between) + len(readable))
    for first, second in between:
        found += _between(readable[first], readable[second], progress)
        if (first, second) in SHIFT_COMPARED:
            found += _shift(readable[first], _stand_in(readable[second]) if first is Role.SUSPECT else readable[second])
        progress.step()
    for inspected in readable.values():
        found += _within(inspected, progress)
        progress.step()
    return found


def _prints(images: Sequence[Inspection]) -> list[Fingerprint]:
    return [image.fingerprint for image in images if image.fingerprint]


def _pair(first: Inspection, second: Inspection) -> dict[str, str | int | float]:
    return {"first": str(first.sample.image), "second": str(second.sample.image)}


def _between(first: Sequence[Inspection], second: Sequence[Inspection], progress: Progress) -> list[Finding]:
    roles = first[0].role, second[0].role
    same, alike, _ = beginnings(*roles)
    found = []
    if exact := exact_duplicates(_prints(first), _prints(second)):
        severity, meaning = EXACT_MEANING[roles]
        pairs: tuple[Item, ...] = tuple(_pair(first[i], second[j]) for i, j in exact)
        sentence = f"{same} {named(first[i].sample.image for i, _ in exact)}. {meaning}"
        found.append(Finding(severity, "exact-duplicates", sentence, pairs))
    near = near_duplicates(_prints(first), _prints(second), progress)
    if near.count:
        pairs = tuple(
            {
                **_pair(first[pair.first], second[pair.second]),
                "correlation": round(pair.correlation, 4),
                "mirrored": pair.mirrored,
            }
            for pair in near.pairs
        )
        examples = [
            f"{first[pair.first].sample.image.name} = {second[pair.second].sample.image.name}"
            f"{' mirrored' if pair.mirrored else ''}"
            for pair in near.pairs[:3]
        ]
        sentence = (
            f"{alike} {counted(near.count, 'pair')} of {near.first.sum()} and "
            f"{counted(int(near.second.sum()), 'image')} (the closest: {'; '.join(examples)}). {NEAR_MEANING[roles]}"
        )
        found.append(Finding("warning", "near-duplicates", sentence, pairs))
    return found


def _within(images: Sequence[Inspection], progress: Progress) -> list[Finding]:
    prints = _prints(images)
    exact, near = exact_duplicates(prints), near_duplicates(prints, progress=progress)
    if not exact and not near.count:
        return []
    sentence = (
        f"Among the {PLURAL[images[0].role]}: {counted(len(exact), 'repeated file')} and "
        f"{counted(near.count, 'pair')} of near-duplicates. They are not independent; unless groups keep them "
        "together, intervals come out too narrow."
    )
    return [Finding("note", "repeats-within", sentence, ({"exact": len(exact), "near": near.count},))]


def _stand_in(non_members: Sequence[Inspection]) -> Sequence[Inspection]:
    """The non-members that suspects are held against: those that calibrate, where others do not."""
    return [image for image in non_members if image.calibrates] or non_members


def _shift(first: Sequence[Inspection], second: Sequence[Inspection]) -> list[Finding]:
    looks = [[image.appearance for image in images if image.appearance] for images in (first, second)]
    groups = [[image.sample.group for image in images] for images in (first, second)]
    *_, differing = beginnings(first[0].role, second[0].role)
    return [
        Finding(
            "warning",
            f"shift-{difference.kind}",
            f"{differing} {difference.sentence}. An attack can tell them apart by this without the "
            "target remembering anything, or be misled by it: take both from the same source.",
            ({"effect": round(difference.effect, 4), "p_value": difference.p_value},),
        )
        for difference in differences(looks[0], looks[1], *groups)
    ]
