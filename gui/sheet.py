"""The few style sheet rules that a palette cannot say."""

from typing import TYPE_CHECKING

from gui.folders import RESOURCES

if TYPE_CHECKING:
    from gui.theme import Tokens

TITLE, HEADING, SMALL = 1.9, 1.2, 0.9
"""Sizes of texts with `role` "title", "heading" and "small", in font sizes."""

LINE = 1.15
"""Height of a field for a number inside its frame, in heights of a letter: as high as the lists beside it."""


def _check(of: "Tokens") -> str:
    """The tick in the colour that is legible on the accent."""
    light = int(of.on_accent[1:3], 16) > 127
    return (RESOURCES / "theme" / f"check-{'light' if light else 'dark'}.svg").as_posix()


def style_sheet(of: "Tokens", points: float) -> str:
    """The style sheet for a theme and a font of `points` points.

    Labels take a dynamic property `role`: "title", "heading", "muted" or "small"; a button takes "primary".
    """
    return f"""
    QToolTip {{ color: {of.text}; background: {of.raised}; border: 1px solid {of.line}; padding: 3px; }}
    QLabel[role="title"] {{ font-size: {points * TITLE:.1f}pt; font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {points * HEADING:.1f}pt; font-weight: 600; }}
    QLabel[role="muted"] {{ color: {of.muted}; }}
    QLabel[role="small"] {{ color: {of.muted}; font-size: {points * SMALL:.1f}pt; }}

    QPushButton {{ padding: 5px 12px; border: 1px solid {of.line}; border-radius: 5px; background: {of.raised}; }}
    QPushButton:hover {{ border-color: {of.accent}; }}
    QPushButton:focus {{ border: 1px solid {of.accent}; }}
    QPushButton:pressed {{ background: {of.window}; }}
    QPushButton:disabled {{ color: {of.muted}; }}
    QPushButton[role="primary"] {{ color: {of.on_accent}; background: {of.accent}; border-color: {of.accent}; }}
    QPushButton[role="primary"]:disabled {{ color: {of.muted}; background: {of.raised}; border-color: {of.line}; }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {of.text}; }}
    QPushButton[role="link"] {{ border: none; background: none; color: {of.accent}; padding: 2px 4px; }}
    QPushButton[role="link"]:focus {{ text-decoration: underline; }}

    QAbstractSpinBox {{ min-height: {LINE}em; }}

    QToolBar {{ border: none; border-bottom: 1px solid {of.line}; spacing: 2px; padding: 3px; }}
    QToolBar QToolButton {{ padding: 4px; border: 1px solid transparent; border-radius: 5px; }}
    QToolBar QToolButton:hover {{ background: {of.raised}; border-color: {of.line}; }}
    QToolBar QToolButton:checked {{ background: {of.base}; border-color: {of.accent}; }}
    QStatusBar {{ border-top: 1px solid {of.line}; }}
    QStatusBar::item {{ border: none; }}
    QDockWidget::title {{ padding: 6px 8px; background: {of.window}; border-bottom: 1px solid {of.line}; }}
    QMainWindow::separator {{ background: {of.line}; width: 1px; height: 1px; margin: 2px; }}
    QHeaderView::section {{
        padding: 4px 8px; border: none; border-bottom: 1px solid {of.line};
        border-right: 1px solid {of.line}; background: {of.window}; color: {of.muted};
    }}
    QTableView {{ gridline-color: {of.line}; border: none; }}

    QAbstractItemView::indicator, QCheckBox::indicator {{
        width: 14px; height: 14px; border: 1px solid {of.muted}; border-radius: 3px; background: {of.base};
    }}
    QAbstractItemView::indicator:checked, QCheckBox::indicator:checked {{
        border-color: {of.accent}; background: {of.accent}; image: url("{_check(of)}");
    }}
    QCheckBox::indicator:focus {{ border: 2px solid {of.accent}; }}
    QRadioButton::indicator {{
        width: 14px; height: 14px; border: 1px solid {of.muted}; border-radius: 8px; background: {of.base};
    }}
    QRadioButton::indicator:disabled {{ border-color: {of.line}; }}
    QRadioButton::indicator:checked {{
        width: 6px; height: 6px; border: 5px solid {of.accent}; background: {of.on_accent};
    }}
    QListWidget#jobs::item {{ border-bottom: 1px solid {of.line}; border-left: 3px solid transparent; }}
    QListWidget#jobs::item:selected {{ background: {of.raised}; border-left-color: {of.accent}; }}

    QFrame#banner {{ background: {of.raised}; border: 1px solid {of.line}; border-left: 4px solid {of.note}; }}
    QFrame#banner[severity="success"] {{ border-left-color: {of.success}; }}
    QFrame#banner[severity="warning"] {{ border-left-color: {of.warning}; }}
    QFrame#banner[severity="error"] {{ border-left-color: {of.error}; }}
    QFrame#card {{ background: {of.base}; border: 1px solid {of.line}; border-radius: 8px; }}
    QFrame#card:hover {{ border-color: {of.accent}; }}
    QFrame#card:focus {{ border: 2px solid {of.accent}; }}
    """
