"""Pages against pictures of them, coarsely: where something moves, vanishes or overlaps, this tells.

`SEGLEAK_UPDATE_REFERENCES=1` draws the pictures anew; look at them before they are kept.
"""

import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.snapshot.choices import Contents, Form, SnapshotChoices
from gui.snapshot.export import Draft
from gui.snapshot.folder import page_image, png
from tests.snapshot_world import make_snapshot_world

REFERENCES = Path(__file__).parent / "references"
SECTIONS = ("cover", "suspects", "images", "curves", "histograms", "classes", "utility", "method", "limits", "glossary")
"""All but those that print paths and hashes, which are of other lengths elsewhere."""
SMALL = {"A4": (120, 170), "Letter": (120, 155)}
TOLERANCE = 12
"""Mean difference of grey values, of 255, where either page is not white: a page that moved by 5 points makes 22."""


@pytest.fixture(scope="module")
def audit(tmp_path_factory, qapp):
    return make_snapshot_world(tmp_path_factory.mktemp("pages") / "w", others=60, boost=3.0).audit


@pytest.fixture(scope="module", params=SMALL)
def drawn(request, audit, tmp_path_factory):
    """Reference and pages, coarsely and without colour."""
    folder = tmp_path_factory.mktemp(request.param)
    choices = SnapshotChoices(contents=Contents(SECTIONS, top=1), form=Form(request.param))
    with closing(Draft.open(audit, choices)) as draft:
        pages = []
        for number in range(len(draft.pages.pages)):
            path = folder / f"{number}.png"
            path.write_bytes(png(page_image(draft.pages, number, 1.0)))
            small = Image.open(path).convert("L").resize(SMALL[request.param], Image.Resampling.BOX)
            pages.append(np.asarray(small))
    return REFERENCES / f"snapshot-pages-{request.param.lower()}.png", pages


def difference(page, other):
    inked = (page < 245) | (other < 245)
    return np.abs(page.astype(float) - other)[inked].mean()


def test_pages_look_as_they_did(drawn):
    reference, pages = drawn
    if os.environ.get("SEGLEAK_UPDATE_REFERENCES"):
        Image.fromarray(np.concatenate(pages, axis=1)).save(reference)
    known = np.asarray(Image.open(reference))
    assert known.shape[1] == len(pages) * pages[0].shape[1], "another number of pages"
    for number, (page, wanted) in enumerate(zip(pages, np.split(known, len(pages), axis=1), strict=True), start=1):
        assert difference(page, wanted) < TOLERANCE, f"page {number} differs by {difference(page, wanted):.1f}"


def test_pages_differ_from_each_other_by_more_than_the_tolerance(drawn):
    _, pages = drawn
    pairs = [(a, b) for a in range(len(pages)) for b in range(a)]
    assert min(difference(pages[a], pages[b]) for a, b in pairs) > 2 * TOLERANCE


def test_a_page_that_moved_a_little_is_found_out(drawn):
    _, pages = drawn
    assert min(difference(page, np.roll(page, 1, axis=0)) for page in pages) > TOLERANCE
