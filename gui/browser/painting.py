"""Pieces of which the cells of the image list are painted."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem

from core.data.samples import Role
from gui import roles
from gui.browser.model import REASON_ROLE, ROLE_ROLE, SIGNS_ROLE
from gui.icons import icon
from gui.theme import tokens

Index = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole

SIGN = 20
"""Side of the sign that stands for a picture that cannot be shown."""
MARK = 15
"""Side of the signs on a picture."""


def paint_panel(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """The background, as the style paints it for cells that are selected, in focus or neither."""
    style = option.widget.style() if option.widget else QApplication.style()
    style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)


def paint_picture(painter: QPainter, rect: QRect, index: Index) -> None:
    """The thumbnail in the middle of a rectangle, or a sign where there is none; empty while it is being made."""
    pixmap = index.data(ItemRole.DecorationRole)
    if isinstance(pixmap, QPixmap):
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(_fitted(rect, pixmap.size()), pixmap)
        return
    painter.fillRect(rect, QColor(tokens().window))
    if index.data(REASON_ROLE) is not None:
        side = min(SIGN, rect.height())
        centre = QRect(0, 0, side, side)
        centre.moveCenter(rect.center())
        icon("warning", tokens().warning).paint(painter, centre)


def paint_signs(painter: QPainter, picture: QRect, index: Index) -> None:
    """The signs of what is special about an image, in the lower right corner of its picture."""
    tone = tokens()
    colours = {"warning": tone.warning, "exclude": tone.error, "flag": tone.accent}
    place = QRect(picture.right() - MARK, picture.bottom() - MARK, MARK, MARK)
    for name in index.data(SIGNS_ROLE) or ():
        painter.fillRect(place, QColor(tone.base))
        icon(name, colours.get(name, tone.text)).paint(painter, place.adjusted(1, 1, -1, -1))
        place.translate(-MARK - 1, 0)


def paint_stripe(painter: QPainter, rect: QRect, index: Index) -> None:
    """A stripe in the colour of the image's role."""
    painter.fillRect(rect, QColor(roles.COLOURS[Role(index.data(ROLE_ROLE))]))


def paint_text(painter: QPainter, rect: QRect, text: str, where: Qt.AlignmentFlag, elided: Qt.TextElideMode) -> None:
    """One line of text, shortened where it does not fit."""
    shown = painter.fontMetrics().elidedText(text, elided, rect.width())
    painter.drawText(rect, int(where), shown)


def text_colours(option: QStyleOptionViewItem, index: Index) -> tuple[QColor, QColor]:
    """The colours of what is read first and of what says less."""
    if option.state & QStyle.StateFlag.State_Selected:
        ink = option.palette.highlightedText().color()
        return ink, ink
    muted = option.palette.placeholderText().color()
    return muted if index.data(ItemRole.ForegroundRole) is not None else option.palette.text().color(), muted


def text_font(option: QStyleOptionViewItem, index: Index) -> QFont:
    """The font of the view, struck out where the model says so."""
    font = QFont(option.font)
    given = index.data(ItemRole.FontRole)
    if isinstance(given, QFont):
        font.setStrikeOut(given.strikeOut())
        font.setBold(given.bold())
    return font


def _fitted(rect: QRect, size: QSize) -> QRect:
    """The largest rectangle of a size's shape in the middle of another; never larger than the size itself."""
    fitted = QRect(rect.topLeft(), size.scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio))
    fitted.moveCenter(rect.center())
    return fitted
