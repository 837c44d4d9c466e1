import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from core.errors import SegLeakError
from gui.actions import Action, ActionRegistry
from gui.cheatsheet import CheatSheet, as_html, sections_of
from gui.matching import found, rank
from gui.palette import CommandPalette
from gui.theme import DARK, LIGHT, palette


def action(action_id, title="Do it", menu="File", shortcut="", callback=lambda: None, **more):
    return Action(action_id, title, menu, shortcut, callback, **more)


@pytest.fixture
def registry(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    return ActionRegistry(window)


def menu_texts(bar):
    """Menus with their entries; "-" for a line."""
    return {m.text(): ["-" if a.isSeparator() else a.text() for a in m.menu().actions()] for m in bar.actions()}


def test_menus_stand_in_the_usual_order_and_groups_are_apart(registry):
    registry.add(
        [
            action("help.about", "About", "Help"),
            action("plot.save", "Save plot", "Plots"),
            action("audit.open", "Open", "File"),
            action("audit.close", "Close", "File"),
            action("app.quit", "Quit", "File"),
            action("pane.save", "Save pane", "File"),
            action("hidden.one", "In the palette only", ""),
        ]
    )
    bar = registry.parent().menuBar()
    registry.fill_menus(bar)
    assert list(menu_texts(bar)) == ["&File", "&Plots", "&Help"]
    assert menu_texts(bar)["&File"] == ["Open", "Close", "-", "Save pane", "-", "Quit"]


def test_a_submenu_is_made_of_a_path(registry):
    registry.add([action("panel.one", "One", "View/Panels"), action("panel.two", "Two", "View/Panels")])
    bar = registry.parent().menuBar()
    registry.fill_menus(bar)
    (view,) = bar.actions()
    (panels,) = view.menu().actions()
    assert [a.text() for a in panels.menu().actions()] == ["One", "Two"]


def test_the_tool_bar_has_only_what_asks_for_a_button(registry):
    registry.add([action("a.a", "A", toolbar=True), action("a.b", "B"), action("a.c", "C", "Edit", toolbar=True)])
    bar = registry.parent().addToolBar("Tools")
    registry.fill_tool_bar(bar)
    assert [a.text() for a in bar.actions()] == ["A", "", "C"]


def test_a_shortcut_runs_its_action_only_while_it_can_be_used(registry, qtbot):
    ran, usable = [], [True]
    registry.add([action("a.a", shortcut="Ctrl+J", callback=lambda: ran.append(1), enabled=lambda: usable[0])])
    window = registry.parent()
    qtbot.waitExposed(window)
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert ran == [1]
    usable[0] = False  # nobody told the registry: it asks again before it runs
    registry.qaction("a.a").trigger()
    assert ran == [1]
    registry.refresh()
    assert not registry.qaction("a.a").isEnabled()


def test_two_actions_cannot_have_one_id_or_one_shortcut(registry):
    registry.add([action("a.a", shortcut=("Ctrl+J", "F5"))])
    with pytest.raises(ValueError, match=r"two actions are called 'a\.a'"):
        registry.add([action("a.a")])
    with pytest.raises(ValueError, match=r"belongs to a\.a"):
        registry.add([action("a.b", shortcut="f5")])
    with pytest.raises(ValueError, match="Qt does not know it"):
        registry.add([action("a.c", shortcut="Ctrl+Nonsense")])


def test_an_expected_failure_is_handed_on_and_any_other_is_raised(registry, heard):
    def fails():
        raise SegLeakError("It is not there.", "Look elsewhere.")

    told = heard(registry.failed)
    registry.add([action("a.a", callback=fails), action("a.b", callback=lambda: 1 / 0)])
    registry.trigger("a.a")
    assert [error.remedy for error in told.got] == ["Look elsewhere."]
    with pytest.raises(ZeroDivisionError):
        registry.trigger("a.b")


def test_a_switch_shows_what_holds_and_not_how_often_it_was_pressed(registry):
    on = [False]
    registry.add([action("a.a", callback=lambda: None, checked=lambda: on[0])])
    registry.qaction("a.a").trigger()
    assert not registry.qaction("a.a").isChecked()
    on[0] = True
    registry.refresh()
    assert registry.qaction("a.a").isChecked()


# ---------------------------------------------------------------- finding


def test_ranks_are_those_worked_out_by_hand():
    # "o" begins a word: 8; "a" begins one: 8.
    assert rank("oa", "Open audit") == 16
    # "o" begins a word: 8; "p" in a run: 1 + 4.
    assert rank("op", "Open audit") == 13
    assert rank("", "Open") == 0
    assert rank("po", "Open") is None
    assert rank("AUDIT", "open audit") == 8 + 4 * (1 + 4)


def brute_force_rank(query, text):
    """The best of all ways to lay the query's letters into the text."""
    letters, text = query.casefold(), text.casefold()
    starts = [not (i and text[i - 1].isalnum()) and c.isalnum() for i, c in enumerate(text)]
    best = None

    def lay(letter, last, value):
        nonlocal best
        if letter == len(letters):
            best = value if best is None else max(best, value)
            return
        for place in range(max(last + 1, 0), len(text)):
            if text[place] == letters[letter]:
                lay(letter + 1, place, value + (8 if starts[place] else 1) + (4 if place == last + 1 else 0))

    lay(0, -2, 0)
    return best


@pytest.mark.parametrize("query", ["a", "ao", "oo", "nts", "open", "tot", "x"])
def test_ranks_are_those_of_every_way_tried(query):
    for text in ("Open an audit", "Note on a toot", "Put the panels back"):
        assert rank(query, text) == brute_force_rank(query, text), text


def test_better_matches_come_first_and_equal_ones_keep_their_order():
    names = ["Reload audit", "Open audit", "Other audit"]
    assert found("oa", names, str) == ["Open audit", "Other audit", "Reload audit"]
    assert found("", names, str) == names
    assert found("zz", names, str) == []


def test_the_palette_lists_what_can_be_used_and_runs_what_is_chosen(registry, qtbot):
    ran = []
    registry.add(
        [
            action("a.open", "Open an audit...", shortcut="Ctrl+O", callback=lambda: ran.append("open")),
            action("a.demo", "Open the demo audit", callback=lambda: ran.append("demo")),
            action("a.no", "Open nothing", enabled=lambda: False),
            action("p.secret", "Palette only", "", callback=lambda: ran.append("secret")),
        ]
    )
    palette = CommandPalette(registry, registry.parent())
    qtbot.addWidget(palette)
    palette.open()
    assert palette.titles == ["File: Open an audit", "File: Open the demo audit", "Palette only"]
    assert palette.keys == ["Ctrl+O", "", ""]
    qtbot.keyClicks(palette._field, "demo")
    assert palette.titles == ["File: Open the demo audit"]
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert ran == ["demo"]
    assert not palette.isVisible()
    palette.open()
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert ran == ["demo", "demo"]


def test_the_palette_closes_and_runs_nothing_where_nothing_is_found(registry, qtbot):
    registry.add([action("a.a", "A")])
    palette = CommandPalette(registry, registry.parent())
    qtbot.addWidget(palette)
    palette.open()
    qtbot.keyClicks(palette._field, "zzz")
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_the_cheat_sheet_shows_all_where_there_is_room_in_the_colours_of_the_theme(qtbot, qapp):
    sheet = CheatSheet([action(f"a.{n}", f"Act {n}", shortcut=f"Ctrl+{n}") for n in range(9)])
    qtbot.addWidget(sheet)
    sheet.show()
    bar = sheet._page.verticalScrollBar()
    assert bar.maximum() == 0
    many = CheatSheet([action(f"a.{n}", f"Act {n}", shortcut=f"Ctrl+F{n}") for n in range(200)])
    qtbot.addWidget(many)
    many.show()
    assert many.height() <= many.screen().availableSize().height()
    for tokens in (DARK, LIGHT):
        qapp.setPalette(palette(tokens))
        qapp.processEvents()
        assert tokens.muted in sheet._page.toHtml()


def test_the_cheat_sheet_has_every_shortcut_and_no_action_without_one():
    html = as_html(
        [action("a.a", "A & B", shortcut="Ctrl+J"), action("a.b", "Nothing"), action("a.c", "C", "", "F7")], ""
    )
    assert "Ctrl+J" in html
    assert "A &amp; B" in html
    assert "Nothing" not in html
    assert "Elsewhere" in html


def test_on_the_cheat_sheet_commands_that_differ_in_their_number_alone_share_a_line():
    layers = [action(f"layer.{n}", f"Show layer {n}", "", f"{n}") for n in range(1, 9)]
    others = [action("a.9", "Mean 9", "", "9"), action("b.b", "Next 2", "", "Ctrl+2")]
    sections = dict(sections_of([*layers, *others, action("z.z", "Zoom", "Compare", "+")]))
    assert [*sections] == ["Compare", "Elsewhere"]
    assert sections["Elsewhere"][:3] == [("1 to 8", "Show layer 1 to 8"), ("9", "Mean 9"), ("Ctrl+2", "Next 2")]
    assert ("Delete", "Remove a region, an operating point") in sections["Elsewhere"]


def test_the_cheat_sheet_follows_the_menu_bar():
    menus = ["Help", "Compare", "Plots", "File"]
    made = [action(f"a{n}.a", menu, menu, f"Ctrl+{n}") for n, menu in enumerate(menus)]
    assert [menu for menu, _ in sections_of(made)] == ["File", "Compare", "Plots", "Help", "Elsewhere"]


def test_what_concerns_the_program_is_set_off_in_its_menu_even_below_another_menu(registry):
    places = {"a.a": "File", "e.e": "File/Export", "app.q": "File"}
    registry.add([action(name, name, menu) for name, menu in places.items()])
    bar = registry.parent().menuBar()
    registry.fill_menus(bar)
    assert menu_texts(bar)["&File"] == ["a.a", "Export", "-", "app.q"]
