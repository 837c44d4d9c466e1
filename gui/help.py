"""The guide: a few illustrated pages about what one sees."""

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import QFont, QImage, QPainter, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from gui.folders import RESOURCES
from gui.icons import INK
from gui.theme import tokens

FOLDER = RESOURCES / "help"
WIDTH, LETTERS, LINES, LINE_HEIGHT = 680, 92, 44, 118
SHARE = 0.65
"""Height of the guide on a large window, as a share of the window's."""


class Guide(QTextBrowser):
    """The guide, with its drawings in the colours of the theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Guide")
        self.setOpenExternalLinks(True)
        self._write()

    def _write(self) -> None:
        line = self.fontMetrics().lineSpacing()
        self.document().setDocumentMargin(line)
        self.setMarkdown((FOLDER / "guide.md").read_text("utf-8"))
        _space_out(self.document(), line)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Draw anew in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            place = self.verticalScrollBar().value()
            self._write()
            self.verticalScrollBar().setValue(place)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 - Qt's name
        """A drawing of the guide."""
        path = FOLDER / QUrl(name).fileName()
        if kind == QTextDocument.ResourceType.ImageResource.value and path.suffix == ".svg" and path.is_file():
            return _drawn(path.read_text("utf-8"), self.font(), self.devicePixelRatioF())
        return super().loadResource(kind, name)


def _space_out(document: QTextDocument, line: int) -> None:
    """Give every block room, which Markdown cannot ask for; `line` is the height of a line in pixels."""
    block = document.begin()
    while block.isValid():
        heading = block.blockFormat().headingLevel()
        format_ = QTextBlockFormat()
        format_.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if not block.textList() and not QTextCursor(block).currentTable():
            format_.setTopMargin(line * (1.2 if heading else 0.3))
            format_.setBottomMargin(line * 0.5)
        QTextCursor(block).mergeBlockFormat(format_)
        block = block.next()
    for frame in document.rootFrame().childFrames():
        around = frame.frameFormat()
        around.setTopMargin(line * 0.5)
        around.setBottomMargin(line * 0.5)
        frame.setFrameFormat(around)


def _drawn(drawing: str, font: QFont, ratio: float) -> QImage:
    """A drawing as an image, with the theme's colours for ink, paper and accent."""
    of = tokens()
    for word, colour in ((INK, of.text), ("paperColor", of.base), ("mutedColor", of.muted), ("accentColor", of.accent)):
        drawing = drawing.replace(word, colour)
    drawing = drawing.replace("textFont", font.family())
    renderer = QSvgRenderer(drawing.encode())
    size: QSize = renderer.defaultSize()
    image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


class HelpDialog(QDialog):
    """The guide in a window of its own, so that it can lie beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.setModal(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(Guide())
        layout.addWidget(buttons)
        metrics = self.fontMetrics()
        height = max(metrics.lineSpacing() * LINES, round(SHARE * parent.height()) if parent is not None else 0)
        self.resize(max(WIDTH, metrics.averageCharWidth() * LETTERS), height)
