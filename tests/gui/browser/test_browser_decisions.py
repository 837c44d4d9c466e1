import json

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QDialogButtonBox

from tests.gui.browser.helpers import RIGHT_NOW, answer, log_of, run
from tests.gui.small_audit import small_audit


def test_an_exclusion_lands_in_the_log_and_in_the_numbers(panel, document, folder, qtbot):
    browser = panel(document)
    browser.selection.image = 4
    run(browser, "review.exclude")
    with qtbot.waitSignal(browser.selection.summarised, timeout=RIGHT_NOW):
        answer(qtbot, " the driver has objected ")
    assert log_of(folder) == [("exclude", 4, "the driver has objected")]
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary["excluded"] == 1
    assert summary["images"]["member"]["images"] == 5
    font = browser.model.data(browser.model.index(browser.model.row_of(4), 0), Qt.ItemDataRole.FontRole)
    assert font.strikeOut()
    browser.decisions.exclude([4])
    with qtbot.waitSignal(browser.selection.summarised, timeout=RIGHT_NOW):
        answer(qtbot, "he has agreed")
    assert log_of(folder)[1] == ("include", 4, "he has agreed")
    assert json.loads((folder / "summary.json").read_text("utf-8"))["excluded"] == 0


def test_an_exclusion_just_before_the_end_still_reaches_the_numbers(panel, document, folder, qtbot):
    browser = panel(document)
    browser.selection.decide("exclude", 2, "late")
    browser.selection.document = None
    browser.close_threads()
    assert json.loads((folder / "summary.json").read_text("utf-8"))["excluded"] == 1


def test_exclusions_in_two_audits_one_after_the_other_reach_the_numbers_of_both(
    panel, document, folder, tmp_path, opened
):
    browser = panel(document)
    other = small_audit(tmp_path / "other.segleak")
    browser.selection.decide("exclude", 2, "first audit")
    browser.selection.document = opened(other)
    browser.selection.decide("exclude", 1, "second audit")
    browser.close_threads()
    for audit in (folder, other):
        assert json.loads((audit / "summary.json").read_text("utf-8"))["excluded"] == 1


def test_thinking_better_of_it_decides_nothing(panel, document, folder, qtbot):
    browser = panel(document)
    run(browser, "review.exclude")
    answer(qtbot, "well", QDialogButtonBox.StandardButton.Cancel)
    assert log_of(folder) == []


def test_undo_takes_back_with_another_entry_and_redo_decides_again(panel, document, folder, qtbot):
    browser = panel(document)
    undo = browser.decisions._undo
    rows = [browser.model.index(row, 0) for row in (1, 3)]
    for index in rows:
        browser.images.table.selectionModel().select(
            index, QItemSelectionModel.SelectionFlag.Toggle | QItemSelectionModel.SelectionFlag.Rows
        )
    assert browser.images.images == [1, 2, 4]
    run(browser, "review.flag")
    assert document.flagged == {1, 2, 4}
    undo.undo()
    assert document.flagged == set()
    undo.redo()
    assert document.flagged == {1, 2, 4}
    run(browser, "review.flag")
    assert document.flagged == set()
    assert [action for action, *_ in log_of(folder)] == ["flag"] * 3 + ["unflag"] * 3 + ["flag"] * 3 + ["unflag"] * 3


def test_a_note_that_is_taken_back_is_not_shown_and_stays_in_the_log(panel, document, folder, qtbot, opened):
    browser = panel(document)
    document.decide("note", 1, "an older note")
    browser.decisions.note([1])
    answer(qtbot, "mirror in it")
    assert [note.why for note in document.notes(1)] == ["an older note", "mirror in it"]
    assert "mirror in it" in browser.model.data(browser.model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    browser.decisions._undo.undo()
    assert [note.why for note in document.notes(1)] == ["an older note"]
    assert document.noted == {1}
    assert len(log_of(folder)) == 3
    again = opened(folder)
    assert [note.why for note in again.notes(1)] == ["an older note"]


def test_only_images_that_are_not_excluded_yet_are_excluded(panel, document, folder, qtbot):
    browser = panel(document)
    document.decide("exclude", 2, "before")
    browser.decisions.exclude([1, 2, 3])
    answer(qtbot, "all of a kind")
    assert log_of(folder)[1:] == [("exclude", 1, "all of a kind"), ("exclude", 3, "all of a kind")]


def test_a_log_that_cannot_be_written_is_told_and_leaves_nothing_to_undo(panel, document, folder, heard):
    browser = panel(document)
    failed = heard(browser.failed)
    (folder / "review.jsonl").mkdir()
    run(browser, "review.flag")
    assert "review.jsonl" in str(failed.got[0])
    assert browser.decisions._undo.count() == 0
    assert document.flagged == set()


def test_undo_after_another_audit_was_opened_changes_neither(panel, document, folder, tmp_path, qtbot, opened):
    browser = panel(document)
    run(browser, "review.flag")
    other_folder = small_audit(tmp_path / "other.segleak")
    other = opened(other_folder)
    browser.selection.document = other
    browser.decisions._undo.undo()
    assert document.flagged == {1}
    assert log_of(other_folder) == []
