"""Below the references: the way to train some, and how far those that are being trained are."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.engine.jobs import TrainReferences
from gui.dialogs import show
from gui.jobs.entry import Entry
from gui.trainings import Trainings
from gui.wizard.composer import Composer
from gui.wizard.foreseen import WHY
from gui.wizard.looking import Looking
from gui.wizard.missing import classes_of
from gui.wizard.parts import Words, button, small_button
from gui.wizard.train_dialog import TrainDialog
from gui.wizard.training import ONLY_FOLDERS, Proposal, command, folder_of, proposed, reads_alike, training_of

IMAGES_FIRST = "Add images first: references are trained on those of the audit."
COPY = "The same training in a terminal."
TOLD_MS = 2000
"""How long it is said that something was copied."""


class TrainCard(QWidget):
    """Opens the dialog, and shows how far a training is.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    trainings
        Trains.

    Attributes
    ----------
    train, copy
        Buttons, to be placed beside others.
    """

    def __init__(
        self, composer: Composer, looking: Looking, trainings: Trainings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._composer, self._looking, self._trainings = composer, looking, trainings
        self.train = button("Train references...", self.ask, WHY)
        self.copy = button("Copy command", self._copy, COPY, "link")
        self.copy.setAccessibleName("Copy the command that trains references")
        self.words, self._entry = Words(), QWidget()
        row = QHBoxLayout(self._entry)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, stretch=1)
        self.stop = small_button("stop", "Stop the training; what is finished is kept", self._stop)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._entry)
        trainings.changed.connect(self.show_training)
        composer.changed.connect(lambda _: self._fit())
        self.show_training()
        self._fit()

    def _fit(self) -> None:
        there = bool(self._composer.draft.spec.images)
        self.copy.setText("Copy command")
        for made, words in ((self.train, WHY), (self.copy, COPY)):
            made.setEnabled(there)
            made.setToolTip(words if there else IMAGES_FIRST)

    def show_training(self) -> None:
        """Show how far the one that is under way is; nothing where there is none."""
        entry = self._trainings.current
        self.setVisible(entry is not None)
        self.words.say("" if entry is None else told(entry))

    # ------------------------------------------------------------ what a person does

    def ask(self) -> None:
        """Open the dialog."""
        proposal = proposed(self._composer.draft, self._looking.known)
        classes = classes_of(self._looking.known)
        show(TrainDialog(self._job(proposal), proposal, classes, self._trainings, self.window()))

    def _job(self, proposal: Proposal) -> TrainReferences:
        training, out = training_of(proposal.settings, proposal.further), folder_of(self._composer.draft)
        asked, device = self._looking.images_asked, self._trainings.device()
        return TrainReferences(asked, training, proposal.settings.count, out.absolute(), device=device)

    def _copy(self) -> None:
        job = self._job(proposed(self._composer.draft, self._looking.known))
        QGuiApplication.clipboard().setText(command(job))
        self.copy.setText("Copied")
        QTimer.singleShot(TOLD_MS, self, self._fit)
        self.copy.setToolTip(COPY if reads_alike(job) else f"{COPY} {ONLY_FOLDERS}")

    def _stop(self) -> None:
        entry = self._trainings.current
        if entry is not None:
            self._trainings.stop(entry)


def told(entry: Entry) -> str:
    """How far a training is, in a line."""
    return f"{entry.title}. {entry.words}."
