"""The look of the window: colours for light and dark, one colour per defense, the font's size.

Widgets take their colours from the palette and from `tokens()`, and hear of a change as Qt's own `PaletteChange` event.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from gui.sheet import style_sheet

CHOICES = ("system", "light", "dark")

DEFENSE_COLOURS = ("#0154de", "#e09200", "#00b96e", "#ad350f", "#799dff", "#8c3e99", "#c395bf", "#4d625f")
"""Eight colours at least 30 CIELAB units apart, in normal sight and for people without red or green cones, with a
contrast of at least 2.5 to the backgrounds of both themes. Found by search from Okabe and Ito's."""


@dataclass(frozen=True)
class Tokens:
    """The colours of a theme, as "#rrggbb".

    Attributes
    ----------
    window, base, raised
        Behind panels; behind lists, tables and texts; behind buttons and cards.
    line, edge
        Borders and separators; the border of what a person writes or chooses in.
    text, muted
        Text, and text that says less.
    accent, on_accent
        What is selected or to be pressed first, and the text on it.
    note, success, warning, error
        The stripe of a banner of that severity.
    """

    window: str
    base: str
    raised: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    on_accent: str
    note: str
    success: str
    warning: str
    error: str


LIGHT = Tokens(
    window="#f3f4f6",
    base="#ffffff",
    raised="#fafbfc",
    line="#d0d4da",
    edge="#848c96",
    text="#1c2024",
    muted="#5b636d",
    accent="#2563c9",
    on_accent="#ffffff",
    note="#2563c9",
    success="#1a7f4b",
    warning="#a86400",
    error="#c0322b",
)

DARK = Tokens(
    window="#202327",
    base="#17191c",
    raised="#2a2e33",
    line="#3c4249",
    edge="#737b85",
    text="#e6e8eb",
    muted="#a0a8b2",
    accent="#6ea8fe",
    on_accent="#0d1a2b",
    note="#6ea8fe",
    success="#4cc38a",
    warning="#f0b35b",
    error="#ff7b72",
)


def colour_at(place: int) -> str:
    """The colour of the defense in that place; a ninth begins anew."""
    return DEFENSE_COLOURS[place % len(DEFENSE_COLOURS)]


def defense_colours(chains: Iterable[str]) -> dict[str, str]:
    """The colour of each defense of an audit, by chain id, in the audit's order."""
    return {chain: colour_at(place) for place, chain in enumerate(chains)}


def tokens() -> Tokens:
    """The colours of the theme in use."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def palette(of: Tokens) -> QPalette:
    """Qt's palette for these colours."""
    made = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: of.window,
        role.WindowText: of.text,
        role.Base: of.base,
        role.AlternateBase: of.raised,
        role.Text: of.text,
        role.PlaceholderText: of.muted,
        role.Button: of.raised,
        role.ButtonText: of.text,
        role.BrightText: of.error,
        role.ToolTipBase: of.raised,
        role.ToolTipText: of.text,
        role.Highlight: of.accent,
        role.HighlightedText: of.on_accent,
        role.Link: of.accent,
        role.LinkVisited: of.accent,
        role.Accent: of.accent,
        role.Light: of.raised,
        role.Midlight: of.raised,
        role.Mid: of.line,
        role.Dark: of.line,
    }
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(_between(of.text, of.window)))
    return made


def _between(one: str, other: str) -> str:
    """The colour half-way between two, a little nearer to the second."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(0.45 * x + 0.55 * y) for x, y in pairs)).name()


class Theme(QObject):
    """Keeps the application in the chosen theme, also where the system changes its own."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = "system"
        self._font_scale = 1.0
        self._app.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    def apply(self, choice: str, font_scale: float = 1.0) -> None:
        """Use a theme out of `CHOICES` and a font `font_scale` times the system's size."""
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        self._choice, self._font_scale = choice, font_scale
        QGuiApplication.styleHints().setColorScheme(schemes.get(choice, Qt.ColorScheme.Unknown))
        self._follow()

    def _follow(self) -> None:
        used = DARK if self._dark() else LIGHT
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setPointSizeF(font.pointSizeF() * self._font_scale)
        self._app.setFont(font)
        self._app.setPalette(palette(used))
        self._app.setStyleSheet(style_sheet(used, font.pointSizeF()))

    def _dark(self) -> bool:
        if self._choice == "system":
            return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._choice == "dark"
