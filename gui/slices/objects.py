"""The single objects that stand highest among their like, as a table that leads to each of them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.data.samples import Role
from gui import roles
from gui.document import AuditDocument
from gui.highlight import Highlight
from gui.slices.tables import Cell, SortedTable

if TYPE_CHECKING:
    from core.audit.objects import FoundObject, FoundObjects

COLUMNS = {
    "Image": "",
    "Role": "",
    "Class": "",
    "Pixels": "Of the attack grid.",
    "Centre": "x and y in the image's pixels.",
    "Mean": "Of the map, turned so that higher = more likely a member.",
    "As high": "How many of the same class and of similar size in other non-members have a mean at least as high.",
    "Percentile": "How many per cent of those lie below.",
}
WORDS = (
    "{listed:,} of {of:,} objects (connected areas of one class), those that stand highest among the same class and "
    "size in other non-members. {shares} Exploratory: of so many the best look better than they are. "
    "Choose one to see it."
)
NONE = "No object is large enough to be listed, or no image has a label map."
NOTHING = "n/m"


class ObjectsList(QWidget):
    """A table of objects, with a word on how much the list says. `chosen` sends image id and `Highlight`."""

    chosen = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = SortedTable("Objects", tuple(COLUMNS))
        for column, tip in enumerate(COLUMNS.values()):
            self.table.tell(column, tip)
        self.words = QLabel()
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        self.words.setContentsMargins(8, 4, 8, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        self.table.chosen.connect(self._go)

    def show_objects(self, document: AuditDocument, found: "FoundObjects") -> None:
        """List what was found in an audit."""
        counts = {"listed": len(found.listed), "of": found.of, "shares": found.shares}
        self.words.setText(WORDS.format(**counts) if found.listed else NONE)
        self.table.show_rows([((one.image, _highlight(one)), _cells(document, one)) for one in found.listed])

    def _go(self, key: tuple[int, Highlight]) -> None:
        self.chosen.emit(*key)


def _highlight(one: "FoundObject") -> Highlight:
    return Highlight("object", one.number, f"{one.name}, a single object", one.image)


def _image(document: AuditDocument, one: "FoundObject") -> str:
    return document.row(one.image).key.rpartition("/")[2]


def _cells(document: AuditDocument, one: "FoundObject") -> list[Cell]:
    from core.audit.objects import placed  # brings OpenCV: not before it is needed

    row = document.row(one.image)
    x, y = placed(one, row)
    above = one.percentile
    return [
        _image(document, one),
        roles.TITLES[Role(row.role)],
        one.name,
        (f"{one.pixels:,}", float(one.pixels)),
        (f"{x:.0f}, {y:.0f}", x),
        (f"{one.value:#.4g}", one.value),
        (f"{one.as_high:,} of {one.of:,}", one.as_high / max(one.of, 1)),
        (NOTHING, -1.0) if above is None else (f"{above:.1f}", above),
    ]
