"""The dialog that begins a training of references, or goes on with one."""

import contextlib

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.engine.jobs import FoundFleet, TrainReferences
from core.errors import SegLeakError
from core.files import expanded
from core.parameters import parameters_of
from gui.banner import Severity
from gui.forms import Form
from gui.trainings import Trainings
from gui.wizard.fleet_looking import FleetLooking
from gui.wizard.foreseen import GOES, WHY, Foreseen, foreseen
from gui.wizard.parts import Fold, Notice, Words, button, row_of
from gui.wizard.training import (
    ONLY_FOLDERS,
    FurtherSettings,
    Proposal,
    ReferenceSettings,
    command,
    reads_alike,
    training_of,
)

PAUSE = 300
"""Milliseconds after the last change: then the engine is asked."""
LETTERS, LINES, MOST_ROOM = 104, 52, 0.88
"""Width in letters, height in lines of text, and the share of the screen that it takes at most."""
UNDER_WAY = "References are being trained into this folder."
SEE = "See the list of jobs, or choose another folder."


class TrainDialog(QDialog):
    """Asks how references are trained, says what is known before, and begins.

    Parameters
    ----------
    job
        As it would be begun: the images and the folder.
    proposal
        The settings to begin with.
    target_classes
        How many the target has; 0: not known.
    trainings
        Begins it, and knows the engine that looks before.

    Attributes
    ----------
    foreseen
        What is said by now.
    """

    def __init__(
        self,
        job: TrainReferences,
        proposal: Proposal,
        target_classes: int,
        trainings: Trainings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train references")
        self._job, self._trainings, self._target_classes = job, trainings, target_classes
        self._further, self._touched = proposal.further, False
        self.foreseen = Foreseen()
        self.form = Form(proposal.settings, explained=True)
        self.more = Fold("Further settings", self._further_form)
        self.folder = QLineEdit(str(job.out))
        self.folder.setAccessibleName("Folder of the references")
        self.folder.setPlaceholderText(str(job.out))
        self.unlike, self.problem = Notice(Severity.WARNING), Notice(Severity.ERROR)
        self.unlike.say(*proposal.unlike)
        self.told, self.cost = Notice(Severity.NOTE), Words(role="small")
        self.take = button("Take those settings", self.take_kept, "Set everything as the folder has it", "link")
        self.begin_button, self.copy = QPushButton(), QPushButton("Copy command")
        self._looking = FleetLooking(trainings.engine, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._lay_out()
        self._connect()
        self._fit_encoder()
        self._look()
        self._judge()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        rows = self.form.layout()
        assert isinstance(rows, QFormLayout)
        rows.setContentsMargins(0, 0, 0, 0)
        choose = button("Choose...", self._choose)
        choose.setAccessibleName("Choose the folder of the references")
        rows.addRow("Folder", row_of(self.folder, choose, stretch=False))
        for widget in (Words(WHY), self.unlike, self.form, self.more):
            column.addWidget(widget)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setAccessibleName("Settings of the references")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll, stretch=1)
        for notice in (self.problem, self.told):
            layout.addWidget(notice)
        layout.addWidget(self.take, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.cost)
        layout.addWidget(Words(GOES, "small"))
        layout.addWidget(self._buttons())
        room = self.screen().availableSize()
        width, height = self.fontMetrics().averageCharWidth() * LETTERS, self.fontMetrics().lineSpacing() * LINES
        self.resize(min(width, int(room.width() * MOST_ROOM)), min(height, int(room.height() * MOST_ROOM)))

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        box.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        box.addButton(self.begin_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.copy.setToolTip("The same training in a terminal. What either has begun, the other goes on with.")
        self.begin_button.setProperty("role", "primary")
        self.begin_button.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        return box

    def _connect(self) -> None:
        self.form.changed.connect(self._changed)
        self.folder.textEdited.connect(lambda _: self._folder_edited())
        self.copy.clicked.connect(self._copy)
        self._timer.timeout.connect(self._look)
        self._looking.fleet_found.connect(self._fleet_found)
        self._looking.changed.connect(self._judge)

    # ------------------------------------------------------------ what the fields say

    def job(self) -> TrainReferences:
        """What would be begun. Raises `SpecError` where a field cannot be."""
        settings = self.form.value()
        assert isinstance(settings, ReferenceSettings)
        training = training_of(settings, self._further)
        out, asked = expanded(self.folder.text().strip() or str(self._job.out)).absolute(), self._job.asked
        device, exchange = self._trainings.device(), settings.exchange
        return TrainReferences(asked, training, settings.count, out, exchange, device=device)

    def _further_form(self) -> Form:
        form = Form(self._further, explained=True)
        form.changed.connect(lambda: self._take_further(form))
        return form

    def _take_further(self, form: Form) -> None:
        try:
            further = form.value()
        except SegLeakError as error:
            form.complain_of(error)
            return
        assert isinstance(further, FurtherSettings)
        self._further = further
        self._changed()

    def _changed(self) -> None:
        self._touched = True
        self._fit_encoder()
        self._timer.start()
        self._judge()

    def _folder_edited(self) -> None:
        self._touched = False  # another folder's references bring their settings with them
        self._timer.start()
        self._judge()

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder for the references", str(self._job.out.parent))
        if chosen:
            self.folder.setText(chosen)
            self._folder_edited()

    def _fit_encoder(self) -> None:
        """Only some architectures take one."""
        architecture, encoder = (self.form.findChild(QWidget, name) for name in ("architecture", "encoder"))
        if isinstance(architecture, QComboBox) and isinstance(encoder, QComboBox):
            encoder.setEnabled(architecture.currentText().startswith("smp:"))

    # ------------------------------------------------------------ looking

    def _look(self) -> None:
        """Have what is new looked at; what cannot be is said where it is."""
        with contextlib.suppress(SegLeakError):
            self._looking.look(self.job())

    def _fleet_found(self, found: FoundFleet) -> None:
        if not self._touched and found.standing.settings is not None and found.same_images:
            self.take_kept()
        self._look()

    def take_kept(self) -> None:
        """Set everything as the references in the folder have it."""
        fleet = self._looking.fleet
        there = None if fleet is None else fleet.standing
        if there is None or there.settings is None:
            return
        try:
            kept = Proposal.of(there.settings, there.count or self._job.count, there.exchange)
        except SegLeakError:  # trained in a terminal, in a way that this dialog does not know
            return
        self._further = kept.further
        with QSignalBlocker(self.form):
            self.form.set_value(kept.settings)
        if isinstance(form := self.more.content, Form):
            with QSignalBlocker(form):
                form.set_value(kept.further)
        self._fit_encoder()
        self._timer.start()
        self._judge()

    # ------------------------------------------------------------ what is said

    def _judge(self) -> None:
        for info in parameters_of(ReferenceSettings):
            self.form.complain(info.name, "")
        try:
            job = self.job()
            self.foreseen = self._foreseen(job)
        except SegLeakError as error:
            self.form.complain_of(error)
            self.foreseen = Foreseen()
        said = self.foreseen
        self.problem.say(said.problem, said.remedy)
        self.take.setVisible(said.kept)
        self.told.say(said.told)
        self.cost.say(said.cost)
        self.begin_button.setText(said.begin or "Train references")
        self.begin_button.setEnabled(bool(said.begin))

    def _foreseen(self, job: TrainReferences) -> Foreseen:
        if self._trainings.entry_of(job.out) is not None:
            return Foreseen(problem=UNDER_WAY, remedy=SEE)
        return foreseen(job, *self._looking.known(job), self._target_classes)

    def _copy(self) -> None:
        try:
            job = self.job()
        except SegLeakError as error:
            self.form.complain_of(error)
            return
        QGuiApplication.clipboard().setText(command(job))
        self.told.say("Copied.", "" if reads_alike(job) else ONLY_FOLDERS)

    # ------------------------------------------------------------ the end

    def accept(self) -> None:
        """Begin, and close where that went well."""
        if not self.foreseen.begin:
            return
        try:
            self._trainings.begin(self.job())
        except SegLeakError as error:
            self.problem.say(error.message, error.remedy)
            return
        super().accept()

    def done(self, result: int) -> None:
        """Ask no more."""
        self._timer.stop()
        self._looking.forget()
        super().done(result)
