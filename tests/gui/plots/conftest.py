import pytest
from PySide6.QtGui import QUndoStack

from gui.document import AuditDocument
from gui.plots.bands import Bands
from gui.plots.roc_panel import RocPanel
from gui.plots.scores_panel import ScoresPanel
from gui.selection import Selection
from tests.gui.plots.helpers import result_of, shown
from tests.gui.plots.world import SetResults
from tests.gui.small_audit import CHAINS, small_audit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("plots") / "small.segleak", per_role=6)


@pytest.fixture
def selection(qapp, folder):
    document = AuditDocument.open(folder)
    made = Selection()
    made.document = document
    made.chains = CHAINS[:2]
    yield made
    made.document = None
    document.close()


@pytest.fixture
def results():
    return SetResults(result_of("none"), result_of("argmax", 1.0), result_of("gauss-sigma0.3", 2.0))


@pytest.fixture
def bands(qtbot, selection):
    made = Bands(selection)
    yield made
    made.close()


@pytest.fixture
def roc(qtbot, selection, results, bands):
    return shown(qtbot, RocPanel(selection, results, bands), bands)


@pytest.fixture
def scores(qtbot, selection, results):
    return shown(qtbot, ScoresPanel(selection, results))


@pytest.fixture
def undo_stack(selection):
    return QUndoStack(selection)
