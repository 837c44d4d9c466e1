import subprocess
import sys
from pathlib import Path

import pytest

from gui.document import AuditDocument
from gui.selection import Selection
from tests.gui.small_audit import small_audit


@pytest.fixture
def folder(tmp_path):
    return small_audit(tmp_path / "small.segleak")


@pytest.fixture
def document(folder):
    document = AuditDocument.open(folder)
    yield document
    document.close()


def test_another_audit_is_shown_from_its_beginning_and_nobody_meets_a_mixture(document, heard):
    selection = Selection()
    selection.chains, selection.threshold = ("old",), 3.0
    seen = []
    selection.document_changed.connect(lambda _: seen.append((selection.image, selection.chains, selection.threshold)))
    images = heard(selection.image_changed)
    selection.document = document
    assert seen == [(1, ("none", "argmax", "gauss-sigma0.3"), None)]
    assert (selection.attack, selection.layer) == ("loss", "loss")
    assert images.got == [1]
    selection.document = None
    assert (selection.image, selection.chains, selection.attack, selection.layer) == (None, (), "", "image")


def test_setters_speak_only_where_something_changed(document, heard):
    selection = Selection()
    selection.document = document
    signals = {name: heard(getattr(selection, f"{name}_changed")) for name in ("image", "chains", "attack", "layer")}
    selection.image, selection.chains = 1, ["none", "argmax", "gauss-sigma0.3"]
    selection.attack, selection.layer = "loss", "loss"
    assert all(keeper.got == [] for keeper in signals.values())
    selection.image, selection.chains = 2, ("argmax", "argmax", "a", "b", "c", "d")
    assert signals["image"].got == [2]
    assert signals["chains"].got == [("argmax", "a", "b", "c")]


def test_an_operating_point_does_not_outlive_the_scores_it_was_set_on(document):
    selection = Selection()
    selection.document = document
    selection.threshold = 0.5
    selection.chains = ("none", "argmax")
    assert selection.threshold == 0.5
    selection.chains = ("argmax", "none")
    assert selection.threshold is None
    selection.threshold = 0.5
    selection.attack = "confidence"
    assert selection.threshold is None


def test_a_layer_that_the_new_attack_does_not_draw_gives_way(document):
    selection = Selection()
    selection.document = document
    selection.attack = "confidence"
    selection.layer = "confidence"
    selection.attack = "loss"
    assert selection.layer == "loss"
    selection.layer = "label"
    selection.attack = "confidence"
    assert selection.layer == "label"


def test_the_document_loads_nothing_heavy():
    code = "import gui.document, gui.selection, sys; print({'torch', 'scipy', 'sklearn', 'cv2'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
