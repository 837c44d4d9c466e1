"""A hundred classes with long names, forty defenses, names in many scripts: nothing overflows, and nothing is cut."""

import re
from contextlib import closing

import numpy as np
import pypdfium2
import pytest

from core.progress import Progress
from core.snapshot.blocks import Callout, Curve, Facts, FigureRow, Head, HistogramFigure, RocFigure, Table, Text, Title
from gui.fonts import SANS
from gui.snapshot.export import Draft
from gui.snapshot.folder import svg
from gui.snapshot.lines import printable
from tests.snapshot_boxes import outside, overlapping, painted_margins
from tests.snapshot_stress import CLASSES, HEADING, LABEL, make_stress_world, stress_choices

JOINED = re.compile(r"[\s\ufffe\u00ad\u200b-]")
"""What pdfium adds or leaves out where a word is broken."""
LEFT_TO_RIGHT = re.compile(r"^[^\u0590-\u08ff]*$")


@pytest.fixture(scope="module")
def world(tmp_path_factory, qapp):
    return make_stress_world(tmp_path_factory.mktemp("stress") / "w", suspects=16, others=20)


@pytest.fixture(scope="module", params=["A4", "Letter"])
def made(request, world, tmp_path_factory):
    """What was laid out, and the file as pdfium reads it."""
    with closing(Draft.open(world.audit, stress_choices(request.param))) as draft:
        path = draft.write(tmp_path_factory.mktemp("out") / "s.pdf", Progress())
        with closing(pypdfium2.PdfDocument(path)) as document:
            yield draft, document


def test_no_letter_leaves_the_page_or_lies_on_another(made):
    _, document = made
    for number, page in enumerate(document, start=1):
        assert outside(page) == [], f"page {number}"
        assert overlapping(page) == [], f"page {number}"


def test_nothing_is_painted_in_the_margins(made):
    _, document = made
    assert [number for number, page in enumerate(document, start=1) if painted_margins(page)] == []


def test_what_must_be_signed_is_one_page_however_long_its_texts(made):
    draft, document = made
    assert [mark.page for mark in draft.pages.bookmarks[:2]] == [0, 1]
    said = document[0].get_textpage().get_text_range()
    assert "Signature" in said and draft.record.sha256 in said and "audit.json" in said


def test_no_text_is_cut(made):
    draft, document = made
    said = joined(" ".join(page.get_textpage().get_text_range() for page in document))
    texts = [text for block in draft.blocks for text in texts_of(block) if LEFT_TO_RIGHT.match(text)]
    assert len(texts) > 2000
    missing = [text for text in texts if joined(printable(text, SANS)) not in said]
    assert len(missing) < 10  # in rows that go on on another page
    assert [word for text in missing for word in printable(text, SANS).split() if joined(word)[:20] not in said] == []


def texts_of(block):
    """Every text of a block, but that of figures and captions."""
    if isinstance(block, Facts | Table):
        return [cell for row in block.rows for cell in row if isinstance(cell, str)]
    if isinstance(block, Callout):
        return [block.text]
    return [block.text] if isinstance(block, Text | Head | Title) else []


def joined(text):
    return JOINED.sub("", text)


def test_figures_name_what_they_show_in_full(made):
    draft, document = made
    said = joined(" ".join(page.get_textpage().get_text_range() for page in document))
    figures = [figure for block in draft.blocks if isinstance(block, FigureRow) for figure in block.figures]
    names = [curve.name for figure in figures if isinstance(figure, RocFigure) for curve in figure.curves]
    names += [figure.caption for figure in figures if isinstance(figure, HistogramFigure)]
    assert len(names) == 3 * 40 and sum(name.startswith(LABEL) for name in names) == 3 * 39
    assert [name for name in names if joined(name) not in said] == []
    first = next(page for page in document if "What each class adds" in page.get_textpage().get_text_range())
    assert joined(CLASSES[3]) in joined(first.get_textpage().get_text_range())


def test_a_figure_by_itself_is_as_high_as_its_names_need(qapp):
    def height(name):
        drawn = svg(RocFigure((Curve(name, ((0.0, 0.0), (1.0, 1.0)), 0),))).decode()
        return float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawn)[1])

    assert height("short") == 250
    assert height(" ".join([LABEL] * 2)) > height(LABEL) > 250


def test_pages_are_full_enough_that_no_text_is_lonely(made):
    draft, _ = made
    filled = np.array([page.filled / draft.pages.sheet.depth for page in draft.pages.pages])
    assert filled.max() <= 1.0
    assert np.median(filled) > 0.75


def test_the_title_is_there_in_full(made):
    _, document = made
    said = joined(document[0].get_textpage().get_text_range())
    assert joined(printable(HEADING.organisation, SANS)) in said and joined(HEADING.examiner) in said
