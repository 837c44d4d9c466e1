"""The forms of attacks, defenses and image sets."""

from dataclasses import replace

from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QPushButton

from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs import CheckTarget, ReadCard, ReadCards
from gui.wizard.reading import ReadingDialog
from tests.gui.wizard.helpers import answer, asked
from tests.gui.wizard.stand_ins import SOUND, card


def test_attacks_are_added_made_primary_changed_and_taken_away(qtbot, window, page):
    qtbot.waitUntil(lambda: bool(asked(window, ReadCards)), timeout=5000)
    cards = {"slm": ReadCard(card()), "slm-argmax": ReadCard(card(defense="argmax", classes=19))}
    answer(window, ReadCards, cards)
    page.attacks.fill_menu()
    titles = [action.text() for action in page.attacks.menu.actions()]
    assert titles[0] == "Attack network 'slm'"
    assert "Entropy" in " ".join(titles)
    page.attacks.add_network("slm-argmax")
    page.attacks.add({"name": "loss"})
    assert [e.id for e in page.composer.draft.spec.attacks] == ["patch", "loss", "slm-argmax", "loss-2"]
    page.attacks.boxes[2].promote.click()
    assert page.composer.draft.spec.primary.id == "slm-argmax"
    assert [box.standing.text() for box in page.attacks.boxes] == [
        "Exploratory",
        "Exploratory",
        "Primary",
        "Exploratory",
    ]
    page.attacks.boxes[0].form.open()
    box = page.attacks.boxes[0]
    box.form.content.findChild(QDoubleSpinBox, "hard_scale").setValue(7)
    assert page.attacks.boxes[0] is box, "a form that is used stays"
    assert page.composer.draft.spec.attacks[0].attack.hard_scale == 7
    page.attacks.take_away(page.composer.draft.spec.attacks[2])
    assert page.composer.draft.spec.primary.id == "patch"


def test_equal_attacks_of_another_spec_keep_their_primary_one(page):
    before = page.composer.draft.spec.attacks
    page.composer.edit(name="other", attacks=tuple(replace(entry) for entry in before))
    assert page.composer.draft.spec.attacks == before
    assert [box.standing.text() for box in page.attacks.boxes] == ["Primary", "Exploratory"]


def test_defenses_are_chained_changed_and_refused_where_they_cannot_be(page):
    titles = [action.text() for action in page.defenses.menu.actions()]
    page.defenses.menu.actions()[titles.index("Gauss noise")].trigger()
    page.defenses.boxes[1].forms[0].findChild(QDoubleSpinBox, "sigma").setValue(0.3)
    assert page.composer.draft.spec.defenses[1].id == "gauss-sigma0.3"
    page.defenses.boxes[1]._then(page.composer.draft.spec.defenses[1].defenses[0])
    assert len(page.defenses.boxes[1].forms) == 2
    page.defenses.add(Chain())
    assert "listed twice" in page.defenses.boxes[0].problem.text
    page.defenses.take_away(2)
    assert page.defenses.boxes[0].problem.text == ""


def test_how_a_set_is_read_can_be_changed(qtbot, page, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    row = page.images.boxes[Role.MEMBER].rows[0]
    dialog = ReadingDialog(row.entry, "pairs")
    qtbot.addWidget(dialog)
    dialog.accepted_entry.connect(lambda entry: page.composer.replace_images(0, entry))
    dialog.form.findChild(QLineEdit, "group_pattern").setText("^([^_]+)_")
    dialog.encoding_box.setCurrentText("colour")
    dialog.limit.setValue(5)
    dialog.accept()
    entry = page.composer.draft.spec.images[0]
    assert (entry.layout, entry.options) == ("pairs", {"group_pattern": "^([^_]+)_"})
    assert (entry.encoding, entry.limit, entry.scheme) == ("colour", 5, None)
    page.composer.replace_images(0)
    assert page.images.boxes[Role.MEMBER].rows == []


def test_where_the_model_gives_label_maps_alone_the_attacks_for_them_are_offered(qtbot, window, page, tmp_path):
    qtbot.waitUntil(lambda: bool(asked(window, ReadCards)), timeout=5000)
    answer(window, ReadCards, {"slm": ReadCard(card()), "slm-argmax": ReadCard(card(defense="argmax"))})
    page.composer.choose_target(tmp_path / "labels.onnx")
    qtbot.waitUntil(lambda: bool(asked(window, CheckTarget)), timeout=5000)
    answer(window, CheckTarget, SOUND)
    assert page.attacks.hint.isHidden()
    labels_only = replace(SOUND, facts=SOUND.facts | {"gives": "labels"})
    page.looking.known = replace(page.looking.known, target=labels_only)
    page.attacks.show_known(page.looking.known)
    assert "label maps only" in page.attacks.hint.text
    page.attacks.hint.findChild(QPushButton).click()
    attacks = page.composer.draft.spec.attacks
    assert [entry.attack.name for entry in attacks] == ["patch", "correctness", "boundary", "stability"]
    assert attacks[0].attack.network == "slm-argmax" and attacks[0].primary
    page.attacks.show_known(page.looking.known)
    assert page.attacks.hint.isHidden()
