"""The page on which an audit is set up, with a stand-in for the engine."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QLineEdit, QPushButton

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine import events
from core.engine.jobs import CheckedTarget, CheckImages, CheckTarget, FoundSet, LookAtImages, ReadCard, ReadCards
from gui.jobs.entry import State
from gui.wizard.draft import (
    draft_path,
    save_spec,
    write_draft,
)
from gui.wizard.missing import Part
from gui.wizard.reading import ReadingDialog
from tests.gui.new_audit_stand_ins import FACTS, SOUND, card, full_draft, image_folder
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window


@pytest.fixture
def window(qtbot, qapp):
    return make_window(qtbot, qapp)


@pytest.fixture
def page(window):
    window.registry.trigger("audit.new")
    return window.beginning.page


def event(kind, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    made = kind(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    made.kept = data  # Qt does not keep it
    return made


def answer(window, kind, value):
    """Let the engine answer the last job of a kind."""
    jobs = window.furniture.engine.jobs
    number = max(n for n, job in enumerate(jobs, 1) if isinstance(job, kind))
    window.furniture.engine.done.emit(events.JobDone(number, value))


def asked(window, kind):
    return [job for job in window.furniture.engine.jobs if isinstance(job, kind)]


# ---------------------------------------------------------------- the page


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


def test_the_engine_is_asked_once_the_page_is_still_and_old_answers_are_dropped(qtbot, window, page, tmp_path):
    for name in ("a.pth", "b.pth"):
        page.composer.choose_target(tmp_path / name)
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    assert [job.path.name for job in asked(window, CheckTarget)] == ["b.pth"]
    page.composer.choose_target(tmp_path / "c.pth")
    qtbot.waitUntil(lambda: len(asked(window, CheckTarget)) == 2, timeout=5000)
    answer_to_first = window.furniture.engine.jobs.index(asked(window, CheckTarget)[0]) + 1
    window.furniture.engine.done.emit(events.JobDone(answer_to_first, SOUND))
    assert page.looking.known.target is None
    answer(window, CheckTarget, SOUND)
    assert page.looking.known.target is SOUND
    assert "7 classes" in page.model.facts.text()


def fail(window, kind, again=None, message="The engine crashed."):
    """Let the engine fail at the last job of a kind."""
    jobs = window.furniture.engine.jobs
    number = max(n for n, job in enumerate(jobs, 1) if isinstance(job, kind))
    window.furniture.engine.failed.emit(events.JobFailed(number, message, again=again))


def test_what_an_engine_took_along_when_it_died_is_asked_of_the_next_one_once(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    (job,) = asked(window, CheckTarget)
    fail(window, CheckTarget, job)
    assert asked(window, CheckTarget) == [job, job]
    assert (page.model.problem.text, page.looking.busy) == ("", True)
    fail(window, CheckTarget, job)
    assert asked(window, CheckTarget) == [job, job]
    assert (page.model.problem.text, page.looking.busy) == ("The engine crashed.", False)


def test_where_memory_runs_out_the_model_is_looked_at_with_less(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    gentler = replace(asked(window, CheckTarget)[0], device="cpu:1")
    fail(window, CheckTarget, gentler, "Memory ran out.")
    fail(window, CheckTarget, gentler, "The engine crashed.")  # the gentler one has a second engine, too
    assert asked(window, CheckTarget)[1:] == [gentler, gentler]
    answer(window, CheckTarget, SOUND)
    assert (page.model.problem.text, page.looking.known.target) == ("", SOUND)


def test_a_question_that_somebody_else_takes_back_is_not_waited_for(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    number = len(window.furniture.engine.jobs)
    while not isinstance(window.furniture.engine.jobs[number - 1], CheckTarget):
        number -= 1
    window.furniture.engine.cancelled.emit(events.JobCancelled(number))
    assert not page.looking.busy


def test_the_model_is_tried_on_the_first_labelled_image_and_the_data_is_checked(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    first = (tmp_path / "1.png", tmp_path / "1_mask.png")
    answer(window, LookAtImages, (FoundSet("Two.", images=2, labelled=2, scheme="cityscapes7", first=first),))
    job = asked(window, CheckTarget)[-1]
    assert (job.image, job.label, job.scheme) == (*first, "cityscapes7")
    finding = {"severity": "warning", "code": "near-duplicates", "sentence": "Two are alike.", "items": []}
    absent = {"severity": "note", "code": "no-non-members", "sentence": "None.", "items": []}
    answer(window, CheckImages, {"findings": [finding, absent]})
    assert page.images.findings == ["Two are alike."]
    page.composer.add_images(Role.MEMBER, [tmp_path / "n"])
    assert page.images.boxes[Role.MEMBER].rows[1].sentence.text() == "Looking..."


def test_a_large_set_is_checked_when_a_person_asks(qtbot, window, page, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, (FoundSet("Many.", images=100_000, labelled=100_000),))
    assert asked(window, CheckImages) == []
    assert page.images.check.isVisible()
    assert page.images.check.text() == "Check 100,000 images"
    page.images.check.click()
    assert len(asked(window, CheckImages)) == 1


def test_the_data_check_is_in_the_list_of_jobs_and_is_stopped_there_and_on_the_page(
    qtbot, window, page, tmp_path, monkeypatch
):
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 10)
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, (FoundSet("Many.", images=5000, labelled=0),))
    board, engine, images = window.furniture.running.board, window.furniture.engine, page.images
    images.check.click()
    qtbot.waitUntil(lambda: bool(board.entries))
    (entry,) = board.entries
    assert (entry.title, entry.state) == ("Data check of 5,000 images", State.RUNNING)
    engine.progressed.emit(events.JobProgress(len(engine.jobs), "Reading files", 1000, 5000, "", 50.0, 80.0))
    assert entry.words == "Reading files 1000/5000, 50 files/s, 1 min left"
    assert entry.words in [label.text() for label in images.findChildren(QLabel)]
    assert not images.check.isVisible()
    images._progress.stop.click()
    assert ("cancel", len(engine.jobs)) in engine.calls
    assert (entry.state, images.check.isVisible(), images._progress.isVisible()) == (State.STOPPED, True, False)
    entry.controls.again()
    qtbot.waitUntil(lambda: [e.state for e in board.entries] == [State.RUNNING])
    board.entries[0].controls.stop()
    assert (board.entries[0].state, images.check.isVisible()) == (State.STOPPED, True)


def counted_checks(window):
    return len(asked(window, CheckImages))


def come_back(qtbot, window, sets):
    """Show the page again, and answer what it asks about its images."""
    before = len(asked(window, LookAtImages))
    window.registry.trigger("audit.new")
    qtbot.waitUntil(lambda: len(asked(window, LookAtImages)) == before + 1, timeout=5000)
    answer(window, LookAtImages, sets)


FINDING = {"severity": "warning", "code": "near-duplicates", "sentence": "Two are alike.", "items": []}
MANY = (FoundSet("Many.", images=5000, labelled=0),)


@pytest.fixture
def being_checked(qtbot, window, page, tmp_path, monkeypatch):
    """The number of the job that checks the page's images."""
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 10)
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, MANY)
    page.images.check.click()
    qtbot.waitUntil(lambda: bool(window.furniture.running.board.entries))
    return len(window.furniture.engine.jobs)


def test_a_data_check_goes_on_when_the_page_is_left_and_its_findings_are_there_when_it_comes_back(
    qtbot, window, page, being_checked
):
    (entry,), engine = window.furniture.running.board.entries, window.furniture.engine
    page.footer.back_pressed.emit()
    assert window.welcome.isVisible() and entry.state is State.RUNNING
    engine.progressed.emit(events.JobProgress(being_checked, "Reading files", 2000, 5000, "", 50.0, 60.0))
    assert entry.step.done == 2000
    engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    assert entry.state is State.DONE and ("cancel", being_checked) not in engine.calls
    come_back(qtbot, window, MANY)
    assert page.images.findings == ["Two are alike."] and counted_checks(window) == 1
    assert (page.images.check.isVisible(), page.images.check.text()) == (True, "Check again")


def test_a_page_that_comes_back_shows_the_data_check_that_goes_on(qtbot, window, page, being_checked):
    engine = window.furniture.engine
    page.footer.back_pressed.emit()
    come_back(qtbot, window, MANY)
    engine.progressed.emit(events.JobProgress(being_checked, "Reading files", 3000, 5000, "", 50.0, 40.0))
    assert page.images._progress.isVisible() and not page.images.check.isVisible()
    engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    assert page.images.findings == ["Two are alike."] and counted_checks(window) == 1
    page.images.check.click()
    assert counted_checks(window) == 2


def test_images_that_came_while_the_page_was_left_are_checked_anew(qtbot, window, page, being_checked):
    page.footer.back_pressed.emit()
    window.furniture.engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    come_back(qtbot, window, (FoundSet("Fewer.", images=50, labelled=0),))
    assert page.images.findings == [] and counted_checks(window) == 2


def test_other_folders_stop_a_data_check(qtbot, window, page, being_checked, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "n"])
    qtbot.waitUntil(lambda: ("cancel", being_checked) in window.furniture.engine.calls, timeout=5000)
    assert window.furniture.running.board.entries[0].state is State.STOPPED


def test_a_data_check_that_fails_while_the_page_is_left_says_why_in_the_list_and_on_the_page(
    qtbot, window, page, being_checked
):
    page.footer.back_pressed.emit()
    window.furniture.engine.failed.emit(events.JobFailed(being_checked, "The disk is gone.", "Plug it in."))
    assert window.furniture.running.board.entries[0].outcome == "The disk is gone."
    come_back(qtbot, window, MANY)
    assert page.images.findings == ["The disk is gone. Plug it in."] and page.images.check.isVisible()


def test_pre_processing_is_proposed_and_only_what_is_changed_is_written_into_the_spec(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    answer(window, CheckTarget, SOUND)
    page.model.preparing.open()
    form = page.model.preparing.content
    assert form.value().multiple == 32
    form.findChild(QLineEdit, "mean").setText("0.5, 0.5, 0.5")
    assert page.composer.draft.spec.target.preprocessing == {"mean": [0.5, 0.5, 0.5]}
    form.findChild(QLineEdit, "std").setText("1, 2")
    assert "std" in page.model.wrong.text
    assert page.composer.draft.spec.target.preprocessing == {"mean": [0.5, 0.5, 0.5]}
    page.model.options.open()
    page.model.options.content.findChild(QLineEdit, "arguments").setText("{")
    assert "arguments" in page.model.wrong.text


def tried_on_one_image(**check):
    """What the engine says of a model that was tried on an image with a label map."""
    pixels, labels = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)
    plain = {"classes": 7, "output_kind": "logits", "output_size": [8, 8], "miou": 0.2, "predicted": [0], "notes": []}
    found = plain | {"causes": [], "remedies": {}} | check
    return CheckedTarget(FACTS, check=found, image=pixels, label=labels, prediction=labels, agreement=0.2)


def test_a_likely_cause_is_mended_by_a_button_where_a_setting_mends_it(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    page.composer.edit_target(preprocessing={"multiple": 16})
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    causes = ["With channels in BGR the mIoU would be 0.90.", "With the classes in another order it would be 0.70."]
    answer(window, CheckTarget, tried_on_one_image(causes=causes, remedies={causes[0]: {"channels": "bgr"}}))
    assert [hint[:24] for hint in page.model.picture.hints] == ["Likely cause: with chann", "Likely cause: with the c"]
    (apply,) = [found for found in page.model.picture.findChildren(QPushButton) if found.text() == "Apply"]
    before = len(asked(window, CheckTarget))
    apply.click()
    assert page.composer.draft.spec.target.preprocessing == {"multiple": 16, "channels": "bgr"}
    qtbot.waitUntil(lambda: len(asked(window, CheckTarget)) > before, timeout=5000)  # the model is tried again
    assert asked(window, CheckTarget)[-1].preprocessing["channels"] == "bgr"
    answer(window, CheckTarget, tried_on_one_image(miou=0.9))
    assert not any("Likely" in hint for hint in page.model.picture.hints)


def test_attacks_are_added_made_primary_changed_and_taken_away(qtbot, window, page):
    qtbot.waitUntil(lambda: bool(asked(window, ReadCards)), timeout=5000)
    cards = {"slm": ReadCard(card()), "slm-argmax": ReadCard(card(defense="argmax", classes=19))}
    answer(window, ReadCards, cards)
    page.attacks.fill_menu()
    titles = [action.text() for action in page.attacks.menu.actions()]
    assert titles[0] == "Attack network 'slm'"
    assert "Entropy" in " ".join(titles)
    page.attacks.add_network("slm-argmax")
    page.attacks.add({"name": "loss"})
    assert [e.id for e in page.composer.draft.spec.attacks] == ["patch", "loss", "slm-argmax", "loss-2"]
    page.attacks.boxes[2].promote.click()
    assert page.composer.draft.spec.primary.id == "slm-argmax"
    assert [box.standing.text() for box in page.attacks.boxes] == [
        "Exploratory",
        "Exploratory",
        "Primary",
        "Exploratory",
    ]
    page.attacks.boxes[0].form.open()
    box = page.attacks.boxes[0]
    box.form.content.findChild(QDoubleSpinBox, "hard_scale").setValue(7)
    assert page.attacks.boxes[0] is box, "a form that is used stays"
    assert page.composer.draft.spec.attacks[0].attack.hard_scale == 7
    page.attacks.take_away(page.composer.draft.spec.attacks[2])
    assert page.composer.draft.spec.primary.id == "patch"


def test_equal_attacks_of_another_spec_keep_their_primary_one(page):
    before = page.composer.draft.spec.attacks
    page.composer.edit(name="other", attacks=tuple(replace(entry) for entry in before))
    assert page.composer.draft.spec.attacks == before
    assert [box.standing.text() for box in page.attacks.boxes] == ["Primary", "Exploratory"]


def test_defenses_are_chained_changed_and_refused_where_they_cannot_be(page):
    titles = [action.text() for action in page.defenses.menu.actions()]
    page.defenses.menu.actions()[titles.index("Gauss")].trigger()
    page.defenses.boxes[1].forms[0].findChild(QDoubleSpinBox, "sigma").setValue(0.3)
    assert page.composer.draft.spec.defenses[1].id == "gauss-sigma0.3"
    page.defenses.boxes[1]._then(page.composer.draft.spec.defenses[1].defenses[0])
    assert len(page.defenses.boxes[1].forms) == 2
    page.defenses.add(Chain())
    assert "listed twice" in page.defenses.boxes[0].problem.text
    page.defenses.take_away(2)
    assert page.defenses.boxes[0].problem.text == ""


def test_how_a_set_is_read_can_be_changed(qtbot, page, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    row = page.images.boxes[Role.MEMBER].rows[0]
    dialog = ReadingDialog(row.entry, "pairs")
    qtbot.addWidget(dialog)
    dialog.accepted_entry.connect(lambda entry: page.composer.replace_images(0, entry))
    dialog.form.findChild(QLineEdit, "group_pattern").setText("^([^_]+)_")
    dialog.encoding_box.setCurrentText("colour")
    dialog.limit.setValue(5)
    dialog.accept()
    entry = page.composer.draft.spec.images[0]
    assert (entry.layout, entry.options) == ("pairs", {"group_pattern": "^([^_]+)_"})
    assert (entry.encoding, entry.limit, entry.scheme) == ("colour", 5, None)
    page.composer.replace_images(0)
    assert page.images.boxes[Role.MEMBER].rows == []


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
