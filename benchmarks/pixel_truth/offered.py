"""The maps that are held to the truth: those of every attack, the shipped networks, and blocks of other sizes."""

from collections.abc import Sequence

from core.attacks.base import Attack
from core.attacks.baselines.confidence import Confidence
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.label_only.correctness import Correctness
from core.attacks.patch import PatchAttack
from core.attacks.reference.difference import CorrectnessDifference, LossDifference, ProbabilityDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.lira import LiRA
from core.attacks.reference.log_ratio import LogRatio
from core.attacks.reference.rmia import RMIA
from core.attacks.shipped import shipped_networks


def offered(blocks: Sequence[int], *, references: int) -> dict[str, Attack]:
    """Attacks by name; those that can be smoothed once for each side of `blocks`, in grid points."""
    found: dict[str, Attack] = {"loss": GlobalLoss(), "confidence": Confidence()}
    found |= {f"network {name}": PatchAttack(network=name) for name in shipped_networks()}
    for side in blocks:
        found[f"correctness, {side}"] = Correctness(block=side)
        if references:
            found |= {f"{attack.name}, {side}": attack for attack in _with_references(side)}
        if references > 1:
            found[f"lira each, {side}"] = LiRA(block=side, variance="each")
    return found


def _with_references(side: int) -> list[Attack]:
    return [
        LossDifference(block=side),
        ProbabilityDifference(block=side),
        CorrectnessDifference(block=side),
        LiRA(block=side),
        RMIA(block=side),
        LogRatio(block=side),
        LearnedRatio(block=side),
    ]
