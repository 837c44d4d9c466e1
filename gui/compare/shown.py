"""From what is known of an image to what one pane shows of it. Knows nothing of Qt's widgets."""

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID
from core.grid import Grid
from gui.compare import layers
from gui.compare.frame import Classes, Judged, Seen, Shown
from gui.compare.layers import Comparison, Layer
from gui.compare.mean import Mean
from gui.compare.overlay import Kind
from gui.ranges import Map

ON_GRID = "Sampled on the attack grid."
"""Of predictions: the numbers of an audit are counted at full resolution."""


def shown(judged: Judged, first: Judged, layer: Layer, comparison: Comparison, mean: Mean | None, seen: Seen) -> Shown:
    """What a pane shows.

    Parameters
    ----------
    judged, first
        What is known under the pane's defense, and under that of the first pane.
    layer, comparison
        What is asked for.
    mean
        The mean map of the non-members under the pane's defense, where it is asked for.
    seen
        The image and its label map.
    """
    if layer.kind is None:
        return Shown(layer, None)
    if layer.kind is Kind.CLASSES:
        return _classes(judged, layer, seen)
    values = judged.maps.get(layer.id)
    if values is None:
        return Shown(layer, layer.kind, title=layer.title, note=judged.why_no(layer))
    plain = Shown(layer, layer.kind, values, title=layer.title)
    if comparison is Comparison.MINUS_FIRST and judged is not first:
        return _difference(plain, first.maps.get(layer.id), "the first defense")
    if mean is not None and comparison.needs_mean:
        return _beside_mean(plain, mean, comparison)
    return plain


def _difference(plain: Shown, other: Map | None, name: str, note: str = "") -> Shown:
    title = f"{plain.title} minus {name}"
    if other is None or plain.values is None or other.shape != plain.values.shape:
        return Shown(plain.layer, Kind.DIVERGING, title=title, note=f"There is no such map of {name}.")
    return Shown(plain.layer, Kind.DIVERGING, plain.values - other, title=title, note=note, difference=True)


def _beside_mean(plain: Shown, mean: Mean, comparison: Comparison) -> Shown:
    if mean.values is None:
        return Shown(plain.layer, plain.kind, title=f"{plain.title}, mean non-member", note=mean.why)
    note = f"Mean of {mean.count} of {mean.of} non-members."
    if comparison is Comparison.MINUS_MEAN:
        return _difference(plain, mean.values, "the mean non-member", note)
    return Shown(plain.layer, plain.kind, mean.values, title=f"{plain.title}, mean non-member", note=note)


def _classes(judged: Judged, layer: Layer, seen: Seen) -> Shown:
    if layer.id == layers.LABEL:
        return Shown(layer, layer.kind, classes=seen.label, title=layer.title, note=seen.label_reason)
    predicted = judged.prediction
    if predicted is None:
        return Shown(layer, layer.kind, title=layer.title, note=judged.why_no(layer))
    note = "" if predicted.shape == seen.shape else ON_GRID
    if layer.id == layers.PREDICTION:
        return Shown(layer, layer.kind, classes=predicted, title=layer.title, note=note)
    if seen.label is None:
        return Shown(layer, layer.kind, title=layer.title, note=seen.label_reason)
    return Shown(layer, layer.kind, classes=errors(predicted, seen.label), title=layer.title, note=note)


def errors(predicted: Classes, label: Classes) -> Classes:
    """Where a prediction is `WRONG` and `RIGHT`, 255 where void. It has the label map's size or its attack grid's."""
    at_hand = label if label.shape == predicted.shape else Grid.of((label.shape[0], label.shape[1])).take(label)
    judged = np.where(predicted == at_hand, layers.RIGHT, layers.WRONG)
    return np.where(at_hand == VOID, VOID, judged).astype(np.uint8)


def class_colours(layer: Layer, seen: Seen) -> npt.NDArray[np.uint8]:
    """Colours `(C, 3)` of a layer of classes."""
    if layer.id == layers.ERROR:
        return layers.ERROR_COLOURS
    return np.zeros((0, 3), np.uint8) if seen.scheme is None else seen.scheme.colours
