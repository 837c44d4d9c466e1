"""What lies under the pointer: as numbers and as words. Knows nothing of widgets."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID
from gui.compare import layers
from gui.compare.frame import Frame, PaneFrame, Seen
from gui.compare.viewport import Point
from gui.minus import shown

NOTHING = "–"


@dataclass(frozen=True)
class PaneReading:
    """What one pane says of a pixel.

    Attributes
    ----------
    chain, layer
        Ids of the pane's defense and layer.
    value
        The value shown; None where nothing is, NaN where void. For layers of classes the train id.
    loss
        -log p(label) in nats under the pane's defense; None where it is not known, NaN where void.
    prediction
        Train id of the predicted class; None where it is not known.
    """

    chain: str
    layer: str
    value: float | None
    loss: float | None
    prediction: int | None

    @property
    def p_label(self) -> float | None:
        """The posterior of the labelled class, 0 to 1."""
        return None if self.loss is None or math.isnan(self.loss) else math.exp(-self.loss)


@dataclass(frozen=True)
class Reading:
    """What is known of one pixel: its place, its label (a train id), and what each pane says."""

    x: int
    y: int
    label: int | None
    panes: tuple[PaneReading, ...]

    def of(self, pane: PaneFrame) -> PaneReading | None:
        """What that pane says."""
        key = pane.chain, pane.shown.layer.id
        return next((reading for reading in self.panes if (reading.chain, reading.layer) == key), None)


def read_out(frame: Frame, point: Point) -> Reading | None:
    """The reading of the pixel at an image point; None beside the image."""
    height, width = frame.seen.shape
    x, y = math.floor(point[0]), math.floor(point[1])
    if frame.seen.picture is None or not (0 <= x < width and 0 <= y < height):
        return None
    label = _at(frame.seen.label, frame.seen, x, y)
    panes = tuple(_pane(pane, frame.seen, x, y) for pane in frame.panes)
    return Reading(x, y, None if label is None else int(label), panes)


def _pane(pane: PaneFrame, seen: Seen, x: int, y: int) -> PaneReading:
    prediction = _at(pane.judged.prediction, seen, x, y)
    return PaneReading(
        chain=pane.chain,
        layer=pane.shown.layer.id,
        value=pane.value_at(x, y),
        loss=_at(pane.judged.maps.get(layers.LOSS), seen, x, y),
        prediction=None if prediction is None else int(prediction),
    )


def _at(values: npt.NDArray[np.generic] | None, seen: Seen, x: int, y: int) -> float | None:
    """The value of a map or label map at a pixel of the image."""
    if values is None:
        return None
    place = seen.placement((values.shape[0], values.shape[1])).at(x, y)
    return None if place is None else float(values[place])


# ---------------------------------------------------------------- as words


def class_name(seen: Seen, train_id: int) -> str:
    """The name of a class."""
    if train_id == VOID:
        return "void"
    names = () if seen.scheme is None else seen.scheme.names
    return names[train_id] if train_id < len(names) else f"class {train_id}"


def number(value: float | None) -> str:
    """A value in three digits, as many in every pane; a dash where there is none."""
    if value is None:
        return NOTHING
    if math.isnan(value):
        return "void"
    return shown(f"{value:#.3g}".rstrip(".")) if value else "0"


def end(value: float) -> str:
    """An end of a colour scale: a round number, in as few digits as it has."""
    return shown(f"{value + 0.0:.3g}")  # no minus zero


def place_words(frame: Frame, reading: Reading) -> str:
    """Where the pointer is, and the class of the label map there."""
    place = f"x {reading.x}   y {reading.y}"
    return place if reading.label is None else f"{place}   label: {class_name(frame.seen, reading.label)}"


def pane_words(frame: Frame, pane: PaneFrame, reading: PaneReading) -> str:
    """What one pane says under the pointer; first what cannot be told from the rest, as there may be little room."""
    parts, layer = [_value_words(frame.seen, pane, reading)], pane.shown.layer.id
    if reading.prediction is not None and layer != layers.PREDICTION:
        parts.append(f"predicted {class_name(frame.seen, reading.prediction)}")
    if reading.p_label is not None and layer != layers.TRUE_POSTERIOR:
        parts.append(f"p(label) {number(reading.p_label)}")
    if reading.loss is not None and layer != layers.LOSS:
        parts.append(f"loss {number(reading.loss)}")
    return "   ".join(part for part in parts if part)


def _value_words(seen: Seen, pane: PaneFrame, reading: PaneReading) -> str:
    if reading.value is None or pane.shown.layer.id == layers.LABEL:
        return ""
    if pane.shown.layer.id == layers.ERROR:
        return {layers.WRONG: "wrong", layers.RIGHT: "right"}.get(int(reading.value), "void")
    if pane.shown.classes is not None:
        return class_name(seen, int(reading.value))
    name = "difference" if pane.shown.difference else pane.shown.title.lower()
    return f"{name} {number(reading.value)} {pane.shown.layer.unit}".strip()
