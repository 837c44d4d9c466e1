"""The few style sheet rules that a palette cannot say."""

from typing import TYPE_CHECKING

from gui.folders import RESOURCES

if TYPE_CHECKING:
    from gui.theme import Tokens

TITLE, HEADING, SMALL = 1.9, 1.2, 0.9
"""Sizes of texts with `role` "title", "heading" and "small", in font sizes."""

LINE = 1.3
"""Height of a field for a text or a number inside its frame, in heights of a letter: as high as the lists beside it."""


def drawing(name: str, behind: str) -> str:
    """The file of a drawing of `resources/theme` that is legible on a colour."""
    red, green, blue = (int(behind[i : i + 2], 16) for i in (1, 3, 5))
    tint = "light" if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else "dark"
    return (RESOURCES / "theme" / f"{name}-{tint}.svg").as_posix()


def style_sheet(of: "Tokens", points: float) -> str:
    """The style sheet for a theme and a font of `points` points.

    Labels take a dynamic property `role`: "title", "heading", "subheading", "muted" or "small"; a button takes
    "primary" or "link", a title that unfolds "fold", a small button with words "words".
    """
    parts = (_texts(of, points), _buttons(of), _fields(of), _boxes(of), _tabs(of), _bars(of), _frames(of))
    return "".join(parts)


def _texts(of: "Tokens", points: float) -> str:
    return f"""
    QToolTip {{ color: {of.text}; background: {of.raised}; border: 1px solid {of.line}; padding: 3px; }}
    QLabel[role="title"] {{ font-size: {points * TITLE:.1f}pt; font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {points * HEADING:.1f}pt; font-weight: 600; }}
    QLabel[role="subheading"] {{ font-weight: 600; }}
    QLabel[role="muted"] {{ color: {of.muted}; }}
    QLabel[role="small"] {{ color: {of.muted}; font-size: {points * SMALL:.1f}pt; }}
    """


def _buttons(of: "Tokens") -> str:
    return f"""
    QPushButton {{ padding: 5px 12px; border: 1px solid {of.line}; border-radius: 5px; background: {of.raised}; }}
    QPushButton:hover {{ border-color: {of.accent}; }}
    QPushButton:focus {{ border: 1px solid {of.accent}; }}
    QPushButton:pressed {{ background: {of.window}; }}
    QPushButton:disabled {{ color: {of.muted}; }}
    QPushButton[role="primary"] {{ color: {of.on_accent}; background: {of.accent}; border-color: {of.accent}; }}
    QPushButton[role="primary"]:disabled {{ color: {of.muted}; background: {of.raised}; border-color: {of.line}; }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {of.text}; }}
    QPushButton[role="link"] {{ border: none; background: none; color: {of.accent}; padding: 2px 4px; }}
    QPushButton[role="link"]:disabled {{ color: {of.muted}; }}
    QPushButton[role="link"]:focus {{ text-decoration: underline; }}
    QToolButton[role="words"] {{
        padding: 1px 8px; border: 1px solid {of.line}; border-radius: 5px; background: {of.raised};
    }}
    QToolButton[role="words"]:hover, QToolButton[role="words"]:focus {{ border-color: {of.accent}; }}
    QToolButton[role="words"]:checked {{ border-color: {of.accent}; background: {of.base}; }}
    QToolButton[role="words"]::menu-indicator {{ image: none; }}
    QToolButton[role="fold"] {{ border: none; background: none; padding: 3px 2px; }}
    QToolButton[role="fold"]:hover {{ color: {of.accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    """


def _fields(of: "Tokens") -> str:
    """Where a person writes or chooses: framed in both themes, which Fusion's own frames are not in a dark one."""
    return f"""
    QPlainTextEdit {{ border: 1px solid {of.edge}; border-radius: 4px; }}
    QPlainTextEdit:focus {{ border-color: {of.accent}; }}
    QLineEdit, QAbstractSpinBox, QComboBox {{
        border: 1px solid {of.edge}; border-radius: 4px; background: {of.base}; color: {of.text};
        min-height: {LINE}em; padding: 1px 4px; placeholder-text-color: {of.muted};
        selection-background-color: {of.accent}; selection-color: {of.on_accent};
    }}
    QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{ border-color: {of.accent}; }}
    QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{
        border-color: {of.line}; background: {of.window}; color: {of.muted};
    }}
    QAbstractSpinBox {{ padding: 0 1px 0 3px; }}
    QComboBox {{ padding: 1px 6px; }}
    QComboBox:editable {{ padding: 1px 4px; }}
    QAbstractSpinBox QLineEdit, QComboBox QLineEdit, QAbstractItemView QLineEdit {{
        border: none; border-radius: 0; min-height: 0; padding: 0 3px;
    }}

    QComboBox::drop-down {{ border: none; width: 18px; }}
    QComboBox::down-arrow {{ width: 12px; height: 12px; image: url("{drawing("down", of.base)}"); }}
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
        subcontrol-origin: border; width: 18px; border: none; background: none;
    }}
    QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
    QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
    QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {of.raised}; }}
    QAbstractSpinBox::up-arrow {{ width: 9px; height: 9px; image: url("{drawing("up", of.base)}"); }}
    QAbstractSpinBox::down-arrow {{ width: 9px; height: 9px; image: url("{drawing("down", of.base)}"); }}
    QAbstractSpinBox::up-arrow:off, QAbstractSpinBox::down-arrow:off {{ image: none; }}
    """


def _boxes(of: "Tokens") -> str:
    """What is ticked."""
    return f"""
    QAbstractItemView::indicator, QCheckBox::indicator {{
        width: 14px; height: 14px; border: 1px solid {of.muted}; border-radius: 3px; background: {of.base};
    }}
    QAbstractItemView::indicator:checked, QCheckBox::indicator:checked {{
        border-color: {of.accent}; background: {of.accent}; image: url("{drawing("check", of.accent)}");
    }}
    QAbstractItemView::indicator:disabled, QCheckBox::indicator:disabled {{ border-color: {of.line}; }}
    QAbstractItemView::indicator:checked:disabled, QCheckBox::indicator:checked:disabled {{
        background: {of.line}; image: url("{drawing("check", of.line)}");
    }}
    QCheckBox::indicator:focus {{ border: 2px solid {of.accent}; }}
    QRadioButton::indicator {{
        width: 14px; height: 14px; border: 1px solid {of.muted}; border-radius: 8px; background: {of.base};
    }}
    QRadioButton::indicator:disabled {{ border-color: {of.line}; }}
    QRadioButton::indicator:checked {{
        width: 6px; height: 6px; border: 5px solid {of.accent}; background: {of.on_accent};
    }}
    """


def _tabs(of: "Tokens") -> str:
    """The tab in front has a line in the accent's colour."""
    return f"""
    QTabBar {{ qproperty-drawBase: 0; }}
    QTabBar::tab {{
        padding: 5px 12px; border: none; border-bottom: 2px solid transparent; color: {of.muted}; background: none;
    }}
    QTabBar::tab:hover {{ color: {of.text}; background: {of.raised}; }}
    QTabBar::tab:selected {{ color: {of.text}; border-bottom-color: {of.accent}; }}
    QTabBar:focus {{ outline: none; }}
    QTabBar::tab:selected:focus {{ background: {of.raised}; }}
    QTabWidget::pane {{ border: 1px solid {of.line}; border-radius: 4px; background: {of.raised}; }}
    """


def _bars(of: "Tokens") -> str:
    """What is around the views: the tool bar, the titles of panels and columns."""
    return f"""
    QToolBar {{ border: none; border-bottom: 1px solid {of.line}; spacing: 2px; padding: 3px; }}
    QToolBar QToolButton {{ padding: 4px; border: 1px solid transparent; border-radius: 5px; }}
    QToolBar QToolButton:hover {{ background: {of.raised}; border-color: {of.line}; }}
    QToolBar QToolButton:checked {{ background: {of.base}; border-color: {of.accent}; }}
    QProgressBar {{ border: none; border-radius: 3px; background: {of.line}; max-height: 8px; }}
    QProgressBar::chunk {{ border-radius: 3px; background: {of.accent}; }}
    QStatusBar {{ border-top: 1px solid {of.line}; }}
    QStatusBar::item {{ border: none; }}
    QDockWidget {{
        titlebar-close-icon: url("{drawing("close", of.window)}");
        titlebar-normal-icon: url("{drawing("float", of.window)}");
    }}
    QDockWidget::title {{ padding: 6px 8px; background: {of.window}; border-bottom: 1px solid {of.line}; }}
    QMainWindow::separator {{ background: {of.line}; width: 1px; height: 1px; margin: 2px; }}
    QHeaderView::section {{
        padding: 4px 8px; border: none; border-bottom: 1px solid {of.line};
        border-right: 1px solid {of.line}; background: {of.window}; color: {of.muted};
    }}
    QTableView {{ gridline-color: {of.line}; border: none; }}
    """


def _frames(of: "Tokens") -> str:
    """Jobs, defenses, banners and cards."""
    return f"""
    QListWidget#defenseRows::item, QListWidget#ticks::item {{ padding: 4px 2px; }}
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
