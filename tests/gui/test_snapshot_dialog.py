import threading

import pytest
from pypdf import PdfReader
from PySide6.QtGui import QImage

from core.progress import Progress
from core.snapshot.choices import SnapshotChoices, profile_path, read_profile
from core.snapshot.content import View
from gui.snapshot.dialog import SnapshotDialog
from gui.snapshot.export import Draft
from tests.gui.snapshot_stand_ins import AnsweringEngine, writer
from tests.snapshot_world import make_snapshot_world

DEFENSES = (("none", "none"), ("gauss-sigma0.02", "gauss"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_snapshot_world(tmp_path_factory.mktemp("dialog") / "w", members=3, others=4, suspects=2)


@pytest.fixture
def dialog(world, qtbot):
    import numpy as np

    view = View("The comparison as it was", np.full((60, 90, 3), 128, np.uint8))
    made = SnapshotDialog(world.audit, DEFENSES, 3, view, writer(AnsweringEngine()))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: "MB" in made.state.text(), timeout=15_000)
    yield made
    made.done(0)


def pages(dialog):
    return dialog.preview._number.maximum()


def settled(dialog, qtbot):
    qtbot.waitUntil(lambda: dialog._calm.isActive() is False and "MB" in dialog.state.text(), timeout=15_000)


def test_the_preview_shows_the_first_page_and_says_how_large_the_file_will_be(dialog):
    image = dialog.preview.paper._image
    assert isinstance(image, QImage) and not image.isNull()
    assert image.height() / image.width() == pytest.approx(842 / 595, abs=0.01)
    assert dialog.pdf.isEnabled()


def test_turning_the_page_shows_another_one(dialog, qtbot):
    before = dialog.preview.paper._image.copy()
    dialog.preview._number.setValue(2)
    qtbot.waitUntil(lambda: dialog.preview.paper._image != before)


def test_fewer_sections_make_fewer_pages(dialog, qtbot):
    before = pages(dialog)
    dialog.fields._sections.choose(("cover",))
    qtbot.waitUntil(lambda: pages(dialog) < before, timeout=15_000)
    settled(dialog, qtbot)


def test_the_panes_are_printed_where_asked_for(dialog, qtbot, tmp_path):
    dialog.fields.view.setChecked(True)
    qtbot.waitUntil(lambda: "Laying out" in dialog.state.text(), timeout=5_000)
    settled(dialog, qtbot)
    with qtbot.waitSignal(dialog.written, timeout=15_000):
        dialog.write(tmp_path / "v.pdf")
    assert any("The comparison as it was" in page.extract_text() for page in PdfReader(tmp_path / "v.pdf").pages)


def test_an_export_is_written_told_and_its_choices_kept(dialog, qtbot, tmp_path):
    with qtbot.waitSignal(dialog.written, timeout=15_000) as told:
        dialog.write(tmp_path / "s.pdf")
    assert told.args == [tmp_path / "s.pdf"]
    assert len(PdfReader(tmp_path / "s.pdf").pages) == pages(dialog)
    assert read_profile(profile_path()).contents.top == 12


def test_a_stopped_export_leaves_nothing(dialog, qtbot, tmp_path):
    dialog.write(tmp_path / "s.pdf")
    dialog.stop.click()
    qtbot.waitUntil(lambda: "Stopped" in dialog.state.text(), timeout=15_000)
    assert not (tmp_path / "s.pdf").exists()
    assert dialog.pdf.isEnabled()


def test_a_wrong_number_is_told_and_exporting_waits(dialog, qtbot):
    dialog.fields._picked.setText("3, x")
    qtbot.waitUntil(lambda: "'x' is no number" in dialog.state.text())
    dialog.fields._picked.setText("999")
    qtbot.waitUntil(lambda: "has no image 999" in dialog.state.text(), timeout=5_000)
    assert not dialog.pdf.isEnabled()
    dialog.fields._picked.setText("3")
    settled(dialog, qtbot)
    assert dialog.pdf.isEnabled()


def test_a_place_that_cannot_be_written_is_told(dialog, qtbot, tmp_path):
    (tmp_path / "file").write_text("x", "utf-8")
    dialog.write(tmp_path / "file" / "s.pdf")
    qtbot.waitUntil(lambda: "cannot be written" in dialog.state.text(), timeout=15_000)


def test_pages_outlive_the_thread_that_laid_them_out(world, qapp, tmp_path):
    """Threads end: the preview's when no page was turned for half a minute. Qt's laid out text ends with them."""
    made = []
    for work in (
        lambda: made.append(Draft.open(world.audit, SnapshotChoices())),
        lambda: made.append([made[0].page(number, 0.5) for number in range(len(made[0].pages.pages))]),
        lambda: made.append(made[0].write(tmp_path / "s.pdf", Progress())),
    ):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    draft, pictures, written = made
    assert not any(picture.isNull() for picture in pictures)
    assert len(PdfReader(written).pages) == len(pictures)
    draft.close()
