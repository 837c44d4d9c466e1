"""The suspects, and the verdict on the one in view: in plain words, with numbers, and with what stands against it."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.audit.doubts import Doubt
from core.audit.verdicts import Verdict, Verdicts
from core.data.samples import Role
from gui.banner import Severity
from gui.browser.cells import SHAPES
from gui.evidence.facts import CHECKS, HELP, counted, doubts_about, facts, reaches
from gui.evidence.overriding import Overriding
from gui.evidence.reader import VerdictReader
from gui.evidence.suspects import SuspectsTable
from gui.selection import Selection
from gui.wizard.parts import Notice, Words, button, refill, row_of

NO_SUSPECTS = "This audit has no suspects: it measures the model and judges no image."
UNFINISHED = "Verdicts come when the audit has ended."
KNOWN = "This image is a known {}: only suspects are judged. Choose one in the list of images."
EXCLUDED = "This suspect is excluded, so it is not judged."
JUDGE, BACK = "Judge all the same...", "Take back..."


class VerdictPanel(QWidget):
    """What is said of the suspect in view; of the suspects together where another image is in view.

    Parameters
    ----------
    selection, undo_stack
        What is looked at, and what takes decisions.
    """

    failed = Signal(object)
    """The `SegLeakError` of what could not be read or written."""

    def __init__(self, selection: Selection, undo_stack: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._reader = VerdictReader(selection, self)
        self._overriding = Overriding(selection, undo_stack, self, self.failed.emit)
        self.heading, self.sentence = QLabel(), Words()
        self.suspects, self.others = SuspectsTable(), Words(role="small")
        self.facts, self.rests = QFormLayout(), Words(role="small")
        self.doubts: list[DoubtBox] = []
        self._doubts = QVBoxLayout()
        self._lay_out()
        self._reader.came.connect(self.show_verdict)
        self._reader.failed.connect(self.failed)
        self.suspects.chosen.connect(self._go_to)
        selection.image_changed.connect(lambda _: self.show_verdict())
        self._reader.read()
        self.show_verdict()

    def _lay_out(self) -> None:
        self.heading.setProperty("role", "heading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        for words in (self.sentence, self.rests):  # below what they belong to, however few their lines are
            words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setVerticalSpacing(2)
        self.facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        said, numbers = QVBoxLayout(), QVBoxLayout()
        for column in (said, numbers):
            column.setSpacing(6)  # else it is that of the row around them
        said.addWidget(self.heading)
        said.addWidget(self.sentence)
        said.addLayout(self._doubts)
        said.addStretch(1)
        numbers.addLayout(self.facts)
        numbers.addWidget(self.rests)
        numbers.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setSpacing(24)
        row.addLayout(said, stretch=1)
        row.addLayout(numbers, stretch=1)
        scroll = QScrollArea()
        scroll.setAccessibleName("Verdict")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        listed = QVBoxLayout()
        listed.setSpacing(2)
        listed.addWidget(self.suspects)
        listed.addWidget(self.others)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(listed)
        layout.addWidget(scroll, stretch=1)

    def close_threads(self) -> None:
        """Wait for what is being judged."""
        self._reader.close()

    # ------------------------------------------------------------ what is shown

    def show_verdict(self) -> None:
        """Show what is known by now of the image in view."""
        found, image = self._reader.found, self._selection.image
        verdict = None if found is None or image is None else found.of(image)
        self.heading.setText(self._title(verdict))
        self.sentence.say(self._sentence(verdict, found))
        document = self._selection.document
        self._show_facts({} if found is None or document is None else facts(verdict, found, document.spec))
        self.suspects.show_verdicts(found)
        self.others.say(self.suspects.others)
        self.suspects.follow(image)
        self.rests.say("" if found is None else "\n".join(found.sentences))
        self._show_doubts([] if found is None or verdict is None else doubts_about(verdict.image, found), found)

    def _title(self, verdict: Verdict | None) -> str:
        if verdict is None:
            return "Verdicts"
        kind = str(verdict.kind)
        return f"{SHAPES[verdict.kind][0]} {kind[:1].upper()}{kind[1:]}: {verdict.key}"

    def _sentence(self, verdict: Verdict | None, found: Verdicts | None) -> str:
        document = self._selection.document
        if document is None:
            return ""
        if verdict is not None:
            return verdict.sentence
        if not any(row.role is Role.SUSPECT for row in document.rows):
            return NO_SUSPECTS
        if document.fact("finished") is None:
            return UNFINISHED
        return "" if found is None else f"{self._why_none()} {counted(found)}".strip()

    def _why_none(self) -> str:
        document, image = self._selection.document, self._selection.image
        if document is None or image is None:
            return ""
        role = document.row(image).role
        return EXCLUDED if role is Role.SUSPECT else KNOWN.format(role)

    def _show_facts(self, shown: dict[str, str]) -> None:
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for name, value in shown.items():
            title, words = QLabel(name), Words(value)
            title.setProperty("role", "muted")
            for widget in (title, words):
                widget.setToolTip(HELP[name])
            self.facts.addRow(title, words)

    def _show_doubts(self, doubts: list[Doubt], found: Verdicts | None) -> None:
        self.doubts = [self._doubt_box(doubt, found) for doubt in doubts if found is not None]
        refill(self._doubts, self.doubts)

    def _doubt_box(self, doubt: Doubt, found: Verdicts) -> "DoubtBox":
        box = DoubtBox(doubt)
        if doubt.override is None:
            box.act.clicked.connect(partial(self._override, doubt, reaches(doubt, found)))
        else:
            box.act.clicked.connect(partial(self._restore, doubt))
        return box

    def _go_to(self, image: object) -> None:
        if isinstance(image, int):
            self._selection.image = image

    def _override(self, doubt: Doubt, offer_all: bool, _checked: bool = False) -> None:
        self._overriding.override(doubt, offer_all=offer_all)

    def _restore(self, doubt: Doubt, _checked: bool = False) -> None:
        self._overriding.restore(doubt)


class DoubtBox(QWidget):
    """A failed check, and the button that sets it aside or lets it count again."""

    def __init__(self, doubt: Doubt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        severity = Severity.WARNING if doubt.override is None else Severity.NOTE
        self.told = Notice(severity, f"{CHECKS[doubt.check]}: {doubt.told}")
        self.act = button(JUDGE if doubt.override is None else BACK, lambda: None)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.told)
        column.addLayout(row_of(self.act))
