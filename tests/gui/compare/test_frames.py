"""What a frame shows of an image under several defenses."""

import numpy as np
import pytest

from core.attacks.all import ATTACKS
from core.audit.map_export import SIGNED
from core.errors import Cancelled
from gui.compare.layers import LAYERS, Comparison, unavailable
from gui.compare.live import Live
from gui.compare.look import Ends, Look
from gui.compare.mean import MOST, mean_map
from gui.compare.overlay import Kind
from gui.compare.shown import errors
from gui.compare.workshop import Workshop
from tests.gui.compare.frames import frame_of, never, wanted
from tests.gui.compare_world import CHAINS, PATCH, make_compare_world


def test_every_pane_shows_the_map_of_its_own_defense_with_its_score_and_rank(world, document, qapp):
    frame = frame_of(document)
    assert [pane.chain for pane in frame.panes] == list(CHAINS)
    for pane in frame.panes:
        assert np.array_equal(pane.shown.values, world.maps[0, pane.chain]["score"])
        others = [world.scores[i, pane.chain] for i in world.images]
        assert pane.standing.score == pytest.approx(world.scores[0, pane.chain])
        assert pane.standing.rank == 1 + sum(s > world.scores[0, pane.chain] for s in others)
        assert pane.standing.of == len(others)
    assert frame.patch == PATCH


def test_all_panes_share_one_range_unless_each_map_is_to_have_its_own(world, document, qapp):
    shared = frame_of(document, layer="evidence")
    assert len({pane.ends for pane in shared.panes}) == 1
    assert shared.panes[0].ends[0] == -shared.panes[0].ends[1]
    own = frame_of(document, layer="evidence", look=Look(ends=Ends.OWN))
    for pane in own.panes:
        assert pane.ends[1] == pytest.approx(np.abs(world.maps[0, pane.chain]["evidence"]).max())
    by_hand = frame_of(document, layer="evidence", look=Look(ends=Ends.HAND, hand=(-1.0, 2.0)))
    assert {pane.ends for pane in by_hand.panes} == {(-1.0, 2.0)}


def test_the_overlay_has_the_colour_of_the_grid_point_under_each_pixel_and_none_where_void(world, document, qapp):
    frame = frame_of(document, layer="loss", look=Look(ends=Ends.HAND, hand=(0.0, 4.0)))
    table = Look().table(Kind.SEQUENTIAL)
    for pane in frame.panes:
        values = world.maps[0, pane.chain]["loss"]
        for y, x in ((0, 0), (17, 301), (200, 511), (255, 100)):
            value = float(values[y // 2, x // 2])
            level = 0 if np.isnan(value) else 1 + round(min(value / 4, 1) * 254)
            assert pane.overlay.image.pixel(x, y) == int(table[level])
        assert pane.overlay.image.pixelColor(100, 255).alpha() == 0


def test_the_difference_to_the_first_defense_is_the_difference_of_the_arrays(world, document, qapp):
    first, *others = frame_of(document, comparison=Comparison.MINUS_FIRST).panes
    assert np.array_equal(first.shown.values, world.maps[0, "none"]["score"])
    for pane in others:
        expected = world.maps[0, pane.chain]["score"] - world.maps[0, "none"]["score"]
        assert np.array_equal(pane.shown.values, expected)
        assert pane.shown.kind is Kind.DIVERGING
        assert pane.ends == (-0.5, 0.5)
        assert "minus" in pane.shown.title


def test_the_mean_non_member_map_is_the_mean_over_the_non_members_that_count(world, document, qapp):
    expected = (world.maps[1, "none"]["score"] + world.maps[2, "none"]["score"]) / 2
    pane = frame_of(document, comparison=Comparison.MEAN).panes[0]
    assert pane.shown.values == pytest.approx(expected, abs=1e-6)
    assert pane.shown.note == "Mean of 2 of 2 non-members."
    difference = frame_of(document, comparison=Comparison.MINUS_MEAN).panes[0]
    assert difference.shown.values == pytest.approx(world.maps[0, "none"]["score"] - expected, abs=1e-6)


def test_excluded_non_members_do_not_count_in_the_mean(world, qapp, tmp_path, street_like):
    own = make_compare_world(tmp_path, street_like, size=(64, 96))
    document = own.open()
    workshop = Workshop(1 << 28)
    workshop.frame(wanted(document, comparison=Comparison.MEAN), never)
    document.decide("exclude", 1, "blurred")
    pane = workshop.frame(wanted(document, comparison=Comparison.MEAN), never).panes[0]
    assert pane.shown.values == pytest.approx(own.maps[2, "none"]["score"])
    document.close()


def test_the_mean_leaves_out_nan_and_maps_of_another_size_and_looks_at_no_more_than_it_says():
    maps = {0: np.array([[1, np.nan]]), 1: np.array([[3, np.nan]]), 2: np.ones((2, 2)), 3: None}
    found = mean_map([0, 1, 2, 3], lambda i: maps[i], (1, 2), never)
    assert (found.count, found.of) == (2, 4)
    assert found.values[0, 0] == 2
    assert np.isnan(found.values[0, 1])
    asked = []
    mean_map(range(10 * MOST + 7), lambda i: asked.append(i) or np.ones((1, 2)), (1, 2), never)
    assert len(asked) <= MOST
    assert asked[-1] > 9 * MOST
    assert mean_map([3], lambda i: maps[i], (1, 2), never).values is None
    with pytest.raises(Cancelled):
        mean_map([0, 1], lambda i: maps[i], (1, 2), lambda: True)


def test_labels_are_shown_in_the_colours_of_their_classes_and_void_is_transparent(world, document, qapp):
    frame = frame_of(document, layer="label")
    pane = frame.panes[0]
    for y, x in ((3, 3), (140, 300), (250, 7)):
        train_id = int(world.labels[0][y, x])
        colour = pane.overlay.image.pixelColor(x, y)
        expected = (0, 0, 0, 0) if train_id == 255 else (*frame.seen.scheme.colours[train_id].tolist(), 255)
        assert colour.getRgb() == expected
    assert world.labels[0][250, 7] == 255


@pytest.mark.parametrize("layer", ["score", "evidence", "prediction"])
@pytest.mark.parametrize("comparison", [Comparison.PLAIN, Comparison.MINUS_FIRST])
def test_void_pixels_are_transparent_in_every_layer_unless_a_person_wants_them(
    world, document, qapp, layer, comparison
):
    live = {chain: Live(prediction=np.zeros((128, 256), np.uint8)) for chain in CHAINS}
    void = world.labels[0] == 255
    for clear in (True, False):
        look = Look(clear_void=clear, ends=Ends.OWN)
        frame = frame_of(document, layer=layer, look=look, comparison=comparison, live=live)
        for pane in frame.panes:
            seen = pane.overlay.pixels >> 24 > 0
            assert not seen[void].any() or not clear
            assert seen[~void].mean() > 0.9
            assert clear or seen[void].mean() > 0.9


def test_an_image_without_a_label_map_says_so_and_has_maps_all_the_same(document, qapp):
    frame = frame_of(document, image=3, layer="label")
    assert frame.panes[0].overlay is None
    assert frame.panes[0].shown.note == "This image has no label map."
    assert frame_of(document, image=3).panes[0].overlay is not None
    assert frame_of(document, image=3, layer="loss").panes[0].shown.note


def test_an_image_that_cannot_be_read_says_why_and_names_the_file(tmp_path, street_like, qapp):
    own = make_compare_world(tmp_path, street_like, size=(64, 96))
    document = own.open()
    document.path(1).write_bytes(b"not an image")
    frame = frame_of(document, image=1)
    assert frame.seen.picture is None
    assert "001.png" in frame.seen.reason
    assert [pane.chain for pane in frame.panes] == list(CHAINS)
    assert all(pane.overlay is None for pane in frame.panes)
    document.close()


def test_a_damaged_map_is_a_note_in_its_pane_and_the_others_are_shown(tmp_path, street_like, qapp):
    own = make_compare_world(tmp_path, street_like, size=(64, 96))
    document = own.open()
    damaged = next(f for f in document.folder.rglob("*.npz") if "000000" in str(f) and "argmax--patch" in f.name)
    damaged.write_bytes(damaged.read_bytes()[:100])
    frame = frame_of(document)
    assert "cannot be read" in frame.panes[1].shown.note
    assert frame.panes[0].overlay is not None
    document.close()


def test_what_the_engine_worked_out_takes_the_place_of_what_is_stored(world, document, qapp):
    label = world.labels[0][::2, ::2]
    prediction = np.where(label == 255, 0, label).astype(np.uint8)
    prediction[10:20, 30:40] += 1
    score = np.full((128, 256), 0.25, np.float32)
    live = {"none": Live({"score": score}, score=99.0, prediction=prediction)}
    pane, other, _ = frame_of(document, live=live).panes
    assert (pane.shown.values == 0.25).all()
    assert (pane.standing.score, pane.standing.rank) == (99.0, 1)
    assert np.array_equal(other.shown.values, world.maps[0, "argmax"]["score"])
    wrong = frame_of(document, layer="error", live=live).panes[0].shown.classes
    assert np.array_equal(wrong == 255, label == 255)
    assert np.array_equal(wrong == 0, (prediction != label) & (label != 255))
    assert frame_of(document, layer="prediction").panes[0].shown.note == "No prediction is kept."


def test_errors_are_found_on_the_label_grid_and_on_the_attack_grid():
    label = np.random.default_rng(0).integers(0, 3, (256, 300)).astype(np.uint8)
    label[:10] = 255
    fine = errors(label.copy(), label)
    assert set(np.unique(fine)) == {1, 255}
    from core.grid import Grid

    assert np.array_equal(errors(Grid.of(label.shape).take(label), label), Grid.of(label.shape).take(fine))


def test_a_chain_that_is_not_in_the_audit_has_no_score_and_no_rank(document, qapp):
    frame = frame_of(document, chains=("gauss-sigma0.123",))
    assert frame.panes[0].standing is None
    live = {"gauss-sigma0.123": Live(score=1.5)}
    standing = frame_of(document, chains=("gauss-sigma0.123",), live=live).panes[0].standing
    assert (standing.score, standing.of) == (1.5, 0)


def test_layers_that_cannot_be_shown_say_why(document):
    kept = {"image", "label", "loss", "true_posterior", "score", "evidence", "evidence_corrected"}
    for layer in LAYERS.values():
        reason = unavailable(document, "patch", layer, engine=False)
        assert bool(reason) == (layer.id not in kept), layer.id
        assert not unavailable(document, "patch", layer, engine=True)
    assert "“Global loss” draws no such map" in unavailable(document, "loss", LAYERS["score"], engine=False)
    assert unavailable(None, "", LAYERS["score"], engine=False) == ""


def test_every_map_of_an_attack_has_words_and_files_and_screen_agree_on_which_have_two_signs():
    drawn = {name for attack in ATTACKS for name in attack.maps}
    assert drawn <= set(LAYERS)
    assert all(LAYERS[name].help for name in drawn)
    assert {name for name in drawn if LAYERS[name].kind is Kind.DIVERGING} == SIGNED
