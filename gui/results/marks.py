"""Whether an attack knows the defense it is up against. Knows nothing of Qt."""

from dataclasses import dataclass

from core.defenses.chain import BETWEEN, Chain
from gui.document import AuditDocument


@dataclass(frozen=True)
class Mark:
    """What is said of an attack and a defense, with a shape of its own."""

    shape: str
    words: str
    help: str

    @property
    def text(self) -> str:
        """Shape and words."""
        return f"{self.shape} {self.words}"


SAME = Mark(
    "\N{WHITE DIAMOND}",
    "same attack",
    "The attack is the one used without the defense. An attacker who knows the defense may do better.",
)
KNOWS = Mark(
    "\N{BLACK DIAMOND}",
    "attacker knows the defense",
    "The attack network learned from posteriors under this very defense.",
)


def knows(document: AuditDocument, chain: Chain, attack: str) -> bool:
    """Whether the card of the attack's network says that it learned under this chain."""
    card = document.fact("attack_networks", {}).get(attack, {}).get("card", {})
    learned = str(card.get("defense", "")).split(BETWEEN)
    return bool(chain.defenses) and chain.describe() in learned


def mark_of(document: AuditDocument, chain: Chain, attack: str) -> Mark | None:
    """The mark of an attack under a defense; None where nothing is defended."""
    if not chain.defenses:
        return None
    return KNOWS if knows(document, chain, attack) else SAME
