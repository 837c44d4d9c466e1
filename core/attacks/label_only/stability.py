"""Whether the target keeps to what it says when the image is changed a little."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, VOID, AttackContext, Observation
from core.attacks.label_only.base import LabelOnlyAttack
from core.attacks.label_only.probes import Probe
from core.attacks.reference.sides import Array
from core.errors import AttackError, SpecError
from core.parameters import param


@ATTACKS.register
@dataclass(frozen=True)
class Stability(LabelOnlyAttack):
    """Share of pixels whose predicted class stays when the query is flipped, shifted, brightened or blurred.

    Needs no label map; each change is one more query (after Choquette-Choo et al. 2021, data augmentation attacks).
    """

    name: ClassVar[str] = "stability"
    title: ClassVar[str] = "Stability"
    needs_label: ClassVar[bool] = False
    maps: ClassVar[tuple[str, ...]] = ("stability",)
    flip: bool = param(True, "ask for the image with left and right exchanged")
    shift: int = param(8, "ask for the image moved to the right by so many pixels; 0: not", unit="px", low=0, high=1024)
    brightness: float = param(0.1, "ask for the image brightened by this share; 0: not", low=-1, high=4)
    blur: float = param(1.0, "ask for the image blurred by this standard deviation; 0: not", unit="px", low=0, high=32)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self._probes():
            raise SpecError("stability: every change is switched off.", "Leave at least one on.")

    def probes(self, context: AttackContext) -> tuple[Probe, ...]:
        """One for each change that is on."""
        return self._probes()

    def _probes(self) -> tuple[Probe, ...]:
        amounts = (float(self.flip), float(self.shift), self.brightness, self.blur)
        kinds = ("flip", "shift", "brightness", "blur")
        return tuple(Probe(kind, amount) for kind, amount in zip(kinds, amounts, strict=True) if amount)

    def evidence(self, observation: Observation) -> Array:
        """Share of the changed queries that agree, NaN where all of them have lost the pixel."""
        predicted = observation.posteriors.argmax(axis=0)
        answers = [observation.probed.get(probe.id) for probe in self._probes()]
        if any(answer is None for answer in answers):
            raise AttackError("the target was not asked about changed images.", "Run the audit with this attack.")
        given = np.array(answers)
        seen = (given != VOID).sum(axis=0)
        agree = ((given == predicted) & (given != VOID)).sum(axis=0)
        return np.where(seen > 0, agree / np.maximum(seen, 1), np.nan)
