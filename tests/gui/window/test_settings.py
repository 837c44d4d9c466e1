import tomllib
from dataclasses import dataclass

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialogButtonBox, QDoubleSpinBox, QLineEdit, QSpinBox

from core.data.images import PIXEL_LIMIT
from core.errors import SpecError, StoreError
from core.parameters import Choice, param, parameters_of
from gui.forms import Form
from gui.settings import store
from gui.settings.dialog import SettingsDialog
from gui.settings.table import SECTIONS, Computing, Look, NewAudits, Preferences, sections_of

Button = QDialogButtonBox.StandardButton


def test_every_section_is_a_field_of_the_preferences():
    assert {name: type(section) for name, section in sections_of(Preferences()).items()} == {
        cls.name: cls for cls in SECTIONS
    }


def test_the_default_limit_is_that_of_the_program():
    assert NewAudits().pixel_limit == PIXEL_LIMIT


def test_what_is_saved_is_loaded_again():
    preferences = Preferences(Look("dark", 1.3, False), Computing("cuda:1", 3), NewAudits(8, 0.0, 10))
    store.save(preferences)
    assert store.load() == (preferences, [])


def test_without_a_file_everything_is_as_by_default():
    assert store.load() == (Preferences(), [])


def test_the_file_explains_every_key():
    lines = store.as_toml(Preferences()).splitlines()
    for cls in SECTIONS:
        assert f"[{cls.name}]" in lines
        for info in parameters_of(cls):
            (place,) = [i for i, line in enumerate(lines) if line.startswith(f"{info.name} = ")]
            assert lines[place - 1].startswith("# ")
            assert info.help in lines[place - 1]
    tomllib.loads("\n".join(lines))


def test_a_wrong_value_costs_only_itself_and_is_named():
    store.settings_path().parent.mkdir(parents=True)
    store.settings_path().write_text('[look]\ntheme = "pink"\nfont_scale = 1.5\n[from_a_newer_version]\nx = 1\n')
    preferences, problems = store.load()
    assert preferences == Preferences(Look("system", 1.5))
    assert ["'theme' cannot be 'pink'" in problem.message for problem in problems] == [True]
    assert str(store.settings_path()) in problems[0].message


@pytest.mark.parametrize("text", ["[look", b"\xff\xfe\x00", "look = 3", "[look]\nfont_scale = nan"])
def test_a_damaged_file_leaves_the_defaults(text):
    store.settings_path().parent.mkdir(parents=True)
    store.settings_path().write_bytes(text if isinstance(text, bytes) else text.encode())
    assert store.load()[0] == Preferences()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="cannot be written to"):
        store.save(Preferences())


# ---------------------------------------------------------------- forms


@dataclass(frozen=True)
class Everything(Choice):
    """One parameter of each kind."""

    name = "everything"
    kind: str = param("b", "a kind", choices=("a", "b"))
    count: int = param(4, "a count", unit="images", low=1, high=9)
    share: float = param(0.25, "a share", low=0, high=1)
    open_ended: float = param(2.5, "a number")
    flag: bool = param(True, "a flag")
    words: str = param("x", "words")


def test_a_form_shows_a_choice_and_gives_it_back(qtbot):
    choice = Everything("a", 7, 0.125, -3.5, False, "y")
    form = Form(choice)
    qtbot.addWidget(form)
    assert form.value() == choice
    form.set_value(Everything())
    assert form.value() == Everything()


def test_each_kind_of_parameter_has_its_field_with_range_unit_and_names(qtbot):
    form = Form(Everything())
    qtbot.addWidget(form)
    fields = {name: form.findChild(kind, name) for name, kind in {
        "kind": QComboBox, "count": QSpinBox, "share": QDoubleSpinBox, "flag": QCheckBox, "words": QLineEdit
    }.items()}  # fmt: skip
    assert None not in fields.values()
    assert (fields["count"].minimum(), fields["count"].maximum(), fields["count"].suffix()) == (1, 9, " images")
    assert fields["share"].text() == "0.25"
    assert fields["share"].singleStep() == pytest.approx(0.1)
    assert fields["count"].accessibleName() == "Count"
    assert "A count" in fields["count"].toolTip()


def test_a_form_tells_of_every_change(qtbot, heard):
    form = Form(Everything())
    qtbot.addWidget(form)
    told = heard(form.changed)
    form.findChild(QSpinBox, "count").setValue(5)
    form.findChild(QCheckBox, "flag").click()
    qtbot.keyClicks(form.findChild(QLineEdit, "words"), "z")
    form.findChild(QComboBox, "kind").setCurrentText("a")
    assert len(told.got) == 4


def test_a_number_out_of_range_cannot_be_typed(qtbot):
    form = Form(Everything())
    qtbot.addWidget(form)
    box = form.findChild(QSpinBox, "count")
    box.clear()
    qtbot.keyClicks(box, "99")
    assert 1 <= form.value().count <= 9


@dataclass(frozen=True)
class Unaskable(Choice):
    """A parameter without a field."""

    name = "unaskable"
    many: tuple = param((1, 2), "several")


def test_a_parameter_that_no_field_can_ask_for_is_named(qtbot):
    with pytest.raises(SpecError, match="many"):
        Form(Unaskable())


# ---------------------------------------------------------------- the dialog


@pytest.fixture
def dialog(qtbot):
    dialog = SettingsDialog(Preferences())
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(dialog, button):
    dialog.findChild(QDialogButtonBox).button(button).click()


def test_the_dialog_has_a_field_for_every_setting(dialog):
    names = {info.name for cls in SECTIONS for info in parameters_of(cls)}
    assert names <= {child.objectName() for child in dialog.findChildren(object)}


def test_apply_saves_and_keeps_the_dialog_open(dialog, heard):
    told = heard(dialog.saved)
    dialog.findChild(QComboBox, "theme").setCurrentText("dark")
    press(dialog, Button.Apply)
    assert told.got == [Preferences(Look("dark"))]
    assert store.load()[0].look.theme == "dark"
    assert dialog.isVisible()


def test_cancel_changes_nothing(dialog, heard):
    told = heard(dialog.saved)
    dialog.findChild(QComboBox, "theme").setCurrentText("dark")
    press(dialog, Button.Cancel)
    assert told.got == []
    assert not store.settings_path().exists()


def test_defaults_are_shown_and_saved_only_when_asked(dialog):
    dialog.findChild(QSpinBox, "batch").setValue(9)
    press(dialog, Button.RestoreDefaults)
    assert dialog.preferences() == Preferences()
    assert not store.settings_path().exists()


def test_where_saving_fails_the_dialog_says_so_and_stays(dialog, tmp_path, monkeypatch, heard):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "file"))
    told = heard(dialog.saved)
    press(dialog, Button.Ok)
    assert dialog.isVisible()
    assert "cannot be written to" in dialog._problem.text()
    assert told.got == []
