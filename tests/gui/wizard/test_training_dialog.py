"""Training references from the page of a new audit, with a stand-in for the engine."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QSpinBox

from core.cli.app import parser
from core.data.samples import Role
from core.engine import events
from core.engine.jobs import (
    CheckReferences,
    FoundArchitecture,
    FoundFleet,
    LookAtArchitecture,
    LookAtFleet,
    RunAudit,
    TrainReferences,
)
from core.training.standing import Standing
from gui.dialogs import promise, question
from gui.jobs.entry import State
from gui.trainings import HELD, SILENT_MS
from gui.wizard.foreseen import LOOKING
from gui.wizard.train_dialog import SEE, TrainDialog
from tests.gui.window.helpers import press, titles
from tests.gui.wizard.helpers import answer, asked, fail
from tests.gui.wizard.stand_ins import SOUND

FLEET, MODEL = FoundFleet(images=40, classes=7, free=10**12), FoundArchitecture(weights=10**6)


@pytest.fixture
def drafted(page, tmp_path):
    """The page with images and a target that can be trained here."""
    page.composer.add_images(Role.MEMBER, [tmp_path / "in"])
    page.composer.add_images(Role.NON_MEMBER, [tmp_path / "out"])
    page.composer.edit(name="one", scheme="cityscapes7")
    page.composer.draft = replace(page.composer.draft, place=tmp_path)
    target = replace(SOUND, facts=SOUND.facts | {"architecture": "smp:PSPNet resnet34"})
    page.looking.known = replace(page.looking.known, target=target)
    return page


@pytest.fixture
def dialog(qtbot, window, drafted):
    """The dialog, before the engine has answered."""
    QTest.mouseClick(drafted.attacks.references.training.train, Qt.MouseButton.LeftButton)
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, TrainDialog) and w.isVisible())


def found(qtbot, window, fleet=FLEET, model=MODEL):
    """The engine finds this of images, folder and architecture."""
    qtbot.waitUntil(lambda: bool(asked(window, LookAtFleet)), timeout=5000)
    answer(window, LookAtFleet, fleet)
    qtbot.waitUntil(lambda: bool(asked(window, LookAtArchitecture)), timeout=5000)
    answer(window, LookAtArchitecture, model)


def begun(qtbot, window, dialog):
    """The number of a training that was begun."""
    found(qtbot, window)
    QTest.mouseClick(dialog.begin_button, Qt.MouseButton.LeftButton)
    return window.furniture.engine.jobs.index(asked(window, TrainReferences)[-1]) + 1


def step(window, number, done=60, total=200, stage="Reference 3 of 8", left=90.0):
    event = events.JobProgress(number, stage, done, total, "epoch 2/40, loss 0.50", 12.0, left)
    window.furniture.engine.progressed.emit(event)


def test_the_dialog_begins_with_the_targets_settings_and_waits_for_the_engine(qtbot, window, dialog, tmp_path):
    assert dialog.foreseen.told == LOOKING and not dialog.begin_button.isEnabled()
    assert dialog.form.findChild(QComboBox, "architecture").currentText() == "smp:PSPNet"
    assert dialog.form.findChild(QComboBox, "encoder").currentText() == "resnet34"
    found(qtbot, window)
    assert (dialog.begin_button.text(), dialog.begin_button.isEnabled()) == ("Train 8 references", True)
    assert "40 images" in dialog.cost.text()
    (look,) = asked(window, LookAtFleet)
    assert look.out == tmp_path / "one-references" and len(look.asked.entries) == 2
    assert asked(window, LookAtArchitecture) == [LookAtArchitecture("smp:PSPNet", "resnet34", "batch", 7)]
    dialog.form.findChild(QSpinBox, "epochs").setValue(9)
    dialog.begin_button.click()
    (job,) = asked(window, TrainReferences)
    assert (job.settings.epochs, job.settings.encoder, job.count) == (9, "resnet34", 8)
    assert not dialog.isVisible()


def test_a_field_that_cannot_be_is_complained_of_and_nothing_begins(qtbot, window, dialog):
    found(qtbot, window)
    dialog.form.findChild(QSpinBox, "count").setValue(7)
    assert "even number" in dialog.form.problem("count") and not dialog.begin_button.isEnabled()
    dialog.accept()
    assert dialog.isVisible() and asked(window, TrainReferences) == []
    dialog.form.findChild(QSpinBox, "count").setValue(4)
    assert (dialog.form.problem("count"), dialog.begin_button.text()) == ("", "Train 4 references")


def test_another_architecture_is_looked_at_anew_and_takes_an_encoder_or_not(qtbot, window, dialog):
    found(qtbot, window)
    dialog.form.findChild(QComboBox, "architecture").setCurrentText("torchvision:fcn_resnet50")
    assert not dialog.form.findChild(QComboBox, "encoder").isEnabled()
    assert not dialog.begin_button.isEnabled(), "what is known is of another architecture"
    qtbot.waitUntil(lambda: len(asked(window, LookAtArchitecture)) == 2, timeout=5000)
    assert asked(window, LookAtArchitecture)[-1] == LookAtArchitecture("torchvision:fcn_resnet50", "", "batch", 7)
    answer(window, LookAtArchitecture, FoundArchitecture("It cannot be built.", "Choose another."))
    assert dialog.problem.text == "It cannot be built. Choose another."


def test_a_folder_with_some_that_are_trained_brings_their_settings_and_goes_on(qtbot, window, dialog, tmp_path):
    found(qtbot, window)
    settings = replace(dialog.job().settings, epochs=77, batch=3)
    kept = tuple((n, replace(settings, seed=n).to_mapping()) for n in range(3))
    there = replace(FLEET, standing=Standing(4, frozenset({"aa"}), kept, False, settings))
    dialog.folder.setText(str(tmp_path / "begun"))
    dialog.folder.textEdited.emit(dialog.folder.text())
    assert not dialog.begin_button.isEnabled()
    qtbot.waitUntil(lambda: len(asked(window, LookAtFleet)) == 2, timeout=5000)
    answer(window, LookAtFleet, there)
    assert dialog.told.text == "3 of 4 references are trained."
    assert dialog.job() == TrainReferences(
        dialog.job().asked, settings, 4, tmp_path / "begun", device=window.preferences.computing.device
    )
    dialog.form.findChild(QSpinBox, "epochs").setValue(50)
    assert "epochs 77 instead of 50" in dialog.problem.text and not dialog.begin_button.isEnabled()
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert (dialog.begin_button.text(), dialog.take.isVisible()) == ("Go on", False)


@pytest.mark.parametrize("text", ["~nobody-of-this-name", "", "  "])
def test_a_folder_that_is_being_typed_is_no_accident(qtbot, window, dialog, text):
    found(qtbot, window)
    proposed = dialog.job().out
    dialog.folder.setText(text)
    dialog.folder.textEdited.emit(text)
    assert dialog.job().out == (Path(text).absolute() if text.strip() else proposed)
    assert dialog.folder.placeholderText() == str(proposed)


def test_further_settings_and_a_chosen_folder_count(qtbot, window, dialog, tmp_path, monkeypatch):
    found(qtbot, window)
    dialog.more.open()
    dialog.more.content.findChild(QSpinBox, "batch").setValue(5)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    dialog._choose()
    job = dialog.job()
    assert (job.settings.batch, job.out) == (5, tmp_path / "elsewhere")


def test_the_command_is_copied_from_the_dialog_and_from_beside_its_button(qtbot, window, drafted, dialog, tmp_path):
    def copied():
        return parser().parse_args(shlex.split(QGuiApplication.clipboard().text())[2:])

    QTest.mouseClick(drafted.attacks.references.training.copy, Qt.MouseButton.LeftButton)
    drafted.attacks.references.training._copy()
    args = copied()
    assert args.images == [str(tmp_path / "in"), str(tmp_path / "out")]
    assert (args.scheme, args.setting_architecture, args.setting_encoder, args.count) == (
        "cityscapes7",
        "smp:PSPNet",
        "resnet34",
        8,
    )
    assert args.out == tmp_path / "one-references"
    dialog.form.findChild(QSpinBox, "count").setValue(2)
    dialog.copy.click()
    assert copied().count == 2


def test_without_images_nothing_can_be_trained_and_that_is_said(page):
    card = page.attacks.references.training
    assert not card.train.isEnabled() and not card.copy.isEnabled()
    assert "Add images first" in card.train.toolTip()


# ---------------------------------------------------------------- while it goes on


def test_it_stands_in_the_list_and_on_the_page_and_the_window_asks_before_it_closes(qtbot, window, drafted, dialog):
    number = begun(qtbot, window, dialog)
    board, card = window.furniture.running.board, drafted.attacks.references.training
    (entry,) = board.entries
    step(window, number)
    assert entry.words == "Reference 3 of 8, 30 %, 12 images/s, 2 min left"
    qtbot.waitUntil(lambda: "30 %" in card.words.text(), timeout=2000)
    assert question(board) == "Training 8 references: one-references is running. Stop and close?"
    assert "into the same folder again" in promise(board)
    window.furniture.engine.done.emit(events.JobDone(number, ()))
    assert card.isHidden() and "same folder" not in promise(board)


def test_the_same_folder_is_not_trained_twice_at_once(qtbot, window, drafted, dialog):
    begun(qtbot, window, dialog)
    drafted.attacks.references.training.ask()
    again = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TrainDialog) and w.isVisible())
    assert SEE in again.problem.text and not again.begin_button.isEnabled()
    again.reject()


def test_another_folder_waits_for_its_turn(qtbot, window, drafted, dialog, tmp_path):
    number = begun(qtbot, window, dialog)
    trainings = window.furniture.trainings
    (first,) = asked(window, TrainReferences)
    trainings.begin(replace(first, out=tmp_path / "second"))
    assert [entry.state for entry in trainings.board.entries] == [State.RUNNING, State.WAITING]
    window.furniture.engine.cancel(number)
    assert [entry.state for entry in trainings.board.entries] == [State.STOPPED, State.RUNNING]
    assert asked(window, TrainReferences)[-1].out == tmp_path / "second"
    trainings.stop(trainings.current)


def test_while_an_audit_runs_it_is_said_to_wait(qtbot, window, drafted, dialog, tmp_path):
    number = begun(qtbot, window, dialog)
    step(window, number)
    window.furniture.running.begin(RunAudit(tmp_path / "spec.toml", tmp_path / "audit.segleak"))
    entry = window.furniture.trainings.current
    assert entry.words == f"Reference 3 of 8, 30 %, {HELD}"
    step(window, number, done=62)  # told late, or the audit is paused
    assert HELD not in entry.words
    qtbot.waitUntil(lambda: HELD in entry.words, timeout=SILENT_MS + 5000)
    window.furniture.running.cancel()
    assert HELD not in entry.words
    window.furniture.trainings.stop(entry)


def test_pausing_in_the_list_holds_it(qtbot, window, drafted, dialog):
    number = begun(qtbot, window, dialog)
    entry = window.furniture.trainings.current
    entry.controls.pause(True)
    assert entry.state is State.PAUSED and ("pause", number) in window.furniture.engine.calls
    entry.controls.pause(False)
    assert entry.state is State.RUNNING and ("resume", number) in window.furniture.engine.calls
    window.furniture.trainings.stop(entry)


def test_what_was_stopped_says_what_is_kept_and_offers_to_go_on(qtbot, window, drafted, dialog):
    begun(qtbot, window, dialog)
    QTest.mouseClick(drafted.attacks.references.training.stop, Qt.MouseButton.LeftButton)
    assert titles(window) == ["one-references: the training was stopped. References that are trained are kept."]
    press(window.banners, "Go on")
    first, again = asked(window, TrainReferences)
    assert first == again and titles(window) == []
    window.furniture.trainings.stop(window.furniture.trainings.current)


def test_an_engine_that_dies_under_it_is_told_with_the_way_on(qtbot, window, drafted, dialog):
    begun(qtbot, window, dialog)
    fail(window, TrainReferences, again=asked(window, TrainReferences)[0])
    assert titles(window) == ["one-references: The engine crashed."]
    (entry,) = window.furniture.running.board.entries
    entry.controls.again()
    assert len(asked(window, TrainReferences)) == 2
    assert [e.state for e in window.furniture.running.board.entries] == [State.RUNNING]
    window.furniture.trainings.stop(window.furniture.trainings.current)


# ---------------------------------------------------------------- afterwards


def test_what_was_trained_is_added_to_its_draft_and_looked_at(qtbot, window, drafted, dialog, tmp_path):
    number = begun(qtbot, window, dialog)
    files = tuple(tmp_path / f"shadow-0{n}.safetensors" for n in range(2))
    drafted.composer.add_images(Role.SUSPECT, [tmp_path / "more"])  # one goes on working on it meanwhile
    window.furniture.engine.done.emit(events.JobDone(number, files))
    assert [entry.path for entry in drafted.composer.draft.spec.references] == [str(file) for file in files]
    assert titles(window) == ["8 references are trained and were added to the new audit."]
    qtbot.waitUntil(lambda: bool(asked(window, CheckReferences)), timeout=5000)


def test_where_the_draft_is_gone_a_notice_tells_where_they_are(qtbot, window, drafted, dialog, tmp_path):
    number = begun(qtbot, window, dialog)
    window.beginning.start_afresh()
    window.furniture.engine.done.emit(events.JobDone(number, (tmp_path / "shadow-00.safetensors",)))
    assert drafted.composer.draft.spec.references == ()
    assert titles(window) == [f"8 references are trained: {tmp_path / 'one-references'}"]


def test_who_is_elsewhere_is_offered_the_way_to_the_page(qtbot, window, drafted, dialog, tmp_path):
    number = begun(qtbot, window, dialog)
    window.beginning.leave()
    window.furniture.engine.done.emit(events.JobDone(number, (tmp_path / "shadow-00.safetensors",)))
    press(window.banners, "Show the new audit")
    assert window.beginning.is_shown()
    assert len(drafted.composer.draft.spec.references) == 1
