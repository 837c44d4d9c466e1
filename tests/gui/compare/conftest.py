import pytest

from gui.selection import Selection
from tests.gui.compare.helpers import make_view, settle
from tests.gui.compare_world import make_compare_world


@pytest.fixture(scope="session")
def world(tmp_path_factory, street_like):
    return make_compare_world(tmp_path_factory.mktemp("compare"), street_like)


@pytest.fixture
def document(world):
    opened = world.open()
    review = opened.folder / "review.jsonl"
    yield opened
    opened.close()
    review.unlink(missing_ok=True)


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection, document):
    made = make_view(qtbot, selection)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, made)
    return made
