import errno
import json
import re
import zlib

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from core.audit import review
from core.errors import Cancelled, StoreError
from core.files import sha256_of_bytes
from core.progress import Progress
from core.snapshot.choices import Contents, Form, Heading, Privacy, SnapshotChoices
from gui.snapshot import export
from gui.snapshot.export import Draft, write_snapshot
from tests.snapshot_world import make_snapshot_world

FULL = SnapshotChoices(Heading(examiner="Frau Größer", case="AZ 17/3"), Contents(top=3))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_snapshot_world(tmp_path_factory.mktemp("pdf") / "Köln-7")


@pytest.fixture(scope="module")
def pdf(world, qapp):
    return write_snapshot(world.audit, FULL, world.folder / "full.pdf")


def text_of(path):
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def loosened(text):
    return re.sub(r"\s+", " ", text)


def inside(path):
    """Every byte of a PDF, its streams decompressed."""
    data = path.read_bytes()
    found = [data]
    for start in re.finditer(rb"stream\r?\n", data):
        try:
            found.append(zlib.decompressobj().decompress(data[start.end() :]))
        except zlib.error:
            continue
    reader = PdfReader(path)
    found += [content for contents in reader.attachments.values() for content in contents]
    words = [text_of(path), str(reader.metadata), str(reader.outline)]
    return b"\n".join(found) + "\n".join(words).encode()


def test_text_can_be_searched_and_says_who_examined_what(pdf):
    text = loosened(text_of(pdf))
    for wanted in ("Frau Größer", "AZ 17/3", "What this does not prove", "Straße/suspect-000.png", "arXiv 1912.09685"):
        assert wanted in text, wanted
    assert "\t" not in text_of(pdf)


def test_the_printed_hash_is_that_of_the_attachment(pdf):
    reader = PdfReader(pdf)
    assert sorted(reader.attachments) == ["audit.json", "scores.csv"]
    data = reader.attachments["audit.json"][0]
    assert sha256_of_bytes(data) in re.sub(r"\s", "", reader.pages[0].extract_text())
    assert len(json.loads(data)["images"]) == 24
    assert reader.attachments["scores.csv"][0].count(b"\n") == 1 + 24 * 4


def test_bookmarks_page_numbers_and_metadata_are_there(pdf):
    reader = PdfReader(pdf)
    titles = [mark.title for mark in reader.outline if not isinstance(mark, list)]
    assert titles[:4] == ["First page", "Suspects", "Image pages", "ROC curves"] and titles[-1] == "Glossary"
    for number, page in enumerate(reader.pages, start=1):
        assert f"{number} of {len(reader.pages)}" in page.extract_text()
    assert reader.metadata.title == "Membership audit: Small"
    assert reader.metadata.creation_date.tzinfo is not None


def test_all_fonts_are_embedded(pdf):
    for page in PdfReader(pdf).pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in descendant["/FontDescriptor"].get_object()


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_pages_have_the_size_of_the_paper(world, tmp_path, qapp, paper, size):
    choices = SnapshotChoices(contents=Contents(("cover",), top=0), form=Form(paper))
    box = PdfReader(write_snapshot(world.audit, choices, tmp_path / "p.pdf")).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


def test_two_exports_differ_in_the_date_alone(world, tmp_path, qapp, monkeypatch):
    made = []
    for moment in ("2026-01-01T10:00:00+01:00", "2026-01-01T10:00:00+01:00", "2027-02-02T20:00:00+01:00"):
        monkeypatch.setattr("core.snapshot.content.now", lambda moment=moment: moment)
        made.append(write_snapshot(world.audit, FULL, tmp_path / f"{len(made)}.pdf"))
    assert made[0].read_bytes() == made[1].read_bytes()
    dates = "1 January 2026, 10:00", "2 February 2027, 20:00"
    assert text_of(made[0]).replace(*dates) == text_of(made[2])
    assert PdfReader(made[0]).attachments["audit.json"] == PdfReader(made[2]).attachments["audit.json"]


@pytest.mark.parametrize("pictures", ["show", "omit"])
def test_a_redacted_pdf_has_no_path_and_no_name_in_any_part(tmp_path, qapp, pictures):
    world = make_snapshot_world(tmp_path / "Köln-7")
    review.append(world.audit, "note", image=20, why=f"see {world.image('suspect', 1)}", who="Frau Prüfer")
    choices = SnapshotChoices(FULL.heading, FULL.contents, Privacy(redact=True, pictures=pictures))
    path = write_snapshot(world.audit, choices, tmp_path / "out.pdf")
    everything = inside(path)
    for secret in (
        "Straße",
        "Köln-7",
        "suspect-00",
        "member-00",
        "target.safetensors",
        str(tmp_path),
        "drive 7",
        "Prüfer",
    ):
        for coded in (secret.encode(), secret.encode("utf-16-be"), json.dumps(secret).strip('"').encode()):
            assert coded not in everything, secret
    assert b"suspect 1" in everything


def test_omitted_images_are_not_in_the_file(world, tmp_path, qapp):
    choices = SnapshotChoices(contents=Contents(top=3), privacy=Privacy(pictures="omit"))
    path = write_snapshot(world.audit, choices, tmp_path / "omit.pdf")
    shown = np.asarray(Image.open(world.image("suspect", 0)).convert("RGB"), float)
    for page in PdfReader(path).pages:
        for image in page.images:
            pixels = np.asarray(image.image.convert("RGB"), float)
            if pixels.shape == shown.shape:
                assert pixels.std() < 1 or abs(np.corrcoef(pixels.ravel(), shown.ravel())[0, 1]) < 0.5


def test_lossless_pictures_are_the_very_pixels(world, tmp_path, qapp):
    choices = SnapshotChoices(contents=Contents(("cover", "images"), top=1), form=Form(lossless=True))
    path = write_snapshot(world.audit, choices, tmp_path / "lossless.pdf")
    with_suspects = [np.asarray(Image.open(world.image("suspect", n)).convert("RGB")) for n in range(4)]
    found = [np.asarray(i.image.convert("RGB")) for page in PdfReader(path).pages for i in page.images]
    assert any(np.array_equal(pixels, known) for pixels in found for known in with_suspects)


# ---------------------------------------------------------------- writing


def test_a_full_disk_leaves_the_old_file_whole(world, tmp_path, qapp, monkeypatch):
    path = tmp_path / "old.pdf"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export, "write_bytes", full)
    with pytest.raises(StoreError, match=r"old\.pdf: cannot be written \(No space left"):
        write_snapshot(world.audit, FULL, path)
    assert path.read_bytes() == b"old"


def test_a_stopped_export_leaves_the_old_file_whole(world, tmp_path, qapp):
    path = tmp_path / "old.pdf"
    path.write_bytes(b"old")
    progress = Progress(lambda p: p.cancel() if p.stage == "Writing pages" and p.done == 2 else None)
    with pytest.raises(Cancelled):
        write_snapshot(world.audit, FULL, path, progress)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["old.pdf"]


def test_an_unknown_ending_is_refused(world, tmp_path, qapp):
    with pytest.raises(StoreError, match="unknown ending"):
        write_snapshot(world.audit, FULL, tmp_path / "report.docx")


def test_the_size_is_estimated_before_it_is_written(world, pdf, qapp):
    draft = Draft.open(world.audit, FULL)
    assert 0.5 < draft.estimate() / pdf.stat().st_size < 2
    draft.close()


def test_a_folder_has_pages_figures_tables_and_scores(world, tmp_path, qapp):
    folder = write_snapshot(world.audit, FULL, tmp_path / "folder")
    pages = sorted((folder / "pages").glob("*.png"))
    assert Image.open(pages[0]).size == (1240, 1754)
    figures = [path.read_text("utf-8") for path in (folder / "figures").glob("*roc*.svg")]
    assert len(figures) == 2 and all("<path" in f or "<polyline" in f for f in figures)
    assert any("<text" in figure for figure in figures)
    assert {"audit.json", "scores.csv"} <= {path.name for path in folder.iterdir()}
    assert "Suspect" in next((folder / "tables").glob("*suspects.csv")).read_text("utf-8")


def test_the_size_is_said_before_it_is_written_and_is_about_right(world, tmp_path):
    told = []
    progress = Progress(lambda p: told.append((p.stage, p.message)))
    written = write_snapshot(world.audit, FULL, tmp_path / "sized.pdf", progress)
    stages = [stage for stage, _ in told]
    assert stages.index("Estimating the size") < stages.index("Writing pages")
    (words,) = {message for stage, message in told if stage == "Estimating the size" and message}
    pages, size = re.fullmatch(r"(\d+) pages, about ([\d.]+) MB", words).groups()
    assert int(pages) == len(PdfReader(written).pages)
    assert float(size) == pytest.approx(written.stat().st_size / 1e6, rel=0.4, abs=0.1)
