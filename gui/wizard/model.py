"""The section about the model: its file, what the file does not say, and what one image shows."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QFileDialog, QLineEdit, QWidget

from core.errors import SegLeakError
from core.files import expanded
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing
from gui.banner import Severity
from gui.forms import Form
from gui.wizard.composer import Composer
from gui.wizard.kinds import MODEL_ENDINGS
from gui.wizard.looking import Known, Looking
from gui.wizard.one_image import OneImage
from gui.wizard.parts import Fold, Notice, Section, Words, button, row_of
from gui.wizard.texts import as_texts, from_texts, with_texts
from gui.wizard.trust import TrustBox

HELP = "The target: a checkpoint, weights alone, ONNX, TorchScript or the folder of a saved model."
FILTER = f"Models ({' '.join(f'*{ending}' for ending in MODEL_ENDINGS)});;All files (*)"
LOOKING = "Looking at the model..."


class ModelSection(Section):
    """Chooses the model and shows what is known of it.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    """

    def __init__(self, composer: Composer, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__("1  Model", HELP, parent)
        self._composer, self._looking = composer, looking
        self.path = QLineEdit()
        self.path.setPlaceholderText("Drop a model file here, or choose one")
        self.path.setAccessibleName("Model file or folder")
        self.path.editingFinished.connect(self._path_typed)
        self.problem, self.facts = Notice(Severity.ERROR), Words()
        self.wrong = Notice(Severity.ERROR)
        self.guess = button("", self._take_guess)
        self.trust = TrustBox()
        self.trust.trusted.connect(lambda sha256: composer.edit_target(trust=sha256))
        self.notes = Notice(Severity.NOTE)
        self.picture = OneImage()
        self.picture.mended.connect(self._take_remedy)
        self.options = Fold("What the file does not say: format, architecture, classes", self._options_form)
        self.preparing = Fold("Pre-processing", self._preprocessing_form)
        self._lay_out()
        composer.changed.connect(lambda _: self.show_draft())
        looking.changed.connect(self.show_known)
        self.show_draft()
        self.show_known(looking.known)

    def _lay_out(self) -> None:
        file = button("Choose a file...", self._choose_file)
        folder = button("Choose a folder...", self._choose_folder)
        self.column.addLayout(row_of(self.path, file, folder, stretch=False))
        for widget in (self.problem, self.facts, self.trust, self.notes, self.picture):
            self.column.addWidget(widget)
        self.column.addWidget(self.guess, alignment=Qt.AlignmentFlag.AlignLeft)
        for fold in (self.wrong, self.options, self.preparing):
            self.column.addWidget(fold)

    # ------------------------------------------------------------ the file

    def show_draft(self) -> None:
        """Show what the draft says."""
        path = "" if self._composer.draft.target is None else str(self._composer.draft.target)
        if path != self.path.text():
            self.path.setText(path)
            self.wrong.say()
        self._fill_forms()

    def _path_typed(self) -> None:
        text = self.path.text().strip()
        before = self._composer.draft.target
        if not text:
            self._composer.edit_target(path="", trust=None)
        elif before is None or text != str(before):
            self._composer.choose_target(expanded(text))

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a model file", self._start(), FILTER)
        self._choose(chosen)

    def _choose_folder(self) -> None:
        self._choose(QFileDialog.getExistingDirectory(self, "Choose the folder of a saved model", self._start()))

    def _choose(self, chosen: str) -> None:
        if chosen:
            self._composer.choose_target(Path(chosen))

    def _start(self) -> str:
        return str(self._composer.draft.target or Path.home())

    # ------------------------------------------------------------ what is known

    def show_known(self, known: Known) -> None:
        """Show what the engine found."""
        failure, target = known.failure, known.target
        waiting = self._composer.draft.target is not None and failure is None and target is None
        needs_trust = failure is not None and bool(failure.trust)
        self.trust.ask(self.path.text(), failure.trust if failure is not None else "")
        told = failure is not None and not needs_trust
        self.problem.say(*((failure.message, failure.remedy) if told and failure is not None else ()))
        self.facts.say(LOOKING if waiting else "" if target is None else _facts(target.facts))
        self.notes.say(*(() if target is None else target.facts["notes"]))
        self.picture.show_check(target)
        looks = ("", "") if known.weights is None or not told else known.weights.looks_like
        self.guess.setText(f"Open it as {' with '.join(filter(None, looks))}")
        self.guess.setVisible(bool(looks[0]))
        if known.weights is not None and told:
            self.options.open()
        self._fill_forms()

    def _take_guess(self) -> None:
        weights = self._looking.known.weights
        if weights is not None:
            architecture, encoder = weights.looks_like
            values = self._composer.draft.spec.target.options.to_mapping()
            options = TargetOptions.from_mapping(values | {"architecture": architecture, "encoder": encoder})
            self._composer.edit_target(options=options)

    def _take_remedy(self, remedy: dict[str, Any]) -> None:
        """Prepare images as the one-image check says; the check then runs again."""
        given = dict(self._composer.draft.spec.target.preprocessing or {})
        self._composer.edit_target(preprocessing=given | remedy)

    # ------------------------------------------------------------ forms

    def _options_form(self) -> Form:
        form = Form(self._composer.draft.spec.target.options, explained=True)
        form.changed.connect(lambda: self._edit(self._take_options))
        return form

    def _preprocessing_form(self) -> Form:
        form = Form(with_texts(Preprocessing)(), explained=True)
        form.set_value(as_texts(Preprocessing, self._prepared()))
        form.changed.connect(lambda: self._edit(self._take_preprocessing))
        return form

    def _prepared(self) -> dict[str, Any]:
        """How images are prepared: as the file says, with what a person changed."""
        target = self._looking.known.target
        found = Preprocessing().to_mapping() if target is None else dict(target.facts["preprocessing"])
        return found | dict(self._composer.draft.spec.target.preprocessing or {})

    def _fill_forms(self) -> None:
        """Show what holds, except in a form that a person is typing into."""
        form = self.options.content
        if isinstance(form, Form) and not _is_in_use(form):
            _fill(form, self._composer.draft.spec.target.options)
            self._complete_architectures(form)
        form = self.preparing.content
        if isinstance(form, Form) and not _is_in_use(form):
            _fill(form, as_texts(Preprocessing, self._prepared()))

    def _complete_architectures(self, form: Form) -> None:
        weights, field = self._looking.known.weights, form.findChild(QLineEdit, "architecture")
        if weights is not None and field is not None and field.completer() is None:
            completer = QCompleter(list(weights.architectures), field)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            field.setCompleter(completer)

    def _edit(self, take: Any) -> None:
        try:
            take()
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)

    def _take_options(self) -> None:
        form = self.options.content
        if isinstance(form, Form) and isinstance(options := form.value(), TargetOptions):
            scheme = options.scheme or None
            self._composer.edit_target(options=TargetOptions(**{**vars(options), "scheme": scheme}))

    def _take_preprocessing(self) -> None:
        form = self.preparing.content
        if not isinstance(form, Form):
            return
        before, now = self._prepared(), from_texts(Preprocessing, form.value())
        given = dict(self._composer.draft.spec.target.preprocessing or {})
        given = {key: value for key, value in given.items() if key in now}  # a list can be emptied
        given |= {key: value for key, value in now.items() if before.get(key) != value}
        self._composer.edit_target(preprocessing=given or None)


def _fill(form: Form, value: Any) -> None:
    form.blockSignals(True)
    form.set_value(value)
    form.blockSignals(False)


def _is_in_use(form: Form) -> bool:
    focused = form.window().focusWidget()
    return focused is not None and form.isAncestorOf(focused)


def _facts(facts: Any) -> str:
    kind = ", ".join(filter(None, (f"Format {facts['format']}", facts["architecture"])))
    classes = f", {facts['classes']} classes" if facts["classes"] else ""
    gives = "; it gives label maps only, no probabilities" if facts["gives"] == "labels" else ""
    return f"{kind}{classes}{gives}.\nSHA-256 {facts['sha256']}"
