"""The table of an audit's numbers."""

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from core.audit.summary import SUMMARY_NAME
from core.errors import StoreError
from gui.numbers import COLUMNS, NOT_MEASURABLE, Cell, as_tsv, one_line, read_summary, summary_rows, titled
from gui.tables import NumbersModel, NumbersTable
from tests.gui.small_audit import CHAINS, small_audit


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("numbers") / "small.segleak", per_role=12)


def test_the_table_holds_the_numbers_of_the_summary(audit):
    summary = json.loads((audit / SUMMARY_NAME).read_text())
    rows = summary_rows(read_summary(audit))
    assert [(r.chain, r.attack) for r in rows] == [(c, a) for c in CHAINS for a in ("loss", "confidence")]
    first, metrics = rows[0], summary["results"][0]["metrics"]
    assert {len(row.cells) for row in rows} == {len(COLUMNS)}
    assert first.cells[0].text == "No defense"
    assert first.cells[1].text == "loss *"
    assert first.cells[2].value == metrics["auc"]
    assert first.cells[2].text == f"{metrics['auc']:.3f}"
    assert first.cells[3].text.split(" to ")[0] == f"{metrics['auc_interval']['low']:.3f}"
    # 12 non-members: 10 % can be measured, 1 % and 0.1 % cannot.
    assert first.cells[4].value == metrics["tpr_at"][0]["value"]
    assert [cell.text for cell in first.cells[5:7]] == [NOT_MEASURABLE] * 2
    assert "12 non-members" in first.cells[5].why
    assert first.cells[8].value == summary["segmentation"]["none"]["member"]["miou"]


def test_an_audit_without_non_members_says_what_is_missing(audit):
    summary = json.loads((audit / SUMMARY_NAME).read_text())
    for result in summary["results"]:
        result["metrics"] |= {"auc": None, "auc_interval": None, "tpr_at": [], "advantage": None}
        result["metrics"]["needs"] = "needs known non-members"
    del summary["segmentation"]["none"]["non-member"]
    row = summary_rows(summary)[0]
    assert [cell.why for cell in row.cells[2:8]] == ["needs known non-members"] * 6
    assert row.cells[9].text == ""
    assert one_line(summary, {}, {}) == "12 members, 12 non-members; AUC needs known non-members"


def test_the_line_names_counts_and_the_primary_attack(audit):
    metrics = read_summary(audit)["results"][0]["metrics"]
    low, high = metrics["auc_interval"]["low"], metrics["auc_interval"]["high"]
    expected = f"AUC {metrics['auc']:.2f} ({low:.2f} to {high:.2f}) for loss, undefended; 12 members, 12 non-members"
    assert one_line(read_summary(audit), {}, {}) == expected
    named = one_line(read_summary(audit), {"loss": "Global loss"}, {"loss": "not this", "none": "No defense"})
    assert named == expected.replace("for loss", "for Global loss")


def test_rows_have_the_names_that_people_read_and_say_what_specs_call_them(audit):
    row = titled(summary_rows(read_summary(audit))[0], "No defense", "Global loss")
    assert [cell.text for cell in row.cells[:2]] == ["No defense", "Global loss *"]
    assert [cell.why for cell in row.cells[:2]] == ["In specs and commands: none", "In specs and commands: loss"]


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"results": [{}], "defenses": []}', "\x00"])
def test_a_damaged_summary_is_named(tmp_path, damage):
    (tmp_path / SUMMARY_NAME).write_text(damage)
    with pytest.raises(StoreError, match="is damaged"):
        read_summary(tmp_path)


def test_before_the_end_there_is_no_summary(tmp_path):
    assert read_summary(tmp_path) is None


def test_texts_with_tabs_and_line_ends_keep_their_cells():
    assert as_tsv([["a\tb", "c\nd"], ["", "1"]]) == "a b\tc d\n\t1\n"
    assert float(as_tsv([["\N{MINUS SIGN}2.5"]])) == -2.5


@pytest.fixture
def table(audit, qtbot):
    model = NumbersModel()
    model.show_rows(summary_rows(read_summary(audit)), {})
    table = NumbersTable(model)
    qtbot.addWidget(table)
    table.kept = model
    return table


def test_the_table_copies_everything_or_what_is_selected(table):
    lines = table.as_tsv().splitlines()
    assert lines[0].split("\t") == [" ".join(column.title.split()) for column in COLUMNS]
    assert len(lines) == 1 + len(CHAINS) * 2
    how = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    table.selectionModel().select(table.model().index(1, 0), how)
    table.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1:] == [lines[2]]


def test_the_table_offers_a_copy_under_the_right_button(table):
    table.show()
    QGuiApplication.clipboard().clear()
    place = table.viewport().rect().center()
    kind = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(table.viewport(), QContextMenuEvent(kind, place, table.viewport().mapToGlobal(place)))
    menu = QApplication.activePopupWidget()
    menu.actions()[0].trigger()
    menu.close()
    assert QGuiApplication.clipboard().text() == table.as_tsv()


def test_the_table_sorts_by_numbers_and_not_by_their_texts(table):
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    aucs = [float(line.split("\t")[2]) for line in table.as_tsv().splitlines()[1:]]
    assert aucs == sorted(aucs, reverse=True)
    top = table.source_row(table.model().index(0, 0))
    assert table.kept.row(top).cells[2].text == f"{max(aucs):.3f}"


def test_a_column_grows_with_its_texts_and_keeps_them_in_one_line(table):
    table.fit(anew=True)
    row, height = table.kept.row(0), table.rowHeight(0)
    rest = [table.kept.row(number) for number in range(1, table.kept.rowCount())]
    longer = Cell("~0.123 to 0.456, and some more", 0.1)
    table.kept.show_rows([replace(row, cells=(*row.cells[:3], longer, *row.cells[4:])), *rest], {})
    table.fit(anew=False)
    assert table.columnWidth(3) >= table.fontMetrics().horizontalAdvance(longer.text)
    table.resizeRowsToContents()
    assert table.rowHeight(0) <= height
    table.setColumnWidth(3, 40)  # what a person made narrow stays so while nothing becomes longer
    table.fit(anew=False)
    assert table.columnWidth(3) == 40
