import pytest

from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("audits") / "one.segleak", title="One")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("others") / "two.segleak", title="Two")


@pytest.fixture
def window(qtbot, qapp):
    return make_window(qtbot, qapp)


@pytest.fixture
def unfinished(tmp_path):
    return small_audit(tmp_path / "half.segleak", title="Half", done=2)
