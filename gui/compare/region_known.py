"""What known non-members say of each class, beside the regions of the image in view. Read in a thread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from core.audit.mean_maps import MOST
from core.data.samples import Role
from core.grid import Grid
from core.progress import Progress
from gui.answers import Answers
from gui.compare import layers
from gui.compare.frame import Frame
from gui.document import AuditDocument
from gui.selection import Selection

if TYPE_CHECKING:
    from core.metrics.region_rank import ClassMeans


@dataclass(frozen=True)
class Question:
    """The means of one map under one defense, over the non-members that count."""

    document: AuditDocument
    chain: str
    attack: str
    layer: str
    images: tuple[int, ...]


class KnownMeans(Answers[Question, "ClassMeans"]):
    """Reads class means of the map in view as regions need them, and keeps those of the audit in view."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        selection.document_changed.connect(self.clear)

    def of(self, frame: Frame) -> "dict[str, ClassMeans]":
        """What is there of the map in view, by defense; what is not yet there is read."""
        panes = [(pane.chain, frame.panes[0].shown.layer) for pane in frame.panes]
        wanted = {chain: question for chain, layer in panes if (question := self._question(chain, layer)) is not None}
        missing = tuple(question for question in wanted.values() if question not in self._kept)
        if missing and missing != self._asked:
            self._ask(missing, lambda progress: _read(missing, progress))
        return {chain: self._kept[question] for chain, question in wanted.items() if question in self._kept}

    def _question(self, chain: str, layer: layers.Layer) -> Question | None:
        """None for trials, and where there is nothing to average or no class to average over."""
        document = self._selection.document
        if document is None or document.chain(chain) is None or not (document.class_names and layer.scalar):
            return None
        out = document.excluded
        rows = [r.id for r in document.rows if r.role is Role.NON_MEMBER and r.state == "done" and r.id not in out]
        spread = tuple(rows[:: max(1, -(-len(rows) // MOST))])
        return Question(document, chain, self._selection.attack, layer.id, spread)


def _read(questions: Sequence[Question], progress: Progress) -> "tuple[ClassMeans, ...]":
    """The answers, each label map read once."""
    from core.metrics.region_rank import ClassMeans

    first = questions[0]
    classes = len(first.document.class_names)
    rows = [list(_of_image(questions, image, classes, progress)) for image in first.images]
    table = np.array(rows, np.float64).reshape(len(rows), len(questions), classes)
    images = np.array(first.images, np.int64)
    return tuple(ClassMeans(images, table[:, place], _sign(q)) for place, q in enumerate(questions))


def _of_image(
    questions: Sequence[Question], image: int, classes: int, progress: Progress
) -> Iterator[npt.NDArray[np.float64]]:
    from core.metrics.region_rank import class_means  # brings OpenCV: not before it is needed

    label = questions[0].document.label(image)
    small = None if label is None else Grid.of((label.shape[0], label.shape[1])).take(label).astype(np.uint8)
    for question in questions:
        progress.check()
        values = _map(question, image)
        same = small is not None and values is not None and small.shape == values.shape
        yield class_means(values, small, classes) if same else np.full(classes, np.nan)  # type: ignore[arg-type]


def _map(question: Question, image: int) -> npt.NDArray[np.float32] | None:
    document, layer = question.document, question.layer
    values = document.maps(image, question.chain, question.attack).get(layer)
    if values is not None or layer not in {layers.LOSS, layers.TRUE_POSTERIOR}:
        return values
    loss = document.loss_map(image, question.chain)
    return np.exp(-loss) if loss is not None and layer == layers.TRUE_POSTERIOR else loss


def _sign(question: Question) -> int:
    """-1 for maps whose low values speak for a member."""
    entry = question.document.attack(question.attack)
    if entry is not None and question.layer == next(iter(entry.attack.maps), None) and entry.attack.map_sign:
        return entry.attack.map_sign
    return -1 if question.layer == layers.LOSS else 1
