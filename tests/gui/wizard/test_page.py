"""The page on which an audit is set up, with a stand-in for the engine."""

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from gui.wizard.draft import (
    draft_path,
    save_spec,
    write_draft,
)
from gui.wizard.missing import Part
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window
from tests.gui.wizard.helpers import event
from tests.gui.wizard.stand_ins import full_draft, image_folder


def test_an_empty_page_says_what_is_missing_and_cannot_be_run(window, page):
    assert page.isVisible()
    assert page.footer.words.text() == "Choose a model. (1 more missing)"
    assert not page.run_button.isEnabled()
    assert [box.cost.isVisible() for box in page.images.boxes.values()] == [True, True, True]
    page.footer.back_pressed.emit()
    assert window.welcome.isVisible()


def test_the_welcome_page_offers_a_new_audit_after_the_demo(window):
    from PySide6.QtWidgets import QPushButton

    titles = [button.text() for button in window.welcome.findChildren(QPushButton)]
    assert titles[:2] == ["Open the demo audit", "New audit..."]


def test_the_page_is_made_ahead_a_section_a_turn_and_has_the_draft_when_it_is_shown(qtbot, qapp, tmp_path):
    window = make_window(qtbot, qapp)
    window.beginning.prepare()
    page = window.beginning._ahead._page
    assert not page.sections
    turns = []
    while len(page.sections) < len(Part):
        qapp.processEvents()
        turns.append(len(page.sections))
    assert all(later - sooner <= 1 for sooner, later in pairwise([0, *turns]))
    assert not page.isVisible()
    write_draft(full_draft(tmp_path))
    window.registry.trigger("audit.new")
    assert window.beginning.page is page
    assert page.isVisible()
    assert page.model.path.text() == str(full_draft(tmp_path).target)


@pytest.mark.parametrize("turns", [0, 2])
def test_a_page_that_is_asked_for_before_it_is_ready_is_whole(qtbot, qapp, turns):
    window = make_window(qtbot, qapp)
    window.beginning.prepare()
    for _ in range(turns):
        qapp.processEvents()
    window.registry.trigger("audit.new")
    assert list(window.beginning.page.sections) == list(Part)
    assert window.beginning.page.footer.words.text() == "Choose a model. (1 more missing)"


def test_a_page_that_nobody_asked_for_leaves_no_draft(qtbot, qapp):
    window = make_window(qtbot, qapp)
    window.beginning.prepare()
    window.close()
    assert not draft_path().exists()


def test_what_is_dropped_anywhere_fills_the_page(qtbot, window, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    window.dropEvent(event(QDropEvent, tmp_path / "model.onnx"))
    page = window.beginning.page
    assert page.isVisible()
    assert page.model.path.text() == str(tmp_path / "model.onnx")
    assert page.saving.name.text() == "model"
    folder = image_folder(tmp_path / "frames")
    page.dropEvent(event(QDropEvent, folder))
    assert page.zones.isVisible()
    page.zones.buttons[Role.NON_MEMBER].click()
    assert not page.zones.isVisible()
    assert page.composer.draft.spec.images == (ImagesEntry(Role.NON_MEMBER, str(folder)),)
    page.dropEvent(event(QDropEvent, folder))
    page.zones.buttons[Role.NON_MEMBER].click()
    assert len(page.composer.draft.spec.images) == 1, "the same folder is there once"


def test_three_zones_appear_while_images_are_dragged_and_take_the_drop(page, tmp_path):
    folder = image_folder(tmp_path / "frames")
    page.dragEnterEvent(event(QDragEnterEvent, folder))
    assert page.zones.isVisible()
    place = page.zones.buttons[Role.SUSPECT].geometry().center()
    data = event(QDropEvent, folder).kept
    none = Qt.KeyboardModifier.NoModifier
    page.zones.dropEvent(QDropEvent(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none))
    assert not page.zones.isVisible()
    assert [entry.role for entry in page.composer.draft.spec.images] == [Role.SUSPECT]
    (tmp_path / "model.pt").write_bytes(b"")
    page.dragEnterEvent(event(QDragEnterEvent, tmp_path / "model.pt"))
    assert not page.zones.isVisible()


def test_what_cannot_be_opened_is_said_in_a_banner(window, tmp_path):
    (tmp_path / "letter.docx").write_text("", "utf-8")
    window.dropEvent(event(QDropEvent, tmp_path / "letter.docx"))
    assert "letter.docx" in window.banners.shown[0].title


def test_the_draft_survives_leaving_the_page_and_a_restart(qtbot, qapp, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    page.saving.name.setText("mine")
    page.saving.name.textEdited.emit("mine")
    qtbot.waitUntil(draft_path().exists, timeout=5000)
    window.close()
    other = make_window(qtbot, qapp)
    other.registry.trigger("audit.new")
    assert other.beginning.page.saving.name.text() == "mine"
    assert other.beginning.page.model.path.text() == str(tmp_path / "a.pth")
    other.beginning.page.footer.afresh_pressed.emit()
    assert other.beginning.page.model.path.text() == ""


def test_an_audit_that_has_to_wait_for_another_one_says_so(window, page, tmp_path):
    page.composer.draft = full_draft(tmp_path)
    page.footer.running = True
    page.looking.stop()
    page.judge()
    assert "begins when the audit that runs has ended" in page.footer.words.text()
    assert page.run_button.isEnabled()


def test_a_name_that_is_taken_is_said_at_its_field(qtbot, page, tmp_path):
    small_audit(tmp_path / "two.segleak")
    page.saving.place.setText(str(tmp_path))
    page.saving.place.editingFinished.emit()
    page.saving.name.textEdited.emit("two")
    qtbot.waitUntil(lambda: "two.segleak" in page.saving.problem, timeout=5000)
    assert "two.segleak" in [lack.sentence for lack in page.lacking][-1]


def test_a_spec_fills_the_page_and_a_broken_one_is_named(window, tmp_path):
    save_spec(full_draft(tmp_path), tmp_path / "mine.toml")
    window.beginning.take([tmp_path / "mine.toml"])
    page = window.beginning.page
    assert (page.saving.name.text(), len(page.defenses.boxes)) == ("one", 2)
    (tmp_path / "bad.toml").write_text("name = 3", "utf-8")
    window.beginning.take([Path(tmp_path / "bad.toml")])
    assert "bad.toml" in window.banners.shown[0].title


def test_the_panels_come_back_when_the_page_is_left(qtbot, window, tmp_path):
    window.audits.open(small_audit(tmp_path / "one.segleak"))
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    docks = window.furniture.workbench.docks.values()
    before = [dock.isVisible() for dock in docks]
    window.registry.trigger("audit.new")
    assert not any(dock.isVisible() for dock in docks)
    window.beginning.page.footer.back_pressed.emit()
    assert [dock.isVisible() for dock in docks] == before
    assert window.shows_workbench
