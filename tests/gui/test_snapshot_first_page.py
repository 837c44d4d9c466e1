"""The first page is signed, so it is one page: on both papers, whatever was found."""

import shutil
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from core.audit import review
from core.audit.independence import SHOWN_TO_ATTACKS
from core.audit.store import AuditStore
from core.audit.verdicts import Kind
from core.snapshot.choices import Contents, Form, Heading, SnapshotChoices
from gui.snapshot.export import Draft
from tests.snapshot_world import make_snapshot_world

WARNINGS = [
    f"Warning: target_{n}.safetensors: its list of 106 training images contains 6 of 12 non-members, which are "
    "therefore no non-members; see the data check."
    for n in range(3)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("first")


@pytest.fixture(scope="module")
def worlds(home, qapp):
    """Audits with evidence, with none, with too few non-members, without suspects, with upright images."""
    return {
        Kind.EVIDENCE: make_snapshot_world(home / "evidence", others=60, boost=3.0, defenses=6),
        Kind.NO_EVIDENCE: make_snapshot_world(home / "none", others=60, boost=-3.0),
        Kind.UNJUDGED: make_snapshot_world(home / "unjudged", others=3),
        "no suspects": make_snapshot_world(home / "alone", others=20, suspects=0),
        "no non-members": make_snapshot_world(home / "members", others=0),
        "upright": make_snapshot_world(home / "upright", others=60, boost=3.0, size=(128, 64)),
        "no maps": make_snapshot_world(home / "maps", others=60, maps=False),
    }


@pytest.fixture(scope="module")
def heading(home):
    Image.fromarray(np.full((80, 240, 3), 90, np.uint8)).save(home / "logo.png")
    notes = "The images were handed over on a sealed disk, and returned on the day of the examination. " * 2
    return Heading(organisation="Office", examiner="E. X.", case="7/26", notes=notes, logo=str(home / "logo.png"))


def laid_out(audit, paper, heading, **contents):
    choices = SnapshotChoices(heading, Contents(**contents), form=Form(paper))
    with closing(Draft.open(audit, choices)) as draft:
        return draft


def pages_before_the_next_section(draft):
    return draft.pages.bookmarks[1].page


PAPERS = pytest.mark.parametrize("paper", ["A4", "Letter"])


@PAPERS
@pytest.mark.parametrize("top", [0, 3])
@pytest.mark.parametrize(
    "name", [*Kind, "no suspects", "no non-members", "upright", "no maps"], ids=lambda name: str(name).replace(" ", "-")
)
def test_it_is_one_page_for_every_kind_of_finding(worlds, heading, name, paper, top):
    draft = laid_out(worlds[name].audit, paper, heading, top=top)
    if name in list(Kind):
        assert {suspect.kind for suspect in draft.content.suspects} == {name}
    assert pages_before_the_next_section(draft) == 1


@PAPERS
def test_it_is_one_page_with_every_verdict_warning_and_exclusion_at_once(worlds, heading, home, paper):
    world = worlds[Kind.EVIDENCE]
    audit = world.audit.with_name(f"mixed-{paper}.segleak")
    shutil.copytree(world.audit, audit)
    with AuditStore.create(audit) as store:
        rows = store.images()
        store.set_fact("independence", WARNINGS)
        store.set_fact(SHOWN_TO_ATTACKS, {"patch": [rows[-1].sha256]})
    review.append(audit, "exclude", image=0, why="blurred", who="E. X.")
    draft = laid_out(audit, paper, heading)
    assert {suspect.kind for suspect in draft.content.suspects} == {Kind.EVIDENCE, Kind.UNJUDGED}
    assert pages_before_the_next_section(draft) == 1


@PAPERS
@pytest.mark.parametrize("fact", ["finished", "data_check"])
def test_it_is_one_page_where_nothing_may_be_judged(worlds, heading, paper, fact):
    world = worlds[Kind.EVIDENCE]
    audit = world.audit.with_name(f"{fact}-{paper}.segleak")
    shutil.copytree(world.audit, audit)
    with AuditStore.create(audit) as store:
        store.set_fact(fact, None)
    draft = laid_out(audit, paper, heading)
    assert {suspect.kind for suspect in draft.content.suspects} == {Kind.UNJUDGED}
    assert pages_before_the_next_section(draft) == 1


@PAPERS
def test_what_follows_never_stands_under_the_signature(worlds, heading, paper):
    draft = laid_out(worlds[Kind.EVIDENCE].audit, paper, heading, sections=("cover",))
    assert [mark.text for mark in draft.pages.bookmarks] == ["First page", "Limits"]
    assert pages_before_the_next_section(draft) == 1


def test_where_it_must_be_two_pages_the_signature_stands_under_the_hash(worlds, heading):
    long = Heading(organisation="Office", notes="A remark that does not end. " * 200)
    draft = laid_out(worlds[Kind.EVIDENCE].audit, "A4", long, sections=("cover",))
    assert pages_before_the_next_section(draft) == 2
    assert len(draft.pages.pages[1].placed) >= 2
