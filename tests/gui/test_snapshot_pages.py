"""Pages against pictures of them, coarsely: where something moves, vanishes or overlaps, this tells.

`SEGLEAK_UPDATE_REFERENCES=1` draws the pictures anew; look at them before they are kept.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.snapshot.choices import Contents, SnapshotChoices
from gui.snapshot.export import Draft
from gui.snapshot.folder import page_image, png
from tests.snapshot_world import make_snapshot_world

REFERENCE = Path(__file__).parent / "references" / "snapshot-pages.png"
SECTIONS = ("cover", "suspects", "images", "curves", "histograms", "classes", "utility")
SMALL = (120, 170)
TOLERANCE = 5
"""Mean difference of a page's grey values, of 255: a paragraph that is missing makes more."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, qapp):
    folder = tmp_path_factory.mktemp("pages")
    world = make_snapshot_world(folder / "w", others=60, boost=3.0)
    draft = Draft.open(world.audit, SnapshotChoices(contents=Contents(SECTIONS, top=1)))
    pages = []
    for number in range(len(draft.pages.pages)):
        path = folder / f"{number}.png"
        path.write_bytes(png(page_image(draft.pages, number, 1.0)))
        pages.append(np.asarray(Image.open(path).convert("L").resize(SMALL, Image.Resampling.BOX)))
    draft.close()
    return pages


def test_pages_look_as_they_did(drawn):
    if os.environ.get("SEGLEAK_UPDATE_REFERENCES"):
        Image.fromarray(np.concatenate(drawn, axis=1)).save(REFERENCE)
    known = np.split(np.asarray(Image.open(REFERENCE)), len(drawn), axis=1)
    for number, (page, reference) in enumerate(zip(drawn, known, strict=True), start=1):
        difference = np.abs(page.astype(float) - reference).mean()
        assert difference < TOLERANCE, f"page {number} differs by {difference:.1f}"


def test_pages_differ_from_each_other_by_more_than_the_tolerance(drawn):
    pairs = [(a, b) for a in range(len(drawn)) for b in range(a)]
    assert all(np.abs(drawn[a].astype(float) - drawn[b]).mean() > TOLERANCE for a, b in pairs)
