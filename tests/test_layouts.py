from pathlib import Path

import pytest

from core.data.layouts import open_images
from core.errors import DataError
from tests.layout_helpers import cityscapes, groups, keys, labels, pairs, touch


def test_cityscapes_is_recognised_with_ids_and_sequences(tmp_path):
    images = open_images(cityscapes(tmp_path))
    assert (images.layout, images.encoding, images.scheme) == ("cityscapes", "id", "cityscapes19")
    assert keys(images)[1] == "leftImg8bit/train/aachen/aachen_000003_000019_leftImg8bit.png"
    assert keys(images) == sorted(keys(images))
    assert labels(images)[1] == "aachen_000003_000019_gtFine_labelIds.png"
    assert groups(images) == ["bonn_000003", "aachen_000003", "aachen_000003", "ulm_000003"]
    assert "leftImg8bit/" in images.sentence and "4 images, 3 with a label map" in images.sentence
    assert [path.name for path in images.missing] == ["bonn_000003_000019_leftImg8bit.png"]


def test_cityscapes_splits_and_label_kinds_are_options(tmp_path):
    cityscapes(tmp_path)
    images = open_images(tmp_path, options={"split": "val", "labels": "labelTrainIds"})
    assert images.encoding == "train-id"
    assert pairs(images) == {"ulm_000003_000019_leftImg8bit.png": "ulm_000003_000019_gtFine_labelTrainIds.png"}
    assert not images.missing and not images.orphans


def test_cityscapes_falls_back_to_the_label_maps_there_are(tmp_path):
    assert open_images(cityscapes(tmp_path / "a", ["labelTrainIds"])).encoding == "train-id"
    assert open_images(cityscapes(tmp_path / "b", ["color"])).encoding == "colour"
    assert not any(labels(open_images(cityscapes(tmp_path / "c", ["instanceIds"]))))


def test_a_split_or_city_of_cityscapes_can_be_opened_by_itself(tmp_path):
    cityscapes(tmp_path)
    for inside, key in (("train", "aachen/aachen_000003_000019_leftImg8bit.png"), ("train/aachen", None)):
        images = open_images(tmp_path / "leftImg8bit" / inside)
        assert images.layout == "cityscapes"
        assert keys(images)[0] == key or key is None
        assert labels(images)[0] == "aachen_000003_000019_gtFine_labelIds.png"


def test_cityscapes_label_maps_without_image_are_orphans(tmp_path):
    cityscapes(tmp_path)
    touch(tmp_path, "gtFine/train/aachen/aachen_000009_000019_gtFine_labelIds.png")
    assert [path.name for path in open_images(tmp_path).orphans] == ["aachen_000009_000019_gtFine_labelIds.png"]
    assert not open_images(tmp_path, options={"split": "val"}).orphans


# BDD100K


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/10k/{split}/{id}.jpg", "labels/sem_seg/masks/{split}/{id}.png"),
        ("seg/images/{split}/{id}.jpg", "seg/labels/{split}/{id}_train_id.png"),
    ],
)
def test_both_versions_of_bdd100k_are_recognised(tmp_path, image, label):
    root = tmp_path / "bdd100k"
    for split, name in (("train", "0a0a-0001"), ("val", "0b0b-0002"), ("test", "0c0c-0003")):
        touch(root, image.format(split=split, id=name))
        if split != "test":
            touch(root, label.format(split=split, id=name))
    touch(root, label.format(split="train", id="0d0d-0004"))
    inside = root / image.format(split="val", id="x")
    for folder, count in ((tmp_path, 3), (root, 3), (inside.parent.parent, 3), (inside.parent, 1)):
        images = open_images(folder)
        assert (images.layout, images.encoding, images.scheme) == ("bdd100k", "train-id", "cityscapes19")
        assert len(images.samples) == count and all((folder / key).is_file() for key in keys(images))
        assert not images.missing
    images = open_images(root, options={"split": "train"})
    assert pairs(images) == {"0a0a-0001.jpg": Path(label.format(split="", id="0a0a-0001")).name}
    assert groups(images) == ["0a0a"]
    assert [path.name for path in images.orphans] == [Path(label.format(split="", id="0d0d-0004")).name]


# Mapillary Vistas


def mapillary(folder, label_folders):
    for split, key in (("training", "-AbC_d"), ("training", "_xY"), ("validation", "--Q"), ("testing", "Zz")):
        touch(folder, f"{split}/images/{key}.jpg")
        if split != "testing":
            touch(folder, *(f"{split}/{labels}/{key}.png" for labels in label_folders))
            touch(folder, *(f"{split}/{labels.replace('labels', 'instances')}/{key}.png" for labels in label_folders))
    return folder


def test_mapillary_1_1_needs_its_config_to_be_recognised(tmp_path):
    mapillary(tmp_path, ["labels"])
    assert open_images(tmp_path).layout == "pairs"
    touch(tmp_path, "config.json")
    images = open_images(tmp_path)
    assert (images.layout, images.encoding, images.scheme) == ("mapillary", "id", "mapillary65")
    assert pairs(images) == {"Zz.jpg": None, "-AbC_d.jpg": "-AbC_d.png", "_xY.jpg": "_xY.png", "--Q.jpg": "--Q.png"}
    assert groups(images) == [None] * 4 and not images.missing and not images.orphans
    assert len(open_images(tmp_path / "training").samples) == 2


@pytest.mark.parametrize(
    ("options", "folder", "scheme"),
    [
        ({}, "v1.2", "mapillary65"),
        ({"version": "2.0"}, "v2.0", "mapillary124"),
        ({"classes": "cityscapes"}, "v1.2", "mapillary-cityscapes19"),
        ({"version": "2.0", "classes": "cityscapes"}, "v2.0", "mapillary2-cityscapes19"),
    ],
)
def test_mapillary_versions_and_classes_are_options(tmp_path, options, folder, scheme):
    mapillary(tmp_path, ["v1.2/labels", "v2.0/labels"])
    images = open_images(tmp_path, options={"split": "val", **options})
    assert images.scheme == scheme
    assert images.samples[0].label == tmp_path / "validation" / folder / "labels" / "--Q.png"


def test_a_mapillary_version_that_is_not_there_is_refused(tmp_path):
    mapillary(tmp_path, ["v1.2/labels"])
    assert len(open_images(tmp_path, options={"split": "test", "version": "1.2"}).samples) == 1
    with pytest.raises(DataError, match=r"version 2\.0"):
        open_images(tmp_path, options={"version": "2.0"})


# CamVid


def test_camvid_lists_of_stems_give_splits_and_sequences(tmp_path):
    for stem in ("0001TP_1", "0001TP_2", "Seq05VD_3"):
        touch(tmp_path, f"images/{stem}.jpg", f"labels/{stem}.png")
    (tmp_path / "train.txt").write_text("0001TP_1\n\n0001TP_2\n")
    (tmp_path / "test.txt").write_text("Seq05VD_3\n")
    images = open_images(tmp_path)
    assert (images.layout, images.encoding, images.scheme) == ("camvid", "id", "camvid11")
    assert groups(images) == ["0001TP", "0001TP", "Seq05VD"]
    assert keys(open_images(tmp_path, options={"split": "test"})) == ["images/Seq05VD_3.jpg"]
    (tmp_path / "sequences.tsv").write_text("stem\tsplit\tsequence\tframe\n0001TP_1\ttrain\tmorning\t1\n")
    assert groups(open_images(tmp_path)) == ["morning", "0001TP", "Seq05VD"]


def test_camvid_lists_of_paths_are_resolved_by_folder_and_name(tmp_path):
    touch(tmp_path, "train/0016E5_1.png", "trainannot/0016E5_1.png", "val/0016E5_2.png")
    root = "/SegNet/CamVid"
    (tmp_path / "train.txt").write_text(f"{root}/train/0016E5_1.png {root}/trainannot/0016E5_1.png\n")
    (tmp_path / "val.txt").write_text(f"{root}/val/0016E5_2.png {root}/valannot/0016E5_2.png\n")
    images = open_images(tmp_path)
    assert images.samples[0].label == tmp_path / "trainannot" / "0016E5_1.png"
    assert images.missing == (tmp_path / "val" / "0016E5_2.png",)


def test_lists_of_other_frames_are_not_taken_for_camvid(tmp_path):
    touch(tmp_path, "images/cat.jpg", "labels/cat.png")
    (tmp_path / "train.txt").write_text("cat\n")
    assert open_images(tmp_path).layout == "pairs"
    (tmp_path / "train.txt").write_text("dog\n")
    with pytest.raises(DataError, match=r"train\.txt: there is no image for 'dog'"):
        open_images(tmp_path, "camvid")


# List files
