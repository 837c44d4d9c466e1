"""What stands under the pointer, in words and numbers."""

from dataclasses import replace

import numpy as np
import pytest

from gui.compare.frame import Seen
from gui.compare.readout import NOTHING, number, pane_words, place_words, read_out
from tests.gui.compare.frames import frame_of
from tests.gui.compare_world import CHAINS


def test_the_readout_is_what_the_arrays_say(world, document, qapp):
    rng = np.random.default_rng(4)
    for layer in ("score", "evidence", "loss"):
        frame = frame_of(document, layer=layer)
        for _ in range(40):
            x, y = rng.uniform(0, 512), rng.uniform(0, 256)
            reading = read_out(frame, (x, y))
            assert (reading.x, reading.y, reading.label) == (int(x), int(y), world.labels[0][int(y), int(x)])
            for chain, one in zip(CHAINS, reading.panes, strict=True):
                maps = world.maps[0, chain]
                row, col = int(y) // 2, int(x) // 2
                assert one.value == pytest.approx(maps[layer][row, col], nan_ok=True)
                assert one.loss == pytest.approx(maps["loss"][row, col], nan_ok=True)
                if not np.isnan(one.loss):
                    assert one.p_label == pytest.approx(np.exp(-maps["loss"][row, col]))


def test_there_is_no_readout_beside_the_image(document, qapp):
    frame = frame_of(document)
    assert read_out(frame, (-0.5, 3)) is None
    assert read_out(frame, (512.0, 3)) is None
    assert read_out(replace(frame, seen=Seen(None)), (3, 3)) is None


def test_readings_are_words(world, document, qapp):
    frame = frame_of(document)
    reading = read_out(frame, (10, 10))
    name = ("sky", "building", "road", "car")[world.labels[0][10, 10]]
    assert place_words(frame, reading) == f"x 10   y 10   label: {name}"
    words = pane_words(frame, frame.panes[0], reading.panes[0])
    assert words.startswith(f"score map {world.maps[0, 'none']['score'][5, 5]:.3g}")
    assert "loss" in words
    assert [number(v) for v in (None, float("nan"), -0.0, -1.5, 0.00012345, 152.0)] == [
        NOTHING,
        "void",
        "0",
        "\N{MINUS SIGN}1.50",
        "0.000123",
        "152",
    ]
