import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.keyboard.helpers import SOON
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine, make_window


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    made = make_window(qtbot, qapp, engine=FakeEngine, views=None)
    made.resize(1600, 1000)
    made.audits.open(small_audit(tmp_path / "one.segleak"))
    qtbot.waitUntil(made.audits.has_document, timeout=SOON)
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made, timeout=SOON)
    numbers = made.furniture.workbench.numbers
    qtbot.waitUntil(numbers.table.isVisible, timeout=SOON)
    qtbot.waitUntil(lambda: made.furniture.workbench.centre.display.frame is not None, timeout=SOON)
    qtbot.wait(50)
    return made
