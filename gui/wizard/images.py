"""The section about the images: three roles, the classes of their label maps, and the data check."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from core.data.samples import Role
from core.engine import events
from gui.banner import Severity
from gui.jobs.entry import Step
from gui.wizard.composer import Composer
from gui.wizard.looking import Known, Looking
from gui.wizard.missing import counted, group_hint, label_cost
from gui.wizard.parts import Notice, Section, button, notices_in, refill, row_of, small_button
from gui.wizard.role_box import RoleBox
from gui.wizard.schemes import SchemeBox

HELP = "Folders, list files or single images, each set with or without label maps. A set may be left out."
SOUND = "The data check found nothing in the way of honest numbers."
SAID_ABOVE = frozenset(("no-members", "no-non-members"))
"""Findings that the boxes say themselves."""


class CheckProgress(QWidget):
    """How far the data check is, and a button that stops it; takes no room while none runs."""

    def __init__(self, stop: Callable[[], object]) -> None:
        super().__init__()
        self._bar, self._stage = QProgressBar(), QLabel()
        self._bar.setAccessibleName("Data check")
        self._bar.setTextVisible(False)
        self.stop = small_button("stop", "Stop the data check", stop)
        row = row_of(self._bar, self.stop, self._stage)
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        self.hide()

    def show_progress(self, event: events.JobProgress) -> None:
        """Show stage, steps, speed and time left."""
        step = Step(event.stage, event.done, event.total, event.message, event.rate, event.seconds_left)
        self._bar.setRange(0, event.total)
        self._bar.setValue(event.done)
        self._stage.setText(", ".join(filter(None, (step.count, step.pace))))
        self.show()


class ImagesSection(Section):
    """The three boxes and what is said about all of them.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    """

    def __init__(self, composer: Composer, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__("2  Images", HELP, parent)
        self._composer, self._looking = composer, looking
        self.boxes = {role: RoleBox(role, composer) for role in Role}
        self.scheme = SchemeBox(None)
        self.scheme.picked.connect(lambda scheme: composer.edit(scheme=scheme))
        self.labels, self.groups = Notice(Severity.WARNING), Notice(Severity.NOTE)
        self.check = button("Check the images", looking.check_images, "Read all of them and compare the sets")
        self._progress = CheckProgress(looking.stop_check)
        self._findings = QVBoxLayout()
        self._shown: Mapping[str, Any] | None = None
        self._lay_out()
        composer.changed.connect(lambda _: self.show_known(looking.known))
        looking.changed.connect(self.show_known)
        looking.checking.connect(self._progress.show_progress)
        looking.check.begun.connect(self.check.hide)
        looking.check_failed.connect(self._show_failure)
        self.show_known(looking.known)

    def _lay_out(self) -> None:
        boxes = QHBoxLayout()
        for box in self.boxes.values():
            boxes.addWidget(box, stretch=1)
        self.column.addLayout(boxes)
        label = QLabel("Classes of the label maps")
        label.setBuddy(self.scheme)
        self.column.addLayout(row_of(label, self.scheme))
        for notice in (self.labels, self.groups):
            self.column.addWidget(notice)
        for widget in (self.check, self._progress):
            self.column.addWidget(widget, alignment=Qt.AlignmentFlag.AlignLeft)
        self.column.addLayout(self._findings)

    @property
    def findings(self) -> list[str]:
        """What the data check says."""
        return notices_in(self._findings)

    def show_known(self, known: Known) -> None:
        """Show the draft's sets with what is known of them."""
        images = self._composer.draft.spec.images
        fresh = len(known.sets) == len(images)
        found = {place: known.sets[place] if fresh else None for place in range(len(images))}
        for role, box in self.boxes.items():
            own = [(place, entry) for place, entry in enumerate(images) if entry.role is role]
            box.show_sets(own, [found[place] for place, _ in own])
        if self.scheme.value() != self._composer.draft.spec.scheme:
            self.scheme.set_value(self._composer.draft.spec.scheme)
        self.labels.say(label_cost(known))
        self.groups.say(group_hint(known))
        self.check.setText("Check again" if known.report else f"Check {counted(known.images, 'image')}")
        usable = known.images > 0 and not any(one.problem for one in known.sets)
        self.check.setVisible(usable and not self._looking.check.busy)
        self._show_report(known.report)

    def _show_report(self, report: Mapping[str, Any]) -> None:
        if not self._looking.check.busy:
            self._progress.hide()
        if report is self._shown:
            return
        self._shown = report
        told = [f for f in report.get("findings", ()) if f["code"] not in SAID_ABOVE]
        notices = [Notice(Severity(finding["severity"]), finding["sentence"]) for finding in told]
        if report and not told:
            notices = [Notice(Severity.SUCCESS, SOUND)]
        refill(self._findings, notices)

    def _show_failure(self, event: events.JobFailed) -> None:
        self._progress.hide()
        self.check.show()
        refill(self._findings, [Notice(Severity.ERROR, f"{event.message} {event.remedy}".strip())])

    def close_threads(self) -> None:
        """Wait for the thumbnails."""
        for box in self.boxes.values():
            box.close_threads()
