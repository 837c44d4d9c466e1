"""The written PDF as another program shows it: drawn and searched by pdfium, which has nothing to do with Qt."""

import re
from contextlib import closing

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader

from core.audit import review
from core.progress import Progress
from core.snapshot.blocks import Facts, Head, Table, Text
from core.snapshot.choices import Contents, Form, Heading, SnapshotChoices
from gui.snapshot.export import Draft
from gui.snapshot.folder import page_image, png
from tests.snapshot_world import make_snapshot_world

SMALL = (60, 84)
TOLERANCE = 3.0
"""Mean difference of grey values, of 255, between two programs' pictures of a page."""


@pytest.fixture(scope="module", params=["A4", "Letter"])
def made(request, tmp_path_factory, qapp):
    """What was laid out, Qt's own pictures of the pages, and the file as pdfium reads it."""
    folder = tmp_path_factory.mktemp(f"reader-{request.param}")
    world = make_snapshot_world(folder / "w")
    corners = [[10, 10], [60, 10], [60, 40]]
    review.append(world.audit, "region", image=21, why="here", value={"id": "A", "points": corners}, who="E. X.")
    choices = SnapshotChoices(Heading(examiner="Frau Größer"), Contents(top=2), form=Form(request.param))
    with closing(Draft.open(world.audit, choices)) as draft:
        path = draft.write(folder / "s.pdf", Progress())
        pictures = []
        for number in range(len(draft.pages.pages)):
            (folder / "page.png").write_bytes(png(page_image(draft.pages, number, 1.0)))
            pictures.append(coarse(Image.open(folder / "page.png")))
        with closing(pypdfium2.PdfDocument(path)) as document:
            yield draft, pictures, document, path


def coarse(image):
    return np.asarray(image.convert("L").resize(SMALL, Image.Resampling.BOX), float)


def joined(text):
    """Without blanks, and without the characters that pdfium puts where a word is broken."""
    return re.sub(r"[\s\ufffe\u00ad\u200b-]", "", text)


def test_every_page_looks_in_pdfium_as_it_does_in_the_preview(made):
    _, pictures, document, _ = made
    assert len(document) == len(pictures)
    shown = [coarse(page.render(scale=1).to_pil()) for page in document]
    for number, (one, other) in enumerate(zip(shown, pictures, strict=True), start=1):
        assert np.abs(one - other).mean() < TOLERANCE, f"page {number}"
    assert np.abs(shown[0] - shown[1]).mean() > TOLERANCE


def body(page, margins):
    """The text of a page without running head, foot and page number."""
    lines = page.get_textpage().get_text_range().splitlines()
    return "".join(x for x in lines if x.strip() not in margins and not re.fullmatch(r"\d+ of \d+", x.strip()))


def test_every_text_is_found_in_the_file(made):
    draft, _, document, _ = made
    said = joined("".join(body(page, (draft.pages.running, draft.pages.foot)) for page in document))
    wanted = [block.text for block in draft.blocks if isinstance(block, Text | Head)]
    wanted += [part for b in draft.blocks if isinstance(b, Facts) for row in b.rows for part in row]
    wanted += [c for b in draft.blocks if isinstance(b, Table) for row in b.rows for c in row if isinstance(c, str)]
    assert [text for text in wanted if joined(text) not in said] == []


def test_a_name_with_umlauts_is_found_by_the_reader_s_own_search(made):
    _, _, document, _ = made
    assert document[0].get_textpage().search("Frau Größer").get_next() is not None


def test_no_letter_lies_outside_the_page(made):
    _, _, document, _ = made
    for page in document:
        text, (width, height) = page.get_textpage(), page.get_size()
        for number in range(text.count_rects()):
            left, low, right, high = text.get_rect(number)
            assert left >= 0 and low >= 0 and right <= width and high <= height


def test_programs_that_read_aloud_are_told_language_and_title(made):
    root = PdfReader(made[3]).trailer["/Root"]
    assert root["/Lang"] == "en" and root["/ViewerPreferences"]["/DisplayDocTitle"]
