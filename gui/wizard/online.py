"""Whether attacks can ask references on both sides of each image, and what to say of it. Knows nothing of Qt."""

from dataclasses import dataclass, replace

from core.attacks.base import Attack
from core.attacks.offered import offered
from core.audit.spec import AttackEntry, AuditSpec, ReferenceEntry, attack_entries, to_mapping
from core.engine.jobs import CountSeen, ImagesAsked, Seen
from core.parameters import parameters_of
from gui.wizard.looking import Known

ONLINE = "online"
BOTH = "Every image was seen by some of these references and not by others, so attacks can ask both sides."
BLOCKS = (
    "Each of these references has seen half of the blocks of every image, so attacks can ask both sides of a block."
)


@dataclass(frozen=True)
class Offered:
    """A sentence, and what a button beside it says; both may be empty."""

    words: str = ""
    button: str = ""


def question(spec: AuditSpec, known: Known, asked: ImagesAsked) -> CountSeen | None:
    """What to ask the engine; None as long as no reference is known to have seen anything."""
    entries = spec.references
    found = [known.reference(entry) for entry in entries]
    if not known.sets or any(one.problem for one in known.sets) or any(one is None or one.problem for one in found):
        return None
    if len(entries) < 2 or not any(one is not None and one.members for one in found):
        return None
    full: tuple[ReferenceEntry, ...] = spec.with_paths(lambda path: str(spec.resolve(path))).references
    return CountSeen(full, asked)


def offer(spec: AuditSpec, seen: Seen | None) -> Offered:
    """What to say of what was counted."""
    if seen is None or not seen.both:
        return Offered()
    there = [entry for entry in spec.attacks if _has_mode(entry.attack)]
    online = [entry for entry in there if _mode(entry.attack) == ONLINE]
    if seen.both < seen.images:
        words = f"{seen.both:,} of {seen.images:,} images were seen by some of these references and not by others."
        return Offered(f"{words} Attacks that ask {ONLINE} cannot score the rest." if online else "")
    both = BLOCKS if seen.in_blocks else BOTH
    if len(online) < len(there):
        names = " and ".join(entry.words for entry in there if entry not in online)
        why = f"can do nothing with them but {ONLINE}" if seen.in_blocks else f"would be far stronger {ONLINE}"
        return Offered(f"{both} {names} {why}.", "Ask online")
    return Offered() if there else Offered(f"{both} No attack of this audit does.", "Add an attack that does")


def ask_online(spec: AuditSpec, *, labels_only: bool, in_blocks: bool = False) -> tuple[AttackEntry, ...]:
    """The attacks, with all that can be asked online; one more where none can."""
    if not any(_has_mode(entry.attack) for entry in spec.attacks):
        name = offered(labels_only=labels_only, references=True, in_blocks=in_blocks)[-1]["name"]
        return attack_entries([*to_mapping(spec)["attacks"], {"name": name, "mode": ONLINE}])
    return tuple(_online(entry) for entry in spec.attacks)


def _online(entry: AttackEntry) -> AttackEntry:
    if not _has_mode(entry.attack):
        return entry
    return replace(entry, attack=type(entry.attack).from_mapping({**entry.attack.to_mapping(), "mode": ONLINE}))


def _has_mode(attack: Attack) -> bool:
    return any(info.name == "mode" and ONLINE in info.choices for info in parameters_of(type(attack)))


def _mode(attack: Attack) -> str:
    return str(getattr(attack, "mode", ""))
