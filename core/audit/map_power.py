"""What was measured of each map: how well it tells the parts of an image that taught a target from the others.

The numbers come from the pixel truth benchmark (docs/pixel-truth.md). Only files of the program are read.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.attacks.base import Attack

PATH = Path(__file__).resolve().parents[2] / "resources" / "map_power.json"
LOSS = "loss"
"""The map that others have to beat."""

BLOCK_PIXELS = 64
"""Side of the blocks that are told apart, in pixels."""

ONLINE, IN_BLOCKS = "online", "in blocks"
"""Asked were references that have seen the image, or half of its blocks each, in place of such as have not."""

OFFLINE = (
    "These numbers are of references that had not seen the image. Asked online about whole images, nobody has measured "
    "this map; of references that learned from half of the blocks of each image it is known."
)


@dataclass(frozen=True)
class Measured:
    """One map on one kind of target.

    Attributes
    ----------
    setting
        The target and its members, in words.
    auc
        That a block which taught the target has more of the map than another block of the same image, 0..1.
    low, high
        Its 95 % interval over images.
    gain
        `auc` less that of the loss on the same blocks.
    gain_low, gain_high
        Its 95 % interval.
    """

    setting: str
    auc: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


@cache
def _maps() -> dict[tuple[str, str, str], tuple[Measured, ...]]:
    document: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    settings = document["settings"]
    return {
        (m["map"], m["network"], m["asked"]): tuple(
            Measured(settings[s], **numbers) for s, numbers in m["measured"].items()
        )
        for m in document["maps"]
    }


def measured(map_name: str, network: str = "", asked: str = "") -> tuple[Measured, ...]:
    """All measurements of a map, of one attack network's where it has one; empty where nobody measured it.

    `asked`: as `asked_of` says. Of references that have seen whole images those of others stand for want of better.
    """
    return _maps().get((map_name, network, asked if asked == IN_BLOCKS and map_name != LOSS else ""), ())


def asked_of(attack: Attack, in_blocks: bool) -> str:
    """Which references an attack asks: `IN_BLOCKS`, `ONLINE`, or "" for those that have not seen the image, or none.

    `in_blocks`: whether references of the audit learned from half of the blocks of its images.
    """
    if vars(attack).get("mode") != "online":
        return ""
    return IN_BLOCKS if in_blocks else ONLINE


def first_map(names: Iterable[str], network: str = "", asked: str = "") -> str | None:
    """The map to show first: the one of the highest AUC that beats the loss beyond its interval somewhere, or the loss.

    None where neither is among `names`.
    """
    names = list(names)
    proven = {
        name: max(m.auc for m in found)
        for name in names
        if (found := measured(name, network, asked)) and any(m.gain_low > 0 for m in found)
    }
    if proven:
        return max(proven, key=lambda name: proven[name])
    return LOSS if LOSS in names else None


def sentences(map_name: str, network: str = "", asked: str = "") -> tuple[str, ...]:
    """What to say of a map's measured power, plainly."""
    found = measured(map_name, network, asked)
    if not found:
        return ("Nobody has measured whether this map points at what was memorised. Read it with care.",)
    opening = (
        f"How often blocks of {BLOCK_PIXELS} pixels that taught a target stand out against other blocks "
        "of the same image (0.5: chance, 1: always):"
    )
    lines = (f"{m.setting}: {m.auc:.2f} ({m.low:.2f} to {m.high:.2f})" for m in found)
    closing = "Read it in regions, not pixel by pixel; a bright place does not prove that this object was trained on."
    return (
        opening,
        *lines,
        "The loss is what other maps are held against." if map_name == LOSS else _against_loss(found),
        *([OFFLINE] if asked == ONLINE and map_name != LOSS else []),
        closing,
    )


def paragraph(map_name: str, network: str = "", asked: str = "") -> str:
    """The same in one piece."""
    first, *rest = sentences(map_name, network, asked)
    count = len(measured(map_name, network, asked))
    lines = f" {'; '.join(rest[:count])}." if count else ""
    return " ".join((f"{first}{lines}", *rest[count:]))


def _against_loss(found: Sequence[Measured]) -> str:
    beaten = [m.setting for m in found if m.gain_low > 0]
    if not beaten:
        return "It has not been shown to beat the raw loss."
    where = "in every setting" if len(beaten) == len(found) else f"for {' and '.join(beaten)}; nowhere else"
    return f"It beats the raw loss beyond its interval {where}."
