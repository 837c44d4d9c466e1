"""Closing the window, and what the next one shows."""

import pytest

from core.errors import StoreError
from gui import window as window_module
from gui.app import furnish as furnish_later
from gui.session import Session, read_session, write_session
from tests.gui.stand_ins import make_window
from tests.gui.window.helpers import docks, engine_of, open_audit, titles


def test_closing_while_an_audit_runs_asks_first(qtbot, window, unfinished, monkeypatch):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    asked = []
    monkeypatch.setattr(
        window_module, "stop_and_close", lambda board, parent: asked.append(board.at_work[0].title) or len(asked) > 1
    )
    assert not window.close()
    assert window.isVisible()
    assert engine_of(window).calls == []
    assert window.close()
    assert asked == ["half", "half"]
    assert engine_of(window).calls == ["close"]


def test_closing_waits_for_the_views_and_the_engine(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.close()
    views = window.furniture.workbench._views.values()
    assert all(view.closed for view in views)
    assert engine_of(window).calls == ["close"]


def test_the_next_window_shows_what_the_last_one_did(qtbot, qapp, finished):
    first = make_window(qtbot, qapp)
    open_audit(qtbot, first, finished)
    selection = first.furniture.selection
    selection.attack, selection.chains, selection.layer, selection.image = "confidence", ("argmax",), "label", 4
    first.furniture.workbench.centre.kept = {"zoom": 3.0}
    first.furniture.workbench.docks["numbers"].close()
    first.resize(760, 640)
    first.close()
    second = make_window(qtbot, qapp)
    second.audits.restore(read_session())
    qtbot.waitUntil(second.audits.has_document, timeout=9000)
    again = second.furniture.selection
    assert (again.attack, again.chains, again.layer, again.image) == ("confidence", ("argmax",), "label", 4)
    assert second.furniture.workbench.centre.kept == {"zoom": 3.0}
    assert docks(second) == {"images": True, "defenses": True, "numbers": False}
    assert second.size() == first.size()


def test_a_session_of_another_state_of_the_audit_is_taken_as_far_as_it_goes(qtbot, window, finished):
    session = Session(str(finished), 999, ("gone", "argmax"), "gone", "gone", {"elsewhere": {}})
    window.audits.restore(session)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    selection = window.furniture.selection
    assert (selection.chains, selection.attack, selection.image) == (("argmax",), "loss", 1)


def test_a_session_whose_audit_is_gone_leaves_the_welcome_page(qtbot, window, tmp_path):
    window.audits.restore(Session(str(tmp_path / "gone.segleak")))
    assert not window.audits.restoring
    assert window.welcome.isVisible()
    assert titles(window) == []


def test_what_is_looked_at_is_kept_before_the_window_closes(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.furniture.selection.image = 3
    qtbot.waitUntil(lambda: read_session().image == 3, timeout=9000)


def test_a_window_that_is_closed_while_it_restores_keeps_the_session(qtbot, qapp, finished):
    write_session(Session(str(finished), 2))
    window = make_window(qtbot, qapp)
    window.audits.restore(read_session())
    window.close()
    assert read_session() == Session(str(finished), 2)


def test_an_engine_that_cannot_be_made_is_told_of_and_the_window_lives(qtbot, qapp, monkeypatch, finished):
    def fails(threads, parent):
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        make_window(qtbot, qapp, engine=fails)


def test_the_app_opens_the_path_it_was_given(qtbot, window, finished, monkeypatch):
    monkeypatch.setattr("gui.app._load", lambda: None)
    furnish_later(window, finished)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert engine_of(window).calls == ["start"]


def test_the_app_puts_a_model_on_the_page_asks_about_images_and_refuses_the_rest(
    qtbot, qapp, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr("gui.app._load", lambda: None)
    model, images, wrong = tmp_path / "net.pth", tmp_path / "images", tmp_path / "letter.docx"
    images.mkdir()
    for path in (model, wrong):
        path.write_bytes(b"x")

    def given(path):
        made = make_window(qtbot, qapp)
        furnish_later(made, path)
        qtbot.waitUntil(lambda: made.beginning.is_shown() or bool(made.banners.shown), timeout=9000)
        return made

    assert given(model).beginning.page.model.path.text() == str(model)
    page = given(images).beginning.page
    assert page.zones.isVisible()
    assert page.composer.draft.spec.images == ()
    for path, words in ((wrong, "neither an audit, nor a model, nor images"), (tmp_path / "gone", "is not there")):
        window = given(path)
        assert words in window.banners.shown[0].title
        assert window.welcome.isVisible()
