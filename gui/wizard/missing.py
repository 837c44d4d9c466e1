"""What a draft still lacks, and what it costs that something is absent. Knows nothing of Qt."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.attacks.base import AttackContext
from core.attacks.representations import REPRESENTATIONS
from core.audit.reference_fit import ModelFacts, misfit
from core.audit.spec import AttackEntry, ReferenceEntry
from core.data.samples import Role
from core.defenses.base import Kind
from core.defenses.chain import Chain
from core.engine.jobs import CheckedReference
from core.errors import SegLeakError
from gui.trials import title_of
from gui.wizard.draft import Draft
from gui.wizard.looking import Known

HEADROOM = 1.5
"""An audit takes so many times as long as the model alone: reading, scoring, writing."""
MINUTE, HOUR = 60, 3600

ABSENT = {
    Role.MEMBER: "No members: AUC, power and true positive rates cannot be measured on this model.",
    Role.NON_MEMBER: "No non-members: no false positive rate, no ROC and no verdicts.",
    Role.SUSPECT: "No suspects: the audit measures the model and judges no image.",
}


class Part(StrEnum):
    """A section of the page."""

    MODEL = "the model"
    IMAGES = "images"
    ATTACKS = "the attack"
    DEFENSES = "the defenses"
    VERDICTS = "the verdicts"
    SAVING = "the name"


@dataclass(frozen=True)
class Lack:
    """What keeps the audit from being run, and where on the page it is."""

    part: Part
    sentence: str


def lacks(draft: Draft, known: Known, place_problem: str = "") -> list[Lack]:
    """Everything that keeps the draft from being run, in the order of the page."""
    spec = draft.spec
    found = [Lack(Part.MODEL, words) for words in [_model(draft, known)] if words]
    if not spec.images:
        found.append(Lack(Part.IMAGES, "Add images: members, non-members or suspects."))
    found += [Lack(Part.IMAGES, one.problem) for one in known.sets if one.problem]
    found += [Lack(Part.ATTACKS, w) for entry in spec.attacks if (w := unfit(entry, known))]
    found += [Lack(Part.ATTACKS, words) for words in _references(draft, known)]
    if not spec.attacks:
        found.append(Lack(Part.ATTACKS, "Add an attack."))
    found += [Lack(Part.DEFENSES, w) for chain in spec.defenses if (w := refused(chain, spec.defenses, known))]
    if not spec.defenses:
        found.append(Lack(Part.DEFENSES, "Add a defense, or 'No defense'."))
    nameless = draft.target is not None and not spec.name  # a model brings its name with it
    words = place_problem or ("Give the audit a name." if nameless else "")
    return [*found, Lack(Part.SAVING, words)] if words else found


def _model(draft: Draft, known: Known) -> str:
    if draft.target is None:
        return "Choose a model."
    if known.failure is not None and known.failure.trust:
        return "Say whether you trust the model: it is a program."
    return known.failure.message if known.failure is not None else ""


def unfit(entry: AttackEntry, known: Known) -> str:
    """Why an attack cannot work on the model, or empty."""
    network = getattr(entry.attack, "network", None)
    card = known.cards.get(network) if network else None
    if card is None:
        return ""
    if card.problem:
        return card.problem
    classes = classes_of(known)
    wanted = card.card.get("classes")
    if classes and wanted not in {None, classes}:
        return f"{entry.words}: its network looks at {wanted} classes, the model gives {classes}."
    return ""


def _references(draft: Draft, known: Known) -> list[str]:
    """Why the reference models cannot be used, or that there are none."""
    spec = draft.spec
    asking = next((entry for entry in spec.attacks if asks_references(entry, known, spec.folder)), None)
    if asking is not None and not spec.references:
        return [f"{asking.words} needs a reference model: add one."]
    found = (unusable(entry, spec.references, known) for entry in spec.references)
    return [words for words, _ in found if words]


def asks_references(entry: AttackEntry, known: Known, folder: Path) -> bool:
    """Whether an attack asks reference models; not, as long as its network is not known."""
    network = getattr(entry.attack, "network", None)
    if network:
        card = known.cards.get(network)
        name = card.card.get("representation") if card is not None else None
        return name in REPRESENTATIONS.names() and REPRESENTATIONS.get(name).needs_references
    try:
        return entry.attack.requires_references(AttackContext(folder=folder))
    except SegLeakError:  # it says so itself when the audit is run
        return False


def unusable(entry: ReferenceEntry, references: Sequence[ReferenceEntry], known: Known) -> tuple[str, str]:
    """Why a reference model among others cannot be used and what to do; both empty where it can, or is not known."""
    found = known.reference(entry)
    if found is None:
        return "", ""
    if found.trust:
        return f"Say whether you trust {Path(entry.path).name}: it is a program.", ""
    if found.problem or known.target is None:
        return found.problem, found.remedy
    target = ModelFacts("", known.target.facts["sha256"], classes_of(known), known.target.scheme)
    earlier = references[: references.index(entry)]
    before = [_facts(other, seen) for other in earlier if (seen := known.reference(other)) is not None]
    error = misfit(_facts(entry, found), target, before)
    return ("", "") if error is None else (error.message, error.remedy)


def _facts(entry: ReferenceEntry, found: CheckedReference) -> ModelFacts:
    return ModelFacts(Path(entry.path).name, found.sha256, found.classes, found.scheme)


def classes_of(known: Known) -> int:
    """How many classes the model gives; 0: not known."""
    if known.target is None:
        return 0
    return int(known.target.check.get("classes") or known.target.facts.get("classes") or 0)


def refused(chain: Chain, chains: Sequence[Chain], known: Known) -> str:
    """Why a defense cannot be tried, or empty."""
    if Counter(other.id for other in chains)[chain.id] > 1:
        return f"{title_of(chain)} is listed twice."
    queries = chain.source is not None and chain.source.kind is Kind.QUERY
    return known.target.no_dropout if queries and known.target is not None else ""


def label_cost(known: Known) -> str:
    """What it costs where no image has a label map; empty where some have."""
    if not known.images or any(found.labelled for found in known.sets):
        return ""
    return "No label maps: only attacks that need none can score, and mIoU cannot be measured."


def group_hint(known: Known) -> str:
    """What it means where nothing says which images belong together; empty where it is known."""
    if known.images < 2 or any(found.groups for found in known.sets):
        return ""
    return (
        "No groups are known: every image counts as independent. Frames of one drive or slices of one patient are not; "
        "a pattern that finds the group in the file name can be given under 'Options'."
    )


def promise(draft: Draft, known: Known) -> str:
    """What will be run, and about how long it takes."""
    spec = draft.spec
    parts = [counted(known.images, "image"), counted(len(spec.defenses), "defense")]
    words = f"{', '.join(parts)} and {counted(len(spec.attacks), 'attack')}"
    seconds = known.target.seconds if known.target is not None else 0.0
    passes = 1 + sum(chain.source is not None for chain in spec.defenses)
    if any(asks_references(entry, known, spec.folder) for entry in spec.attacks):
        passes += len(spec.references)
    return f"{words}; {duration(seconds * known.images * passes * HEADROOM)}" if seconds else f"{words}."


def counted(number: int, noun: str) -> str:
    """Such as "1 image" or "2,975 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A rough time in words."""
    if seconds < MINUTE:
        return "under a minute."
    if seconds < HOUR:
        return f"about {round(seconds / MINUTE)} min."
    return f"about {seconds / HOUR:.1f} h."
