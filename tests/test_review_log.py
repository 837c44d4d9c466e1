"""What people decide about an audit."""

import pytest

from core.audit import review
from core.errors import StoreError


def test_the_review_log_only_grows_and_the_last_word_counts(tmp_path):
    review.append(tmp_path, "exclude", image=3, why="blurred", who="a")
    review.append(tmp_path, "exclude", image=4, why="copy of 3", who="a")
    first = (tmp_path / "review.jsonl").read_bytes()
    review.append(tmp_path, "include", image=3, why="sharp enough", who="b")
    review.append(tmp_path, "note", image=None, why="ü 漢字", who="b")
    assert (tmp_path / "review.jsonl").read_bytes().startswith(first)
    entries = review.read(tmp_path)
    assert [(e.who, e.action, e.image) for e in entries][2:] == [("b", "include", 3), ("b", "note", None)]
    assert entries[3].why == "ü 漢字"
    assert review.excluded(entries) == {4}


def test_an_exclusion_needs_a_reason_and_a_known_action(tmp_path):
    with pytest.raises(StoreError, match="reason"):
        review.append(tmp_path, "exclude", image=1, why=" ")
    with pytest.raises(StoreError, match="exclude"):
        review.append(tmp_path, "delete", image=1, why="x")
    assert review.read(tmp_path) == []


def test_a_line_cut_short_by_a_crash_loses_nothing_else(tmp_path):
    review.append(tmp_path, "note", image=1, why="one")
    with (tmp_path / "review.jsonl").open("a") as stream:
        stream.write('{"who": "a", "wh')
    review.append(tmp_path, "note", image=2, why="two")
    assert [e.why for e in review.read(tmp_path)] == ["one", "two"]


@pytest.mark.parametrize(
    "line", ["[]", "3", "{}", '{"who": 1, "when": "", "action": "note", "image": null, "why": ""}', "[" * 100_000]
)
def test_a_line_that_is_no_decision_is_left_out(tmp_path, line):
    review.append(tmp_path, "exclude", image=1, why="one\u2028two")
    with (tmp_path / "review.jsonl").open("a") as stream:
        stream.write(line + "\n")
        stream.write('{"who": "a", "when": "", "action": "exclude", "image": [1], "why": "x"}\n')
    assert [e.why for e in review.read(tmp_path)] == ["one\u2028two"]
    assert review.excluded(review.read(tmp_path)) == {1}


def test_a_user_without_a_name_can_still_decide(tmp_path, monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert review.append(tmp_path, "note", image=None, why="x").who == "unknown"
    with pytest.raises(StoreError, match=r"review\.jsonl"):
        review.append(tmp_path / "missing", "note", image=None, why="x")
