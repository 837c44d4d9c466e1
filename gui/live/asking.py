"""What is asked of the engine about the image in view. Knows nothing of Qt."""

from collections.abc import Collection
from dataclasses import dataclass, field

from core.defenses.chain import Chain
from core.engine.jobs import LAYERS, Observe
from core.engine.jobs.observe import JUDGED
from gui.document import AuditDocument

EVERYTHING = frozenset(LAYERS)


@dataclass(frozen=True)
class Ask:
    """What is to be worked out of one image under one defense.

    Attributes
    ----------
    document, image
        The audit and the image's number in it.
    chain
        The defense; it need not be the audit's.
    attack
        Id of the attack that judges.
    layers
        Which of `core.engine.jobs.LAYERS` are wanted.
    quick
        Whether that is shown now which comes without the attack, so that it should come first.
    """

    document: AuditDocument
    image: int
    chain: Chain
    attack: str
    layers: frozenset[str] = EVERYTHING
    quick: bool = field(default=False, compare=False)

    def job(self, device: str) -> Observe:
        """The job that answers it."""
        layers = sorted(self.layers, key=lambda layer: ((layer in JUDGED) == self.quick, LAYERS.index(layer)))
        return Observe(self.document.folder, self.image, (self.chain,), (self.attack,), tuple(layers), device=device)


def missing(known: Collection[str], maps: Collection[str], *, labelled: bool) -> frozenset[str]:
    """Which layers an audit does not have of an image under one of its own defenses.

    Parameters
    ----------
    known
        Names of the maps that it has, and "prediction" where that is known.
    maps
        Names of the maps that the attack in view draws.
    labelled
        Whether the image has a label map, without which nothing can be said of the label's class.
    """
    of_label = {layer for layer, name in OF_LABEL.items() if labelled and name not in known}
    judged = set(JUDGED) if any(name not in known for name in maps) else set()
    return frozenset(of_label | judged | ({PREDICTION} - set(known)))


PREDICTION = "prediction"
OF_LABEL = {"loss": "loss", "label_probability": "true_posterior"}
"""Layers of a view by which maps they are on screen."""
