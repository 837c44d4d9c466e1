import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

import main
from core.errors import StoreError
from core.progress import Progress
from core.snapshot.choices import Contents, Privacy, SnapshotChoices
from core.snapshot.verify import State, Verifier, read_snapshot
from gui.snapshot.export import write_snapshot
from tests.snapshot_world import make_snapshot_world

SHORT = Contents(("cover",), top=0)


@pytest.fixture
def world(tmp_path):
    return make_snapshot_world(tmp_path / "world", members=3, others=4, suspects=2)


def states(path, **where):
    checked = Verifier(read_snapshot(path), **where).check(Progress())
    return {file.what: file.state for file in checked}


def write(world, tmp_path, **choices):
    return write_snapshot(world.audit, SnapshotChoices(contents=SHORT, **choices), tmp_path / "out.pdf")


def test_an_untouched_audit_matches_in_everything(world, tmp_path, qapp):
    found = states(write(world, tmp_path))
    assert set(found.values()) == {State.MATCHES}
    assert len(found) == 1 + 2 + 1 + 3 + 2 * 9  # printed hash, manifests, scores, models and spec, images, label maps


def test_changed_missing_and_moved_files_are_told_apart(world, tmp_path, qapp):
    path = write(world, tmp_path)
    world.image("member", 0).write_bytes(b"another picture")
    world.image("member", 1).unlink()
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    shutil.move(world.image("suspect", 0), elsewhere / "renamed.png")
    found = states(path, images=tmp_path / "elsewhere")
    assert found["image Straße/member-000.png"] is State.CHANGED
    assert found["image Straße/member-001.png"] is State.MISSING
    assert found["image Straße/suspect-000.png"] is State.MOVED
    assert found["image Straße/suspect-001.png"] is State.MATCHES


def test_a_retrained_target_is_found_out(world, tmp_path, qapp):
    path = write(world, tmp_path)
    (world.folder / "models" / "target.safetensors").write_bytes(b"other weights")
    found = states(path)
    assert found["target"] is State.CHANGED and found["attack network of patch"] is State.MATCHES


def test_a_forged_attachment_no_longer_fits_the_first_page(world, tmp_path, qapp):
    path = write(world, tmp_path)
    document = json.loads(PdfReader(path).attachments["audit.json"][0])
    document["images"][0]["sha256"] = "0" * 64
    writer = PdfWriter(clone_from=path)
    next(a for a in writer.attachment_list if a.name == "audit.json").content = json.dumps(document).encode()
    writer.write(path)
    found = states(path)
    assert found["audit.json, as printed on the first page"] is State.CHANGED
    assert found["manifest of 9 images"] is State.CHANGED
    assert found["manifest of 9 label maps"] is State.MATCHES


def test_a_redacted_snapshot_is_checked_with_the_key_of_the_audit(world, tmp_path, qapp):
    path = write(world, tmp_path, privacy=Privacy(redact=True))
    alone = states(path)
    assert alone["image member 1"] is State.UNKNOWN
    assert set(states(path, audit=world.audit).values()) == {State.MATCHES}
    world.image("member", 0).write_bytes(b"another picture")
    assert states(path, audit=world.audit)["image member 1"] is State.CHANGED


def test_moved_images_of_a_redacted_snapshot_are_found_by_their_keyed_hash(world, tmp_path, qapp):
    path = write(world, tmp_path, privacy=Privacy(redact=True))
    shutil.move(world.image("member", 2), tmp_path / "moved.png")
    assert states(path, audit=world.audit, images=tmp_path)["image member 3"] is State.MOVED


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 broken", b"not a PDF at all" * 100])
def test_what_is_no_snapshot_is_refused_with_its_name(tmp_path, data):
    path = tmp_path / "odd.pdf"
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"odd\.pdf"):
        read_snapshot(path)


def test_the_command_line_writes_and_verifies(world, tmp_path, capsys, qapp):
    out = tmp_path / "cli.pdf"
    flags = ["--sections", "cover,glossary", "--examiner", "E. X.", "--top", "0", "--defenses", "none", "--quiet"]
    assert main.main(["snapshot", str(world.audit), "--out", str(out), *flags]) == 0
    assert "E. X." in PdfReader(out).pages[0].extract_text()
    assert main.main(["verify", str(out), "--quiet"]) == 0
    assert "25 matches" in capsys.readouterr().out
    world.image("member", 0).unlink()
    assert main.main(["verify", str(out), "--quiet"]) == 1
    assert "missing" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_told_and_nothing_is_written(world, tmp_path, capsys, qapp):
    given = ["snapshot", str(world.audit), "--out", str(tmp_path / "s.pdf"), "--device", "cuda:99", "--quiet"]
    assert main.main(given) == 2
    assert "cuda:99" in capsys.readouterr().err
    assert not (tmp_path / "s.pdf").exists()


def test_without_predictions_no_model_is_loaded(world, tmp_path):
    given = ["snapshot", str(world.audit), "--out", str(tmp_path / "s.pdf"), "--predictions", "false", "--quiet"]
    code = f"import sys, main; main.main({given!r}); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(main.__file__).parent, check=False).returncode == 0
    assert (tmp_path / "s.pdf").is_file()


def test_a_profile_is_kept_and_used_again(world, tmp_path, qapp, capsys):
    profile, first, second = tmp_path / "p.toml", tmp_path / "1.pdf", tmp_path / "2.pdf"
    base = ["snapshot", str(world.audit), "--quiet"]
    assert main.main([*base, "--out", str(first), "--sections", "cover", "--case", "AZ 9", "--keep", str(profile)]) == 0
    assert main.main([*base, "--out", str(second), "--profile", str(profile)]) == 0
    assert "AZ 9" in PdfReader(second).pages[0].extract_text()
    assert main.main([*base, "--out", str(second), "--sections", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
