"""What is asked of the engine about an image, and what it has said by then."""

import numpy as np
import pytest

from core.engine.jobs.observe import View
from gui.compare.frame import Frame, Judged, PaneFrame, Seen, Shown
from gui.compare.layers import LOSS, layer_of
from gui.compare.observing import Observing
from gui.compare.picture import Picture
from gui.compare.wanted import Wanted

SIZE = (8, 16)
MAP = np.ones(SIZE, np.float32)


@pytest.fixture
def asking(selection, document):
    """What is asked once a frame has shown that these maps of the image in view are known."""
    selection.document = document
    observing, image, chain = Observing(selection), selection.image, document.chains[0].id
    layer = layer_of(LOSS)
    seen = Seen(Picture.of(np.zeros((*SIZE, 3), np.uint8)), np.zeros(SIZE, np.uint8))

    def asks(*known):
        judged = Judged(dict.fromkeys(known, MAP), settled=False)
        pane = PaneFrame(chain, judged, None, Shown(layer, layer.kind))
        observing.learn(Frame(document, image, seen, (pane,)))
        wanted = Wanted(document, image, (chain,), selection.attack, layer, awaited=frozenset({chain}))
        return observing.asks(wanted)

    return observing, chain, asks


def test_only_what_the_audit_lacks_is_asked(asking, selection):
    _, _, asks = asking
    (ask,) = asks(*selection.document.map_names(selection.attack), LOSS)
    assert ask.layers == {"prediction", "label_probability"}


def test_what_the_engine_has_said_first_does_not_change_what_was_asked(asking):
    """Else the question would be put anew without it, and the answer to that would take its place."""
    observing, chain, asks = asking
    before = asks()
    assert "loss" in before[0].layers
    observing.take(chain, View(chain, loss=MAP, label_probability=MAP, whole=False), own=True)
    assert asks(LOSS, "true_posterior") == before


def test_of_another_image_it_is_asked_anew(asking):
    observing, chain, asks = asking
    asks()
    observing.take(chain, View(chain, loss=MAP, whole=False), own=True)
    observing.clear()
    (ask,) = asks(LOSS)
    assert "loss" not in ask.layers
