"""The reference models: which there are, what is known of them, and what they were trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from core.audit.spec import ReferenceEntry
from core.engine.jobs import CheckedReference
from core.errors import SegLeakError
from core.targets.options import TargetOptions
from core.training.membership import shadow_files
from gui.banner import Severity
from gui.forms import Form
from gui.trainings import Trainings
from gui.wizard.composer import Composer
from gui.wizard.kinds import MODEL_ENDINGS
from gui.wizard.looking import Known, Looking
from gui.wizard.missing import unusable
from gui.wizard.online_offer import OnlineOffer
from gui.wizard.parts import Box, Fold, Notice, Section, Words, button, refill, row_of, small_button
from gui.wizard.train_card import TrainCard
from gui.wizard.trust import TrustBox

HELP = (
    "Models of the same classes that the attacker could have trained. Some attacks set the target's answer against "
    "theirs, so that an image that is easy for every model is no evidence."
)
MODELS = f"Models ({' '.join(f'*{ending}' for ending in MODEL_ENDINGS)});;All files (*)"
LISTS = "Membership tables and lists (*.csv *.txt);;All files (*)"
TRAINED = "A membership table, or a list of its training images"
LOOKING = "Looking at the model..."
UNKNOWN = "Nothing says which images it was trained on, so it counts as trained on none of this audit's."


class ReferenceSection(Section):
    """A box for each reference model, and the ways to add some.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    trainings
        Trains references.
    """

    def __init__(
        self, composer: Composer, looking: Looking, trainings: Trainings, parent: QWidget | None = None
    ) -> None:
        super().__init__("Reference models", HELP, parent, role="subheading")
        self._composer, self._looking = composer, looking
        self.boxes: list[ReferenceBox] = []
        self._column = QVBoxLayout()
        self.wrong = Notice(Severity.ERROR)
        add = button("Add reference models...", self._choose_files)
        shadows = button("Add a folder of shadows...", self._choose_shadows, "What `main.py train shadows` has made")
        self.column.addLayout(self._column)
        self.column.addWidget(self.wrong)
        self.training = TrainCard(composer, looking, trainings)
        self.column.addLayout(row_of(add, shadows, self.training.train, self.training.copy))
        self.online = OnlineOffer(composer, looking, trainings.engine)
        for widget in (self.training, self.online):
            self.column.addWidget(widget)
        composer.changed.connect(lambda _: self.show_known(looking.known))
        looking.changed.connect(self.show_known)
        self.show_known(looking.known)

    def show_known(self, known: Known) -> None:
        """Show the draft's references, and what the engine found of each."""
        entries = self._composer.draft.spec.references
        if [box.entry for box in self.boxes] != list(entries):
            self.boxes = [ReferenceBox(place, entry, self) for place, entry in enumerate(entries)]
            refill(self._column, self.boxes)
        for box in self.boxes:
            box.show_known(known, entries)

    # ------------------------------------------------------------ what a person does

    def _choose_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Choose reference models", "", MODELS)
        self.add([Path(path) for path in chosen])

    def _choose_shadows(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of shadows")
        if not chosen:
            return
        try:
            self.add(shadow_files(Path(chosen)))
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)

    def add(self, paths: Sequence[Path]) -> None:
        """Add models; what is there already stays once."""
        spec = self._composer.draft.spec
        known = {spec.resolve(entry.path) for entry in spec.references}
        new = [ReferenceEntry(str(path.absolute())) for path in paths if path.absolute() not in known]
        self._composer.edit(references=(*spec.references, *new))

    def take_away(self, place: int) -> None:
        """Remove a model."""
        entries = self._composer.draft.spec.references
        self._composer.edit(references=(*entries[:place], *entries[place + 1 :]))

    def change(self, box: "ReferenceBox", entry: ReferenceEntry) -> None:
        """Put another entry in the place of one, without building its box anew."""
        box.entry = entry
        entries = self._composer.draft.spec.references
        self._composer.edit(references=(*entries[: box.place], entry, *entries[box.place + 1 :]))


class ReferenceBox(Box):
    """One reference model: its file, what it was trained on, what the file does not say."""

    def __init__(self, place: int, entry: ReferenceEntry, section: ReferenceSection) -> None:
        super().__init__()
        self.place, self.entry, self._section = place, entry, section
        name = Path(entry.path).name
        self.setAccessibleName(f"Reference {name}")
        self.facts, self.problem, self.trust = Words(role="small"), Notice(Severity.ERROR), TrustBox()
        self.trust.trusted.connect(lambda sha256: self._change(trust=sha256))
        self.wrong = Notice(Severity.ERROR)
        title = QLabel(name)
        title.setToolTip(entry.path)
        trained = button("Trained on...", self._choose_members, TRAINED, "link")
        trained.setAccessibleName(f"What {name} was trained on")
        head = row_of(title, trained)
        head.addWidget(small_button("close", f"Take {name} away", lambda: section.take_away(place)))
        self.column.addLayout(head)
        self.options = Fold("What the file does not say: format, architecture, classes", self._form)
        for widget in (self.facts, self.problem, self.trust, self.wrong, self.options):
            self.column.addWidget(widget)

    def show_known(self, known: Known, references: Sequence[ReferenceEntry]) -> None:
        """Show what was found, once it is known; `references` are all there are."""
        found = known.reference(self.entry)
        asks = found is not None and bool(found.trust)
        self.trust.ask(self.entry.path, found.trust if found is not None else "")
        self.problem.say(*(() if asks else unusable(self.entry, references, known)))
        self.facts.say(LOOKING if found is None else self._told(found))

    def _told(self, found: CheckedReference) -> str:
        if found.problem:
            return ""
        kind = f"{found.words}, {found.classes} classes." if found.classes else f"{found.words}."
        return f"{kind} {self._seen(found)}"

    def _seen(self, found: CheckedReference) -> str:
        if found.members is None:
            return UNKNOWN
        part = "half of the blocks of " if found.in_blocks else ""
        return f"It is known to have seen {part}{found.members:,} images."

    def _choose_members(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "What was it trained on?", "", LISTS)
        if chosen:
            self._change(members=chosen)

    def _change(self, **parts: object) -> None:
        self._section.change(self, replace(self.entry, **parts))  # type: ignore[arg-type]

    def _form(self) -> Form:
        form = Form(self.entry.options, explained=True)
        form.changed.connect(lambda: self._take(form))
        return form

    def _take(self, form: Form) -> None:
        try:
            options = form.value()
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)
            return
        if isinstance(options, TargetOptions):
            self._change(options=replace(options, scheme=options.scheme or None))
