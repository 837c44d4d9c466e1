"""Which parts of the images tell members from non-members, and in which images each part does so most."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from core.data.samples import Role
from gui import roles
from gui.browser.notice import Notice
from gui.document import AuditDocument
from gui.highlight import Highlight
from gui.selection import Selection
from gui.slices.objects import ObjectsList
from gui.slices.reader import Question, SliceReader
from gui.slices.tables import Cell, SortedTable

if TYPE_CHECKING:
    from core.audit.slices import Slice, Slices

MOST_IMAGES = 500
"""Images listed of a part, those with the highest values."""

NOTHING = "n/m"
QUESTION = "Where does it leak?"
OFFER = (
    "Cuts the map “{map}” of {attack} under {chain} into classes, distances to label boundaries, object sizes and "
    "places, and says which of them tell members from non-members."
)
NO_MAP = "This attack draws no map. Choose another one in the panel Defenses."
TRIAL = "{chain} is not in the audit. Show one of the audit's own defenses first."
UNFINISHED = "The parts can be measured when the audit has ended."
WORDS = (
    "Map “{map}” of {attack} under {chain}, {images:,} images. Exploratory: the best of many parts looks better than "
    "it is. Choose a part to see its images and where it lies in them."
)
PARTS = ("Part", "Of", "AUC", "Interval", "Members", "Non-members")
IMAGES = ("Image", "Role", "Value")


class SlicesPanel(QWidget):
    """A table of parts, and beside it the images of the part that is chosen; behind them single objects.

    What is chosen is highlighted in the panes.

    `failed` sends the `SegLeakError` of maps or label maps that cannot be read.
    """

    failed = Signal(object)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._reader = SliceReader(self)
        self._found: Slices | None = None
        self.notice = Notice()
        self.parts = SortedTable("Parts of the images", PARTS)
        self.images = SortedTable("Images of the part", IMAGES)
        self.objects = ObjectsList()
        self._part: Highlight | None = None
        self._words = QLabel()
        self._words.setProperty("role", "small")
        self._words.setWordWrap(True)
        self._words.setContentsMargins(8, 4, 8, 4)
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.parts)
        split.addWidget(self.images)
        split.setSizes([600, 400])
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self._words)
        inside.addWidget(split, stretch=1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setAccessibleName("Parts or objects")
        self.tabs.addTab(page, "Parts")
        self.tabs.addTab(self.objects, "Objects")
        self._stack.addWidget(self.notice)
        self._stack.addWidget(self.tabs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self) -> None:
        selection = self._selection
        selection.document_changed.connect(self._reader.clear)
        for signal in (selection.document_changed, selection.chains_changed, selection.attack_changed):
            signal.connect(self._refresh)
        selection.reviewed.connect(self._refresh)
        selection.document_grew.connect(self._refresh)
        self._reader.came.connect(self._refresh)
        self._reader.progressed.connect(self._tell)
        self._reader.failed.connect(self.failed)
        selection.highlight_changed.connect(self._highlighted)
        self.parts.chosen.connect(self._show_images)
        self.images.chosen.connect(self._go_to)
        self.objects.chosen.connect(self._go_to_object)

    @property
    def words(self) -> str:
        """What is said above the table, or in its place."""
        return self._words.text() if self._stack.currentIndex() else self.notice.words

    def measure(self) -> None:
        """Read the maps of the first defense shown."""
        question = self._question()
        if question is not None:
            self._reader.ask(question)
            self._refresh()

    def close_threads(self) -> None:
        """Stop what is being read."""
        self._reader.close()

    # ------------------------------------------------------------ what is shown

    def _question(self) -> Question | None:
        document, chains = self._selection.document, self._selection.chains
        if document is None or not chains:
            return None
        return Question(document, chains[0], self._selection.attack, document.excluded)

    def _refresh(self, _: object = None) -> None:
        question = self._question()
        if self._reader.asked not in {None, question}:
            self._reader.forget()
        found = None if question is None else self._reader.of(question)
        if found is None:
            self._found = None
            self._say(question)
        elif found is not self._found:
            self._show(found, question)

    def _say(self, question: Question | None) -> None:
        """Why there is no table, and what to do."""
        self._stack.setCurrentIndex(0)
        if question is None:
            self.notice.say(QUESTION, "")
        elif question == self._reader.asked:
            self.notice.say("Reading the maps", "", "Cancel", self._cancel)
        elif reason := self._impossible(question):
            self.notice.say(QUESTION, reason)
        else:
            self.notice.say(QUESTION, OFFER.format(**self._names(question)), "Measure", self.measure)

    def _impossible(self, question: Question) -> str:
        document = question.document
        if document.chain(question.chain) is None:
            return TRIAL.format(chain=self._selection.title(question.chain))
        if not document.map_names(question.attack):
            return NO_MAP
        return "" if document.fact("finished") is not None else UNFINISHED

    def _names(self, question: Question) -> dict[str, str]:
        document = question.document
        entry = document.attack(question.attack)
        attack = question.attack if entry is None else entry.words
        return {
            "map": document.map_names(question.attack)[0],
            "attack": attack,
            "chain": self._selection.title(question.chain),
        }

    def _cancel(self) -> None:
        self._reader.forget()
        self._refresh()

    def _tell(self, done: int, of: int) -> None:
        if self._reader.asked is not None:
            self.notice.say("Reading the maps", f"{done:,} of {of:,} images", "Cancel", self._cancel)

    def _show(self, found: "Slices", question: Question | None) -> None:
        self._found = found
        if question is not None:
            self._words.setText(WORDS.format(images=found.images, **self._names(question)))
        self.parts.show_rows([(place, _cells(one)) for place, one in enumerate(found.slices)])
        self.images.show_rows([])
        self.images.hide()  # the parts have all the room until one is chosen
        self._part = None
        if question is not None:
            self.objects.show_objects(question.document, found.objects)
        self._stack.setCurrentIndex(1)

    # ------------------------------------------------------------ from a part to its images

    def _show_images(self, place: int) -> None:
        document = self._selection.document
        if self._found is None or document is None:
            return
        one = self._found.slices[place]
        self._part = self._selection.highlight = Highlight(one.kind, one.number, f"{one.title}, {one.name}")
        scores = sorted(one.scores.items(), key=lambda item: -item[1])[:MOST_IMAGES]
        self.images.show_rows([(image, _image_cells(document, image, score)) for image, score in scores])
        self.images.show()

    def _go_to(self, image: int) -> None:
        self._go_to_object(image, self._part)

    def _go_to_object(self, image: int, highlight: Highlight | None) -> None:
        # In this order: a highlight of the image before would go with it, and take its row along.
        self._selection.highlight = highlight
        self._selection.image = image

    def _highlighted(self, highlight: Highlight | None) -> None:
        """Let go of what is no longer highlighted, so that it can be chosen again."""
        if highlight is None or highlight.image is None:
            self.objects.table.let_go()
        if highlight != self._part:
            self.parts.let_go()


def _cells(one: "Slice") -> list[Cell]:
    leak, interval = one.leak, one.leak.interval
    between = f"{interval.low:.2f} to {interval.high:.2f}" if interval else NOTHING
    return [
        one.name,
        one.title,
        (NOTHING, -1.0) if leak.auc is None else (f"{leak.auc:.3f}", leak.auc),
        (between, interval.low if interval else -1.0),
        (f"{leak.members:,}", float(leak.members)),
        (f"{leak.non_members:,}", float(leak.non_members)),
    ]


def _image_cells(document: AuditDocument, image: int, score: float) -> list[Cell]:
    row = document.row(image)
    return [row.key.rpartition("/")[2], roles.TITLES[Role(row.role)], (f"{score:#.4g}", score)]
