"""What can lie over the image, and why it sometimes cannot. Knows nothing of Qt."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gui.compare.overlay import Kind
from gui.document import AuditDocument

IMAGE, LABEL, PREDICTION, ERROR, LOSS = "image", "label", "prediction", "error", "loss"
TRUE_POSTERIOR = "true_posterior"

LIVE = frozenset({PREDICTION, ERROR})
"""Layers that no audit stores: the engine works them out for the image in view."""

QUICK = LIVE | {LOSS, TRUE_POSTERIOR}
"""Layers that need no attack: the engine has them before the others."""

ERROR_COLOURS = np.array([[213, 94, 0], [86, 180, 233]], np.uint8)
"""RGB of wrong and of right pixels; told apart by colour-blind eyes too."""

WRONG, RIGHT = 0, 1


@dataclass(frozen=True)
class Layer:
    """One thing to show.

    Attributes
    ----------
    id
        As in `Selection.layer`; for maps of an attack the map's name.
    title
        What it is called on screen.
    kind
        What its values mean; None for the image alone.
    unit
        Of its values; empty where they have none.
    help
        One sentence for a tool tip.
    """

    id: str
    title: str
    kind: Kind | None
    unit: str = ""
    help: str = ""

    @property
    def scalar(self) -> bool:
        """Whether it has values that can be compared and averaged."""
        return self.kind in {Kind.SEQUENTIAL, Kind.DIVERGING}


_ALL = (
    Layer(IMAGE, "Image only", None, help="The image as the target saw it."),
    Layer(
        "score",
        "Score map",
        Kind.SEQUENTIAL,
        "",
        "Mean member probability of the patches that cover a pixel. Membership belongs to the image, not to a pixel.",
    ),
    Layer("evidence", "Evidence map", Kind.DIVERGING, "", "What each pixel adds to the image score; sums to it."),
    Layer(
        "evidence_corrected",
        "Evidence, evened out",
        Kind.DIVERGING,
        "margin",
        "Evidence without the weight of how many patches cover a pixel. For the eye: it does not sum to the score.",
    ),
    Layer(
        "loss_difference",
        "Loss difference",
        Kind.DIVERGING,
        "nats",
        "How much more wrong the references are than the target, around a pixel.",
    ),
    Layer(
        "probability_difference",
        "Probability difference",
        Kind.DIVERGING,
        "",
        "How much more the target believes in the label than the references do, around a pixel.",
    ),
    Layer(
        "correctness_difference",
        "Correctness difference",
        Kind.DIVERGING,
        "",
        "How much more often the target is right than the references, around a pixel.",
    ),
    Layer(
        "likelihood_ratio",
        "Likelihood ratio",
        Kind.DIVERGING,
        "",
        "How far the target's answer lies from those of the references, around a pixel.",
    ),
    Layer(
        "probability_ratio",
        "Probability ratio",
        Kind.SEQUENTIAL,
        "",
        "How many times more the target believes in the label than the references do, around a pixel.",
    ),
    Layer(
        "log_ratio",
        "Log ratio",
        Kind.DIVERGING,
        "nats",
        "How much more likely the target finds the label than the references do, around a pixel.",
    ),
    Layer(
        "learned_ratio",
        "Learned ratio",
        Kind.DIVERGING,
        "log odds",
        "How much the target's and the references' belief in the label look like a shadow's where it had learned.",
    ),
    Layer("combined", "Combined map", Kind.DIVERGING, "", "The maps of several attacks, weighed as on shadows."),
    Layer("correctness", "Correctness", Kind.SEQUENTIAL, "", "How often the target is right around a pixel."),
    Layer(
        "boundary_agreement",
        "Boundary agreement",
        Kind.SEQUENTIAL,
        "",
        "How often the target is right at the boundaries of classes around a pixel.",
    ),
    Layer(
        "stability",
        "Stability",
        Kind.SEQUENTIAL,
        "",
        "How often the prediction stays when the image is changed a little, around a pixel.",
    ),
    Layer(LOSS, "Loss", Kind.SEQUENTIAL, "nats", "How wrong the target is at a pixel: -log p(label)."),
    Layer(TRUE_POSTERIOR, "p(label)", Kind.SEQUENTIAL, "", "The posterior of the labelled class at each pixel."),
    Layer("confidence", "Confidence", Kind.SEQUENTIAL, "", "The largest posterior of each pixel."),
    Layer("entropy", "Entropy", Kind.SEQUENTIAL, "nats", "How undecided the target is at a pixel."),
    Layer(LABEL, "Label map", Kind.CLASSES, help="The true classes."),
    Layer(PREDICTION, "Prediction", Kind.CLASSES, help="The class with the largest posterior."),
    Layer(ERROR, "Errors", Kind.CLASSES, help="Where prediction and label differ (orange) and agree (blue)."),
)

LAYERS: Mapping[str, Layer] = {layer.id: layer for layer in _ALL}


def layer_of(layer_id: str) -> Layer:
    """The layer of that id; a map this program has no name for is called by its own."""
    if layer_id in LAYERS:
        return LAYERS[layer_id]
    return Layer(layer_id, layer_id.replace("_", " ").capitalize(), Kind.SEQUENTIAL)


class Comparison(StrEnum):
    """What is shown of a layer with values."""

    PLAIN = "plain"
    MINUS_FIRST = "minus-first"
    MINUS_MEAN = "minus-mean"
    MEAN = "mean"

    @property
    def words(self) -> str:
        """What it is called on screen."""
        return _COMPARISONS[self]

    @property
    def needs_mean(self) -> bool:
        """Whether the mean map of the non-members is needed."""
        return self in {Comparison.MINUS_MEAN, Comparison.MEAN}


_COMPARISONS = {
    Comparison.PLAIN: "The map itself",
    Comparison.MINUS_FIRST: "Minus the first defense",
    Comparison.MINUS_MEAN: "Minus the mean non-member",
    Comparison.MEAN: "Mean non-member map",
}


def unavailable(document: AuditDocument | None, attack: str, layer: Layer, *, engine: bool) -> str:
    """Why a layer cannot be shown in this audit under this attack; empty where it can.

    `engine`: whether an engine works out what no audit stores.
    """
    if document is None or layer.id == IMAGE:
        return ""
    if layer.id == LABEL:
        return "" if document.scheme is not None else "This audit has no label maps."
    if layer.id in LIVE:
        return "" if engine else "Audits do not keep this: the engine has to work it out."
    if layer.id == TRUE_POSTERIOR and layer.id not in document.map_names(attack):
        layer = LAYERS[LOSS]  # it is made of that
    source = document.loss_attack if layer.id == LOSS else attack
    if source is None:
        return "" if engine else "No attack of this audit keeps loss maps: add the attack 'loss' to its spec."
    return "" if engine else _not_kept(document, source, layer)


def _not_kept(document: AuditDocument, attack: str, layer: Layer) -> str:
    entry = document.attack(attack)
    name = attack if entry is None else entry.words
    if entry is None or layer.id not in entry.attack.maps:
        return f"The attack “{name}” draws no such map."
    kept = document.spec.run.maps
    if kept == "none" or (kept == "primary" and attack != document.primary):
        return f"This audit kept no maps of the attack “{name}” ('maps' in its spec)."
    return ""
