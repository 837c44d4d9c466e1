"""The fonts that come with the program: the same letters on every machine, and all of them inside a PDF."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from gui.folders import RESOURCES

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"


@cache
def register() -> None:
    """Make them known to Qt; needs an application."""
    for path in sorted((RESOURCES / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


@cache
def font(size: int, *, bold: bool = False, mono: bool = False) -> QFont:
    """A font of `size` units, measured alike on every device, without ligatures so that words can be searched for."""
    register()
    made = QFont(MONO if mono else SANS)
    made.setPixelSize(size)
    made.setBold(bold)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setFeature(QFont.Tag("liga"), 0)
    return made
