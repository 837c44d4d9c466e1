"""What the engine finds out about reference models before an audit, on real files."""

import numpy as np
import pytest
import torch

from core.audit.spec import ReferenceEntry
from core.audit.store import AuditStore
from core.cli import app
from core.engine.jobs import CheckReferences
from core.engine.jobs.base import Desk
from core.errors import Cancelled
from core.files import sha256_of_file
from core.progress import Progress
from core.training.manifest import TrainingManifest, write_manifest
from core.training.membership import Membership, shadow_files, write_membership
from tests.world import make_world, write_target


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=2, non_members=2, suspects=0)


def model(path, seed):
    write_target(path, seed)
    return path


def look(*entries, **more):
    return CheckReferences(tuple(entries), device="cpu", **more).run(Desk(Progress(), None, lambda part: None))


def test_each_is_opened_and_one_that_cannot_be_does_not_keep_the_others_back(tmp_path):
    known, unknown = (model(tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate("ab"))
    write_manifest(
        known, TrainingManifest("target", sha256_of_file(known), tuple(two * 32 for two in ("aa", "bb", "cc")))
    )
    (tmp_path / "empty.pt").write_bytes(b"")
    program = tmp_path / "program.pt"
    torch.jit.script(torch.nn.Conv2d(3, 4, 1)).save(str(program))
    names = ("a.safetensors", "empty.pt", "b.safetensors", "program.pt")
    entries = [ReferenceEntry(str(tmp_path / name)) for name in names]
    first, empty, second, untrusted = look(*entries)
    assert (first.sha256, first.classes, first.members, first.problem) == (sha256_of_file(known), 4, 3, "")
    assert "smp:" in first.words
    assert second.sha256 == sha256_of_file(unknown) and second.members is None
    assert "empty.pt" in empty.problem and empty.remedy
    assert untrusted.trust == sha256_of_file(program)
    assert look(entries[3], trusted=frozenset({untrusted.trust}))[0].problem == ""


def test_it_is_told_where_only_half_of_each_image_taught(tmp_path):
    path = model(tmp_path / "a.safetensors", 1)
    told = TrainingManifest(
        "target", sha256_of_file(path), ("aa" * 32,), settings={"half_supervised": 64, "size": [64, 96]}
    )
    write_manifest(path, told)
    assert look(ReferenceEntry(str(path)))[0].in_blocks
    write_manifest(path, TrainingManifest("target", sha256_of_file(path), ("aa" * 32,)))
    assert not look(ReferenceEntry(str(path)))[0].in_blocks


def test_what_it_was_trained_on_is_read_from_images_too_and_a_damaged_table_is_named(world, tmp_path):
    path = str(model(tmp_path / "a.safetensors", 1))
    (found,) = look(ReferenceEntry(path, members=str(world.folder / "members")))
    assert found.members == 2
    (tmp_path / "membership.csv").write_text("nonsense\n")
    (found,) = look(ReferenceEntry(path, members=str(tmp_path)))
    assert "membership.csv" in found.problem


def test_it_can_be_stopped(tmp_path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        CheckReferences((ReferenceEntry("a.pt"),)).run(Desk(progress, None, lambda part: None))


def test_a_folder_of_shadows_gives_its_checkpoints_and_nothing_outside_it(tmp_path):
    names = ("shadow-00.safetensors", "../../elsewhere.safetensors")
    write_membership(tmp_path, Membership(names, ("aa",), ("a",), ("a",), np.array([[True, False]])))
    assert shadow_files(tmp_path) == [tmp_path / "shadow-00.safetensors", tmp_path / "elsewhere.safetensors"]


def test_the_command_line_takes_a_folder_of_shadows_for_references(world, tmp_path):
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    names = ("shadow-00.safetensors", "shadow-01.safetensors")
    hashes = [sha256_of_file(path) for path in sorted((world.folder / "members").glob("0[01].png"))]
    hashes += [sha256_of_file(path) for path in sorted((world.folder / "non-members").glob("0[01].png"))]
    table = np.array([[True, False], [False, True]] * 2)
    for number, name in enumerate(names):
        path = model(fleet / name, 5 + number)
        seen = tuple(sha for sha, member in zip(hashes, table[:, number], strict=True) if member)
        write_manifest(path, TrainingManifest("target", sha256_of_file(path), seen))
    write_membership(fleet, Membership(names, tuple(hashes), tuple("abcd"), tuple("abcd"), table))
    asked = ["--members", world.folder / "members", "--non-members", world.folder / "non-members"]
    asked += ["--scheme", world.folder / "scheme.toml", "--attack", "rmia:mode=online", "--reference", fleet]
    asked += ["--data-check", "false", "--cache-gb", 0, "--resamples", 100, "--quiet", "--out", tmp_path / "a.segleak"]
    assert app.run(["audit", "--target", str(world.target), *map(str, asked)]) == 0
    with AuditStore.read(tmp_path / "a.segleak") as store:
        told = [words for words in store.fact("independence") if words.startswith("Reference")]
        assert told == [f"References {', '.join(names)}: each was trained on 2 of the 4 images of this audit."]
        assert all(score.score is not None for score in store.scores())
