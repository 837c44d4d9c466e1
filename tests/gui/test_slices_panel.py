import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from core.audit.slices import slices_of
from core.audit.store import AuditStore
from gui.compare.frame import Seen
from gui.compare.picture import Picture
from gui.compare.spotlight import spotlight
from gui.document import AuditDocument
from gui.highlight import Highlight
from gui.selection import Selection
from gui.slices import SlicesPanel
from tests.gui.small_audit import small_audit
from tests.slices_world import SIZE, leaky_audit

SOON = 20_000


@pytest.fixture
def audit(tmp_path):
    folder = leaky_audit(tmp_path / "leaky.segleak", count=8)
    with AuditStore.create(folder) as store:
        store.set_fact("finished", "now")
    return folder


@pytest.fixture
def panel(qtbot, audit):
    selection = Selection()
    panel = SlicesPanel(selection)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    document = AuditDocument.open(audit)
    selection.document = document
    panel.selection = selection
    yield panel
    panel.close_threads()
    selection.document = None
    document.close()
    selection.deleteLater()


def press(qtbot, panel):
    qtbot.mouseClick(panel.notice.findChild(QPushButton), Qt.MouseButton.LeftButton)


def measured(qtbot, panel):
    press(qtbot, panel)
    qtbot.waitUntil(lambda: "Exploratory" in panel.words, timeout=SOON)


def test_nothing_is_read_before_somebody_asks(panel):
    assert panel.parts.rowCount() == 0
    assert "Where does it leak?" in panel.words and "under No defense" in panel.words


def test_the_parts_are_those_of_the_engine_room_and_sort_by_their_numbers(qtbot, panel):
    measured(qtbot, panel)
    document = panel.selection.document
    with AuditStore.read(document.folder) as store:
        expected = slices_of(store, document.spec, "none", "loss")
    assert [row[0] for row in panel.parts.texts()[1:]] == [one.name for one in expected.slices]
    assert "Exploratory" in panel.words
    panel.parts.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    areas = [float(row[2]) for row in panel.parts.texts()[1:] if row[2] != "n/m"]
    assert areas == sorted(areas)


def test_a_part_leads_to_its_images_and_an_image_into_view(qtbot, panel):
    measured(qtbot, panel)
    assert not panel.images.isVisible()  # an empty table takes no room
    (row,) = (i for i in range(panel.parts.rowCount()) if panel.parts.item(i, 0).text() == "class 6")
    panel.parts.scrollToItem(panel.parts.item(row, 0))
    place = panel.parts.visualItemRect(panel.parts.item(row, 0)).center()
    qtbot.mouseClick(panel.parts.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.images.rowCount() == 16 and panel.images.isVisible()
    values = [float(line[2]) for line in panel.images.texts()[1:]]
    assert values == sorted(values, reverse=True)
    panel.images.setCurrentCell(3, 0)
    chosen = panel.selection.image
    with AuditStore.read(panel.selection.document.folder) as store:
        cars = -store.maps(chosen, "none", "loss")["loss"][:, 24:].mean()
    assert cars == pytest.approx(values[3], rel=1e-3)


def test_the_table_is_copied_as_it_stands(qtbot, panel):
    measured(qtbot, panel)
    qtbot.keyClick(panel.parts, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["Part", "Of", "AUC", "Interval", "Members", "Non-members"]
    assert len(lines) == panel.parts.rowCount() + 1


def test_an_exclusion_makes_the_table_out_of_date(qtbot, panel):
    measured(qtbot, panel)
    panel.selection.decide("exclude", 0, "blurred")
    assert "Where does it leak?" in panel.words
    measured(qtbot, panel)
    assert "15 images" in panel.words


def test_an_attack_without_maps_says_so(qtbot, panel):
    measured(qtbot, panel)
    panel.selection.attack = "confidence"
    press(qtbot, panel)
    errors = []
    panel.failed.connect(errors.append)
    qtbot.waitUntil(lambda: bool(errors), timeout=SOON)
    assert "keeps no maps" in str(errors[0])
    panel.selection.attack = "loss"
    assert panel.parts.rowCount() > 0 and "Exploratory" in panel.words


def test_an_audit_that_is_not_finished_is_not_measured(qtbot, tmp_path):
    selection = Selection()
    panel = SlicesPanel(selection)
    qtbot.addWidget(panel)
    document = AuditDocument.open(small_audit(tmp_path / "half.segleak", done=3))
    selection.document = document
    assert "when the audit has ended" in panel.words
    panel.measure()
    panel.close_threads()
    selection.document = None
    document.close()


def row_of(table, text):
    (row,) = (i for i in range(table.rowCount()) if table.item(i, 0).text() == text)
    return row


def test_a_part_is_highlighted_as_it_is_chosen_and_stays_so_from_image_to_image(qtbot, panel):
    measured(qtbot, panel)
    panel.parts.setCurrentCell(row_of(panel.parts, "class 6"), 0)
    chosen = Highlight("class", 6, "Class, class 6")
    assert panel.selection.highlight == chosen
    for row in (2, 5):
        panel.images.setCurrentCell(row, 0)
        assert panel.selection.highlight == chosen
    panel.selection.highlight = None
    assert panel.parts.currentRow() == -1
    panel.images.setCurrentCell(3, 0)
    assert panel.selection.highlight == chosen
    panel.selection.highlight = None
    panel.parts.setCurrentCell(row_of(panel.parts, "middle right"), 0)
    assert (panel.selection.highlight.kind, panel.selection.highlight.number) == ("place", 5)


def test_an_object_leads_to_its_image_and_its_row_is_let_go_with_it(qtbot, panel):
    measured(qtbot, panel)
    table = panel.objects.table
    document = panel.selection.document
    assert table.rowCount() == 32 and "Exploratory" in panel.objects.words.text()
    with AuditStore.read(document.folder) as store:
        expected = slices_of(store, document.spec, "none", "loss").objects.listed
    assert [line[:4] for line in table.texts()[1:]] == [
        [f"{one.image % 8:02d}.png", "Member" if one.image < 8 else "Non-member", one.name, f"{one.pixels:,}"]
        for one in expected
    ]
    for row in (4, 0, 9):
        table.setCurrentCell(row, 2)
        one = expected[row]
        assert panel.selection.image == one.image and table.currentRow() == row
        found = panel.selection.highlight
        assert (found.kind, found.number, found.image) == ("object", one.number, one.image)
    panel.selection.image = (expected[9].image + 1) % 16
    assert panel.selection.highlight is None and table.currentRow() == -1


def test_the_object_that_is_listed_is_the_one_that_is_made_out(qtbot, panel):
    measured(qtbot, panel)
    document, table = panel.selection.document, panel.objects.table
    for row in (0, 7, 20):
        table.setCurrentCell(row, 0)
        image = panel.selection.image
        seen = Seen(Picture.of(document.image(image)), document.label(image))
        found = spotlight(panel.selection.highlight, seen)
        texts = table.texts()[1 + row]
        inside = found.shade.pixels == 0
        assert np.count_nonzero(inside) == int(texts[3].replace(",", ""))
        loss = document.loss_map(image, "none")
        assert -loss[inside].mean() == pytest.approx(float(texts[5]), rel=1e-3)
        middle = found.bounds.center()  # in per cent: nobody noted the size of these images
        assert texts[4] == f"{100 * middle.x() / SIZE[1]:.0f}, {100 * middle.y() / SIZE[0]:.0f}"
