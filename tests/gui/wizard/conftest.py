import pytest

from tests.gui.stand_ins import make_window


@pytest.fixture
def window(qtbot, qapp):
    return make_window(qtbot, qapp)


@pytest.fixture
def page(window):
    window.registry.trigger("audit.new")
    return window.beginning.page
