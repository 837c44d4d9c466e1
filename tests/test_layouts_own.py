import os
from pathlib import Path

import pytest
from PIL import Image

from core.data.layouts import LAYOUTS, open_images
from core.data.layouts.listfile import Line, parse_line
from core.errors import DataError, SpecError
from core.snapshot.left_out import COUNTS
from tests.layout_helpers import cityscapes, groups, keys, labels, pairs, touch


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.png", Line("a.png")),
        ("a.png b.png", Line("a.png", "b.png")),
        ("x/a.JPG\tx/b.png\tdrive 7", Line("x/a.JPG", "x/b.png", "drive 7")),
        ("a.png, b.png, ulm", Line("a.png", "b.png", "ulm")),
        ("my images/a 1.png my labels/a 1.png", Line("my images/a 1.png", "my labels/a 1.png")),
        ('"my images/a.png" "b c.png"', Line("my images/a.png", "b c.png")),
        ("a.png block-3", Line("a.png", None, "block-3")),
        ("a.png\tblock 3", Line("a.png", None, "block 3")),
        ("-dash.jpg -dash.png", Line("-dash.jpg", "-dash.png")),
        ("v1.png.jpg l.png", Line("v1.png.jpg", "l.png")),
        ("a.png\t\tblock", Line("a.png", None, "block")),
        ("stem only", None),
        ("a.txt", None),
    ],
)
def test_lines_of_a_list(line, expected):
    assert parse_line(line) == expected


def test_a_list_keeps_its_order_and_marks_missing_label_maps(tmp_path):
    touch(tmp_path, "i/b.jpg", "i/a.jpg", "i/c.jpg", "l/b.png", "l/c.png")
    listing = tmp_path / "members.txt"
    listing.write_text("\ufeff# split 1\ni/b.jpg l/b.png north\n\ni/a.jpg l/a.png\ni/c.jpg l/c.png\ni/b.jpg l/b.png\n")
    images = open_images(listing)
    assert (images.layout, images.encoding) == ("list", "auto")
    assert keys(images) == ["i/b.jpg", "i/a.jpg", "i/c.jpg"]
    assert labels(images) == ["b.png", None, "c.png"] and groups(images) == ["north", None, None]
    assert images.missing == (tmp_path / "i" / "a.jpg",)


def test_a_published_cityscapes_list_is_read_with_a_root(tmp_path):
    cityscapes(tmp_path / "data")
    (tmp_path / "lists").mkdir()
    listing = tmp_path / "lists" / "fine_val.txt"
    stem = "ulm/ulm_000003_000019"
    listing.write_text(f"leftImg8bit/val/{stem}_leftImg8bit.png gtFine/val/{stem}_gtFine_labelTrainIds.png\n")
    with pytest.raises(DataError, match="Set 'root'"):
        open_images(listing)
    images = open_images(listing, options={"root": "../data"})
    assert images.samples[0].label.is_file()
    assert (images.encoding, images.scheme) == ("train-id", "cityscapes19")


def test_absolute_paths_in_lists_are_kept(tmp_path):
    touch(tmp_path, "far/a.png")
    listing = tmp_path / "near.txt"
    listing.write_text(f"{tmp_path}/far/a.png\n")
    (sample,) = open_images(listing, options={"root": "elsewhere"}).samples
    assert sample.image == tmp_path / "far" / "a.png"
    assert sample.key == (tmp_path / "far" / "a.png").as_posix()[1:], "a key is never absolute"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a.png\nnonsense\n", "line 2: no image is named in 'nonsense'"),
        (b"a.png b.png\na.png c.png\n", "line 2: 'a.png' has another label map"),
        (b"# nothing\n", "no images were found"),
        (b"\xff\xfe\x00", "cannot be read as a list"),
    ],
)
def test_wrong_lists_are_refused_with_file_and_line(tmp_path, text, words):
    touch(tmp_path, "a.png")
    listing = tmp_path / "wrong.txt"
    listing.write_bytes(text)
    with pytest.raises(DataError, match=words) as caught:
        open_images(listing)
    assert "wrong.txt" in caught.value.message


# Folder pairs


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("a.png", "a_mask.png"),
        ("a.png", "a_labels.tif"),
        ("a.png", "a_GT.bmp"),
        ("a.jpg", "a.png"),
        ("0001TP_8.png", "0001TP_8_L.png"),
        ("a_sat.jpg", "a_mask.png"),
        ("x_leftImg8bit.png", "x_gtFine_labelIds.png"),
        ("images/a.jpg", "labels/a.png"),
        ("images/train/a.jpg", "annotations/train/a.png"),
        ("train/images/a.jpg", "train/masks/a_mask.png"),
        ("train/a.png", "trainannot/a.png"),
        ("train/a.png", "train_labels/a_L.png"),
        ("JPEGImages/a.jpg", "SegmentationClass/a.png"),
        ("a.jpg", "gt/a.png"),
    ],
)
def test_images_and_label_maps_meet_by_name(tmp_path, image, label):
    touch(tmp_path, image, label)
    images = open_images(tmp_path)
    assert (images.layout, keys(images)) == ("pairs", [image])
    assert images.samples[0].label == tmp_path / label
    assert not images.missing and not images.orphans


def test_equal_names_in_different_folders_are_not_mixed_up(tmp_path):
    touch(tmp_path, "images/1/a.jpg", "images/2/a.jpg", "labels/2/a.png", "labels/3/a.png")
    images = open_images(tmp_path)
    assert [s.label and s.label.parent.name for s in images.samples] == [None, "2"]
    assert images.missing == (tmp_path / "images/1/a.jpg",)
    assert images.orphans == (tmp_path / "labels/3/a.png",)


def test_images_alone_are_suspects_without_complaint(tmp_path):
    touch(tmp_path, "b.PNG", "a.jpeg", "left_L.png", "c_mask.png", ".hidden.png", "notes.txt", ".git/x.png")
    images = open_images(tmp_path)
    assert keys(images) == ["a.jpeg", "b.PNG", "c_mask.png", "left_L.png"]
    assert not any(labels(images)) and not images.missing and not images.orphans


def test_a_label_map_whose_image_is_gone_is_an_orphan(tmp_path):
    touch(tmp_path, "a.png", "a_mask.png", "b_mask.png")
    images = open_images(tmp_path)
    assert keys(images) == ["a.png"] and images.orphans == (tmp_path / "b_mask.png",)


def test_of_several_label_maps_the_best_is_taken_and_instances_are_left_out(tmp_path):
    kinds = ("color", "instanceIds", "labelIds", "labelTrainIds")
    touch(tmp_path, "x_leftImg8bit.png", *(f"x_gtFine_{kind}.png" for kind in kinds))
    images = open_images(tmp_path)
    assert pairs(images) == {"x_leftImg8bit.png": "x_gtFine_labelTrainIds.png"}
    assert (images.encoding, images.scheme) == ("train-id", "cityscapes19") and not images.orphans


@pytest.mark.parametrize("inside", ["images", "images/train"])
def test_a_folder_of_images_finds_its_sibling_of_label_maps(tmp_path, inside):
    touch(tmp_path, "images/train/a.jpg", "masks/train/a.png")
    images = open_images(tmp_path / inside)
    assert labels(images) == ["a.png"] and "masks/" in str(images.samples[0].label)


def test_the_folder_of_label_maps_is_an_option(tmp_path):
    touch(tmp_path, "photos/a.jpg", "photos/b.jpg", "truth/a_L.png", "inner/b.jpg", "inner/truth/b.png")
    assert labels(open_images(tmp_path / "photos", options={"labels": "../truth"})) == ["a_L.png", None]
    assert keys(open_images(tmp_path / "inner", options={"labels": "truth"})) == ["b.jpg"]
    with pytest.raises(DataError, match="no folder of label maps"):
        open_images(tmp_path / "photos", options={"labels": "nowhere"})


def test_names_in_composed_and_decomposed_unicode_meet(tmp_path):
    touch(tmp_path, "images/Stra\u00dfe \u00fc.jpg", "labels/Stra\u00dfe u\u0308.png")
    images = open_images(tmp_path)
    assert images.samples[0].label is not None and images.samples[0].image.is_file()


def test_groups_come_from_a_pattern_or_a_table(tmp_path):
    touch(tmp_path, "p1/a.jpg", "p1/b.jpg", "p2/c.jpg")
    assert groups(open_images(tmp_path, options={"group_pattern": r"^(p\d)/"})) == ["p1", "p1", "p2"]
    assert groups(open_images(tmp_path, options={"group_pattern": r"p(?=2)(?P<group>.)"})) == [None, None, "2"]
    (tmp_path / "groups.tsv").write_text("p1/a.jpg\tx\nb.jpg\ty\nc\tz\n")
    assert groups(open_images(tmp_path, options={"groups": "groups.tsv"})) == ["x", "y", "z"]
    (tmp_path / "groups.csv").write_text("key,group\n# comment\np1/a.jpg,x\n")
    assert groups(open_images(tmp_path, options={"groups": "groups.csv", "group_pattern": "p."})) == ["x", "p1", "p2"]


@pytest.mark.parametrize(
    ("text", "words"), [("a.jpg x\n", "line 1"), ("a\tx\na\ty\n", "'a' has two groups"), ("a\t\n", "line 1")]
)
def test_wrong_tables_of_groups_are_refused(tmp_path, text, words):
    touch(tmp_path, "a.jpg")
    (tmp_path / "groups.tsv").write_text(text)
    with pytest.raises(DataError, match=words):
        open_images(tmp_path, options={"groups": "groups.tsv"})


def test_a_wrong_pattern_is_refused_by_key(tmp_path):
    touch(tmp_path, "a.jpg")
    with pytest.raises(SpecError, match="'group_pattern'"):
        open_images(tmp_path, options={"group_pattern": "("})


# All layouts


def test_a_single_image_comes_with_its_label_map_and_group(tmp_path):
    cityscapes(tmp_path)
    images = open_images(tmp_path / "leftImg8bit/train/aachen/aachen_000003_000020_leftImg8bit.png")
    assert labels(images) == ["aachen_000003_000020_gtFine_labelIds.png"]
    assert groups(images) == ["aachen_000003"] and images.encoding == "id" and not images.missing
    touch(tmp_path, "alone/x.png")
    assert pairs(open_images(tmp_path / "alone/x.png")) == {"x.png": None}


def test_links_that_form_a_loop_end(tmp_path):
    touch(tmp_path, "data/a.jpg", "elsewhere/b.jpg")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data", target_is_directory=True)
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "data" / "linked.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    (tmp_path / "data" / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert keys(open_images(tmp_path / "data")) == ["a.jpg", "linked.jpg", "linked/b.jpg"]


def test_folders_and_pipes_named_like_images_are_not_images(tmp_path):
    touch(tmp_path, "folder.png/a.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert keys(open_images(tmp_path)) == ["folder.png/a.png"]


def test_names_that_are_not_utf8_have_keys_that_are(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    images = open_images(tmp_path)
    assert keys(images) == ["caf\\xe9.png"] and images.samples[0].image.is_file()
    keys(images)[0].encode("utf-8")


def test_nothing_to_open_is_said_with_the_path(tmp_path):
    touch(tmp_path, "notes.md")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "notes.md"):
        with pytest.raises(DataError) as caught:
            open_images(path)
        assert str(path) in caught.value.message and caught.value.remedy


def test_unknown_layouts_and_options_are_refused(tmp_path):
    touch(tmp_path, "a.png")
    with pytest.raises(SpecError, match="cityscapes"):
        open_images(tmp_path, "kitti")
    with pytest.raises(SpecError, match="unknown key 'split'"):
        open_images(tmp_path, options={"split": "val"})
    for name in ("cityscapes", "bdd100k", "mapillary", "camvid"):
        with pytest.raises(DataError):
            open_images(tmp_path, name)
        with pytest.raises(SpecError, match="'split' cannot be 'half'"):
            LAYOUTS.get(name).from_mapping({"split": "half"})


def test_relative_paths_are_opened_from_the_working_folder(tmp_path, monkeypatch):
    touch(tmp_path, "set/images/a.jpg", "set/labels/a.png")
    monkeypatch.chdir(tmp_path / "set" / "images")
    assert labels(open_images(Path())) == ["a.png"]


def test_nothing_is_decoded_and_each_folder_is_listed_once(tmp_path, monkeypatch):
    for number in range(300):
        touch(tmp_path, f"images/{number % 3}/{number}.jpg", f"labels/{number % 3}/{number}.png")
    monkeypatch.setattr(Image, "open", lambda *a, **k: pytest.fail("an image was opened"))
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    images = open_images(tmp_path, "pairs")
    assert len(images.samples) == 300 and all(labels(images))
    assert len(listed) == len(set(listed)) == 9


# The samples of real layouts


def test_the_sentence_counts_groups_and_says_where_none_was_found(tmp_path):
    touch(tmp_path, "p1/a.jpg", "p1/b.jpg", "p2/c.jpg")
    assert "group" not in open_images(tmp_path).sentence
    for pattern, words in (("p.", "in 2 groups."), ("p2", "in 1 group, 2 in none."), ("q", "none with a group.")):
        sentence = open_images(tmp_path, options={"group_pattern": pattern}).sentence
        assert sentence.endswith(f"3 images, 0 with a label map, {words}")
        assert COUNTS.search(sentence)  # what a redacted snapshot keeps of it
    listing = tmp_path / "list.txt"
    listing.write_text("p1/a.jpg drive\np1/b.jpg\n")
    assert open_images(listing).sentence.endswith("in 1 group, 1 in none.")
