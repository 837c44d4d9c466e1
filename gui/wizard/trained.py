"""References that have just been trained: for which draft, and what is said of them. Knows nothing of Qt."""

from core.engine.jobs import TrainReferences
from gui.banner import Message, Offer, Severity
from gui.trainings import TRAINING
from gui.wizard.draft import Draft


def is_for(job: TrainReferences, draft: Draft) -> bool:
    """Whether a draft is the one that references were trained for: it still has some of their images."""
    asked = job.asked.spec()
    theirs = {asked.resolve(entry.path) for entry in job.asked.entries}
    return any(draft.spec.resolve(entry.path) in theirs for entry in draft.spec.images)


def message(job: TrainReferences, *, added: bool, offers: tuple[Offer, ...] = ()) -> Message:
    """What a banner says."""
    title = f"{job.count} references are trained"
    if added:
        return Message(Severity.SUCCESS, f"{title} and were added to the new audit.", offers=offers, subject=TRAINING)
    where = "They are a folder of shadows; add it to an audit of these images."
    return Message(Severity.SUCCESS, f"{title}: {job.out}", where, subject=TRAINING)
