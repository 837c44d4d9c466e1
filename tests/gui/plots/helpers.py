"""What tests of the plots share: results whose numbers are known, and panels that have drawn them."""

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from core.data.samples import Role
from tests.gui.plots.world import made_result

MEMBERS, OTHERS, SUSPECTS = [3.0, 2.0, 1.5, 0.5], [1.8, 0.0, -1.0, -2.0, -3.0], [2.5, -2.5]


def result_of(chain, shift=0.0, **more):
    counts = more.pop("counts", np.diag([5, 3, 2, 0, 0, 0, 0]))
    return made_result(
        chain,
        members=np.array(MEMBERS) - shift,
        non_members=OTHERS,
        suspects=SUSPECTS,
        confusions={Role.NON_MEMBER: counts},
        counted={Role.NON_MEMBER: 5},
        **more,
    )


def shown(qtbot, panel, bands=None):
    qtbot.addWidget(panel, before_close_func=lambda p: p.close_threads())
    panel.resize(1000, 320)
    panel.show()
    settle(qtbot, bands)
    return panel


def settle(qtbot, bands=None):
    """Wait until everything that is due is drawn."""
    qtbot.wait(20)
    if bands is not None:
        qtbot.waitUntil(lambda: not bands.busy, timeout=9000)
        qtbot.wait(20)


def click(chart, x, y):
    """Click on the chart at plot coordinates."""
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=chart.on_screen(QPointF(x, y)))
