import itertools

import numpy as np
import pytest
from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QColor, QIcon, QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from gui.help import Guide
from gui.icons import FOLDER, Sign, icon
from gui.theme import DARK, DEFENSE_COLOURS, LIGHT, Theme, defense_colours, palette, tokens

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


@pytest.fixture
def theme(qapp):
    theme = Theme(qapp)
    yield theme
    qapp.setStyleSheet("")
    theme.deleteLater()


def linear(colour):
    value = np.array(QColor(colour).getRgbF()[:3])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(XYZ[1] @ linear(colour))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    x = XYZ @ rgb / np.array([0.95047, 1, 1.08883])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_guide_is_drawn_anew_in_the_colours_of_another_theme(qtbot, theme):
    guide = Guide()
    qtbot.addWidget(guide)
    guide.show()
    for choice in ("dark", "light", "dark"):
        theme.apply(choice)
        drawing = guide.document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl("window.svg"))
        assert drawing.pixelColor(20, 150) == QColor(tokens().base), choice


@pytest.mark.parametrize("sight", [np.eye(3), PROTANOPIA, DEUTERANOPIA], ids=["normal", "no red", "no green"])
def test_defenses_are_told_apart_whoever_looks(sight):
    seen = [lab(np.clip(np.array(sight) @ linear(colour), 0, 1)) for colour in DEFENSE_COLOURS]
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > 30


@pytest.mark.parametrize("of", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_read_against_what_is_behind_it(of):
    for colour in DEFENSE_COLOURS:
        assert contrast(colour, of.base) > 2.5
    for behind in (of.window, of.base, of.raised):
        assert contrast(of.text, behind) > 7
        assert contrast(of.muted, behind) > 4.5
    for behind in (of.window, of.base):
        assert contrast(of.edge, behind) > 3
    for stripe in (of.note, of.success, of.warning, of.error):
        assert contrast(stripe, of.raised) > 3
    assert contrast(of.on_accent, of.accent) > 4.5


def test_a_defense_keeps_its_colour_and_the_ninth_begins_anew():
    chains = [f"chain{i}" for i in range(9)]
    colours = defense_colours(chains)
    assert colours["chain0"] == colours["chain8"] == DEFENSE_COLOURS[0]
    assert len({colours[c] for c in chains[:8]}) == 8


def test_a_theme_is_applied_to_widgets_that_are_there_already(theme, qtbot):
    label = QLabel("words")
    qtbot.addWidget(label)
    label.show()
    theme.apply("dark")
    assert tokens() == DARK
    assert label.palette().windowText().color() == QColor(DARK.text)
    theme.apply("light")
    assert tokens() == LIGHT
    assert label.palette().windowText().color() == QColor(LIGHT.text)


def test_the_font_scale_is_of_the_systems_size_and_not_of_the_last_one(theme, qapp):
    theme.apply("light", 1.0)
    plain = qapp.font().pointSizeF()
    theme.apply("light", 1.5)
    theme.apply("light", 2.0)
    assert qapp.font().pointSizeF() == pytest.approx(2 * plain)
    theme.apply("light", 1.0)


def test_the_theme_of_the_system_follows_it(theme, qapp, monkeypatch):
    theme.apply("system")
    for dark in (True, False):
        monkeypatch.setattr(Theme, "_dark", lambda self, dark=dark: dark)
        qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
        assert tokens() == (DARK if dark else LIGHT)


# ---------------------------------------------------------------- icons

DRAWINGS = sorted(path.stem for path in FOLDER.glob("*.svg"))


def ink(drawing, mode=QIcon.Mode.Normal, colour="", side=32):
    """Which colours the opaque pixels of an icon have."""
    image = icon(drawing, colour).pixmap(QSize(side, side), 1.0, mode).toImage()
    pixels = (image.pixelColor(x, y) for x in range(side) for y in range(side))
    return {p.name() for p in pixels if p.alpha() == 255}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_every_drawing_draws_something_in_the_colour_of_the_text(drawing, theme):
    theme.apply("dark")
    painted = ink(drawing)
    assert painted, "nothing is drawn"
    if drawing != "segleak":
        assert painted == {DARK.text}


def test_an_icon_follows_the_theme_its_mode_and_its_own_colour(theme):
    theme.apply("light")
    assert ink("close") == {LIGHT.text}
    assert ink("close", QIcon.Mode.Selected) == {LIGHT.on_accent}
    assert ink("close", QIcon.Mode.Disabled) not in ({LIGHT.text}, {LIGHT.window})
    assert ink("dot", colour="#d55e00") == {"#d55e00"}


def test_an_icon_is_sharp_on_a_dense_screen(qapp):
    assert icon("open").pixmap(QSize(16, 16), 2.0).size() == QSize(32, 32)


def test_a_sign_is_tinted_anew_when_the_theme_changes(theme, qtbot):
    theme.apply("light")
    sign = Sign("dot", 12, lambda: tokens().error)
    qtbot.addWidget(sign)

    def middle():
        return sign.pixmap().toImage().pixelColor(6, 6).name()

    assert middle() == LIGHT.error
    theme.apply("dark")
    QApplication.processEvents()
    assert middle() == DARK.error


def test_the_palette_tells_disabled_texts_from_others(qapp):
    made = palette(LIGHT)
    assert made.color(made.ColorGroup.Disabled, made.ColorRole.Text) != made.color(made.ColorRole.Text)


@pytest.mark.parametrize(("choice", "of"), [("light", LIGHT), ("dark", DARK)])
@pytest.mark.parametrize("role", ["", "primary", "link"])
def test_a_button_that_cannot_be_pressed_has_no_accent(qtbot, theme, choice, of, role):
    theme.apply(choice)
    button = QPushButton("MMMM")
    button.setProperty("role", role)
    qtbot.addWidget(button)
    button.show()

    def accented():
        image, wanted = button.grab().toImage(), QColor(of.accent).rgb()
        return any(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))

    button.setEnabled(False)
    assert not accented()
    button.setEnabled(True)
    assert accented() == bool(role)
