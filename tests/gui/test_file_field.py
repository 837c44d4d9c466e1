"""A field for a file: typed, or chosen in the dialog that it opens."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from core.parameters import Choice, param
from core.snapshot.choices import Heading
from gui.file_field import FileField
from gui.forms import Form


@dataclass(frozen=True)
class Stamp(Choice):
    name: ClassVar[str] = "stamp"
    words: str = param("", "what it says")
    picture: str = param("", "what it shows", file="Pictures (*.png)")


@pytest.fixture
def asked(monkeypatch):
    """What the dialog was opened with, and what it answers."""
    found = {"answer": "", "calls": []}

    def dialog(parent, title, folder, offered):
        found["calls"].append((folder, offered))
        return found["answer"], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", dialog)
    return found


def test_a_chosen_file_is_the_value_of_the_field_and_a_closed_dialog_changes_nothing(qtbot, asked, tmp_path):
    form = Form(Stamp(picture=str(tmp_path / "old.png")))
    qtbot.addWidget(form)
    field = form.findChild(FileField, "picture")
    field.chooser.trigger()
    assert form.value().picture == str(tmp_path / "old.png")
    asked["answer"] = str(tmp_path / "new.png")
    with qtbot.waitSignal(form.changed):
        field.chooser.trigger()
    assert form.value() == Stamp(picture=str(tmp_path / "new.png"))
    assert asked["calls"] == [(str(tmp_path), "Pictures (*.png)")] * 2


def test_only_a_parameter_that_is_a_file_has_a_chooser(qtbot):
    form = Form(Stamp())
    qtbot.addWidget(form)
    assert [field.objectName() for field in form.findChildren(FileField)] == ["picture"]
    assert not form.findChild(QLineEdit, "words").actions()


def test_the_logo_of_a_snapshot_can_be_chosen(qtbot):
    form = Form(Heading())
    qtbot.addWidget(form)
    assert form.findChild(FileField, "logo").chooser.toolTip().startswith("Choose a file...")
