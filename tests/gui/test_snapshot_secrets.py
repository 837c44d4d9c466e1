"""Every path and name of an audit, searched for in every byte of what a redacted export writes."""

import json
import re
import zlib

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from core.audit import review
from core.audit.runner import open_audit
from core.snapshot.choices import Contents, Heading, Privacy, SnapshotChoices
from core.snapshot.known_names import COMMON, paths_of
from gui.snapshot.export import write_snapshot
from tests.snapshot_stress import stem
from tests.snapshot_world import make_snapshot_world


@pytest.fixture(scope="module")
def world(tmp_path_factory, qapp):
    made = make_snapshot_world(
        tmp_path_factory.mktemp("Übung-東京") / "شارع-7", members=5, others=6, suspects=5, stem=stem
    )
    for row in range(16):
        path = made.image(*[("member", row), ("non-member", row - 5), ("suspect", row - 11)][(row > 4) + (row > 10)])
        review.append(made.audit, "note", image=row, why=f"compare {path} with {path.name}", who="Frau Prüfer")
    return made


@pytest.fixture(scope="module")
def secrets(world):
    """Paths, names with and without ending, folders, groups, people."""
    store, spec = open_audit(world.audit)
    with store:
        rows = store.images()
    files = [path for row in rows for path in (row.path, row.label_path, row.key)]
    files += [str(spec.resolve(path)) for path in paths_of(spec)] + [str(world.audit)]
    parts = {part for path in files for part in re.split(r"[\\/]", path)}
    stems = {re.sub(r"\.\w+$", "", row.path.rpartition("/")[2]) for row in rows}
    found = {w for w in parts | stems if len(w) > 3 and w not in COMMON and not w.startswith(("pytest", "popen"))}
    assert len(found) > 40
    return sorted({*files, *found, "drive 7", "Frau Prüfer", "logo-of-the-office"})


@pytest.fixture(scope="module")
def choices(world):
    logo = world.folder / "logo-of-the-office.png"
    Image.fromarray(np.full((20, 60, 3), 90, np.uint8)).save(logo)
    heading = Heading(logo=str(logo), notes=f"Of {world.image('suspect', 1)}.")
    return SnapshotChoices(heading, Contents(top=2, picked=tuple(range(16))), Privacy(redact=True))


def unpacked(data):
    """Every byte, and those of every compressed stream."""
    found = [data]
    for start in re.finditer(rb"stream\r?\n", data):
        try:
            found.append(zlib.decompressobj().decompress(data[start.end() :]))
        except zlib.error:
            continue
    return b"\n".join(found)


def assert_without(secrets, data):
    for secret in secrets:
        escaped = json.dumps(secret).strip('"')
        for coded in {secret.encode(), secret.encode("utf-16-be"), secret.encode("utf-16-le"), escaped.encode()}:
            assert coded not in data, secret


def test_no_path_and_no_name_is_in_any_byte_of_the_pdf(world, secrets, choices, tmp_path):
    path = write_snapshot(world.audit, choices, tmp_path / "s.pdf")
    reader = PdfReader(path)
    attached = b"\n".join(content for contents in reader.attachments.values() for content in contents)
    assert b"suspect 3" in attached
    assert_without(secrets, unpacked(path.read_bytes()) + attached)
    said = "".join(page.extract_text() for page in reader.pages) + str(reader.metadata) + str(reader.outline)
    squeezed = re.sub(r"\s", "", said)
    assert "suspect3" in squeezed
    assert [secret for secret in secrets if re.sub(r"\s", "", secret) in squeezed] == []


def test_no_path_and_no_name_is_in_any_file_of_the_folder_or_in_their_names(world, secrets, choices, tmp_path):
    folder = write_snapshot(world.audit, choices, tmp_path / "s")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 30
    assert_without(secrets, b"\n".join([unpacked(path.read_bytes()) for path in files]))
    assert_without(secrets, "\n".join(str(path.relative_to(folder)) for path in files).encode())


def test_the_search_finds_names_where_nothing_is_left_out(world, secrets, tmp_path):
    path = write_snapshot(world.audit, SnapshotChoices(contents=Contents(top=2)), tmp_path / "s.pdf")
    with pytest.raises(AssertionError):
        assert_without(secrets, PdfReader(path).attachments["audit.json"][0])
