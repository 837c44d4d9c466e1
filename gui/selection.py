"""What the user looks at: every view reads it and listens to it, and no view talks to another view."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from core.audit.review import ReviewEntry
from gui.document import AuditDocument

MOST_PANES = 4

GENERAL_LAYERS = ("image", "label", "prediction", "error", "loss")
"""What can be shown of an image whatever the attack; the maps of the attack come besides."""


class Selection(QObject):
    """The document, and what of it is in view. Setters tell the listeners only where something changed.

    Signals that carry a value send the property of the same name. `hovered` sends the image pixel (x, y) under the
    pointer, or None. `document_grew` follows the results of a running audit; `reviewed` sends each new decision, and
    `summarised` says that the summary file holds the numbers after the latest exclusions.
    """

    document_changed = Signal(object)
    document_grew = Signal()
    reviewed = Signal(object)
    summarised = Signal()
    image_changed = Signal(object)
    chains_changed = Signal(object)
    attack_changed = Signal(str)
    layer_changed = Signal(str)
    threshold_changed = Signal(object)
    hovered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: AuditDocument | None = None
        self._image: int | None = None
        self._chains: tuple[str, ...] = ()
        self._attack = ""
        self._layer = "image"
        self._threshold: float | None = None

    # ------------------------------------------------------------ the document

    @property
    def document(self) -> AuditDocument | None:
        """The audit in view, or None on the welcome page."""
        return self._document

    @document.setter
    def document(self, document: AuditDocument | None) -> None:
        """Show another audit from its first image, with its first defenses and its primary attack.

        Everything is set before anybody is told, so that no listener meets the chains of the audit before. All
        signals are sent: the same image id is another image now. The audit before is not closed: others may still
        read from it in their threads.
        """
        if document is self._document:
            return
        self._document = document
        self._image = None if document is None else document.first_image
        self._chains = () if document is None else tuple(chain.id for chain in document.chains[:MOST_PANES])
        self._attack = "" if document is None else document.primary
        self._layer = self._first_layer()
        self._threshold = None
        self.document_changed.emit(document)
        self.chains_changed.emit(self._chains)
        self.attack_changed.emit(self._attack)
        self.layer_changed.emit(self._layer)
        self.threshold_changed.emit(None)
        self.image_changed.emit(self._image)

    def refresh(self) -> None:
        """Take in what a running audit has written since; cheap where that is nothing."""
        if self._document is not None and self._document.refresh():
            self.document_grew.emit()
            if self._image is None:
                self.image = self._document.first_image

    def decide(self, action: str, image: int | None, why: str = "", value: object = None) -> ReviewEntry | None:
        """Add a decision to the review log and tell everybody; None without a document. Raises `StoreError`."""
        if self._document is None:
            return None
        entry = self._document.decide(action, image, why, value)
        self.reviewed.emit(entry)
        return entry

    # ------------------------------------------------------------ what of it

    @property
    def image(self) -> int | None:
        """Id of the image in view."""
        return self._image

    @image.setter
    def image(self, image: int | None) -> None:
        if image != self._image:
            self._image = image
            self.image_changed.emit(image)

    @property
    def chains(self) -> tuple[str, ...]:
        """Ids of the defenses shown, in order: one pane each, at most `MOST_PANES`.

        They need not be in the audit: a slider makes chains of its own, which have no stored scores.
        """
        return self._chains

    @chains.setter
    def chains(self, chains: Sequence[str]) -> None:
        wanted = tuple(dict.fromkeys(chains))[:MOST_PANES]
        if wanted != self._chains:
            first = self._chains[:1]
            self._chains = wanted
            self.chains_changed.emit(wanted)
            if wanted[:1] != first:
                self.threshold = None

    @property
    def attack(self) -> str:
        """Id of the attack whose scores and maps are shown."""
        return self._attack

    @attack.setter
    def attack(self, attack: str) -> None:
        if attack == self._attack:
            return
        self._attack = attack
        self.attack_changed.emit(attack)
        self.threshold = None  # scores of another attack have another scale
        if self._layer not in self.layers:
            self.layer = self._first_layer()

    @property
    def layers(self) -> tuple[str, ...]:
        """What can be shown under the attack in view: its maps, then what every image has."""
        maps = self._document.map_names(self._attack) if self._document is not None else ()
        return tuple(dict.fromkeys((*maps, *GENERAL_LAYERS)))

    @property
    def layer(self) -> str:
        """What lies over the image: "score", "evidence", "loss", "label", ...; "image" for nothing."""
        return self._layer

    @layer.setter
    def layer(self, layer: str) -> None:
        if layer != self._layer:
            self._layer = layer
            self.layer_changed.emit(layer)

    @property
    def threshold(self) -> float | None:
        """The operating point on image scores of the first chain and the attack, or None."""
        return self._threshold

    @threshold.setter
    def threshold(self, threshold: float | None) -> None:
        if threshold != self._threshold:
            self._threshold = threshold
            self.threshold_changed.emit(threshold)

    def _first_layer(self) -> str:
        return self.layers[0] if self._document is not None else "image"
