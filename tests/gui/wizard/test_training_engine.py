"""References trained from the page with the real engine process: begun, stopped, gone on with, added and looked at."""

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QSpinBox

from core.data.samples import Role
from core.training.standing import standing
from gui.jobs.entry import State
from gui.settings.table import Computing, Preferences
from gui.wizard.train_dialog import TrainDialog
from tests.fleet_world import TINY
from tests.gui.stand_ins import make_window
from tests.world import make_world

LONG_MS = 120_000
EPOCHS = 12


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=4, non_members=4, suspects=0)


@pytest.fixture
def page(qtbot, qapp, shared_engine, world):
    window = make_window(
        qtbot,
        qapp,
        preferences=Preferences(computing=Computing("cpu", 1)),
        engine=lambda threads, parent: shared_engine,
    )
    window.registry.trigger("audit.new")
    page = window.beginning.page
    page.composer.choose_target(world.target)
    for role, folder in ((Role.MEMBER, "members"), (Role.NON_MEMBER, "non-members")):
        page.composer.add_images(role, [world.folder / folder])
    page.composer.edit(scheme=str(world.folder / "scheme.toml"))
    qtbot.waitUntil(lambda: not page.looking.busy and page.looking.known.target is not None, timeout=LONG_MS)
    return page


def opened(qtbot, page, folder, **values):
    """The dialog about a folder, when the engine has looked; with other values in its fields."""
    page.attacks.references.training.ask()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TrainDialog) and w.isVisible())
    for name in ("architecture", "encoder"):
        if name in values:
            dialog.form.findChild(QComboBox, name).setCurrentText(values[name])
    for name in ("count", "height", "width", "epochs"):
        if name in values:
            dialog.form.findChild(QSpinBox, name).setValue(values[name])
    dialog.folder.setText(str(folder))
    dialog.folder.textEdited.emit(str(folder))
    qtbot.waitUntil(lambda: bool(dialog.foreseen.begin or dialog.foreseen.problem), timeout=LONG_MS)
    return dialog


def second(step):
    """Whether the second reference learns."""
    return step.stage == "Reference 2 of 2" and step.rate is not None


def test_they_are_trained_stopped_gone_on_with_and_added_to_the_draft(qtbot, page, tmp_path):
    window, out = page.window(), tmp_path / "refs"
    trainings = window.furniture.trainings
    wanted = {"architecture": TINY.architecture, "encoder": TINY.encoder, "count": 2, "epochs": EPOCHS}
    dialog = opened(qtbot, page, out, height=32, width=32, **wanted)
    assert dialog.begin_button.text() == "Train 2 references"
    dialog.accept()
    qtbot.waitUntil(lambda: second(trainings.current.step), timeout=LONG_MS)
    assert trainings.current.step.done >= trainings.current.step.total // 2
    assert "left" in trainings.current.words
    trainings.stop(trainings.current)
    qtbot.waitUntil(lambda: trainings.current is None, timeout=LONG_MS)
    assert [number for number, _ in standing(out).trained] == [0]

    other = opened(qtbot, page, out)
    assert other.told.text.startswith("1 of 2 references is trained."), "its settings come with the folder"
    other.form.findChild(QSpinBox, "epochs").setValue(EPOCHS + 1)
    assert f"epochs {EPOCHS} instead of {EPOCHS + 1}" in other.problem.text
    other.take_kept()
    assert other.begin_button.text() == "Go on"
    other.accept()
    qtbot.waitUntil(lambda: trainings.current is None, timeout=LONG_MS)
    assert trainings.board.entries[-1].state is State.DONE

    files = [out / f"shadow-0{n}.safetensors" for n in range(2)]
    assert [entry.path for entry in page.composer.draft.spec.references] == [str(file) for file in files]
    boxes = page.attacks.references.boxes
    qtbot.waitUntil(lambda: all("known to have seen 4 images" in box.facts.text() for box in boxes), timeout=LONG_MS)
    offer = page.attacks.references.online
    qtbot.waitUntil(lambda: not offer.isHidden(), timeout=LONG_MS)
    assert offer.button.text() == "Add an attack that does"
    offer.button.click()
    assert page.composer.draft.spec.attacks[-1].attack.mode == "online"
    assert page.lacking == []
