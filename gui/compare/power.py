"""How far the map in view can be trusted: what the pixel truth benchmark measured of it, one click away."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWhatsThis, QWidget

from core.audit import map_cost
from core.audit.map_power import sentences
from gui.compare.layers import LOSS, TRUE_POSTERIOR, layer_of

if TYPE_CHECKING:
    from gui.document import AuditDocument
    from gui.selection import Selection

NOTE_TOP = 48
"""Below the row of controls, in points."""

NO_MAP = "This is no membership map: it shows the image and what the target makes of it."


def power_note(selection: "Selection") -> tuple[str, ...]:
    """What to say of the layer in view: its name, then sentences."""
    layer, document = layer_of(selection.layer), selection.document
    if document is None or not layer.scalar:
        return layer.title, NO_MAP
    own = layer.id in document.map_names(selection.attack)
    network = document.shipped_network(selection.attack) if own else ""
    asked = document.asked(selection.attack) if own else ""
    cost = _cost(document, selection.attack, layer.id)
    return layer.title, *filter(None, (*sentences(layer.id, network, asked), cost))


def _cost(document: "AuditDocument", attack: str, layer: str) -> str:
    """What the map costs; empty where nobody measured it, as of an attack network of one's own."""
    asked, classes = len(document.spec.references), len(document.class_names)
    entry = document.attack(attack)
    if entry is not None and layer in entry.attack.maps:
        network = str(vars(entry.attack).get("network", ""))
        return map_cost.sentence(entry.attack.name, layer, network, classes, asked)
    # The posterior of the label is made of the loss.
    return map_cost.sentence(LOSS, LOSS, "", classes, asked) if layer in {LOSS, TRUE_POSTERIOR} else ""


def show_power(view: QWidget, selection: "Selection") -> None:
    """Open the note over the top of the panes; any click or key closes it."""
    title, *words = power_note(selection)
    text = f"<b>{title}</b>" + "".join(f"<p>{line}</p>" for line in words)
    QWhatsThis.showText(view.mapToGlobal(QPoint(view.width() // 2, NOTE_TOP)), text, view)
