"""The paper's baseline: a network judges the whole image at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.attacks import dense
from core.attacks.base import ATTACKS, AttackContext, AttackResult, Observation, Scorer
from core.attacks.network_attack import NetworkAttack
from core.parameters import param

if TYPE_CHECKING:
    from core.attacks.networks import LoadedNetwork


@ATTACKS.register
@dataclass(frozen=True)
class ImageAttack(NetworkAttack):
    """Margin of an attack network on the whole image (He et al. 2020, image-level)."""

    name: ClassVar[str] = "image"
    title: ClassVar[str] = "Whole image"
    whole_images: ClassVar[bool] = True
    maps: ClassVar[tuple[str, ...]] = ("evidence", "evidence_corrected")
    network: str = param(..., "attack network, trained on whole images; a file, beginning at the spec's folder")

    def start(self, context: AttackContext) -> Scorer:
        """Load the network. Raises `AttackError` where the file cannot be used or judges patches."""
        loaded = self._load(context)

        def score_all(observations: Sequence[Observation]) -> list[AttackResult]:
            # One image at a time: its result must not depend on what else is in the call.
            return [self._score(o, loaded) for o in observations]

        return score_all

    def _score(self, observation: Observation, loaded: "LoadedNetwork") -> AttackResult:
        values = self._input(loaded.card, observation)
        shape = (values.shape[1], values.shape[2])
        logits = loaded.cell_logits(values[None])[0].astype(np.float64)
        margins = logits[dense.MEMBER] - logits[dense.NON_MEMBER]
        maps = {
            "evidence": dense.spread(margins / margins.size, shape).astype(np.float32),
            "evidence_corrected": dense.smooth_map(margins, shape).astype(np.float32),
        }
        return AttackResult(float(margins.mean()), maps)
