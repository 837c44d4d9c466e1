"""A combiner on disk: which attacks it weighs and how. A JSON file, without numbers of any image."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import ATTACKS, Attack
from core.attacks.json_card import card_text, is_number, read_card, write_card
from core.errors import AttackError, SpecError

KIND = "segleak combiner"
MOST_ATTACKS = 64


@dataclass(frozen=True)
class CombinerCard:
    """A fitted combiner of K attacks. Wrong values raise `AttackError`.

    Attributes
    ----------
    attacks
        A table with name and parameters for each; paths begin at the combiner's own folder.
    means, deviations
        Of the image scores on the shadow data, K each; deviations above 0.
    weights, intercept
        Of the standardised scores; the sum is the log odds of a member where both kinds are equally frequent.
    defense
        The chains of defenses the shadows' outputs had gone through; "none": an attacker who does not adapt.
    trained_on
        The shadows and how many images, for a person.
    threshold, threshold_source
        Image score from which an image counts as a member, and the data it was set on.
    extra
        Anything else worth keeping, as plain JSON values (such as AUCs).
    """

    classes: ClassVar[None] = None
    attacks: tuple[Mapping[str, Any], ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    defense: str = "none"
    trained_on: str = ""
    threshold: float | None = None
    threshold_source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.attacks)
        if not 1 <= count <= MOST_ATTACKS:
            raise AttackError(f"a combiner cannot weigh {count} attacks.", f"It takes 1 to {MOST_ATTACKS}.")
        for key in ("means", "deviations", "weights"):
            values = getattr(self, key)
            if len(values) != count or not all(map(is_number, values)):
                raise AttackError(f"the combiner's '{key}' are not {count} numbers.", "Train it again.")
        if not is_number(self.intercept) or not all(value > 0 for value in self.deviations):
            raise AttackError("the combiner's numbers are out of range.", "Train it again.")
        if self.threshold is not None and not is_number(self.threshold):
            raise AttackError("the combiner's 'threshold' is no number.", "Train it again.")
        self.made()

    @property
    def slopes(self) -> npt.NDArray[np.float64]:
        """How much the score grows with each attack's own score, `(K,)`."""
        return np.array(self.weights, np.float64) / np.array(self.deviations, np.float64)

    def score(self, scores: npt.NDArray[np.float64]) -> float:
        """The image score from those of the attacks, `(K,)`."""
        return float(self.intercept + (scores - np.array(self.means)) @ self.slopes)

    def made(self) -> tuple[Attack, ...]:
        """The attacks. Raises `AttackError` where one is not known or is itself a combination."""
        try:
            made = tuple(ATTACKS.make(table) for table in self.attacks)
        except (SpecError, TypeError, ValueError) as error:
            raise AttackError(f"the combiner's attacks cannot be used: {error}", "Train it again.") from error
        if any(hasattr(attack, "combiner") for attack in made):
            raise AttackError("a combiner cannot weigh a combination.", "Name the attacks themselves.")
        return made

    def to_json(self) -> str:
        """The card as JSON text."""
        return card_text(KIND, self)


def write_combiner(path: Path, card: CombinerCard) -> None:
    """Write a combiner, atomically."""
    write_card(path, card.to_json())


def read_combiner(path: Path) -> CombinerCard:
    """Read a combiner. Raises `AttackError` naming the file."""
    return read_card(path, KIND, "train combiner", _card)


def _card(values: Mapping[str, Any]) -> CombinerCard:
    # Unknown keys come from later versions; they cannot change what the known ones mean.
    known = {key: values[key] for key in (f.name for f in dataclasses.fields(CombinerCard)) if key in values}
    lists = {key: tuple(known[key]) for key in ("attacks", "means", "deviations", "weights")}
    return CombinerCard(**(known | lists))
