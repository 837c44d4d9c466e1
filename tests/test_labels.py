import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.data._cv import cv2
from core.data.labels import read_label, read_label_bytes, settle_encoding
from core.data.scheme import ClassEntry, ClassScheme, load_scheme
from core.errors import DataError, SpecError

NAME = Path("map")
OWN = ClassScheme(
    "own",
    "own",
    (
        ClassEntry("grass", 1, 0, (0, 128, 0)),
        ClassEntry("moss", 40, 0, (0, 96, 0)),
        ClassEntry("path", 2, 1, (128, 128, 128)),
        ClassEntry("cat", 3, None, (255, 0, 0)),
        ClassEntry("shade", 9, None, (0, 128, 0)),
        ClassEntry("far", 700, 2, (1, 2, 3)),
    ),
)


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(stream, kind, **options)
    return stream.getvalue()


def palette_image(indices, colours):
    image = Image.fromarray(indices)
    image.putpalette(np.asarray(colours, dtype=np.uint8).tobytes())
    return image


def slowly(values, scheme, encoding):
    """Pixel by pixel: train ids and the counts of unknown values."""
    by_id = {entry.id: entry.train_id for entry in scheme.entries}
    result, unknown = np.full(values.shape, 255, np.uint8), {}
    for place, value in np.ndenumerate(values):
        table = by_id if encoding == "id" else {i: i for i in range(scheme.classes)}
        if int(value) in table:
            result[place] = 255 if table[int(value)] is None else table[int(value)]
        elif value != 255:
            unknown[int(value)] = unknown.get(int(value), 0) + 1
    return result, unknown


@given(
    values=st.lists(st.sampled_from([0, 1, 2, 3, 9, 40, 41, 254, 255, 700, 65535]), min_size=1, max_size=30),
    encoding=st.sampled_from(["id", "train-id"]),
)
def test_values_are_looked_up_as_pixel_by_pixel(values, encoding):
    array = np.array([values], dtype=np.uint16)
    label = read_label_bytes(encoded(array), NAME, OWN, encoding)
    train_ids, unknown = slowly(array, OWN, encoding)
    assert np.array_equal(label.train_ids, train_ids) and label.train_ids.dtype == np.uint8
    assert label.unknown == unknown and label.encoding == encoding


@pytest.mark.parametrize(
    "make",
    [
        encoded,
        lambda v: encoded(v, "TIFF", compression="tiff_lzw"),
        lambda v: encoded(v, "BMP"),
        lambda v: encoded(v, "WEBP", lossless=True),
        lambda v: encoded(v.astype(np.uint16)),
        lambda v: cv2.imencode(".tiff", v.astype(np.uint16))[1].tobytes(),
        lambda v: cv2.imencode(".tiff", v.astype(np.int32))[1].tobytes(),
        lambda v: encoded(np.dstack([v] * 3)),
        lambda v: encoded(np.dstack([v] * 3 + [v * 0])),
        lambda v: encoded(Image.fromarray(np.dstack([v, v * 0]), "LA")),
        lambda v: encoded(palette_image(v, np.random.default_rng(0).integers(0, 256, (41, 3)))),
    ],
)
def test_every_container_gives_the_same_ids(make):
    values = np.array([[1, 2, 3], [40, 9, 9]], dtype=np.uint8)
    label = read_label_bytes(make(values), NAME, OWN, "id")
    assert label.train_ids.tolist() == [[0, 1, 255], [0, 255, 255]] and label.unknown == {}


def test_palette_images_are_read_by_index_even_when_colours_repeat():
    indices = np.array([[1, 2], [40, 3]], dtype=np.uint8)
    image = palette_image(indices, [[0, 128, 0]] * 41)  # every colour means grass
    for encoding in ("auto", "id", "palette"):
        assert read_label_bytes(encoded(image), NAME, OWN, encoding).train_ids.tolist() == [[0, 1], [0, 255]]
    assert read_label_bytes(encoded(image), NAME, OWN, "colour").train_ids.tolist() == [[0, 0], [0, 0]]


def test_the_palette_encoding_refuses_other_images():
    with pytest.raises(DataError, match="map is not a palette image"):
        read_label_bytes(encoded(np.ones((2, 2), np.uint8)), NAME, OWN, "palette")


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("encoding", ["auto", "colour"])
def test_colours_are_looked_up_in_the_class_table(encoding, alpha):
    colours = np.array([[[0, 128, 0], [0, 96, 0], [128, 128, 128]], [[255, 0, 0], [1, 2, 3], [9, 8, 7]]], np.uint8)
    image = np.dstack([colours, np.zeros((2, 3), np.uint8)]) if alpha else colours
    label = read_label_bytes(encoded(image), NAME, OWN, encoding)
    assert label.train_ids.tolist() == [[0, 0, 1], [255, 2, 255]]
    assert label.unknown == {0x090807: 1} and label.encoding == "colour"


def test_a_class_goes_before_a_void_label_of_its_colour():
    pole = np.full((1, 2, 3), 153, np.uint8)  # pole, and polegroup which is void
    assert read_label_bytes(encoded(pole), NAME, load_scheme("cityscapes19"), "colour").train_ids.tolist() == [[5, 5]]


def test_colours_of_several_classes_are_refused():
    white = np.full((1, 2, 3), 255, np.uint8)
    with pytest.raises(DataError, match=r"map: the colour #ffffff stands for several classes of 'mapillary124'"):
        read_label_bytes(encoded(white), NAME, load_scheme("mapillary124"), "colour")


def test_every_colour_of_a_scheme_is_its_class():
    for name in ("cityscapes19", "camvid11", "mapillary65", "mapillary-cityscapes19"):
        scheme = load_scheme(name)
        label = read_label_bytes(encoded(scheme.colours[None]), NAME, scheme, "colour")
        assert label.train_ids[0].tolist() == list(range(scheme.classes))


def test_auto_reads_train_ids_where_all_values_are_train_ids():
    def auto(values):
        return read_label_bytes(encoded(np.array([values], np.uint8)), NAME, OWN)

    assert auto([0, 1, 2, 255]).encoding == "train-id" and auto([0, 1, 2, 255]).train_ids.tolist() == [[0, 1, 2, 255]]
    assert auto([1, 2, 3]).encoding == "id" and auto([1, 2, 3]).train_ids.tolist() == [[0, 1, 255]]


def test_a_value_map_read_as_train_ids_or_ids_cannot_be_coloured():
    colours = np.array([[[0, 128, 0], [255, 0, 0]]], np.uint8)
    for encoding in ("id", "train-id"):
        with pytest.raises(DataError, match="map is colour-coded"):
            read_label_bytes(encoded(colours), NAME, OWN, encoding)


def test_255_is_void_in_a_map_of_ids_unless_the_scheme_uses_it():
    data = encoded(np.array([[255, 7]], np.uint8))
    assert read_label_bytes(data, NAME, OWN, "id").unknown == {7: 1}
    uses_255 = ClassScheme("x", "x", (ClassEntry("a", 255, 0, (0, 0, 0)),))
    assert read_label_bytes(data, NAME, uses_255, "id").train_ids.tolist() == [[0, 255]]


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("WEBP", {}), ("TIFF", {"compression": "jpeg"})])
def test_lossy_files_are_refused_with_the_reason(kind, options):
    with pytest.raises(DataError, match="map is compressed with loss"):
        read_label_bytes(encoded(np.ones((16, 16, 3), np.uint8), kind, **options), NAME, OWN)


def test_fractions_and_numbers_outside_16_bits_are_refused():
    for array in (np.zeros((2, 2), np.float32), np.full((2, 2), -1, np.int32), np.full((2, 2), 70_000, np.int32)):
        with pytest.raises(DataError, match="map "):
            read_label_bytes(cv2.imencode(".tiff", array)[1].tobytes(), NAME, OWN)


def test_exif_orientation_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "map.png"
    path.write_bytes(encoded(np.array([[1, 2, 40]], np.uint8), exif=exif))
    assert read_label(path, OWN, "id").train_ids.tolist() == [[0, 1, 0]]


def test_the_pixel_limit_holds_for_label_maps(tmp_path):
    path = tmp_path / "map.png"
    path.write_bytes(encoded(np.ones((10, 10), np.uint8)))
    assert read_label(path, OWN, "id", pixel_limit=100).train_ids.shape == (10, 10)
    with pytest.raises(DataError, match=r"map\.png has 10 x 10 pixels"):
        read_label(path, OWN, "id", pixel_limit=99)


def test_truncated_missing_and_foreign_files_are_refused_by_name(tmp_path):
    data = encoded(np.random.default_rng(0).integers(0, 3, (50, 50), dtype=np.uint8))
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.png").write_text("no image")
    for name in ("cut.png", "text.png", "missing.png"):
        with pytest.raises(DataError, match=name):
            read_label(tmp_path / name, OWN)


def test_an_unknown_encoding_lists_the_known_ones():
    with pytest.raises(SpecError, match="train-id, id, palette, colour"):
        read_label_bytes(encoded(np.ones((2, 2), np.uint8)), NAME, OWN, "ids")


def written(folder, maps):
    paths = []
    for number, array in enumerate(maps):
        paths.append(folder / f"{number}.png")
        paths[-1].write_bytes(encoded(np.asarray(array, np.uint8)))
    return paths


def test_the_encoding_of_a_set_is_settled_by_all_of_it(tmp_path):
    # The first file alone would pass for train ids.
    paths = written(tmp_path, [[[1, 2]], [[1, 40]]])
    assert read_label(paths[0], OWN).encoding == "train-id"
    assert settle_encoding(paths, OWN) == "id"
    assert settle_encoding(paths[:1], OWN) == "train-id"
    assert settle_encoding([], OWN) == "auto"


def test_settling_passes_over_broken_files_and_refuses_a_mixture(tmp_path):
    paths = written(tmp_path, [[[1, 40]], [[[0, 128, 0], [255, 0, 0]]]])
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    assert settle_encoding([broken, paths[0]], OWN) == "id"
    assert settle_encoding([paths[1], broken], OWN) == "colour"
    with pytest.raises(DataError, match=r"1\.png is colour-coded and .*0\.png is not"):
        settle_encoding(paths, OWN)


@pytest.mark.layouts
def test_real_bdd_masks_are_train_ids_in_grey_and_palette_files(layouts):
    folder = layouts / "bdd100k_repo_testcases" / "label" / "testcases"
    scheme = load_scheme("cityscapes19")
    grey = read_label(folder / "semseg_mask.png", scheme)
    assert np.unique(grey.train_ids).tolist() == [13, 255] and grey.unknown == {}
    palette = read_label(folder / "to_rle" / "sem_seg" / "masks" / "0.png", scheme, "train-id")
    assert np.unique(palette.train_ids).tolist() == [0, 1, 2, 5, 6, 7, 8, 9, 10, 13, 14]


@pytest.mark.layouts
def test_ids_train_ids_and_colours_of_one_scene_agree(layouts):
    scheme = load_scheme("cityscapes19")
    folder = layouts / "cityscapes_style" / "gtFine" / "train"
    paths = sorted(folder.rglob("*_labelIds.png"))
    assert len(paths) == 3
    for path in paths:
        ids, train_ids, colours = (
            read_label(Path(str(path).replace("labelIds", kind)), scheme, encoding)
            for kind, encoding in (("labelIds", "id"), ("labelTrainIds", "train-id"), ("color", "colour"))
        )
        assert np.array_equal(ids.train_ids, train_ids.train_ids)
        assert np.array_equal(ids.train_ids, colours.train_ids)
        assert not ids.unknown and not train_ids.unknown and not colours.unknown
