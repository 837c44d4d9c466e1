"""What the page asks the engine about models and images, and what becomes of the answers."""

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QLineEdit, QPushButton

from core.data.samples import Role
from core.engine import events
from core.engine.jobs import CheckedTarget, CheckImages, CheckTarget, FoundSet, LookAtImages
from tests.gui.wizard.helpers import answer, asked, fail
from tests.gui.wizard.stand_ins import FACTS, SOUND


def test_the_engine_is_asked_once_the_page_is_still_and_old_answers_are_dropped(qtbot, window, page, tmp_path):
    for name in ("a.pth", "b.pth"):
        page.composer.choose_target(tmp_path / name)
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    assert [job.path.name for job in asked(window, CheckTarget)] == ["b.pth"]
    page.composer.choose_target(tmp_path / "c.pth")
    qtbot.waitUntil(lambda: len(asked(window, CheckTarget)) == 2, timeout=5000)
    answer_to_first = window.furniture.engine.jobs.index(asked(window, CheckTarget)[0]) + 1
    window.furniture.engine.done.emit(events.JobDone(answer_to_first, SOUND))
    assert page.looking.known.target is None
    answer(window, CheckTarget, SOUND)
    assert page.looking.known.target is SOUND
    assert "7 classes" in page.model.facts.text()


def test_what_an_engine_took_along_when_it_died_is_asked_of_the_next_one_once(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    (job,) = asked(window, CheckTarget)
    fail(window, CheckTarget, job)
    assert asked(window, CheckTarget) == [job, job]
    assert (page.model.problem.text, page.looking.busy) == ("", True)
    fail(window, CheckTarget, job)
    assert asked(window, CheckTarget) == [job, job]
    assert (page.model.problem.text, page.looking.busy) == ("The engine crashed.", False)


def test_where_memory_runs_out_the_model_is_looked_at_with_less(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    gentler = replace(asked(window, CheckTarget)[0], device="cpu:1")
    fail(window, CheckTarget, gentler, "Memory ran out.")
    fail(window, CheckTarget, gentler, "The engine crashed.")  # the gentler one has a second engine, too
    assert asked(window, CheckTarget)[1:] == [gentler, gentler]
    answer(window, CheckTarget, SOUND)
    assert (page.model.problem.text, page.looking.known.target) == ("", SOUND)


def test_a_question_that_somebody_else_takes_back_is_not_waited_for(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    number = len(window.furniture.engine.jobs)
    while not isinstance(window.furniture.engine.jobs[number - 1], CheckTarget):
        number -= 1
    window.furniture.engine.cancelled.emit(events.JobCancelled(number))
    assert not page.looking.busy


def test_the_model_is_tried_on_the_first_labelled_image_and_the_data_is_checked(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    first = (tmp_path / "1.png", tmp_path / "1_mask.png")
    answer(window, LookAtImages, (FoundSet("Two.", images=2, labelled=2, scheme="cityscapes7", first=first),))
    job = asked(window, CheckTarget)[-1]
    assert (job.image, job.label, job.scheme) == (*first, "cityscapes7")
    finding = {"severity": "warning", "code": "near-duplicates", "sentence": "Two are alike.", "items": []}
    absent = {"severity": "note", "code": "no-non-members", "sentence": "None.", "items": []}
    answer(window, CheckImages, {"findings": [finding, absent]})
    assert page.images.findings == ["Two are alike."]
    page.composer.add_images(Role.MEMBER, [tmp_path / "n"])
    assert page.images.boxes[Role.MEMBER].rows[1].sentence.text() == "Looking..."


def test_pre_processing_is_proposed_and_only_what_is_changed_is_written_into_the_spec(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    answer(window, CheckTarget, SOUND)
    page.model.preparing.open()
    form = page.model.preparing.content
    assert form.value().multiple == 32
    form.findChild(QLineEdit, "mean").setText("0.5, 0.5, 0.5")
    assert page.composer.draft.spec.target.preprocessing == {"mean": [0.5, 0.5, 0.5]}
    form.findChild(QLineEdit, "std").setText("1, 2")
    assert "std" in page.model.wrong.text
    assert page.composer.draft.spec.target.preprocessing == {"mean": [0.5, 0.5, 0.5]}
    page.model.options.open()
    page.model.options.content.findChild(QLineEdit, "arguments").setText("{")
    assert "arguments" in page.model.wrong.text


def tried_on_one_image(**check):
    """What the engine says of a model that was tried on an image with a label map."""
    pixels, labels = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)
    plain = {"classes": 7, "output_kind": "logits", "output_size": [8, 8], "miou": 0.2, "predicted": [0], "notes": []}
    found = plain | {"causes": [], "remedies": {}} | check
    return CheckedTarget(FACTS, check=found, image=pixels, label=labels, prediction=labels, agreement=0.2)


def test_a_likely_cause_is_mended_by_a_button_where_a_setting_mends_it(qtbot, window, page, tmp_path):
    page.composer.choose_target(tmp_path / "a.pth")
    page.composer.edit_target(preprocessing={"multiple": 16})
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    causes = ["With channels in BGR the mIoU would be 0.90.", "With the classes in another order it would be 0.70."]
    answer(window, CheckTarget, tried_on_one_image(causes=causes, remedies={causes[0]: {"channels": "bgr"}}))
    assert [hint[:24] for hint in page.model.picture.hints] == ["Likely cause: with chann", "Likely cause: with the c"]
    (apply,) = [found for found in page.model.picture.findChildren(QPushButton) if found.text() == "Apply"]
    before = len(asked(window, CheckTarget))
    apply.click()
    assert page.composer.draft.spec.target.preprocessing == {"multiple": 16, "channels": "bgr"}
    qtbot.waitUntil(lambda: len(asked(window, CheckTarget)) > before, timeout=5000)  # the model is tried again
    assert asked(window, CheckTarget)[-1].preprocessing["channels"] == "bgr"
    answer(window, CheckTarget, tried_on_one_image(miou=0.9))
    assert not any("Likely" in hint for hint in page.model.picture.hints)
