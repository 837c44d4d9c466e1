import pytest
from PySide6.QtGui import QUndoStack

from gui.browser import BrowserPanel
from gui.browser.thumbnails import ThumbnailStore
from gui.document import AuditDocument
from gui.selection import Selection
from tests.gui.browser.helpers import RIGHT_NOW
from tests.gui.small_audit import small_audit


@pytest.fixture
def folder(tmp_path):
    return small_audit(tmp_path / "small.segleak", per_role=6)


@pytest.fixture
def opened():
    """Opens audits, and closes them when every panel has gone."""
    documents = []

    def make(folder):
        documents.append(AuditDocument.open(folder))
        return documents[-1]

    yield make
    for document in documents:
        document.close()


@pytest.fixture
def document(folder, opened):
    return opened(folder)


@pytest.fixture
def thumbnails(tmp_path):
    return ThumbnailStore(tmp_path / "thumbnails")


@pytest.fixture
def panel(qtbot, thumbnails, opened):
    made = []

    def make(document):
        selection = Selection()
        panel = BrowserPanel(selection, QUndoStack(selection), thumbnails)
        qtbot.addWidget(panel)
        made.append(panel)
        panel.resize(500, 400)
        panel.show()
        panel.selection = selection
        selection.setParent(panel)
        selection.document = document
        if document is not None and document.rows:
            qtbot.waitUntil(lambda: panel.model.table is not None and panel.model.table.counted, timeout=RIGHT_NOW)
        return panel

    yield make
    for panel in made:
        panel.close_threads()
