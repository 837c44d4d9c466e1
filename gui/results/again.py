"""What is offered where numbers could not be had."""

from PySide6.QtWidgets import QPushButton, QWidget

from gui.results.results import Results

AGAIN = "Try again"
HELP = "Fetch the numbers anew that could not be had."


class AgainButton(QPushButton):
    """Fetches anew what failed; there only while something has."""

    def __init__(self, results: Results, parent: QWidget | None = None) -> None:
        super().__init__(AGAIN, parent)
        self._results = results
        self.setToolTip(HELP)
        self.setAccessibleName("Try again to get the numbers")
        self.clicked.connect(results.retry)
        results.changed.connect(self._follow)
        results.cleared.connect(self._follow)
        self._follow()

    def _follow(self, *_: object) -> None:
        self.setVisible(self._results.failed)
