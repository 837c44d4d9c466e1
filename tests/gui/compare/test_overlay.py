import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import colours as core_colours
from core.grid import Grid
from gui import colours
from gui.colour_names import DIVERGING, SEQUENTIAL
from gui.compare.look import Ends, Look
from gui.compare.overlay import (
    NOTHING,
    Kind,
    class_table,
    colour_table,
    difference_range,
    levels,
    own_range,
)
from gui.compare.picture import Overlay, Picture
from gui.compare.placement import Placement


def plain_level(value, low, high):
    """What `levels` says, one number at a time."""
    if math.isnan(value):
        return 0
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return 1 + round(share * 254)


@given(
    st.lists(st.floats(-100, 100, width=32) | st.just(math.nan), min_size=1, max_size=40),
    st.floats(-50, 50),
    st.floats(0.125, 80),
)
def test_levels_are_those_of_a_plain_reimplementation(values, low, span):
    found = levels(np.array([values], np.float32), (low, low + span))[0]
    for level, value in zip(found.tolist(), values, strict=True):
        assert abs(level - plain_level(value, low, low + span)) <= (
            not math.isnan(value)
        )  # halves may round either way
        assert (level == NOTHING) == math.isnan(value)


def test_levels_of_the_ends_and_beyond_are_the_first_and_the_last_and_infinity_is_not_nothing():
    values = np.array([[-9, 0, 0.5, 1, 9, np.inf, -np.inf, np.nan]], np.float32)
    assert levels(values, (0.0, 1.0)).tolist() == [[1, 1, 128, 255, 255, 255, 1, 0]]


def test_a_range_without_extent_splits_the_values_into_below_and_above():
    assert levels(np.array([[1.0, 2.0, 3.0, np.nan]], np.float32), (2.0, 2.0)).tolist() == [[1, 1, 255, 0]]


def test_one_extreme_pixel_among_a_million_is_not_lost_by_the_own_range():
    values = np.zeros((1000, 1000), np.float32)
    values[123, 456] = 7.0
    assert own_range(values, Kind.SEQUENTIAL) == (0.0, 7.0)
    assert levels(values, own_range(values, Kind.SEQUENTIAL))[123, 456] == 255


def test_a_diverging_range_is_symmetric_about_zero_which_is_the_middle_colour():
    values = np.array([[-1.0, 0.0, 3.0, np.nan]], np.float32)
    ends = own_range(values, Kind.DIVERGING)
    assert ends == (-3.0, 3.0)
    assert levels(values, ends)[0, 1] == 128
    middle = colours.table(DIVERGING)[128].astype(int)
    assert np.ptp(middle) < 8
    assert middle.min() > 235


def test_a_map_of_nothing_has_a_range_all_the_same():
    assert own_range(np.full((2, 2), np.nan, np.float32), Kind.SEQUENTIAL) == (0.0, 1.0)
    assert own_range(np.full((2, 2), np.nan, np.float32), Kind.DIVERGING) == (-1.0, 1.0)
    assert difference_range((0.0, 1.0)) == (-0.5, 0.5)
    assert difference_range((-3.0, 3.0)) == (-3.0, 3.0)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_sequential_colour_maps_only_get_lighter_and_run_backwards_when_asked(name):
    table = colours.table(name).astype(float)
    lightness = table @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -1.5).all()
    assert lightness[-1] - lightness[0] > 120
    assert np.array_equal(colours.table(name, backwards=True), colours.table(name)[::-1])


def test_the_default_colours_are_those_of_the_exported_maps():
    assert np.array_equal(colours.table("viridis"), core_colours.sequential())
    assert np.array_equal(colours.table(DIVERGING), core_colours.diverging())


def test_level_nothing_is_transparent_and_all_others_are_opaque():
    table = colour_table("viridis")
    assert table.shape == (256,)
    assert table[NOTHING] == 0
    assert (table[1:] >> 24 == 255).all()
    red, green, blue = (int(v) for v in colours.table("viridis")[200])
    assert int(table[200]) & 0xFFFFFF == red << 16 | green << 8 | blue


def test_a_diverging_overlay_lets_the_image_through_towards_the_middle_in_the_colours_of_the_bar():
    look = Look()
    bar, overlay = (of(Kind.DIVERGING).astype(np.int64) for of in (look.table, look.overlay))
    alpha = overlay >> 24
    assert overlay[NOTHING] == 0
    assert alpha[[1, 128, 255]].tolist() == [255, 0, 255]
    assert alpha[128 + 32] == pytest.approx(255 * math.sqrt(32 / 127), abs=1), "a quarter of the range is half there"
    assert np.array_equal(alpha[1:], alpha[:0:-1]), "both signs are as strong"
    for shift in (16, 8, 0):
        channel, whole = overlay >> shift & 255, bar >> shift & 255
        assert (channel <= alpha).all(), "premultiplied"
        assert np.abs(channel[1:] - whole[1:] * alpha[1:] / 255).max() <= 1
    assert np.array_equal(look.overlay(Kind.SEQUENTIAL), look.table(Kind.SEQUENTIAL))


def test_void_and_ids_without_a_class_are_transparent_in_class_colours():
    table = class_table(np.array([[1, 2, 3], [250, 0, 9]], np.uint8))
    assert table[:2].tolist() == [0xFF010203, 0xFFFA0009]
    assert not table[2:].any()


def test_a_full_scheme_of_255_classes_leaves_void_transparent():
    assert class_table(np.full((256, 3), 7, np.uint8))[255] == 0


# ---------------------------------------------------------------- where maps lie


def plain_owner(position, taken):
    """The last taken row at or before a row."""
    return max(i for i, row in enumerate(taken) if row <= position)


@pytest.mark.parametrize("size", [(256, 512), (180, 301), (360, 480), (96, 100), (1024, 2048), (500, 129)])
def test_every_pixel_shows_the_last_grid_point_at_or_before_it(size):
    grid = Grid.of(size)
    place = Placement.of(grid.shape, size, size)
    for owners, taken, length in ((place.rows, grid.rows, size[0]), (place.cols, grid.cols, size[1])):
        assert len(owners) == length
        for position in range(0, length, max(1, length // 67)):
            assert owners[position] == plain_owner(position, taken.tolist())


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_the_pixel_a_grid_point_was_taken_from_shows_its_value(height, width, seed):
    grid = Grid.of((height, width))
    values = np.random.default_rng(seed).random(grid.shape, np.float32)
    spread = Placement.of(grid.shape, (height, width), (height, width)).spread(values)
    assert spread.shape == (height, width)
    assert np.array_equal(grid.take(spread), values)


def test_a_map_of_a_whole_multiple_is_drawn_in_equal_blocks():
    values = np.arange(128 * 256, dtype=np.float32).reshape(128, 256)
    spread = Placement.of((128, 256), (1024, 2048), (1024, 2048)).spread(values)
    assert np.array_equal(spread, values.repeat(8, axis=0).repeat(8, axis=1))


@pytest.mark.parametrize("labels", [(256, 512), (512, 1024), (1024, 2048), (768, 1536)])
def test_a_label_map_of_another_size_covers_the_same_field_of_view(labels):
    image = (512, 1024)
    place = Placement.of(Grid.of(labels).shape, labels, image)
    rows = [plain_owner(y * labels[0] // image[0], Grid.of(labels).rows.tolist()) for y in range(512)]
    assert place.rows.tolist() == rows
    assert place.tops.max() < 512
    assert place.lefts.max() < 1024
    # Each point of the map begins on a pixel that shows it, unless the image has fewer pixels than that.
    assert np.array_equal(place.rows[place.tops], np.arange(len(place.tops)))


def test_points_beside_the_image_have_no_value():
    place = Placement.of((2, 2), (4, 4), (4, 4))
    assert place.at(-0.01, 0) is None
    assert place.at(0, 4.0) is None
    assert place.at(3.99, 0.5) == (0, 1)


# ---------------------------------------------------------------- pictures


def test_a_painted_overlay_has_the_colours_of_its_array(qapp):
    table = colour_table("viridis")
    index = np.arange(256, dtype=np.uint8).reshape(8, 32)
    overlay = Overlay.of(table[index])
    for y, x in ((0, 0), (0, 1), (3, 17), (7, 31)):
        assert overlay.image.pixel(x, y) == int(table[index[y, x]])


def test_a_picture_outlives_the_array_it_was_made_of_and_has_halves(qapp):
    pixels = np.random.default_rng(1).integers(0, 255, (1024, 1600, 3), np.uint8)
    first = pixels[10, 20].tolist()
    picture = Picture.of(pixels)
    pixels[:] = 0
    assert picture.shape == (1024, 1600)
    colour = picture.levels[0].pixelColor(20, 10)
    assert [colour.red(), colour.green(), colour.blue()] == first
    assert [level.width() for level in picture.levels] == [1600, 800, 400]
    assert picture.at_scale(2.0).width() == 1600
    assert picture.at_scale(0.51).width() == 1600
    assert picture.at_scale(0.5).width() == 800
    assert picture.at_scale(0.01).width() == 400
    assert picture.nbytes == 4 * (1600 * 1024 + 800 * 512 + 400 * 256)


# ---------------------------------------------------------------- what a session keeps


def test_a_look_comes_back_from_a_session_and_what_does_not_fit_is_left_out():
    look = Look(opacity=0.3, colours="magma", backwards=True, ends=Ends.OWN, patches=True)
    assert Look.from_mapping(look.to_mapping()) == look
    wrong = {"opacity": 3, "colours": "jet", "backwards": "yes", "ends": "none", "patches": None, "hand": [2, 1]}
    assert Look.from_mapping(wrong) == Look()
    assert Look.from_mapping(Look(ends=Ends.HAND, hand=(-1.0, 2.0)).to_mapping()).hand == (-1.0, 2.0)
