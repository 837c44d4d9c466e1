import numpy as np
import pytest

from core.attacks.base import AttackResult
from core.audit.spec import write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.data.samples import Role
from gui.browser.arrange import Only
from gui.browser.model import VERDICT_ROLE
from tests.gui.browser.helpers import RIGHT_NOW, shown
from tests.test_verdicts import spec_of

EVIDENCE, NO_EVIDENCE, UNJUDGED = "evidence of membership", "no evidence at this power", "cannot be judged"


@pytest.fixture
def judged_audit(tmp_path):
    """30 non-members and three suspects: one scores highest, one in the middle, one has no score."""
    folder, spec = tmp_path / "judged.segleak", spec_of()
    scores = [*np.arange(30.0), 100.0, 15.0, "needs a label map"]
    with AuditStore.create(folder) as store:
        write_spec(spec, folder / SPEC_NAME)
        for number, score in enumerate(scores):
            role = Role.NON_MEMBER if number < 30 else Role.SUSPECT
            store.add_images([ImageRow(number, role, 1 + (number >= 30), f"{number:02d}.png", f"/gone/{number}.png")])
            outcome = score if isinstance(score, str) else AttackResult(score)
            store.write(ImageResult(number, "0" * 64, None, 1, {("none", "entropy"): outcome}))
        store.set_fact("data_check", {"findings": []})
        store.set_fact("finished", "now")
    return folder


def verdict_column(panel):
    return next(i for i, column in enumerate(panel.model.columns) if column.title == "Verdict")


def texts(panel):
    column = verdict_column(panel)
    return {panel.model.image_at(row): panel.model.index(row, column).data() for row in range(panel.model.rowCount())}


def test_suspects_have_verdicts_with_shapes_and_words_and_others_have_none(panel, opened, judged_audit):
    browser = panel(opened(judged_audit))
    found = texts(browser)
    assert [found[image].partition(" ")[2] for image in (30, 31, 32)] == [NO_EVIDENCE, NO_EVIDENCE, UNJUDGED]
    assert len({found[image][:1] for image in (31, 32)}) == 2
    assert [browser.model.index(browser.model.row_of(image), 0).data(VERDICT_ROLE)[2:] for image in (0, 31, 32)] == [
        "",
        "no evidence",
        "not judged",
    ]
    assert {found[image] for image in range(30)} == {""}


def test_a_verdict_says_more_when_it_is_pointed_at(panel, opened, judged_audit):
    browser = panel(opened(judged_audit))
    tip = browser.model.index(browser.model.row_of(31), 0).data(3)
    assert "of 30 known non-members, 15 score this high" in tip


def test_the_list_shows_only_the_verdicts_asked_for_and_sorts_by_them(panel, opened, judged_audit):
    browser = panel(opened(judged_audit))
    browser.filters.show_only(Only.NO_EVIDENCE)
    assert sorted(shown(browser)) == [30, 31]
    browser.filters.show_only(Only.UNJUDGED)
    assert shown(browser) == [32]
    browser.filters.show_only(Only.EVIDENCE)
    assert shown(browser) == []
    browser.filters.show_only(Only.ALL)
    browser.model.sort(verdict_column(browser))
    assert shown(browser)[:3] == [30, 31, 32]


def test_a_verdict_follows_what_people_decide(qtbot, panel, opened, judged_audit):
    """With one suspect fewer, so many non-members are enough to flag a single one."""
    browser = panel(opened(judged_audit))
    browser.selection.decide("exclude", 31, "another camera")
    qtbot.waitUntil(lambda: texts(browser)[30].endswith(EVIDENCE), timeout=RIGHT_NOW)
    assert texts(browser)[31] == ""


def test_an_audit_without_suspects_has_no_such_column(panel, document):
    assert "Verdict" not in [column.title for column in panel(document).model.columns]
