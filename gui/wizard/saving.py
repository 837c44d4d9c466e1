"""The section about name, place and run settings."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from core.audit.spec import RunSettings
from core.errors import SegLeakError
from core.files import expanded
from gui.background import Background
from gui.banner import Severity
from gui.forms import MOST, Form
from gui.wizard.composer import Composer
from gui.wizard.draft import Draft
from gui.wizard.parts import Fold, Notice, Section, Words, button, row_of

HELP = "The audit is a folder; its spec lies beside it as a text file."
FORBIDDEN = '/\\:*?"<>|'


class SavingSection(Section):
    """Name, place, settings.

    Parameters
    ----------
    composer
        The draft.

    Attributes
    ----------
    problem
        Why the audit cannot be written there.
    """

    checked = Signal()
    """`problem` says what holds now."""

    def __init__(self, composer: Composer, parent: QWidget | None = None) -> None:
        super().__init__("6  Name and place", HELP, parent)
        self._composer = composer
        self.problem = ""
        self._notice, self.wrong = Notice(Severity.ERROR), Notice(Severity.ERROR)
        self.name, self.place, self._folder = QLineEdit(), QLineEdit(), Words(role="small")
        self.name.setAccessibleName("Name of the audit")
        self.place.setAccessibleName("Folder in which the audit is saved")
        self.name.setPlaceholderText("As the model's file")
        self.name.textEdited.connect(lambda text: composer.edit(name=text.strip()))
        self.place.editingFinished.connect(self._place_typed)
        self.settings = Fold("Run settings", self._settings)
        self._background = Background(self)
        self._asked: Path | None = None
        self._lay_out()
        composer.changed.connect(lambda _: self.show_draft())
        self.show_draft()

    def _lay_out(self) -> None:
        choose = button("Choose a folder...", self._choose)
        rows = QFormLayout()
        rows.addRow("Name", self.name)
        rows.addRow("In", row_of(self.place, choose, stretch=False))
        self.column.addLayout(rows)
        for widget in (self._folder, self._notice, self.wrong, self.settings):
            self.column.addWidget(widget)

    def show_draft(self) -> None:
        """Show what the draft says, and look whether it can be written there."""
        draft = self._composer.draft
        if self.name.text().strip() != draft.spec.name:
            self.name.setText(draft.spec.name)
        if self.place.text() != str(draft.place) and not self.place.hasFocus():
            self.place.setText(str(draft.place))
        self._folder.say(f"Will be written to {draft.folder}" if draft.spec.name else "")
        if draft.folder != self._asked:
            self.look()
        if isinstance(form := self.settings.content, _Settings):
            form.show_draft(draft)

    def look(self) -> None:
        """Find out, in a thread, whether the place is free."""
        draft = self._composer.draft
        self._asked = draft.folder
        self._background.run(lambda: place_problem(draft), self._checked)

    def close_threads(self) -> None:
        """Wait for what is being looked at."""
        self._background.close()

    def _checked(self, problem: str) -> None:
        self.problem = problem
        self._notice.say(problem)
        self.checked.emit()

    def _place_typed(self) -> None:
        text = self.place.text().strip()
        if text:
            self._composer.draft = replace(self._composer.draft, place=expanded(text).absolute())

    def _choose(self) -> None:
        start = str(self._composer.draft.place)
        chosen = QFileDialog.getExistingDirectory(self, "Choose where the audit is saved", start)
        if chosen:
            self.place.setText(chosen)
            self._place_typed()

    def _settings(self) -> QWidget:
        return _Settings(self._composer, self.wrong)


class _Settings(QWidget):
    """The seed, and how the runner works."""

    def __init__(self, composer: Composer, wrong: Notice) -> None:
        super().__init__()
        self._composer, self._wrong = composer, wrong
        self._seed = QSpinBox()
        self._seed.setRange(0, MOST)
        self._seed.setAccessibleName("Seed")
        self._seed.valueChanged.connect(lambda seed: composer.edit(seed=seed))
        self._form = Form(composer.draft.spec.run, explained=True)
        self._form.changed.connect(self._take)
        column = QVBoxLayout(self)
        column.addLayout(row_of(QLabel("Seed of all random draws"), self._seed))
        column.addWidget(self._form)
        self.show_draft(composer.draft)

    def show_draft(self, draft: Draft) -> None:
        """Show what the draft says."""
        for widget in (self._seed, self._form):
            widget.blockSignals(True)
        self._seed.setValue(draft.spec.seed)
        if self._value() != draft.spec.run:
            self._form.set_value(draft.spec.run)
        for widget in (self._seed, self._form):
            widget.blockSignals(False)

    def _value(self) -> RunSettings | None:
        try:
            value = self._form.value()
        except SegLeakError:
            return None
        return value if isinstance(value, RunSettings) else None

    def _take(self) -> None:
        try:
            self._composer.edit(run=self._form.value())
            self._wrong.say()
        except SegLeakError as error:
            self._wrong.say(error.message, error.remedy)


def place_problem(draft: Draft) -> str:
    """Why the audit cannot be written where it is to be, or empty. Reads the disk: belongs into a thread."""
    name, folder = draft.spec.name, draft.folder
    if not name:
        return ""
    if any(letter in FORBIDDEN for letter in name) or name.startswith(".") or not name.isprintable():
        return f"A name cannot begin with a dot or hold any of {' '.join(FORBIDDEN)}"
    nearest = next((p for p in (draft.place, *draft.place.parents) if p.exists()), draft.place)
    if not nearest.is_dir():
        return f"{nearest} is a file. Choose a folder."
    try:
        taken = has_results(folder)
    except (SegLeakError, OSError):
        taken = True
    if taken:
        return f"{folder.name} is there already. Give another name, or open it."
    return ""


def has_results(folder: Path) -> bool:
    """Whether a folder holds an audit with results, or something else: an audit cannot be begun there."""
    from core.audit.store import AuditStore
    from gui.folders import is_audit

    if not folder.exists():
        return False
    if not is_audit(folder):
        return not folder.is_dir() or any(folder.iterdir())
    with AuditStore.read(folder) as store:
        return any(row.state == "done" for row in store.images())
