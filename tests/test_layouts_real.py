import numpy as np
import pytest

from core.data.labels import read_label
from core.data.layouts import open_images
from core.data.scheme import load_scheme
from tests.layout_helpers import groups, keys, labels, train_ids


@pytest.mark.layouts
def test_the_cityscapes_sample_loads_with_its_ids(layouts):
    images = open_images(layouts / "cityscapes_style", options={"split": "train"})
    assert images.layout == "cityscapes" and len(images.samples) == 3
    assert groups(images) == ["cambridgea_000000", "cambridgea_000001", "cambridgeb_000000"]
    assert train_ids(images, 0) == {0, 1, 2, 5, 7, 8, 10, 11, 13, 255}
    test = open_images(layouts / "cityscapes_style", options={"split": "test"})
    assert train_ids(test, 0) == {255}


@pytest.mark.layouts
@pytest.mark.parametrize("version", ["new", "legacy2018"])
def test_the_bdd100k_samples_load_with_their_ids(layouts, version):
    images = open_images(layouts / "bdd100k_style" / version)
    assert images.layout == "bdd100k" and len(images.samples) == 4
    assert sum(sample.label is not None for sample in images.samples) == 3
    assert set(groups(images)) == {"0000cafe"}
    assert train_ids(images, 1) == {0, 1, 2, 5, 7, 8, 10, 13, 255}


@pytest.mark.layouts
@pytest.mark.parametrize(
    ("folder", "options", "expected"),
    [
        ("v1.1", {}, {13, 15, 17, 19, 27, 30, 45, 50, 55, 255}),
        ("v1.1", {"classes": "cityscapes"}, {0, 1, 2, 5, 7, 8, 10, 11, 13, 255}),
        ("v1.2_and_v2.0", {"version": "1.2"}, {13, 15, 17, 19, 27, 30, 45, 50, 55, 255}),
        ("v1.2_and_v2.0", {"version": "2.0"}, {21, 24, 27, 30, 61, 64, 85, 100, 108, 255}),
        ("v1.2_and_v2.0", {"version": "2.0", "classes": "cityscapes"}, {0, 1, 2, 5, 7, 8, 10, 11, 13, 255}),
    ],
)
def test_the_mapillary_samples_load_with_their_ids(layouts, folder, options, expected):
    images = open_images(layouts / "mapillary_style" / folder, options={"split": "train", **options})
    assert images.layout == "mapillary"
    assert keys(images)[0] == "training/images/-camvid0000000000000_A.jpg"
    assert all(labels(images)) and not images.orphans
    assert train_ids(images, 0) == expected


@pytest.mark.layouts
def test_both_mapillary_versions_of_one_scene_agree_as_cityscapes(layouts):
    folder = layouts / "mapillary_style" / "v1.2_and_v2.0"
    maps = [
        read_label(s.label, load_scheme(images.scheme), images.encoding).train_ids
        for images in (open_images(folder, options={"version": v, "classes": "cityscapes"}) for v in ("1.2", "2.0"))
        for s in images.samples
        if s.label
    ]
    assert len(maps) == 8
    for first, second in zip(maps[:4], maps[4:], strict=True):
        assert np.array_equal(first, second)


@pytest.mark.camvid
def test_camvid_loads_with_its_splits_and_ids(camvid):
    sizes = {split: len(open_images(camvid, options={"split": split}).samples) for split in ("train", "val", "test")}
    assert sizes == {"train": 367, "val": 101, "test": 233}
    images = open_images(camvid)
    assert images.layout == "camvid" and all(labels(images)) and not images.missing
    assert set(groups(images)) == {"0001TP", "0006R0", "0016E5", "Seq05VD"}
    assert train_ids(images, 0) <= {*range(11), 255}
