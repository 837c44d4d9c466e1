"""What each map costs for one image, in time and memory, as the benchmark measured it (docs/benchmarks.md).

Only files of the program are read.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[2] / "resources" / "map_cost.json"


@dataclass(frozen=True)
class Cost:
    """The maps of one attack on one image, all drawn in one go.

    Attributes
    ----------
    attack, network
        Name of the attack, and short name of its attack network where that comes with the program.
    maps
        What is drawn.
    classes, references
        Classes of the target, and how many references the attack was given.
    ms, times_loss
        Milliseconds of one processor core, and how many times that of the bare loss map in the same round.
    mb
        Memory taken at most beyond what there was before, in MB; None where that could not be measured.
    """

    attack: str
    network: str
    maps: tuple[str, ...]
    classes: int
    references: int
    ms: float
    times_loss: float
    mb: float | None


@dataclass(frozen=True)
class Measured:
    """All costs, on one machine; `grid` is height and width of the maps."""

    grid: tuple[int, int]
    costs: tuple[Cost, ...]


@cache
def measured() -> Measured:
    """What was measured."""
    document: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    costs = tuple(Cost(**{**cost, "maps": tuple(cost["maps"])}) for cost in document["costs"])
    height, width = document["grid"]
    return Measured((height, width), costs)


def cost_of(attack: str, map_name: str, network: str, classes: int, references: int) -> Cost | None:
    """The measurement that is nearest to a case; None where nobody measured such a map."""
    alike = [c for c in measured().costs if c.attack == attack and map_name in c.maps and c.network == network]
    return min(alike, key=lambda c: (abs(c.references - references), abs(c.classes - classes)), default=None)


def sentence(attack: str, map_name: str, network: str, classes: int, references: int) -> str:
    """What to say of a map's cost; empty where nobody measured it."""
    cost = cost_of(attack, map_name, network, classes, references)
    if cost is None:
        return ""
    height, width = measured().grid
    given = f", {cost.references} references" if cost.references else ""
    memory = "" if cost.mb is None else f" and {cost.mb:.0f} MB" if cost.mb >= 1 else " and less than 1 MB"
    against = "" if attack == map_name == "loss" else f", {cost.times_loss:.3g} times the time of the raw loss"
    said = (
        f"Cost of one image ({width}x{height} points, {cost.classes} classes{given}): "
        f"{cost.ms:.3g} ms of one core{memory}{against}."
    )
    return f"{said} Each reference is also asked about every image, once." if cost.references else said
