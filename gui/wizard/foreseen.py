"""What can be said of a training of references before it begins. Knows nothing of Qt."""

from dataclasses import dataclass

from core.engine.jobs import FoundArchitecture, FoundFleet, TrainReferences
from core.errors import SegLeakError
from core.training.settings import TargetTraining
from core.training.standing import Standing
from gui.wizard.training import Proposal, training_of

IN_MEMORY = 4 << 30
"""Bytes of decoded images that a training keeps, as `core.training.images` has it; more are read again each time."""
FLOAT, OPTIMIZED = 4, 16
"""Bytes of a weight, in a file and in training: with its slope and two means of the optimizer."""
STEP = (1_000, 3_000)
"""Bytes of a step for each pixel of its images, least and most, as measured with encoders of 18 layers."""
STATE = 3
"""Sizes of a checkpoint that the state of an unfinished one takes."""

WHY = (
    "Each reference is trained on a random half of this audit's images, and its partner on the other half, so that "
    "every image has been seen by half of them and not by the rest. Attacks that ask both sides ('online') are by far "
    "the strongest here; the more alike the references are trained to the target, the more they see. Halves of the "
    "blocks of every image do the same block by block, and draw the maps that point best."
)
GOES = (
    "The first steps show how long it takes; the list of jobs then says so. It can be stopped and gone on with at any "
    "time. What you look at and audits that you begin meanwhile go first, and the training waits for them."
)
TAKE = "Take those settings to go on with them"
IN_A_TERMINAL = "Go on with them in a terminal, as they were begun"
LOOKING = "Looking at the images and the folder..."


@dataclass(frozen=True)
class Foreseen:
    """What a dialog says.

    Attributes
    ----------
    begin
        What its button says; empty where training cannot begin.
    problem, remedy
        Why not, and what to do.
    told
        What is there already, or what is awaited.
    cost
        Room on the disk and in memory; empty while it is not known.
    kept
        Whether the folder says how its references are trained, and that is not what is wanted.
    """

    begin: str = ""
    problem: str = ""
    remedy: str = ""
    told: str = ""
    cost: str = ""
    kept: bool = False


def foreseen(
    job: TrainReferences, fleet: FoundFleet | None, model: FoundArchitecture | None, target_classes: int = 0
) -> Foreseen:
    """Judge what is wanted by what was found; `target_classes`: 0 where it is not known."""
    for found in (fleet, model):
        if found is not None and found.problem:
            return Foreseen(problem=found.problem, remedy=found.remedy)
    if fleet is None or model is None:
        return Foreseen(told=LOOKING)
    there = fleet.standing
    refused = _unfit(fleet, target_classes) or _other(job, fleet) or _no_room(job, fleet, model.weights)
    if refused is not None:
        return refused
    given_up = _given_up(job, there)
    told, begin = given_up or _told(job, there), _begin(job, there, anew=bool(given_up))
    return Foreseen(begin, told=told, cost=_cost(job, fleet, model.weights), kept=bool(given_up))


def _unfit(fleet: FoundFleet, target_classes: int) -> Foreseen | None:
    """Why the references could not be the target's."""
    if not target_classes or fleet.classes == target_classes:
        return None
    return Foreseen(
        problem=f"The label maps have {fleet.classes} classes, the target {target_classes}.",
        remedy="Choose the class scheme that the target was trained with, under the images.",
    )


def _no_room(job: TrainReferences, fleet: FoundFleet, weights: int) -> Foreseen | None:
    """That the disk is too full."""
    wanted = _disk(job, fleet.standing, weights)
    if wanted <= fleet.free:
        return None
    return Foreseen(
        problem=f"They need {size(wanted)} on the disk, and {size(fleet.free)} are free where the folder is.",
        remedy="Make room, or choose a folder on another disk.",
    )


def _given_up(job: TrainReferences, there: Standing) -> str:
    """That a first reference was begun in another way, and would be begun anew; empty where it goes on."""
    if there.trained or not there.begun or there.settings is None or there.settings == job.settings:
        return ""
    kept, now = there.settings.to_mapping(), job.settings.to_mapping()
    other = [_difference(name, kept[name], now[name]) for name in now if kept[name] != now[name]]
    return f"The first reference was begun with {', '.join(other)}. It would begin anew."


def _other(job: TrainReferences, fleet: FoundFleet) -> Foreseen | None:
    """Why the references of the folder cannot be gone on with; None where they can be."""
    there = fleet.standing
    if not there.count:
        return None
    if not fleet.same_images:
        return Foreseen(
            problem="The folder holds references to other images than those of this audit.",
            remedy="Choose another folder. To go on with them, give the very images they were begun with.",
        )
    pairs = (("count", there.count, job.count), ("exchange", there.exchange, job.exchange))
    other = [f"{name} {kept} instead of {wanted}" for name, kept, wanted in pairs if kept != wanted]
    other += _differing(there, job.settings)
    if not other:
        return None
    kept = _can_be_taken(there)
    return Foreseen(
        problem=f"{_how_many(there)} in this folder with other settings: {', '.join(other)}.",
        remedy=f"{TAKE if kept else IN_A_TERMINAL}, or choose another folder.",
        kept=kept,
    )


def _can_be_taken(there: Standing) -> bool:
    """Whether this dialog can say how those in a folder are trained."""
    if there.settings is None:
        return False
    try:
        taken = Proposal.of(there.settings, there.count, there.exchange)
        return not there.differences(training_of(taken.settings, taken.further))
    except SegLeakError:
        return False


def _differing(there: Standing, settings: TargetTraining) -> list[str]:
    """The settings in which those that are trained differ, in words."""
    kept = None if there.settings is None else there.settings.to_mapping()
    now = settings.to_mapping()
    names = there.differences(settings)
    if kept is None:
        return list(names)
    return [_difference(name, kept[name], now[name]) if name in now else name for name in names]


def _difference(name: str, there: object, wanted: object) -> str:
    return f"{name.replace('_', ' ')} {_value(there)} instead of {_value(wanted)}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return " x ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _how_many(there: Standing) -> str:
    trained = len(there.trained)
    if trained:
        return f"{trained} of {there.count} references {'is' if trained == 1 else 'are'} trained"
    return "The first of the references is begun" if there.begun else f"{there.count} references were begun"


def _told(job: TrainReferences, there: Standing) -> str:
    if not there.count:
        return ""
    if len(there.trained) == job.count:
        return f"All {job.count} are trained already."
    goes_on = " One more is begun, and goes on where it was." if there.begun and there.trained else ""
    goes_on = goes_on or (" It goes on where it was." if there.begun else "")
    return f"{_how_many(there)}.{goes_on}"


def _begin(job: TrainReferences, there: Standing, *, anew: bool) -> str:
    if there.count and len(there.trained) == job.count:
        return "Add them to the audit"
    goes_on = there.trained or (there.begun and not anew)
    return "Go on" if goes_on else f"Train {job.count} references"


def _disk(job: TrainReferences, there: Standing, weights: int) -> int:
    """Bytes that will be written, with the state of the one that is under way."""
    left = job.count - len(there.trained)
    return (left + STATE) * weights * FLOAT if left else 0


def _cost(job: TrainReferences, fleet: FoundFleet, weights: int) -> str:
    height, width = job.settings.size
    images = fleet.images * height * width * FLOAT
    memory = (images if images <= IN_MEMORY else 0) + weights * OPTIMIZED
    least, most = (size(job.settings.batch * height * width * step) for step in STEP)
    each, total = size(weights * FLOAT), size(job.count * weights * FLOAT)
    slow = "" if images <= IN_MEMORY else " The images are too many to be kept there, and are read again in each epoch."
    return (
        f"{fleet.images:,} images. On the disk each reference takes {each}, all of them {total}; {size(fleet.free)} "
        f"are free. In memory {size(memory)}, and {least} to {most} for a step of {job.settings.batch} images, more "
        f"where the network is deep.{slow}"
    )


def size(count: float) -> str:
    """Bytes in words, such as "45 MB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6)):
        if count >= step:
            return f"{count / step:.1f} {unit}" if count < 10 * step else f"{count / step:,.0f} {unit}"
    return f"{max(1, round(count / 1e3))} kB"
