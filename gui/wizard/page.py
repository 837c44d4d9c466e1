"""The page on which an audit is set up. It fills itself in; everything can be changed."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.errors import SegLeakError
from gui.background import Background
from gui.dropping import local_paths
from gui.trainings import Trainings
from gui.wizard.attacks import AttackSection
from gui.wizard.composer import Composer
from gui.wizard.defenses import DefenseSection
from gui.wizard.draft import Draft, write_draft
from gui.wizard.footer import Footer
from gui.wizard.images import ImagesSection
from gui.wizard.kinds import Kind, kind_of
from gui.wizard.looking import Looking
from gui.wizard.missing import Lack, Part, lacks
from gui.wizard.model import ModelSection
from gui.wizard.parts import Section, Words
from gui.wizard.protocol import ProtocolSection
from gui.wizard.saving import SavingSection
from gui.wizard.zones import Zones

S = TypeVar("S", bound=Section)

WIDTH = 130
"""Width of the page's column, in letters."""
PAUSE = 1000
"""Milliseconds after the last edit: then the draft is kept."""
WORDS = "Drop a model and folders of images anywhere on this page. What is recognised is filled in and can be changed."


class NewAuditPage(QWidget):
    """Model, images, attacks, defenses, verdicts, name; and the way to run, always in view.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    trainings
        Trains references.

    Attributes
    ----------
    sections
        In the order of the page, by what they are about; `parts` makes them.
    """

    dropped = Signal(object)
    """Paths that were dropped and are more than images with a role."""

    def __init__(
        self, composer: Composer, looking: Looking, trainings: Trainings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.composer, self.looking, self._trainings = composer, looking, trainings
        composer.setParent(self)
        looking.setParent(self)
        self.setAcceptDrops(True)
        self.sections: dict[Part, Section] = {}
        self.footer = Footer()
        self._column = QWidget()
        self._scroll = QScrollArea()
        self._scroll.setAccessibleName("New audit")
        self._lay_out()
        self.zones = Zones(self)
        self.zones.chosen.connect(composer.add_images)
        self._keeping = Background(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._keep)
        self.footer.shown.connect(self._show_lack)

    def parts(self) -> Iterator[None]:
        """Make the sections one after another, a step each; the page can be used when all are there."""
        composer, looking = self.composer, self.looking
        self.model = self._added(Part.MODEL, ModelSection(composer, looking))
        yield
        self.images = self._added(Part.IMAGES, ImagesSection(composer, looking))
        yield
        self.attacks = self._added(Part.ATTACKS, AttackSection(composer, looking, self._trainings))
        yield
        self.defenses = self._added(Part.DEFENSES, DefenseSection(composer, looking))
        yield
        self.protocol = self._added(Part.VERDICTS, ProtocolSection(composer, looking))
        yield
        self.saving = self._added(Part.SAVING, SavingSection(composer))
        composer.changed.connect(lambda _: self._timer.start())
        for signal in (composer.changed, looking.changed, self.saving.checked):
            signal.connect(lambda *_: self.judge())
        self.judge()

    def _added(self, part: Part, section: S) -> S:
        """Put a section at the foot of the column."""
        self.sections[part] = section
        self._inside.addWidget(_line())
        self._inside.addWidget(section)
        return section

    def _lay_out(self) -> None:
        column = QVBoxLayout(self._column)
        column.setContentsMargins(24, 18, 24, 18)
        column.setSpacing(14)
        title = QLabel("New audit")
        title.setProperty("role", "title")
        column.addWidget(title)
        column.addWidget(Words(WORDS, "muted"))
        self._inside = QVBoxLayout()
        self._inside.setSpacing(column.spacing())
        column.addLayout(self._inside)
        column.addStretch(1)
        self._scroll.setWidget(_centred(self._column))
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(0)
        outside.addWidget(self._scroll, stretch=1)
        outside.addWidget(self.footer)
        self._fit()

    @property
    def run_button(self) -> QPushButton:
        """What begins the audit."""
        return self.footer.run

    @property
    def lacking(self) -> list[Lack]:
        """What keeps the audit from being run."""
        return lacks(self.composer.draft, self.looking.known, self.saving.problem)

    def judge(self) -> None:
        """Say what is missing, or what will be run."""
        self.footer.judge(self.composer.draft, self.looking.known, self.lacking, looking=self.looking.busy)

    def show_again(self) -> None:
        """The page comes into view: files may have changed since."""
        self.looking.look_again()
        self.saving.look()

    def ask_role(self, paths: Sequence[Path]) -> None:
        """Ask what the images of these paths are."""
        self.zones.ask(paths)

    def close_threads(self) -> None:
        """Keep what was changed last, ask the engine no more, and wait for what is being read."""
        self.looking.stop()
        self._keeping.finish()
        if self._timer.isActive():  # changed a moment ago
            self._timer.stop()
            _kept(self.composer.draft)
        self.images.close_threads()
        self.saving.close_threads()

    def _keep(self) -> None:
        draft = self.composer.draft
        self._keeping.run(lambda: _kept(draft), lambda _: None)

    def _show_lack(self, lack: Lack) -> None:
        self._scroll.ensureWidgetVisible(self.sections[lack.part])

    def _fit(self) -> None:
        width = self.fontMetrics().averageCharWidth() * WIDTH
        self._column.setMaximumWidth(width)
        self.footer.fit(width)

    # ------------------------------------------------------------ events

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the page to the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The zones cover the page."""
        super().resizeEvent(event)
        self.zones.setGeometry(self.rect())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Images get three zones to be dropped on; all else may be dropped anywhere."""
        paths = local_paths(event)
        if not paths:
            return
        event.acceptProposedAction()
        with contextlib.suppress(SegLeakError):
            if kind_of(paths[0]) is Kind.IMAGES:
                self.zones.follow()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Take what was dropped."""
        event.acceptProposedAction()
        self.zones.hide()
        self.dropped.emit(local_paths(event))


def _kept(draft: Draft) -> None:
    """A draft that cannot be kept is not worth a message."""
    with contextlib.suppress(OSError, ValueError):
        write_draft(draft)


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setForegroundRole(QPalette.ColorRole.Mid)
    line.setFrameShadow(QFrame.Shadow.Plain)
    return line


def _centred(column: QWidget) -> QWidget:
    outside = QWidget()
    row = QHBoxLayout(outside)
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(column, stretch=1000)
    row.addStretch(1)
    return outside
