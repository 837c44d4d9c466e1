import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.files import sha256_of_bytes, sha256_of_path
from core.training.manifest import (
    ShadowRecord,
    TrainingManifest,
    manifest_path,
    read_manifest,
    write_manifest,
)
from core.versions import now, versions


def hashes(*texts):
    return tuple(sha256_of_bytes(t.encode()) for t in texts)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "attack.safetensors"
    path.write_bytes(b"weights")
    return path


def full(checkpoint):
    return TrainingManifest(
        kind="attack",
        checkpoint_sha256=sha256_of_path(checkpoint),
        members=hashes("a", "b"),
        non_members=hashes("c"),
        shadows=(ShadowRecord(*hashes("shadow"), hashes("a", "b", "d")),),
        settings={"batch": 4, "network": "small", "size": [32, 64]},
        versions=versions(),
        seed=7,
        created=now(),
    )


def test_a_manifest_reads_back_as_it_was_written(checkpoint):
    manifest = full(checkpoint)
    path = write_manifest(checkpoint, manifest)
    assert path.name == "attack.safetensors.training.json"
    assert read_manifest(checkpoint) == manifest


def test_no_manifest_is_none(checkpoint):
    assert read_manifest(checkpoint) is None


def test_a_folder_checkpoint_has_its_manifest_beside_it(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    manifest = TrainingManifest("target", sha256_of_path(folder), hashes("a"))
    write_manifest(folder, manifest)
    assert manifest_path(folder).parent == tmp_path
    assert read_manifest(folder) == manifest


def test_a_manifest_of_another_checkpoint_is_refused(checkpoint):
    write_manifest(checkpoint, full(checkpoint))
    checkpoint.write_bytes(b"other weights")
    with pytest.raises(DataError, match=r"belongs to another checkpoint than attack\.safetensors"):
        read_manifest(checkpoint)


DAMAGES = {
    "cut off": lambda text: text[: len(text) // 2],
    "not an object": lambda _: "[1, 2]",
    "no members": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "members"}),
    "a text for members": lambda text: json.dumps(json.loads(text) | {"members": "abc"}),
    "a path among members": lambda text: json.dumps(json.loads(text) | {"members": ["../x.png"]}),
    "a wrong kind": lambda text: json.dumps(json.loads(text) | {"kind": "oracle"}),
    "an unknown key": lambda text: json.dumps(json.loads(text) | {"surprise": 1}),
    "a wrong shadow": lambda text: json.dumps(json.loads(text) | {"shadows": [3]}),
    "nested without end": lambda _: "[" * 200_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_manifest_is_an_error_that_names_the_file(checkpoint, damage):
    path = write_manifest(checkpoint, full(checkpoint))
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=r"attack\.safetensors\.training\.json: .*damaged"):
        read_manifest(checkpoint)


def test_bytes_that_are_no_text_are_an_error(checkpoint):
    manifest_path(checkpoint).write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(DataError, match="damaged"):
        read_manifest(checkpoint)


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.text(max_size=8), max_size=5),
    values=st.dictionaries(
        st.text(max_size=5), st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5), max_size=4
    ),
    seed=st.integers(0, 2**62),
)
def test_any_settings_survive_the_round_trip(tmp_path_factory, names, values, seed):
    checkpoint = tmp_path_factory.mktemp("round") / "t.safetensors"
    checkpoint.write_bytes(b"x")
    manifest = TrainingManifest(
        "target", sha256_of_path(checkpoint), hashes(*(repr(n) for n in names)), settings=values, seed=seed
    )
    write_manifest(checkpoint, manifest)
    assert read_manifest(checkpoint) == manifest
