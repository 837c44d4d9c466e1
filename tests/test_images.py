import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core.data._cv import cv2
from core.data.images import image_size, read_image, read_image_bytes
from core.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

RNG = np.random.default_rng(3)
RGB = RNG.integers(0, 256, (9, 13, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (9, 13, 3), dtype=np.uint16)
NAME = Path("picture")


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def cv_encoded(array, extension):
    return cv2.imencode(extension, array)[1].tobytes()


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width, height):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")


def tiff(planes, photometric, planar, bits):
    """A little-endian, uncompressed TIFF with one strip per plane."""
    height, width = planes[0].shape[:2]
    channels = len(bits)
    tag_count = 10
    place = 8 + 2 + tag_count * 12 + 4
    blobs = []

    def put(data):
        nonlocal place
        blobs.append(data)
        place += len(data)
        return place - len(data)

    bits_at = put(struct.pack(f"<{channels}H", *bits)) if channels > 2 else bits[0]
    strips = [put(plane.tobytes()) for plane in planes]
    sizes = [plane.nbytes for plane in planes]
    many = len(planes) > 1
    strips_at = put(struct.pack(f"<{len(strips)}I", *strips)) if many else strips[0]
    sizes_at = put(struct.pack(f"<{len(sizes)}I", *sizes)) if many else sizes[0]
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, bits_at),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, len(strips), strips_at),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, len(strips), sizes_at),
        (284, 3, 1, planar),
    ]
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, tag_count) + table + b"\0\0\0\0" + b"".join(blobs)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {})],
)
def test_lossless_formats_give_the_pixels_back(kind, options):
    assert np.array_equal(read_image_bytes(encoded(Image.fromarray(RGB), kind, **options), NAME), RGB)


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_lossy_formats_decode_as_opencv_decodes_them(kind, extension):
    data = encoded(Image.fromarray(cv2.resize(RGB, (64, 48))), kind, quality=95)
    reference = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(read_image_bytes(data, NAME).astype(int) - reference).max() <= 4


def test_grey_is_repeated_over_the_channels():
    grey = RGB[..., 0]
    assert np.array_equal(read_image_bytes(encoded(Image.fromarray(grey)), NAME), np.dstack([grey] * 3))


def test_black_and_white_becomes_0_and_255():
    bits = RGB[..., 0] > 127
    data = encoded(Image.fromarray(bits))
    assert np.array_equal(read_image_bytes(data, NAME), np.dstack([bits * np.uint8(255)] * 3))


def test_alpha_is_dropped_and_the_colour_beneath_kept():
    alpha = RNG.integers(0, 256, (9, 13, 1), dtype=np.uint8)
    alpha[0] = 0
    data = encoded(Image.fromarray(np.concatenate([RGB, alpha], axis=2)))
    assert np.array_equal(read_image_bytes(data, NAME), RGB)


def test_grey_with_alpha_keeps_its_grey():
    pixels = RNG.integers(0, 256, (4, 5, 2), dtype=np.uint8)
    assert np.array_equal(read_image_bytes(encoded(Image.fromarray(pixels, "LA")), NAME)[..., 1], pixels[..., 0])


def test_palette_images_are_read_through_their_palette_with_transparency():
    indices = RNG.integers(0, 4, (6, 7), dtype=np.uint8)
    palette = np.array([[10, 20, 30], [200, 0, 7], [0, 255, 1], [9, 9, 9]], dtype=np.uint8)
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    assert np.array_equal(read_image_bytes(encoded(image, transparency=1), NAME), palette[indices])


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_16_bit_colour_keeps_the_high_byte(extension):
    assert np.array_equal(read_image_bytes(cv_encoded(DEEP, extension), NAME), (DEEP >> 8)[..., ::-1])


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_16_bit_grey_keeps_the_high_byte(extension):
    grey = DEEP[..., 0]
    assert np.array_equal(read_image_bytes(cv_encoded(grey, extension), NAME), np.dstack([grey >> 8] * 3))


def test_16_bit_tiff_whose_white_is_zero_is_turned_round():
    grey = DEEP[..., 0]
    data = tiff([grey], photometric=0, planar=1, bits=(16,))
    assert np.array_equal(read_image_bytes(data, NAME)[..., 0], 255 - (grey >> 8))


def test_16_bit_tiff_is_read_interleaved_and_refused_in_planes():
    interleaved = tiff([DEEP], photometric=2, planar=1, bits=(16, 16, 16))
    assert np.array_equal(read_image_bytes(interleaved, NAME), DEEP >> 8)
    planes = tiff([DEEP[..., i] for i in range(3)], photometric=2, planar=2, bits=(16, 16, 16))
    with pytest.raises(DataError, match="separate planes"):
        read_image_bytes(planes, NAME)


def test_8_bit_tiff_in_planes_is_read():
    data = tiff([RGB[..., i].copy() for i in range(3)], photometric=2, planar=2, bits=(8, 8, 8))
    assert np.array_equal(read_image_bytes(data, NAME), RGB)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 4), np.float32), np.zeros((3, 4, 3), np.float32), np.zeros((3, 4), np.int32)]
)
def test_values_without_a_fixed_range_are_refused(array):
    with pytest.raises(DataError, match="picture"):
        read_image_bytes(cv_encoded(array, ".tiff"), NAME)


def test_cmyk_jpeg_becomes_rgb():
    flat = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow ink: red
    pixel = read_image_bytes(encoded(flat, "JPEG", quality=95), NAME)[8, 8].astype(int)
    assert pixel[0] > 230 and max(pixel[1:]) < 25


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("JPEG", {})])
def test_exif_orientation_is_applied_to_pixels_and_to_the_size(tmp_path, kind, options, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    path.write_bytes(encoded(Image.fromarray(RGB), kind, exif=exif, **options))
    with Image.open(path) as image:
        reference = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    image = read_image(path)
    assert np.array_equal(image, reference)
    assert image_size(path) == image.shape[:2]
    if kind == "PNG":
        assert image.shape[:2] == ((13, 9) if orientation >= 5 else (9, 13))


def test_of_several_frames_or_pages_the_first_is_read():
    pages = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    for kind, options in (("TIFF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
        data = encoded(pages[0], kind, save_all=True, append_images=pages[1:], **options)
        assert np.array_equal(read_image_bytes(data, NAME), RGB)


@pytest.mark.parametrize("read", [read_image, image_size])
def test_a_header_of_60000_by_60000_pixels_is_refused_before_decoding(tmp_path, read):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of_size(60_000, 60_000))
    with pytest.raises(DataError, match=r"bomb\.png has 60000 x 60000 pixels"):
        read(path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_pixel_limit_is_inclusive_and_a_setting():
    data = encoded(Image.fromarray(RGB))
    assert read_image_bytes(data, NAME, pixel_limit=9 * 13).shape == RGB.shape
    with pytest.raises(DataError, match="limit of 116"):
        read_image_bytes(data, NAME, pixel_limit=9 * 13 - 1)


def test_images_beyond_pillows_own_limit_are_read_when_ours_allows(tmp_path):
    path = tmp_path / "large.png"
    Image.new("1", (14_000, 13_500)).save(path)  # 189 megapixels; Pillow alone refuses from 179
    assert image_size(path) == (13_500, 14_000)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("GIF", {}),
    ],
)
def test_half_a_file_is_refused_by_name(kind, options):
    data = encoded(Image.fromarray(RGB), kind, **options)
    with pytest.raises(DataError, match="picture"):
        read_image_bytes(data[: len(data) // 2], NAME)


@settings(max_examples=150)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"]),
    damage=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    kept=st.floats(0, 1),
)
def test_damaged_files_give_an_image_or_a_data_error(kind, damage, kept):
    data = bytearray(encoded(Image.fromarray(RGB), kind))
    for place, value in damage:
        data[place % len(data)] = value
    try:
        image = read_image_bytes(bytes(data[: round(len(data) * kept)]), NAME, pixel_limit=100_000)
    except DataError as error:
        assert "picture" in error.message and error.remedy
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3


@pytest.mark.parametrize("content", [b"", b"not an image", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"other\.png"):
        read_image(path)


def test_missing_files_folders_and_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("missing.png", "pipe.png", "."):
        with pytest.raises(DataError, match=r"Check the path|Name an image"):
            read_image(tmp_path / name)


def test_unicode_and_very_long_paths_are_read(tmp_path):
    folder = tmp_path
    while len(os.fsencode(folder)) < 3000:
        folder = folder / ("長い道" * 20)
    folder.mkdir(parents=True)
    path = folder / "Straße 雪.png"
    path.write_bytes(encoded(Image.fromarray(RGB)))
    assert np.array_equal(read_image(path), RGB)
    assert image_size(path) == (9, 13)


def test_the_array_belongs_to_the_caller():
    image = read_image_bytes(encoded(Image.fromarray(RGB)), NAME)
    image[:] = 0
    assert image.flags.c_contiguous and image.flags.owndata


def test_opencv_leaves_no_qt_paths_in_the_environment():
    assert not {"QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"} & set(os.environ)
