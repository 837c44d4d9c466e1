"""The foot of the page: what is missing or what will be run, and the button that runs it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from gui.wizard.draft import Draft
from gui.wizard.looking import Known
from gui.wizard.missing import Lack, promise
from gui.wizard.parts import Words, button

BESIDE = 1.4
"""Width of what is in it, in widths of the column above."""
AFTER = "It begins when the audit that runs has ended."


class Footer(QFrame):
    """Always in view.

    Attributes
    ----------
    running
        Whether another audit runs, and this one would have to wait.
    """

    run_pressed, back_pressed, afresh_pressed, open_pressed, save_pressed = (Signal() for _ in range(5))
    shown = Signal(object)
    """The `Lack` that a person wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.words = Words()
        self._lack: Lack | None = None
        self._show = button("Show me", self._show_lack, "Go to where it is on the page", "link")
        self.run = QPushButton("Run the audit")
        self.run.setProperty("role", "primary")
        self.run.clicked.connect(self.run_pressed)
        self.running = False
        self._inside = QWidget()
        around = QHBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(self._inside, stretch=1000)
        around.addStretch(1)
        row = QHBoxLayout(self._inside)
        row.addWidget(button("Back", self.back_pressed.emit, "What is on this page is kept"))
        row.addWidget(button("Start afresh", self.afresh_pressed.emit, "Empty the page"))
        row.addWidget(button("Open a spec...", self.open_pressed.emit, "Fill the page from a spec file"))
        row.addWidget(button("Save the spec...", self.save_pressed.emit, "For the command line, or for later"))
        row.addWidget(self.words, stretch=1)
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._show)
        row.addWidget(self.run)

    def fit(self, width: int) -> None:
        """Stay near a column of this width: in a large window the button would be far from what it runs."""
        self._inside.setMaximumWidth(round(width * BESIDE))

    def judge(self, draft: Draft, known: Known, lacking: Sequence[Lack], *, looking: bool) -> None:
        """Say what is missing, or what will be run."""
        self._lack = lacking[0] if lacking else None
        more = len(lacking) - 1
        if self._lack is not None:
            words = self._lack.sentence + (f" ({more} more missing)" if more > 0 else "")
        elif looking:
            words = "Looking at what is there..."
        else:
            words = " ".join([promise(draft, known), *([AFTER] if self.running else [])])
        self.words.say(words)
        self._show.setVisible(self._lack is not None)
        self.run.setEnabled(self._lack is None)

    def _show_lack(self) -> None:
        if self._lack is not None:
            self.shown.emit(self._lack)
