"""The attack networks, combiners and tables of an audit: which files they are, and whether they fit its target."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.attacks.base import Attack
from core.attacks.combiner import CombinerCard, read_combiner
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.ratio_table import RatioTable, read_table, table_path
from core.attacks.shipped import network_path
from core.audit.spec import AuditSpec
from core.errors import AttackError
from core.files import sha256_of_path

if TYPE_CHECKING:
    from core.attacks.networks import AttackCard

NETWORK, COMBINER, TABLE = "attack network", "combiner", "table"


@dataclass(frozen=True)
class AuditedNetwork:
    """An attack network, a combiner or a table of the audit.

    Attributes
    ----------
    path
        Its file.
    sha256
        The file's hash.
    card
        What the file says of itself.
    attack
        How the audit uses it.
    """

    path: Path
    sha256: str
    card: "AttackCard | CombinerCard | RatioTable"
    attack: Attack

    def facts(self) -> dict[str, Any]:
        """What is recorded of it. Its threshold counts only where images are scored as its card did."""
        comparable = getattr(self.attack, "sampler", "dense") == "dense"
        return {
            "file": self.path.name,
            "sha256": self.sha256,
            "card": json.loads(self.card.to_json()),
            "threshold": self.card.threshold if comparable else None,
            "threshold_source": self.card.threshold_source,
        }


def find_networks(spec: AuditSpec) -> dict[str, AuditedNetwork]:
    """The attack networks, combiners and tables by attack id. Raises `AttackError` for a file that cannot be used."""
    from core.attacks.networks import read_card

    readers: Mapping[str, Callable[[Path], AttackCard | CombinerCard | RatioTable]] = {
        NETWORK: read_card,
        COMBINER: read_combiner,
        TABLE: read_table,
    }
    found = {}
    for entry in spec.attacks:
        if file := file_of(entry.attack, spec):
            kind, path = file
            card = readers[kind](path)
            found[entry.id] = AuditedNetwork(path, sha256_of_path(path), card, entry.attack)
    return found


def file_of(attack: Attack, spec: AuditSpec) -> tuple[str, Path] | None:
    """What kind of file an attack reads, in words, and which; None where it reads none.

    Raises `AttackError` where no shipped network has the name that is given.
    """
    if network := getattr(attack, "network", None):
        return NETWORK, network_path(network, spec.folder)
    if combiner := getattr(attack, "combiner", None):
        return COMBINER, spec.resolve(combiner)
    return (TABLE, table_path(attack.table, spec.folder)) if isinstance(attack, LearnedRatio) else None


def check_network_classes(networks: Mapping[str, AuditedNetwork], classes: int) -> None:
    """Raise `AttackError` where a network looks at another number of classes than the target's; 0: not known."""
    for network in networks.values():
        if classes and network.card.classes not in {None, classes}:
            raise AttackError(
                f"{network.path.name}: the attack network looks at {network.card.classes} classes, "
                f"the target gives {classes}.",
                "Choose an attack network for these classes, or a class-free one (slm).",
            )
