"""The page on which an audit is set up, in the real window, with the real engine process, on small real files."""

import hashlib
import shutil

import numpy as np
import onnx
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent

from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.samples import Role
from gui.settings.table import Computing, NewAudits, Preferences
from tests.gui.stand_ins import make_window
from tests.test_engine_jobs_look import weights_alone
from tests.world import make_world, write_images

LONG_MS = 120_000


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=4, non_members=4, suspects=2)


@pytest.fixture
def window(qtbot, qapp, shared_engine):
    preferences = Preferences(computing=Computing("cpu", 1), new_audits=NewAudits(cache_gb=0.0))
    return make_window(qtbot, qapp, preferences=preferences, engine=lambda threads, parent: shared_engine)


@pytest.fixture
def settle(qtbot):
    """Waits until a page knows what it asked about."""

    def wait(page, test=lambda known: True):
        qtbot.waitUntil(lambda: not page.looking.busy and bool(test(page.looking.known)), timeout=LONG_MS)
        return page.looking.known

    return wait


def page_of(window):
    window.registry.trigger("audit.new")
    return window.beginning.page


def drop(widget, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    none = Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none))


def test_from_a_dropped_model_and_folders_to_a_finished_audit_in_view(qtbot, window, world, settle, tmp_path):
    drop(window, world.target)
    page = window.beginning.page
    assert page.isVisible()
    assert page.saving.name.text() == "target"
    for role, folder in ((Role.MEMBER, "members"), (Role.NON_MEMBER, "non-members"), (Role.SUSPECT, "suspects")):
        drop(page.images.boxes[role], world.folder / folder)
    page.composer.edit(scheme=str(world.folder / "scheme.toml"), run=page.composer.draft.spec.run)
    known = settle(page, lambda known: known.report and known.target is not None and known.target.image is not None)
    assert [(found.images, found.labelled) for found in known.sets] == [(4, 4), (4, 4), (2, 1)]
    assert page.model.picture.isVisible()
    assert "4 classes" in page.model.facts.text()
    assert "labelled pixels are predicted as labelled" in page.model.picture.numbers.text()
    assert page.lacking == []
    assert "10 images, 1 defense and 2 attacks" in page.footer.words.text()

    page.saving.place.setText(str(tmp_path))
    page.saving.place.editingFinished.emit()
    page.attacks.take_away(page.composer.draft.spec.attacks[0])
    page.run_button.click()
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    qtbot.waitUntil(lambda: not window.audits.is_running(), timeout=LONG_MS)
    assert window.shows_workbench
    folder = tmp_path / "target.segleak"
    assert window.audits.document.folder == folder
    with AuditStore.read(folder) as store:
        assert {row.state for row in store.images()} == {"done"}
    written = read_spec(tmp_path / "target.toml")
    assert written.resolve(written.target.path) == world.target
    assert [entry.attack.name for entry in written.attacks] == ["loss"]
    assert page.composer.draft.spec.images == (), "the next audit begins with an empty page"

    window.registry.trigger("audit.again")
    assert page.composer.draft.spec.name == "target-2"
    assert page.composer.draft.spec.resolve(page.composer.draft.spec.images[0].path) == world.folder / "members"


def test_a_program_is_opened_only_after_somebody_has_said_that_they_trust_its_bytes(qtbot, window, settle, tmp_path):
    import torch

    path = tmp_path / "model.pt"
    torch.jit.script(torch.nn.Conv2d(3, 4, 1)).save(str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    drop(window, path)
    page = window.beginning.page
    settle(page, lambda known: known.failure is not None)
    assert page.model.trust.isVisible()
    assert digest in page.model.trust._hash.text()
    assert not page.run_button.isEnabled()
    page.model.trust.button.click()
    known = settle(page, lambda known: known.target is not None)
    assert known.target.facts["sha256"] == digest
    assert page.composer.draft.spec.target.trust == digest
    assert page.model.trust.isHidden()
    page.composer.choose_target(tmp_path / "other.pt")
    assert page.composer.draft.spec.target.trust is None, "a consent is for one file"


def test_weights_alone_ask_for_their_architecture_and_offer_the_likeliest(qtbot, window, settle, tmp_path):
    drop(window, weights_alone(tmp_path / "weights.pth"))
    page = window.beginning.page
    settle(page, lambda known: known.failure is not None)
    assert "architecture" in page.model.problem.text
    assert page.model.guess.text() == "Open it as smp:Unet with resnet18"
    assert page.model.options.content is not None, "the fields to fill in are open"
    page.model.guess.click()
    known = settle(page, lambda known: known.target is not None)
    assert known.target.facts["classes"] == 4
    assert page.model.options.content.value().architecture == "smp:Unet"
    assert page.model.problem.text == ""


@pytest.mark.parametrize("kind", ["pickle", "damaged", "gone"])
def test_a_file_that_cannot_be_opened_is_refused_at_its_field_with_a_remedy(window, settle, tmp_path, kind):
    import torch

    path = tmp_path / "module.pth"
    if kind == "pickle":
        torch.save(torch.nn.Conv2d(3, 4, 1), path)
    elif kind == "damaged":
        path.write_bytes(b"\x80 no model")
    page = page_of(window)
    page.model.path.setText(str(path))
    page.model.path.editingFinished.emit()
    known = settle(page, lambda known: known.failure is not None)
    assert "module.pth" in page.model.problem.text
    assert known.failure.remedy in page.model.problem.text
    assert not page.run_button.isEnabled()


def one_convolution(path):
    """An ONNX model of one layer, `(N, 3, h, w)` to `(N, 4, h, w)`."""
    weights = onnx.numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w")
    tensor = onnx.helper.make_tensor_value_info
    given = tensor("x", onnx.TensorProto.FLOAT, ["n", 3, "h", "w"])
    made = tensor("y", onnx.TensorProto.FLOAT, ["n", 4, "h", "w"])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Conv", ["x", "w"], ["y"])], "g", [given], [made], [weights])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def test_onnx_gives_no_dropout_and_the_defense_says_so(window, settle, tmp_path):
    path = one_convolution(tmp_path / "model.onnx")
    page = page_of(window)
    drop(page, path)
    settle(page, lambda known: known.target is not None)
    names = [action.text() for action in page.defenses.menu.actions()]
    page.defenses.menu.actions()[names.index("Dropout")].trigger()
    assert "onnx" in page.defenses.boxes[-1].problem.text
    assert not page.run_button.isEnabled()


def test_camvid_is_recognised_and_near_duplicates_are_told_in_plain_words(window, settle, tmp_path, street_like):
    write_images(tmp_path / "a", street_like, 3, 1)
    camvid = tmp_path / "camvid"
    for part in ("images", "labels"):
        (camvid / part).mkdir(parents=True)
    stems = [f"0001TP_0{number:05d}" for number in range(3)]
    for number, stem in enumerate(stems):
        shutil.copy(tmp_path / "a" / f"{number:02d}.png", camvid / "images" / f"{stem}.png")
        shutil.copy(tmp_path / "a" / f"{number:02d}_mask.png", camvid / "labels" / f"{stem}.png")
    (camvid / "train.txt").write_text("\n".join(stems), "utf-8")
    page = page_of(window)
    drop(page.images.boxes[Role.MEMBER], camvid)
    drop(page.images.boxes[Role.NON_MEMBER], tmp_path / "a")
    page.composer.edit(scheme="camvid11")
    settle(page, lambda known: known.report)
    assert "CamVid" in page.images.boxes[Role.MEMBER].rows[0].sentence.text()
    assert any("byte for byte" in text for text in page.images.findings)
    assert page.images.boxes[Role.SUSPECT].cost.isVisible()
