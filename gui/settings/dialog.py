"""The settings dialog, made from the table of settings."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTabWidget, QVBoxLayout, QWidget

from core.errors import SegLeakError
from gui.forms import Form
from gui.settings.store import save, settings_path
from gui.settings.table import Preferences, sections_of

Button = QDialogButtonBox.StandardButton


def _place() -> QLabel:
    label = QLabel(f"Kept in {settings_path()}")
    label.setProperty("role", "small")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class SettingsDialog(QDialog):
    """A page per section. `saved` sends the `Preferences` when they have been written.

    Parameters
    ----------
    preferences
        What holds now.
    """

    saved = Signal(object)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._forms = {name: Form(section, explained=True) for name, section in sections_of(preferences).items()}
        pages = QTabWidget()
        for part in (pages, pages.tabBar()):
            part.setAccessibleName("Sections")
        for name, section in sections_of(preferences).items():
            pages.addTab(self._forms[name], section.title)
        self._problem = QLabel()
        self._problem.setProperty("role", "muted")
        self._problem.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(pages)
        layout.addWidget(_place())
        layout.addWidget(self._problem)
        layout.addWidget(self._buttons())
        self.resize(self.fontMetrics().averageCharWidth() * 78, self.sizeHint().height())

    def preferences(self) -> Preferences:
        """What the fields say. Raises `SpecError` where a field cannot be."""
        return Preferences(**{name: form.value() for name, form in self._forms.items()})  # type: ignore[arg-type]

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(Button.Ok | Button.Apply | Button.Cancel | Button.RestoreDefaults)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        box.button(Button.RestoreDefaults).setText("Restore defaults")
        box.button(Button.Apply).clicked.connect(self._save)
        box.button(Button.RestoreDefaults).clicked.connect(self._show_defaults)
        return box

    def accept(self) -> None:
        """Save, and close where that went well."""
        if self._save():
            super().accept()

    def _save(self) -> bool:
        try:
            preferences = self.preferences()
            save(preferences)
        except SegLeakError as error:
            self._problem.setText(str(error))
            return False
        self._problem.clear()
        self.saved.emit(preferences)
        return True

    def _show_defaults(self) -> None:
        for name, section in sections_of(Preferences()).items():
            self._forms[name].set_value(section)
