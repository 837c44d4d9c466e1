"""A box for the image sets of one role: dropped or chosen, recognised, counted, shown."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.engine.jobs import FoundSet
from gui.banner import Severity
from gui.dialogs import show
from gui.dropping import local_paths
from gui.roles import COLOURS, PLURALS
from gui.wizard.composer import Composer
from gui.wizard.missing import ABSENT, counted
from gui.wizard.parts import Box, Notice, Words, button, refill, row_of, small_button
from gui.wizard.reading import ReadingDialog
from gui.wizard.thumbs import Thumbs

MEANING = {
    Role.MEMBER: "Known to be trained on.",
    Role.NON_MEMBER: "Known not to be trained on.",
    Role.SUSPECT: "Unknown: these are judged.",
}
LISTS = "Lists and images (*.txt *.lst *.csv *.tsv *.png *.jpg *.jpeg *.tif *.tiff *.bmp *.webp);;All files (*)"
LETTERS = 24
"""Of a path that are shown."""
SHOWN = 4
"""Thumbnails in a box."""


class RoleBox(Box):
    """The image sets of one role.

    Parameters
    ----------
    role
        Which.
    composer
        The draft.
    """

    def __init__(self, role: Role, composer: Composer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.role, self._composer = role, composer
        self.setAccessibleName(PLURALS[role])
        self.setAcceptDrops(True)
        self._sets = QVBoxLayout()
        self.rows: list[SetRow] = []
        self._empty = Words("Drop folders or lists here", "muted")
        self.cost = Notice(Severity.NOTE)
        self._thumbs = Thumbs()
        self._lay_out()

    def _lay_out(self) -> None:
        title = QLabel(PLURALS[self.role])
        title.setProperty("role", "heading")
        title.setStyleSheet(f"color: {COLOURS[self.role]}")
        self.column.addWidget(title)
        self.column.addWidget(Words(MEANING[self.role], "small"))
        self.column.addWidget(self._empty)
        self.column.addLayout(self._sets)
        self.column.addWidget(self._thumbs)
        self.column.addStretch(1)
        self.column.addWidget(self.cost)
        folder = button("Add a folder...", self._choose_folder, role="link")
        listed = button("Add a list...", self._choose_file, role="link")
        for offer in (folder, listed):  # three boxes have the same words
            offer.setAccessibleName(f"{PLURALS[self.role]}: {offer.text()}")
        self.column.addLayout(row_of(folder, listed))

    def show_sets(self, entries: Sequence[tuple[int, ImagesEntry]], found: Sequence[FoundSet | None]) -> None:
        """Show the role's sets with their places in the spec, and what is known of each."""
        if [(row.place, row.entry) for row in self.rows] != list(entries):
            self.rows = [SetRow(place, entry, self._composer) for place, entry in entries]
            refill(self._sets, self.rows)
        for row, one in zip(self.rows, found, strict=True):
            row.show_found(one)
        self._empty.setVisible(not entries)
        self.cost.say("" if entries else ABSENT[self.role])
        each = max(1, SHOWN // max(1, len(found)))
        paths = [path for one in found if one is not None for path in _spread(one.shown, each)]
        self._thumbs.show_images(paths[:SHOWN], self._composer.draft.spec.run.pixel_limit)

    def close_threads(self) -> None:
        """Wait for the thumbnails."""
        self._thumbs.close_threads()

    # ------------------------------------------------------------ choosing and dropping

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, f"Choose a folder of {PLURALS[self.role].lower()}")
        if chosen:
            self._composer.add_images(self.role, [Path(chosen)])

    def _choose_file(self) -> None:
        title = f"Choose lists of {PLURALS[self.role].lower()}, or single images"
        chosen, _ = QFileDialog.getOpenFileNames(self, title, "", LISTS)
        self._composer.add_images(self.role, [Path(path) for path in chosen])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped."""
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Add what was dropped."""
        event.acceptProposedAction()
        self._composer.add_images(self.role, local_paths(event))


class SetRow(QWidget):
    """One image set: where it lies, what was recognised, and buttons.

    Parameters
    ----------
    place
        Its place among the spec's image sets.
    entry
        What the spec says of it.
    """

    def __init__(self, place: int, entry: ImagesEntry, composer: Composer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place, self.entry, self._composer = place, entry, composer
        self._found: FoundSet | None = None
        path = QLabel(self._elided())
        path.setTextFormat(Qt.TextFormat.PlainText)
        path.setToolTip(str(composer.draft.spec.resolve(entry.path)))
        self.sentence, self.problem = Words("Looking...", "small"), Notice(Severity.ERROR)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        away = small_button("close", f"Take {path.text()} away", lambda: composer.replace_images(place))
        row = row_of(path)
        row.addWidget(button("Options...", self._change, "Layout, classes, encoding, groups, how many", "link"))
        row.addWidget(away)
        column.addLayout(row)
        column.addWidget(self.sentence)
        column.addWidget(self.problem)

    def show_found(self, found: FoundSet | None) -> None:
        """Show what the engine found; None: it is still looking."""
        self._found = found
        if found is None:
            self.sentence.say("Looking...")
            self.problem.say()
            return
        self.sentence.say(" ".join(filter(None, (found.sentence, _details(found)))))
        self.problem.say(found.problem, found.remedy)

    def _elided(self) -> str:
        path = Path(self.entry.path)
        text = f"{path.parent.name}/{path.name}" if path.parent.name else str(path)
        return self.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideMiddle, LETTERS * self.fontMetrics().averageCharWidth()
        )

    def _change(self) -> None:
        dialog = ReadingDialog(self.entry, "" if self._found is None else self._found.layout, self)
        dialog.accepted_entry.connect(lambda entry: self._composer.replace_images(self.place, entry))
        show(dialog)


def _details(found: FoundSet) -> str:
    """Classes, encoding and groups in words."""
    parts = []
    if found.labelled and found.scheme:
        encoding = "" if found.encoding == "auto" else f", stored as {found.encoding}"
        parts.append(f"Classes {Path(found.scheme).stem}{encoding}.")
    if found.groups:
        parts.append(f"{counted(found.groups, 'group')}.")
    return " ".join(parts)


def _spread(paths: Sequence[Path], count: int) -> list[Path]:
    step = max(1, len(paths) // count)
    return list(paths[::step][:count])
