"""How an image looks in the list and in the grid."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from core.data.samples import Role
from gui import roles
from gui.browser.model import ROLE_ROLE, SCORE_ROLE, STATE_ROLE, VERDICT_ROLE
from gui.browser.painting import (
    Index,
    ItemRole,
    paint_panel,
    paint_picture,
    paint_signs,
    paint_stripe,
    paint_text,
    text_colours,
    text_font,
)

PICTURE = QSize(64, 40)
"""Room for a thumbnail in the list."""
CELL_PICTURE = QSize(152, 96)
"""Room for a thumbnail in the grid."""
GAP = 6
DOT = "  ·  "
"""Between what is said in a line."""
STRIPE = 3
"""Width of the stripe in the colour of the role."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
MIDDLE, END = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight


def row_height(metrics: QFontMetrics) -> int:
    """Height of every row of the list: a thumbnail, or two lines of text where the font is large."""
    return max(PICTURE.height(), 2 * metrics.height()) + 4


def cell_size(metrics: QFontMetrics) -> QSize:
    """Size of every cell of the grid."""
    return QSize(CELL_PICTURE.width() + 2 * GAP, CELL_PICTURE.height() + STRIPE + 2 * metrics.height() + 2 * GAP + 8)


class NameDelegate(QStyledItemDelegate):
    """A thumbnail with the stripe of its role, and beside it the name above role and folder."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Room for the thumbnail and some of the name."""
        return QSize(PICTURE.width() + 150, row_height(option.fontMetrics))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell."""
        painter.save()
        paint_panel(painter, option)
        rect = option.rect.adjusted(GAP, 2, -GAP, -2)
        paint_stripe(painter, QRect(rect.left(), rect.top(), STRIPE, rect.height()), index)
        picture = QRect(rect.left() + STRIPE + 2, rect.top(), PICTURE.width(), rect.height())
        paint_picture(painter, picture, index)
        paint_signs(painter, picture, index)
        _paint_path(painter, option, index, rect.adjusted(STRIPE + 2 + PICTURE.width() + GAP, 0, 0, 0))
        painter.restore()


class TextDelegate(QStyledItemDelegate):
    """A line of text. Qt's own asks the model ten times for each cell, which Python answers slowly."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell."""
        painter.save()
        paint_panel(painter, option)
        painter.setFont(text_font(option, index))
        painter.setPen(text_colours(option, index)[0])
        text = str(index.data(ItemRole.DisplayRole) or "")
        paint_text(
            painter, option.rect.adjusted(GAP, 0, -GAP, 0), text, index.data(ItemRole.TextAlignmentRole) or LEFT, END
        )
        painter.restore()


class CellDelegate(QStyledItemDelegate):
    """A thumbnail with the stripe of its role; beneath it the name, the score and what is special."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """The size of every cell."""
        return cell_size(option.fontMetrics)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell."""
        painter.save()
        paint_panel(painter, option)
        rect = option.rect.adjusted(GAP, GAP, -GAP, -GAP)
        picture = QRect(rect.topLeft(), QSize(rect.width(), CELL_PICTURE.height()))
        paint_picture(painter, picture, index)
        paint_signs(painter, picture, index)
        words = rect.adjusted(0, CELL_PICTURE.height() + STRIPE + 4, 0, 0)
        paint_stripe(painter, QRect(rect.left(), words.top() - STRIPE - 2, rect.width(), STRIPE), index)
        _paint_words(painter, option, index, words)
        painter.restore()


def _paint_path(painter: QPainter, option: QStyleOptionViewItem, index: Index, rect: QRect) -> None:
    """The file's name, above the verdict on a suspect, or its role and, where there is room, its folder."""
    folder, _, name = str(index.data(ItemRole.DisplayRole)).rpartition("/")
    ink, muted = text_colours(option, index)
    half = rect.height() // 2
    upper, lower = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignTop
    painter.setFont(text_font(option, index))
    painter.setPen(ink)
    paint_text(painter, rect.adjusted(0, 0, 0, half - rect.height()), name, upper, MIDDLE)
    painter.setFont(option.font)
    painter.setPen(muted)
    role = roles.TITLES[Role(index.data(ROLE_ROLE))]
    whole = DOT.join(filter(None, (role, folder)))
    below = index.data(VERDICT_ROLE) or (whole if option.fontMetrics.horizontalAdvance(whole) <= rect.width() else role)
    paint_text(painter, rect.adjusted(0, half, 0, 0), below, lower, END)


def _paint_words(painter: QPainter, option: QStyleOptionViewItem, index: Index, rect: QRect) -> None:
    """The file's name, and a line with score and state."""
    ink, muted = text_colours(option, index)
    half = rect.height() // 2
    painter.setFont(text_font(option, index))
    painter.setPen(ink)
    name = str(index.data(ItemRole.DisplayRole)).rpartition("/")[2]
    paint_text(painter, rect.adjusted(0, 0, 0, half - rect.height()), name, LEFT, MIDDLE)
    painter.setFont(option.font)
    painter.setPen(muted)
    said = (index.data(SCORE_ROLE), index.data(VERDICT_ROLE), index.data(STATE_ROLE))
    words = DOT.join(word for word in said if word)
    paint_text(painter, rect.adjusted(0, half, 0, 0), words, LEFT, END)
