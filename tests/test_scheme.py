import json
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.scheme import ClassEntry, ClassScheme, builtin_schemes, load_scheme, save_scheme
from core.errors import DataError, SpecError

CLASSES = [
    {"name": "grass", "id": 1, "train_id": 0, "colour": [0, 128, 0]},
    {"name": "moss", "id": 4, "train_id": 0, "colour": [0, 96, 0]},
    {"name": "path", "id": 300, "train_id": 1, "colour": [128, 128, 128]},
    {"name": "cat", "id": 3, "colour": [255, 0, 0]},
    {"name": "dog", "id": 5, "train_id": 255, "colour": [255, 0, 1]},
    {"name": "cow", "id": 6, "train_id": -1, "colour": [255, 0, 2]},
]
TOML = """
name = "yards"
classes = [
    { name = "grass", id = 1, train_id = 0, colour = [0, 128, 0] },
    { name = "cat", id = 3, colour = [255, 0, 0] },
]
"""


def written(folder, text, name="own.toml"):
    (folder / name).write_text(text, "utf-8")
    return name


def as_json(folder, classes, **more):
    return written(folder, json.dumps({"name": "own", "classes": classes, **more}), "own.json")


@pytest.mark.parametrize(
    ("name", "labels", "classes"),
    [
        ("cityscapes19", 34, 19),
        ("cityscapes7", 34, 7),
        ("cityscapes4", 34, 4),
        ("camvid11", 12, 11),
        ("mapillary65", 66, 65),
        ("mapillary124", 124, 123),
        ("mapillary-cityscapes19", 66, 19),
        ("mapillary2-cityscapes19", 124, 19),
    ],
)
def test_built_in_schemes_have_their_numbers_of_labels_and_classes(name, labels, classes):
    scheme = load_scheme(name)
    assert name in builtin_schemes() and scheme.name == name
    assert (len(scheme.entries), scheme.classes) == (labels, classes)
    assert sorted(entry.id for entry in scheme.entries) == list(range(labels))
    assert scheme.colours.shape == (classes, 3) and scheme.colours.dtype == np.uint8
    assert len(set(scheme.names)) == classes


def test_cityscapes_has_its_well_known_rows():
    scheme = load_scheme("cityscapes19")
    ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert scheme.from_ids[ids].tolist() == list(range(19))
    assert np.count_nonzero(scheme.from_ids != 255) == 19
    assert (scheme.names[0], scheme.names[13], scheme.names[18]) == ("road", "car", "bicycle")
    assert scheme.colours[0].tolist() == [128, 64, 128] and scheme.colours[13].tolist() == [0, 0, 142]


def test_mapillary_maps_to_cityscapes_as_in_the_published_experiments():
    expected = {0: [13, 41, 24], 1: [15, 2], 2: [17], 3: [6], 4: [3], 5: [45, 47], 6: [48], 7: [50], 8: [30], 9: [29]}
    expected |= {10: [27], 11: [19], 12: [20, 21, 22], 13: [55], 14: [61], 15: [54], 16: [58], 17: [57], 18: [52]}
    scheme = load_scheme("mapillary-cityscapes19")
    for train_id in range(19):
        assert np.flatnonzero(scheme.from_ids == train_id).tolist() == sorted(expected[train_id])


@pytest.mark.parametrize("name", ["mapillary-cityscapes19", "mapillary2-cityscapes19"])
def test_mapped_mapillary_has_the_names_and_colours_of_cityscapes(name):
    mapped, cityscapes = load_scheme(name), load_scheme("cityscapes19")
    assert mapped.names == cityscapes.names
    assert np.array_equal(mapped.colours, cityscapes.colours)


def test_both_mapillary_versions_map_labels_of_one_name_to_the_same_class():
    def by_name(native, mapped):
        return {e.name: int(load_scheme(mapped).from_ids[e.id]) for e in load_scheme(native).entries}

    first = by_name("mapillary65", "mapillary-cityscapes19")
    second = by_name("mapillary124", "mapillary2-cityscapes19")
    shared = first.keys() & second.keys()
    assert len(shared) > 55
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}
    for name in second:
        if name.startswith("Traffic Light"):
            assert second[name] == 6
        if "Crosswalk" in name:
            assert second[name] == 255


@pytest.mark.layouts
def test_built_in_schemes_agree_with_the_datasets_own_tables(layouts):
    for row in json.loads((layouts / "cityscapes_labels.json").read_text()):
        if row["id"] >= 0:
            entry = load_scheme("cityscapes19").entries[row["id"]]
            train_id = None if row["trainId"] == 255 else row["trainId"]
            assert (entry.name, entry.train_id, list(entry.colour)) == (row["name"], train_id, row["color"])
    folder = layouts / "mapillary_style"
    for name, config in (("mapillary65", "v1.1/config.json"), ("mapillary124", "v1.2_and_v2.0/config_v2.0.json")):
        rows = json.loads((folder / config).read_text())["labels"]
        assert [list(e.colour) for e in load_scheme(name).entries] == [row["color"] for row in rows]


@pytest.mark.camvid
def test_the_camvid_scheme_agrees_with_the_datasets_table(camvid):
    rows = json.loads((camvid / "classes.json").read_text())["classes"]
    scheme = load_scheme("camvid11")
    assert list(scheme.names) == [row["name"] for row in rows]
    assert scheme.colours.tolist() == [row["color"] for row in rows]


def test_a_users_toml_file_is_read_relative_to_a_folder(tmp_path):
    scheme = load_scheme(written(tmp_path, TOML), tmp_path)
    assert (scheme.name, scheme.title, scheme.names) == ("yards", "yards", ("grass",))
    assert scheme.entries[1] == ClassEntry("cat", 3, None, (255, 0, 0))


def test_labels_that_share_a_train_id_are_one_class_named_by_the_first(tmp_path):
    scheme = load_scheme(as_json(tmp_path, CLASSES, title="Own"), tmp_path)
    assert scheme.title == "Own" and scheme.names == ("grass", "path")
    assert scheme.colours.tolist() == [[0, 128, 0], [128, 128, 128]]
    assert scheme.from_ids[[0, 1, 3, 4, 5, 6, 255, 300]].tolist() == [255, 0, 255, 0, 255, 255, 255, 1]
    assert np.flatnonzero(scheme.known_ids).tolist() == [1, 3, 4, 5, 6, 255, 300]
    assert np.flatnonzero(scheme.known_train_ids).tolist() == [0, 1, 255]


def test_saved_schemes_are_read_back(tmp_path):
    for name in builtin_schemes():
        save_scheme(load_scheme(name), tmp_path / f"copy-{name}.toml")
        assert load_scheme(tmp_path / f"copy-{name}.toml") == load_scheme(name)


@given(name=st.text(min_size=1).filter(lambda text: text.strip() and text.isprintable()), number=st.integers(0, 65535))
def test_any_printable_name_survives_saving(tmp_path_factory, name, number):
    path = tmp_path_factory.mktemp("scheme") / "own.toml"
    scheme = ClassScheme(name, name, (ClassEntry(name, number, 0, (1, 2, 3)),))
    save_scheme(scheme, path)
    assert load_scheme(path) == scheme


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "7"}, r"classes\[0\]: 'id'"),
        ({"id": True}, "'id'"),
        ({"id": -1}, "'id'"),
        ({"id": 65536}, "'id'"),
        ({"id": 3}, "the id 3 .* twice"),
        ({"name": ""}, "'name'"),
        ({"name": "two\nlines"}, "'name'"),
        ({"train_id": 300}, "'train_id'"),
        ({"train_id": 0.5}, "'train_id'"),
        ({"train_id": 2}, "no label has the train_id 0"),
        ({"colour": [0, 0]}, "'colour'"),
        ({"colour": [0, 0, 256]}, "'colour'"),
        ({"colour": "red"}, "'colour'"),
        ({"color": [0, 0, 0]}, "unknown key 'color'"),
    ],
)
def test_wrong_values_are_refused_with_file_and_key(tmp_path, change, words):
    classes = [{**CLASSES[0], **change}, *(row for row in CLASSES if row["name"] in ("path", "cat"))]
    with pytest.raises(DataError, match=words) as caught:
        load_scheme(as_json(tmp_path, classes), tmp_path)
    assert "own.json" in caught.value.message and caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"name": "x"}',
        '{"name": "x", "classes": []}',
        '{"name": "x", "classes": [1]}',
        "[" * 100_000,
        "\0",
    ],
)
def test_broken_files_are_refused_by_name(tmp_path, text):
    with pytest.raises(DataError, match=r"own\.json"):
        load_scheme(written(tmp_path, text, "own.json"), tmp_path)


def test_a_scheme_of_void_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="no label has a train_id"):
        load_scheme(as_json(tmp_path, CLASSES[3:]), tmp_path)


def test_files_that_are_no_schemes_are_refused(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.toml").write_bytes(b"#" * 5_000_000)
    for name in ("bytes.toml", "huge.toml"):
        with pytest.raises(DataError, match=name):
            load_scheme(name, tmp_path)


def test_an_unknown_name_lists_the_built_in_ones(tmp_path):
    with pytest.raises(SpecError, match="cityscapes19"):
        load_scheme("cityscape", tmp_path)
    with pytest.raises(SpecError, match=r"no class scheme file 'mine\.toml'"):
        load_scheme("mine.toml", tmp_path)


def test_saved_files_are_plain_toml(tmp_path):
    save_scheme(load_scheme("camvid11"), tmp_path / "camvid.toml")
    values = tomllib.loads((tmp_path / "camvid.toml").read_text())
    assert values["classes"][0] == {"name": "Sky", "id": 0, "train_id": 0, "colour": [128, 128, 128]}
    assert "train_id" not in values["classes"][11]
