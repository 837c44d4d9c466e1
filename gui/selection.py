"""What the user looks at: every view reads it and listens to it, and no view talks to another view."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from core.audit.map_power import LOSS, first_map
from core.audit.review import ReviewEntry
from core.defenses.chain import Chain, words_of
from gui.document import AuditDocument
from gui.highlight import Highlight
from gui.theme import colour_at
from gui.trials import Trials, plain_title_of, replaced, without

MOST_PANES = 4

GENERAL_LAYERS = ("image", "label", "prediction", "error", "loss", "true_posterior")
"""What can be shown of an image whatever the attack; the maps of the attack come besides."""


class Selection(QObject):
    """The document, and what of it is in view. Setters tell the listeners only where something changed.

    Signals that carry a value send the property of the same name. `hovered` sends the image pixel (x, y) under the
    pointer, or None. `document_grew` follows the results of a running audit; `reviewed` sends each new decision, and
    `summarised` says that the summary file holds the numbers after the latest exclusions. `retuned` sends the id that a
    trial had and the one it has now; `trials_changed` and `chains_changed` follow it.
    """

    document_changed = Signal(object)
    document_grew = Signal()
    reviewed = Signal(object)
    summarised = Signal()
    image_changed = Signal(object)
    trials_changed = Signal(object)
    retuned = Signal(str, str)
    chains_changed = Signal(object)
    attack_changed = Signal(str)
    layer_changed = Signal(str)
    threshold_changed = Signal(object)
    highlight_changed = Signal(object)
    hovered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: AuditDocument | None = None
        self._image: int | None = None
        self._trials = Trials()
        self._chains: tuple[str, ...] = ()
        self._attack = ""
        self._layer = "image"
        self._threshold: float | None = None
        self._highlight: Highlight | None = None

    # ------------------------------------------------------------ the document

    @property
    def document(self) -> AuditDocument | None:
        """The audit in view, or None on the welcome page."""
        return self._document

    @document.setter
    def document(self, document: AuditDocument | None) -> None:
        """Show another audit from its first image, with its first defenses and its primary attack.

        Everything is set before anybody is told, so that no listener meets the chains of the audit before. All
        signals are sent: the same image id is another image now. The audit before closes when the
        last of those has let go of it who still read from it in their threads.
        """
        if document is self._document:
            return
        self._document = document
        self._image = None if document is None else document.first_image
        self._trials = Trials() if document is None else Trials(tuple(chain.id for chain in document.chains))
        self._chains = self._trials.audited[:MOST_PANES]
        self._attack = "" if document is None else document.primary
        self._layer = self._first_layer()
        self._threshold = None
        self._highlight = None
        self.document_changed.emit(document)
        self.trials_changed.emit(())
        self.chains_changed.emit(self._chains)
        self.attack_changed.emit(self._attack)
        self.layer_changed.emit(self._layer)
        self.threshold_changed.emit(None)
        self.highlight_changed.emit(None)
        self.image_changed.emit(self._image)

    def grown(self) -> None:
        """The document has taken in more: tell everybody."""
        self.document_grew.emit()
        if self._document is not None and self._image is None:
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
            if self._highlight is not None and self._highlight.image not in {None, image}:
                self.highlight = None  # it is of the image before
            self.image_changed.emit(image)

    @property
    def chains(self) -> tuple[str, ...]:
        """Ids of the defenses shown, in order: one pane each, at most `MOST_PANES`.

        They need not be in the audit: trials have no stored scores.
        """
        return self._chains

    @chains.setter
    def chains(self, chains: Sequence[str]) -> None:
        self._show_chains(tuple(dict.fromkeys(chains))[:MOST_PANES])

    def _show_chains(self, wanted: tuple[str, ...], before: tuple[str, ...] | None = None) -> None:
        """Tell of the chains shown; `before`: what was shown, where they are set already."""
        before = self._chains if before is None else before
        self._chains = wanted
        if wanted != before:
            self.chains_changed.emit(wanted)
            if wanted[:1] != before[:1]:
                self.threshold = None

    # ------------------------------------------------------------ trials

    @property
    def trials(self) -> tuple[Chain, ...]:
        """The chains that a person tries and the audit does not have, in order."""
        return self._trials.chains

    def is_trial(self, chain_id: str) -> bool:
        """Whether a chain is tried."""
        return any(chain.id == chain_id for chain in self.trials)

    def add_trial(self, chain: Chain, place: int | None = None) -> str:
        """Try a chain; `place`: among the trials. Returns its id. Raises `SpecError` where it is there already."""
        self._set_trials(self._trials.added(chain, place))
        return chain.id

    def need_new(self, chain: Chain, chain_id: str = "") -> None:
        """Raise `SpecError` where a chain is there already, other than under the id of the trial it is to replace."""
        if chain.id != chain_id:
            self._trials.added(chain)

    def drop_trial(self, chain_id: str) -> None:
        """Try a chain no longer; it is not shown any more."""
        before, self._chains = self._chains, without(self._chains, chain_id)
        self._set_trials(self._trials.dropped(chain_id))
        self._show_chains(self._chains, before)

    def retune(self, chain_id: str, chain: Chain) -> str:
        """Replace a trial by another chain, also where it is shown, in one go. Returns its id.

        Raises `SpecError` where the other chain is there already, `KeyError` where no trial has the id.
        """
        trials = self._trials.retuned(chain_id, chain)
        before, self._chains = self._chains, replaced(self._chains, chain_id, chain.id)
        if chain.id != chain_id:
            self._trials = trials
            self.retuned.emit(chain_id, chain.id)
            self.trials_changed.emit(self.trials)
        self._show_chains(self._chains, before)
        return chain.id

    def _set_trials(self, trials: Trials) -> None:
        if trials != self._trials:
            self._trials = trials
            self.trials_changed.emit(self.trials)

    def chain(self, chain_id: str) -> Chain | None:
        """The trial of that id, or the audit's chain; None where there is neither."""
        known = next((chain for chain in self.trials if chain.id == chain_id), None)
        return known if known is not None or self._document is None else self._document.chain(chain_id)

    def title(self, chain_id: str) -> str:
        """What a defense is called on screen, each differently; the id itself where it is not known."""
        audited = () if self._document is None else self._document.chains
        return words_of((*audited, *self.trials)).get(chain_id, chain_id)

    def plain_title(self, chain_id: str) -> str:
        """What a defense is called in files for other programs; the id itself where it is not known."""
        known = self.chain(chain_id)
        return chain_id if known is None else plain_title_of(known)

    def colours(self) -> dict[str, str]:
        """The colour of every defense of the audit and every trial, by chain id; a retuned trial keeps its own."""
        return {chain: colour_at(slot) for chain, slot in self._trials.slots.items()}

    # ------------------------------------------------------------ what else

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
        self.highlight = None
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

    @property
    def highlight(self) -> Highlight | None:
        """What is made out in the panes, or None; one of a single image goes when another image is shown."""
        return self._highlight

    @highlight.setter
    def highlight(self, highlight: Highlight | None) -> None:
        if highlight != self._highlight:
            self._highlight = highlight
            self.highlight_changed.emit(highlight)

    def _first_layer(self) -> str:
        """The map that was measured to be best, where the audit has it."""
        document = self._document
        if document is None:
            return "image"
        maps = document.map_names(self._attack)
        loss = (LOSS,) if document.loss_attack is not None and document.scheme is not None else ()
        asked = document.asked(self._attack)
        return first_map((*maps, *loss), document.shipped_network(self._attack), asked) or self.layers[0]
