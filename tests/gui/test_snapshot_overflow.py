import re

import pytest
from pypdf import PdfReader

from core.snapshot.blocks import PageBreak, Picture, PictureRow, Raster, Table, Text
from core.snapshot.choices import Contents, Privacy, SnapshotChoices
from gui.fonts import font
from gui.snapshot.export import write_snapshot
from gui.snapshot.lines import Lines, elided, printable, text_width
from gui.snapshot.pages import lay_out
from gui.snapshot.pieces import Piece, flow
from gui.snapshot.style import sheet
from gui.snapshot.tables import table
from tests.snapshot_world import make_snapshot_world


def test_five_hundred_suspects_make_a_table_whose_head_is_on_every_page(tmp_path, qapp):
    world = make_snapshot_world(tmp_path / "w", members=2, others=3, suspects=500, maps=False)
    choices = SnapshotChoices(contents=Contents(("suspects",), top=0), privacy=Privacy(pictures="omit"))
    pages = PdfReader(write_snapshot(world.audit, choices, tmp_path / "s.pdf")).pages
    tables = [text for page in pages if "suspect-" in (text := page.extract_text())]
    assert len(tables) > 10
    assert all("Verdict" in text and "Score" in text for text in tables)
    assert len(set(re.findall(r"suspect-\d+", " ".join(tables)))) == 500


def test_letters_that_no_font_has_are_written_as_codes(qapp):
    assert printable("Straße Ω", "DejaVu Sans") == "Straße Ω"
    assert printable("\U0001fbff a\x07", "DejaVu Sans").startswith("[U+") and "[U+0007]" in printable(
        "\x07", "DejaVu Sans"
    )


def test_names_without_a_blank_are_broken_and_elided_within_the_width(qapp):
    long = "x" * 400
    assert Lines(long, font(8), 100).width <= 100.5
    short = elided(f"begin-{long}-end", font(8), 120)
    assert text_width(short, font(8)) <= 120
    assert short.startswith("begin") and short.endswith("end")


def test_pieces_keep_order_and_never_pass_the_foot_of_a_page():
    def nothing(painter, x, y):
        pass

    pieces = [Piece(10 + 7 * (n % 9), nothing, gap=n % 4, keep=n % 5 == 0) for n in range(200)]
    pages = flow(pieces, 150)
    assert [placed.piece for page in pages for placed in page.placed] == pieces
    for page in pages:
        assert all(placed.y + placed.piece.height <= 150 for placed in page.placed)
        assert page is pages[-1] or not page.placed[-1].piece.keep


def test_what_should_stay_together_begins_a_page_only_where_it_would_be_torn():
    def parts(needs):
        return [Piece(30, lambda *_: None), Piece(30, lambda *_: None, needs=needs), Piece(30, lambda *_: None)]

    assert [len(page.placed) for page in flow(parts(60), 100)] == [3]
    assert [len(page.placed) for page in flow(parts(80), 100)] == [1, 2]
    assert [len(page.placed) for page in flow(parts(float("inf")), 100)] == [1, 2]


def test_pictures_become_smaller_where_the_page_of_an_image_then_has_room_for_all_of_it(qapp):
    picture = Picture("map", (128, 256), lambda: Raster(None))

    def pages(lines):
        made = [PageBreak(), PictureRow((picture,) * 12), *[Text("a note")] * lines, PageBreak(), Text("next")]
        return len(lay_out(made, sheet("A4"), "", "").pages)

    assert [pages(lines) for lines in (15, 20, 60)] == [2, 2, 3]


@pytest.mark.parametrize("count", range(1, 40))
def test_no_row_of_a_table_stands_alone_on_its_last_page(qapp, count):
    block = Table(("Image", "Score"), tuple((f"image {n}", str(n)) for n in range(count)), (1.0, 1.0))
    pieces = table(block, 300)
    rows = pieces[1:]
    pages = flow(pieces, 150)
    placed = [[p.piece for p in page.placed if p.piece in rows] for page in pages]
    assert [row for page in placed for row in page] == rows
    assert len(placed[-1]) >= min(3, count)
    assert all(page.filled <= 150 for page in pages)
    heads = [page.placed[0].piece.height for page in pages]
    assert heads == [pieces[0].height] * len(pages), "every page begins with the head"
    assert all(len(page.placed) == len(own) + 1 for page, own in zip(pages, placed, strict=True))
