"""Method and limits speak of the attacks and the map that are in the audit."""

import pytest

from core.attacks.reference.log_ratio import LogRatio
from core.audit.asked_alike import ASKING_REFERENCES, TAUGHT_IN_BLOCKS
from core.audit.map_power import IN_BLOCKS, OFFLINE, ONLINE, measured, paragraph, sentences
from core.audit.store import AuditStore
from core.snapshot.choices import SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.sections import texts
from core.snapshot.sections.images import _explained
from tests.snapshot_world import make_snapshot_world

ONLINE_RATIO = {"name": "log-ratio", "mode": "online"}


def said_in(folder, *attacks, facts=(), primary=None):
    """Paragraphs of the method, and of the limits."""
    world = make_snapshot_world(folder, attacks=attacks, members=2, others=3, suspects=1)
    with AuditStore.create(world.audit) as store:
        for key, value in dict(facts).items():
            store.set_fact(key, value)
    with opened(world.audit, SnapshotChoices()) as content:
        return [*texts._method(content)], [block.text for block in texts.limits(content, None)], _explained(content)


def test_an_audit_without_references_says_nothing_of_them(tmp_path):
    method, limits, _ = said_in(tmp_path / "a")
    assert texts.NETWORK in method and texts.FORMULA in method and texts.EVIDENCE in method
    assert not any(text.startswith("Attacks with references") for text in method)
    assert limits[-1] == f"{len(limits)}. The evidence map: {paragraph('evidence')}"


@pytest.mark.parametrize(("blocks", "more"), [(0, texts.ONLINE_ASKED), (8, texts.IN_BLOCKS_ASKED)])
def test_which_references_are_asked_is_said(tmp_path, blocks, more):
    facts = {ASKING_REFERENCES: ["log-ratio"], TAUGHT_IN_BLOCKS: blocks}
    method, *_ = said_in(tmp_path / "a", ONLINE_RATIO, facts=facts)
    assert f"{texts.REFERENCES} {more}" in method
    method, *_ = said_in(tmp_path / "b", {"name": "log-ratio"}, facts=facts)
    assert texts.REFERENCES in method, "offline"


def test_the_words_above_the_image_pages_name_the_map(tmp_path):
    *_, explained = said_in(tmp_path / "a")
    assert "The evidence map says which regions" in explained and "among the limits" in explained


@pytest.mark.parametrize("asked", ["", ONLINE, IN_BLOCKS])
def test_the_power_of_a_map_in_one_piece_says_what_the_sentences_say(asked):
    text = paragraph(LogRatio.maps[0], "", asked)
    for found in measured(LogRatio.maps[0], "", asked):
        assert f"{found.auc:.2f} ({found.low:.2f} to {found.high:.2f})" in text
    for sentence in sentences(LogRatio.maps[0], "", asked):
        assert sentence in text
    assert (OFFLINE in text) is (asked == ONLINE)
    assert ". ." not in text and ".." not in text and ":;" not in text


def test_of_a_map_nobody_measured_the_piece_says_so():
    assert paragraph("something").startswith("Nobody has measured")
