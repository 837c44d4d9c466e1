"""The verdict on the suspect in view, and judging it although a check failed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit

from core.audit import review
from core.data.samples import Role
from gui.document import AuditDocument
from gui.evidence.panel import BACK, JUDGE, VerdictPanel
from gui.selection import Selection
from tests.test_verdicts import CHECKED, scores, written

NEAR = {
    "code": "near-duplicates",
    "sentence": "Near-duplicates between suspects and members: 2 pairs.",
    "items": [{"first": "/data/s0.png", "second": "/data/m0.png"}, {"first": "/data/s1.png", "second": "/data/m0.png"}],
}
SOON = 10_000


@pytest.fixture
def opened(qtbot, tmp_path):
    """Makes a panel over an audit with these suspects."""
    made = []

    def make(suspects, report=CHECKED, non_members=range(99), **more):
        folder = written(tmp_path / f"{len(made)}.segleak", scores(suspects, non_members), report=report, **more)
        selection, undo = Selection(), QUndoStack()
        panel = VerdictPanel(selection, undo)
        panel.selection, panel.undo = selection, undo
        qtbot.addWidget(panel)
        panel.resize(900, 260)
        panel.show()
        selection.document = AuditDocument.open(folder)
        made.append(panel)
        return panel

    yield make
    for panel in made:
        panel.close_threads()
        document, panel.selection.document = panel.selection.document, None
        document.close()
        panel.undo.clear()
        panel.selection.deleteLater()


def go_to(qtbot, panel, place, words):
    suspects = [row.id for row in panel.selection.document.rows if row.role is Role.SUSPECT]
    panel.selection.image = suspects[place]
    qtbot.waitUntil(lambda: words in panel.heading.text() + panel.sentence.text(), timeout=SOON)


def shown(panel):
    layout = panel.facts
    rows = range(layout.rowCount())
    fields = [
        [layout.itemAt(row, part).widget().text() for part in (layout.ItemRole.LabelRole, layout.ItemRole.FieldRole)]
        for row in rows
    ]
    return dict(fields)


def write_reason(dialog, words):
    dialog.findChild(QPlainTextEdit).setPlainText(words)
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()


def test_a_suspect_has_its_sentence_rank_p_q_and_the_power(qtbot, opened):
    panel = opened([200, 50])
    go_to(qtbot, panel, 0, "Evidence of membership: s0")
    assert panel.sentence.text().startswith("Evidence of membership: of 99 known non-members, none scores this high")
    found = shown(panel)
    assert (found["p"], found["q"]) == ("0.01", "0.02")
    assert found["Rank"] == "Of 99 known non-members, none scores this high"
    assert found["Fewest flagged"] == "1"
    assert found["Power"].startswith("finds 0 % of known members (0 % to ")
    assert "Entropy on undefended outputs" in found["Judged by"] and "5 %" in found["Judged by"]
    go_to(qtbot, panel, 1, "No evidence at this power")
    assert "not a member" not in panel.sentence.text()


def test_a_known_image_gets_no_verdict_and_the_counts_of_the_suspects(qtbot, opened):
    panel = opened([200, 50])
    panel.selection.image = 0
    qtbot.waitUntil(lambda: "2 suspects" in panel.sentence.text(), timeout=SOON)
    assert "1 evidence of membership" in panel.sentence.text() and "known member" in panel.sentence.text()
    assert "Rank" not in shown(panel)


def rows_of(panel):
    return [line[:4] for line in panel.suspects.texts()[1:]]


def test_every_suspect_is_listed_with_verdict_p_and_score_those_first_of_which_most_can_be_said(qtbot, opened):
    panel = opened([50, 200, 3], {"findings": [NEAR | {"items": NEAR["items"][:1]}]})
    qtbot.waitUntil(panel.suspects.isVisible, timeout=SOON)
    first, second, last = rows_of(panel)
    assert (first[0], first[1][2:], first[3]) == ("s1", "evidence", "200.00")
    assert (second[0], second[1][2:], second[3]) == ("s2", "no evidence", "3.00")
    assert (last[0], last[1][2:], last[2]) == ("s0", "not judged", "\N{EN DASH}")
    assert float(first[2]) < float(second[2])
    assert not panel.others.isVisible()
    assert "not a member" not in str(panel.suspects.texts()).lower()


def test_of_many_suspects_those_are_listed_of_which_most_can_be_said_and_the_others_are_counted(
    qtbot, opened, monkeypatch
):
    monkeypatch.setattr("gui.evidence.suspects.MOST", 2)
    panel = opened([150, 200, 3])
    qtbot.waitUntil(panel.suspects.isVisible, timeout=SOON)
    assert [row[0] for row in rows_of(panel)] == ["s1", "s0"], "of one p-value the higher score first"
    assert panel.others.text() == "The first 2 of 3 suspects. All of them are in the list of images."
    go_to(qtbot, panel, 2, "No evidence at this power: s2")
    assert panel.suspects.selectedItems() == []


def test_a_click_on_a_suspect_shows_it_and_the_list_follows_the_image_in_view(qtbot, opened):
    panel = opened([200, 50, 120])
    qtbot.waitUntil(panel.suspects.isVisible, timeout=SOON)
    suspects = [row.id for row in panel.selection.document.rows if row.role is Role.SUSPECT]
    panel.suspects.setCurrentCell(1, 0)
    assert panel.selection.image == suspects[2]
    assert panel.heading.text().endswith(": s2")
    panel.suspects.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    assert [row[3] for row in rows_of(panel)] == ["50.00", "120.00", "200.00"]
    panel.selection.image = suspects[0]
    assert panel.suspects.currentRow() == 2
    panel.selection.image = panel.selection.document.rows[0].id
    assert panel.suspects.selectedItems() == []
    assert [row[3] for row in rows_of(panel)] == ["50.00", "120.00", "200.00"], "the order is a person's"


@pytest.mark.parametrize(("more", "words"), [({"finished": None}, "ended"), ({"report": CHECKED}, "no suspects")])
def test_without_verdicts_the_panel_says_why(qtbot, opened, more, words):
    panel = opened([] if "report" in more else [5], **more)
    qtbot.waitUntil(lambda: words in panel.sentence.text(), timeout=SOON)
    assert not panel.suspects.isVisible()


def test_a_failed_check_is_set_aside_with_a_reason_undone_and_taken_back(qtbot, opened):
    panel = opened([200, 150, 3], {"findings": [NEAR]})
    go_to(qtbot, panel, 0, "Cannot be judged")
    (box,) = panel.doubts
    assert box.act.text() == JUDGE and "near-duplicate" in box.told.text
    dialog = panel._overriding.override(panel._reader.found.doubts[0], offer_all=False)
    assert not dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    write_reason(dialog, "another street")
    qtbot.waitUntil(lambda: "Evidence" in panel.sentence.text(), timeout=SOON)
    assert panel.doubts[0].act.text() == BACK and "another street" in panel.doubts[0].told.text
    panel.undo.undo()
    qtbot.waitUntil(lambda: "Cannot be judged" in panel.heading.text() + panel.sentence.text(), timeout=SOON)
    panel.undo.redo()
    qtbot.waitUntil(lambda: panel.doubts and panel.doubts[0].act.text() == BACK, timeout=SOON)
    panel.doubts[0].act.click()
    (dialog,) = [d for d in panel.findChildren(type(dialog)) if d.isVisible()]
    write_reason(dialog, "it is the same street")
    qtbot.waitUntil(lambda: panel.doubts and panel.doubts[0].act.text() == JUDGE, timeout=SOON)
    log = review.read(panel.selection.document.folder)
    assert [entry.action for entry in log] == ["override", "restore", "override", "restore"]
    assert {entry.value for entry in log} == {"near-duplicate"} and log[-1].why == "it is the same street"


def test_a_check_that_failed_for_several_suspects_is_set_aside_for_all_at_once(qtbot, opened):
    panel = opened([200, 150, 3], {"findings": [NEAR]})
    go_to(qtbot, panel, 0, "Cannot be judged")
    panel.doubts[0].act.click()
    (dialog,) = panel.findChildren(type(panel._overriding.override(panel._reader.found.doubts[0], offer_all=True)))[:1]
    assert dialog.for_all.isVisible()
    dialog.for_all.setChecked(True)
    write_reason(dialog, "all seen by a person")
    qtbot.waitUntil(lambda: panel.doubts[0].act.text() == BACK, timeout=SOON)
    go_to(qtbot, panel, 1, "s1")
    assert panel.doubts[0].act.text() == BACK
