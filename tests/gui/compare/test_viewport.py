import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.compare.arrangement import arrangement
from gui.compare.curtain import Curtain
from gui.compare.viewport import LARGEST, SMALLEST, View, Viewport, fitted

PANES = [(400.0, 300.0), (250.0, 300.0), (613.0, 287.0)]
IMAGE = (2048.0, 1024.0)


@pytest.fixture
def viewport(qapp):
    made = Viewport()
    made.set_image(IMAGE)
    made.set_panes(PANES)
    return made


def close(one, other, tolerance=1e-7):
    return np.allclose(one, other, rtol=0, atol=tolerance)


def test_twenty_zooms_in_and_out_about_a_pointer_come_back_to_the_same_view_in_panes_of_any_width(viewport):
    before = viewport.view
    about = before.to_image((31.0, 47.0), PANES[1])
    for _ in range(20):
        viewport.zoom(1.2, about)
    assert viewport.view.scale == pytest.approx(before.scale * 1.2**20)
    for _ in range(20):
        viewport.zoom(1 / 1.2, about)
    assert viewport.view.scale == pytest.approx(before.scale, rel=1e-12)
    assert close(viewport.view.centre, before.centre)


def test_twenty_linked_steps_leave_all_panes_at_one_centre_and_one_scale(viewport):
    rng = np.random.default_rng(0)
    for _ in range(20):
        pane = PANES[rng.integers(3)]
        about = viewport.view.to_image(rng.uniform(0, pane), pane)
        viewport.zoom(float(rng.uniform(0.7, 1.4)), about)
        viewport.move(tuple(rng.uniform(-30, 30, 2)))
    middles = [viewport.view.to_image((w / 2, h / 2), (w, h)) for w, h in PANES]
    steps = [np.subtract(viewport.view.to_image((1, 0), p), viewport.view.to_image((0, 0), p))[0] for p in PANES]
    assert all(close(m, middles[0], 1e-9) for m in middles)
    assert np.ptp(steps) < 1e-9


@given(
    x=st.floats(0, 400),
    y=st.floats(0, 300),
    factor=st.floats(0.01, 100),
    scale=st.floats(SMALLEST, LARGEST),
)
def test_the_image_point_under_the_pointer_stays_there_while_zooming_also_at_the_limits(x, y, factor, scale):
    pane = (400.0, 300.0)
    view = View((512.0, 256.0), scale)
    about = view.to_image((x, y), pane)
    zoomed = view.zoomed(about, factor)
    assert SMALLEST <= zoomed.scale <= LARGEST
    assert close(zoomed.to_pane(about, pane), (x, y), 1e-6)


def test_a_point_of_a_pane_leads_to_the_image_and_back():
    view = View((100.0, 50.0), 4.0)
    assert view.to_image((0.0, 0.0), (80.0, 40.0)) == (90.0, 45.0)
    assert view.to_pane((90.0, 45.0), (80.0, 40.0)) == (0.0, 0.0)


def test_a_fitted_view_shows_the_whole_image_in_the_smallest_pane_and_touches_its_border():
    view = fitted(IMAGE, PANES)
    corners = [(view.to_pane((0, 0), pane), view.to_pane(IMAGE, pane)) for pane in PANES]
    for (left, top), (_right, _bottom) in corners:
        assert left >= -1e-9
        assert top >= -1e-9
    assert corners[1][0][0] == pytest.approx(0)
    assert corners[1][1][0] == pytest.approx(250)
    assert all(
        right <= w + 1e-9 and bottom <= h + 1e-9 for (_, (right, bottom)), (w, h) in zip(corners, PANES, strict=True)
    )


def test_a_fitted_view_follows_the_panes_sizes_until_a_person_zooms_or_moves(viewport):
    fit = viewport.view
    viewport.set_panes([(800.0, 600.0)])
    assert viewport.view.scale == pytest.approx(800 / 2048)
    assert viewport.view != fit
    viewport.move((10.0, 0.0))
    moved = viewport.view
    viewport.set_panes(PANES)
    assert viewport.view == moved
    viewport.fit()
    assert viewport.view == fit


def test_another_image_of_the_same_size_keeps_the_place_and_one_of_another_size_is_fitted(viewport):
    viewport.zoom(8.0, (100.0, 100.0))
    kept = viewport.view
    viewport.set_image(IMAGE)
    assert viewport.view == kept
    viewport.set_image((480.0, 360.0))
    assert viewport.view == fitted((480.0, 360.0), PANES)


def test_moving_never_takes_the_middle_off_the_image(viewport):
    viewport.move((1e6, -1e6))
    assert viewport.view.centre == (0.0, 1024.0)


def test_one_to_one_shows_a_device_pixel_for_each_pixel_of_the_image(viewport):
    viewport.actual_size(2.0)
    assert viewport.view.scale == 0.5


def test_the_place_comes_back_from_a_session_and_nonsense_is_passed_over(viewport):
    viewport.zoom(3.0, (700.0, 300.0))
    other = Viewport()
    other.restore(viewport.to_mapping())
    other.set_image(IMAGE)
    other.set_panes(PANES)
    assert other.view == viewport.view
    for nonsense in (None, {}, {"image": [1], "centre": "a", "scale": 1}, {"image": [9, 9], "centre": [1, 2]}, 7):
        other.restore(nonsense)
    assert other.view == viewport.view


def test_the_view_is_told_of_once_per_change_and_not_without_one(viewport, qtbot):
    with qtbot.waitSignal(viewport.changed, timeout=100):
        viewport.zoom(2.0)
    with qtbot.assertNotEmitted(viewport.changed):
        viewport.zoom(1.0)


def test_panes_are_arranged_so_that_the_image_is_largest():
    wide, tall = (2048.0, 1024.0), (500.0, 1000.0)
    assert arrangement(1, (1000, 500), wide) == (1, 1)
    assert arrangement(2, (1000, 1000), wide) == (2, 1)
    assert arrangement(2, (1000, 1000), tall) == (1, 2)
    assert arrangement(4, (1000, 500), wide) == (2, 2)
    assert arrangement(3, (3000, 500), wide) == (1, 3)
    # Words beside each image count: two rows of them leave less of a low room.
    assert arrangement(2, (1000, 640), wide) == (2, 1)
    assert arrangement(2, (1000, 640), wide, words=120) == (1, 2)


def test_the_parts_of_a_curtain_make_up_the_pane_and_its_edge_can_be_taken_hold_of():
    curtain = Curtain().drawn_to(130.0, 400.0)
    left, right = curtain.parts(400.0, 300.0)
    assert (left.left(), left.right(), right.left(), right.right()) == (0, 130, 130, 400)
    assert curtain.holds(126.0, 400.0)
    assert not curtain.holds(100.0, 400.0)
    assert Curtain().drawn_to(-50.0, 400.0).edge == 0.0
    assert Curtain().drawn_to(900.0, 400.0).edge == 1.0
