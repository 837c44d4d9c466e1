"""Reference models on the page: added, looked at, named where they cannot be used."""

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit

from core.audit.spec import ReferenceEntry, attack_entries
from core.engine.jobs import CheckedReference, CheckReferences, CheckTarget, ReadCard, ReadCards
from core.training.membership import Membership, write_membership
from gui.wizard.draft import empty
from gui.wizard.looking import Known
from gui.wizard.missing import lacks
from tests.gui.wizard.helpers import answer, asked
from tests.gui.wizard.stand_ins import SOUND, card, full_draft

GOOD = CheckedReference(sha256="ef" * 32, words="checkpoint, smp:Unet", classes=7, members=112)


def added(qtbot, window, page, tmp_path, *found):
    """References of which the engine found this."""
    paths = [tmp_path / f"r{number}.pt" for number in range(len(found))]
    page.attacks.references.add(paths)
    qtbot.waitUntil(lambda: bool(asked(window, CheckReferences)), timeout=5000)
    answer(window, CheckReferences, found)
    return page.attacks.references.boxes


def sentences(page):
    return [lack.sentence for lack in page.lacking]


def test_an_attack_that_needs_references_asks_for_one_until_it_is_there(qtbot, window, page, tmp_path):
    wanted = "Robust ratio (RMIA) needs a reference model: add one."
    assert wanted not in sentences(page)
    page.attacks.add({"name": "rmia"})
    assert wanted in sentences(page)
    boxes = added(
        qtbot,
        window,
        page,
        tmp_path,
        GOOD,
        replace(GOOD, members=None),
        replace(GOOD, in_blocks=True, sha256="aa" * 32),
    )
    assert wanted not in sentences(page)
    assert "known to have seen half of the blocks of 112 images" in boxes[2].facts.text()
    page.attacks.references.take_away(2)
    assert "checkpoint, smp:Unet, 7 classes" in boxes[0].facts.text()
    assert "known to have seen 112 images" in boxes[0].facts.text()
    assert "counts as trained on none" in boxes[1].facts.text()
    page.attacks.references.add([tmp_path / "r0.pt"])
    assert len(page.composer.draft.spec.references) == 2, "each stays once"
    page.attacks.references.take_away(0)
    assert "counts as trained on none" in page.attacks.references.boxes[0].facts.text()
    assert [entry.path for entry in page.composer.draft.spec.references] == [str(tmp_path / "r1.pt")]


def test_a_network_that_looks_at_references_asks_for_them_too(tmp_path):
    draft = full_draft(tmp_path)
    attacks = attack_entries([{"name": "patch", "network": "pair.safetensors"}])
    draft = replace(draft, spec=replace(draft.spec, attacks=attacks))
    for representation, needed in (("slm", False), ("slm-pair", True)):
        known = Known(cards={"pair.safetensors": ReadCard(card(representation=representation))})
        assert any("needs a reference" in lack.sentence for lack in lacks(draft, known)) is needed
    assert not any("needs a reference" in lack.sentence for lack in lacks(draft, Known()))


def test_what_cannot_be_used_is_said_at_its_box_and_keeps_the_audit_from_being_run(qtbot, window, page, tmp_path):
    qtbot.waitUntil(lambda: bool(asked(window, ReadCards)), timeout=5000)
    page.composer.choose_target(tmp_path / "target.pt")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    answer(window, CheckTarget, replace(SOUND, scheme="cityscapes7"))
    found = (
        CheckedReference("r0.pt: is empty.", "Copy it again."),
        replace(GOOD, sha256="11" * 32, classes=19),
        replace(GOOD, sha256=SOUND.facts["sha256"]),
        replace(GOOD, classes=0),
        GOOD,
        replace(GOOD, sha256="99" * 32, scheme="camvid11"),
    )
    boxes = added(qtbot, window, page, tmp_path, *found)
    said = [
        "r0.pt: is empty.",
        "r1.pt: has 19 classes, the target 7.",
        "r2.pt: is the target itself.",
        "",
        "r4.pt: is given twice as a reference.",
        "r5.pt: its classes are those of 'camvid11', the target's those of 'cityscapes7'.",
    ]
    assert all(box.problem.text.startswith(words) for box, words in zip(boxes, said, strict=True))
    assert boxes[0].problem.text.endswith("Copy it again.") and boxes[3].problem.text == ""
    assert [words for words in sentences(page) if words.startswith("r")] == [words for words in said if words]


def test_a_reference_that_is_a_program_is_asked_about_and_trusted_by_its_hash(qtbot, window, page, tmp_path):
    (box,) = added(qtbot, window, page, tmp_path, CheckedReference("is code", "trust it", trust="cd" * 32))
    assert not box.trust.isHidden() and box.problem.text == ""
    assert "Say whether you trust r0.pt: it is a program." in sentences(page)
    box.trust.button.click()
    assert page.composer.draft.spec.references[0].trust == "cd" * 32


def test_what_it_was_trained_on_and_what_the_file_does_not_say_can_be_named(qtbot, window, page, tmp_path, monkeypatch):
    (box,) = added(qtbot, window, page, tmp_path, GOOD)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "list.txt"), ""))
    box._choose_members()
    box.options.open()
    field = box.options.content.findChild(QLineEdit, "architecture")
    field.setText("smp:Unet")
    field.editingFinished.emit()
    assert box.options.content.findChild(QComboBox) is not None
    (entry,) = page.composer.draft.spec.references
    assert (entry.members, entry.options.architecture) == (str(tmp_path / "list.txt"), "smp:Unet")
    assert page.attacks.references.boxes == [box], "a form that is used stays"


def test_a_folder_of_shadows_brings_all_of_them_and_another_folder_is_refused(page, tmp_path, monkeypatch):
    fleet = tmp_path / "shadows"
    fleet.mkdir()
    names = ("shadow-00.safetensors", "shadow-01.safetensors")
    write_membership(fleet, Membership(names, ("ab",), ("a",), ("a",), np.array([[True, False]])))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(fleet))
    page.attacks.references._choose_shadows()
    assert [entry.path for entry in page.composer.draft.spec.references] == [str(fleet / name) for name in names]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    page.attacks.references._choose_shadows()
    assert "no membership table" in page.attacks.references.wrong.text
    assert len(page.composer.draft.spec.references) == 2


def test_an_answer_about_other_references_is_not_taken(qtbot, window, page, tmp_path):
    added(qtbot, window, page, tmp_path, GOOD)
    page.composer.edit(references=(ReferenceEntry(str(tmp_path / "new.pt")), ReferenceEntry(str(tmp_path / "r0.pt"))))
    qtbot.waitUntil(lambda: len(asked(window, CheckReferences)) == 2, timeout=5000)
    new, old = page.attacks.references.boxes
    assert "Looking" in new.facts.text() and "7 classes" in old.facts.text()
    page.composer.draft = empty({})
    page.looking.look()
    assert page.looking.known.references == ()
