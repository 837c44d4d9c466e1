"""What is kept between two windows: recent audits and the session."""

import pytest

from gui.recent import MOST as MOST_RECENT
from gui.recent import RecentAudit, forget, read_recent, recent_path, remember
from gui.session import Session, read_session, session_path, write_session


def recent(tmp_path, number):
    return RecentAudit(tmp_path / f"{number}.segleak", f"Audit {number}", "line")


def test_the_last_audit_is_first_and_each_stands_once(tmp_path):
    for number in (1, 2, 3, 1):
        remember(recent(tmp_path, number))
    assert read_recent() == [recent(tmp_path, n) for n in (1, 3, 2)]
    for number in range(MOST_RECENT + 5):
        remember(recent(tmp_path, number))
    assert len(read_recent()) == MOST_RECENT


def test_an_audit_is_forgotten_with_its_picture(tmp_path):
    one = recent(tmp_path, 1)
    remember(one)
    one.thumbnail.parent.mkdir(parents=True)
    one.thumbnail.write_bytes(b"png")
    assert forget(one.folder) == []
    assert not one.thumbnail.exists()


@pytest.mark.parametrize("text", ["", "audits = 3", "[[audits]]\nfolder = 3", "[[audits]]\nfolder = ''", "\x00"])
def test_a_damaged_list_is_as_if_it_were_empty(text):
    recent_path().parent.mkdir(parents=True)
    recent_path().write_text(text)
    assert read_recent() == []


def test_a_session_is_read_as_it_was_written():
    session = Session("/a.segleak", 4, ("none", "argmax"), "loss", "score", {"compare": {"zoom": 2.0, "at": [1, 2]}})
    write_session(session)
    assert read_session() == session


@pytest.mark.parametrize("text", ["", "audit = 3\nimage = 'x'", "views = {a = 3}", "chains = [1]", "[", "\x00"])
def test_a_damaged_session_is_an_empty_one(text):
    session_path().parent.mkdir(parents=True)
    session_path().write_text(text)
    assert read_session() == Session()
