"""What this program is, its versions, and whose method it uses."""

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from core import __version__
from core.versions import library_versions

CITATION = """\
@inproceedings{he2020segmentations,
  title     = {Segmentations-Leak: Membership Inference Attacks and Defenses in Semantic Image Segmentation},
  author    = {He, Yang and Rahimian, Shadi and Schiele, Bernt and Fritz, Mario},
  booktitle = {European Conference on Computer Vision (ECCV)},
  year      = {2020},
  eprint    = {1912.09685},
  archivePrefix = {arXiv}
}"""

WORDS = (
    "Shows where a segmentation model remembers its training images, by the method of He, Rahimian, Schiele and Fritz "
    "(ECCV 2020). A low score is never proof that an image was not trained on."
)

GAP = 6
"""Pixels more above a heading."""
ROUND, MOST_ROOM = 10, 0.9
"""Letters around the longest line of a box; the share of the screen's width that the dialog takes at most."""


def versions_text() -> str:
    """Versions of the program, the system and the libraries, a line each."""
    import PySide6

    known = {"SegLeak": __version__, "Python": platform.python_version(), "system": platform.platform()}
    qt = {"PySide6": PySide6.__version__, "Qt": qVersion()}
    libraries = {name: version for name, version in library_versions().items() if name != "segleak"}
    return "\n".join(f"{name} {version}" for name, version in (known | qt | libraries).items())


def _copyable(text: str, name: str) -> QPlainTextEdit:
    box = QPlainTextEdit(text)
    box.setReadOnly(True)
    box.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    box.setAccessibleName(name)
    box.setMinimumHeight(box.fontMetrics().lineSpacing() * (text.count("\n") + 3))
    return box


def _room_for(text: str) -> int:
    """The width at which no line of a text in a box is broken, in pixels."""
    metrics = QFontMetrics(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    return max(metrics.horizontalAdvance(line) for line in text.splitlines()) + ROUND * metrics.averageCharWidth()


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(role != "title")
    return label


class AboutDialog(QDialog):
    """Versions and citation, each with a button that copies it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About SegLeak")
        layout = QVBoxLayout(self)
        layout.addWidget(_label(f"SegLeak {__version__}", "title"))
        layout.addWidget(_label(WORDS, ""))
        layout.addSpacing(GAP)
        layout.addWidget(_label("The method is theirs; please cite it", "heading"))
        layout.addWidget(_copyable(CITATION, "Citation"))
        layout.addSpacing(GAP)
        layout.addWidget(_label("Versions", "heading"))
        layout.addWidget(_copyable(versions_text(), "Versions"))
        layout.addWidget(self._buttons())
        width = min(_room_for(CITATION), round(self.screen().availableSize().width() * MOST_ROOM))
        self.resize(width, layout.heightForWidth(width))

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        for title, text in (("Copy citation", CITATION), ("Copy versions", versions_text())):
            button = QPushButton(title)
            button.clicked.connect(lambda _=False, text=text: QGuiApplication.clipboard().setText(text))
            box.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        return box
