"""The part of the new-audit page that settles how suspects are judged."""

import tomllib

import pytest

from core.audit.protocol import foreseen
from core.audit.spec import ImagesEntry, parse_spec, to_mapping
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs import FoundSet
from gui.wizard.draft import save_spec
from gui.wizard.looking import Known
from tests.gui.stand_ins import make_window

ROLES = (Role.MEMBER, Role.NON_MEMBER, Role.NON_MEMBER, Role.SUSPECT)


@pytest.fixture
def page(qtbot, qapp):
    window = make_window(qtbot, qapp)
    window.registry.trigger("audit.new")
    return window.beginning.page


def with_images(page, tmp_path, sizes, *, labelled=1, groups=0):
    """Let the page know of sets with so many images each."""
    entries = tuple(ImagesEntry(role, str(tmp_path / f"{i}")) for i, role in enumerate(ROLES))
    page.composer.edit(images=entries)
    sets = tuple(FoundSet(images=n, labelled=n * labelled, groups=groups) for n in sizes)
    page.looking.known = Known(sets=sets)
    page.protocol.show_known(page.looking.known)


def test_the_form_writes_the_protocol_into_the_spec(page, tmp_path):
    form = page.protocol
    page.composer.choose_target(tmp_path / "model.onnx")
    with_images(page, tmp_path, (50, 100, 40, 3))
    page.defenses.add(Chain.parse({"name": "argmax"}))
    form.output.setCurrentIndex(1)
    form.output.activated.emit(1)
    form.attack.setCurrentIndex(1)
    form.attack.activated.emit(1)
    form.hidden.click()
    form.sets[1].click()
    page.composer.edit(protocol=type(page.composer.draft.spec.protocol)(level=0.1))
    save_spec(page.composer.draft, tmp_path / "a.toml")
    table = tomllib.loads((tmp_path / "a.toml").read_text("utf-8"))
    assert table["protocol"] == {"level": 0.1}
    assert [t.get("released", False) for t in table["defenses"]] == [False, True]
    assert [(t.get("primary", False), t.get("labels")) for t in table["attacks"]] == [(False, None), (True, "hidden")]
    assert [t.get("calibration", False) for t in table["images"]] == [False, False, True, False]
    assert form.form.value().level == 0.1


def test_a_field_that_a_person_changes_is_in_the_draft(page):
    box = page.protocol.form.findChild(object, "level")
    box.setValue(0.2)
    assert page.composer.draft.spec.protocol.level == 0.2


def test_what_the_non_members_do_not_support_is_said_at_once(page, tmp_path):
    form = page.protocol
    with_images(page, tmp_path, (50, 10, 2, 3))
    assert "needs at least 19 calibration non-members for 5 %, there are 12" in form.refused.text
    with_images(page, tmp_path, (50, 30, 9, 300))
    assert not form.refused.text
    assert "1 / 40" in form.allowed.text and "at least 150" in form.allowed.text
    form.sets[1].click()
    assert "there are 9" in form.refused.text
    with_images(page, tmp_path, (50, 300, 9, 300), groups=5)
    assert "there are 10" in form.refused.text and "once" in form.refused.text


def test_suspects_without_label_maps_are_noticed_until_the_labels_are_hidden(page, tmp_path):
    with_images(page, tmp_path, (50, 100, 40, 3), labelled=0)
    assert "Hide the label maps" in page.protocol.unlabelled.text
    page.protocol.hidden.click()
    assert not page.protocol.unlabelled.text


def test_the_released_output_stays_released_while_others_come_go_and_change(page):
    page.defenses.add(Chain.parse({"name": "argmax"}))
    page.defenses.add(Chain.parse({"name": "gauss", "sigma": 0.2}))
    page.composer.edit(released=2)
    page.defenses.take_away(0)
    spec = page.composer.draft.spec
    assert spec.release.id == "gauss-sigma0.2"
    page.composer.edit(defenses=(spec.defenses[0], Chain.parse({"name": "gauss", "sigma": 0.3})))
    assert page.composer.draft.spec.release.id == "gauss-sigma0.3"
    page.defenses.take_away(1)
    assert page.composer.draft.spec.release.id == "argmax"
    page.defenses.take_away(0)
    assert page.composer.draft.spec.defenses == ()


def test_the_foreseen_numbers_are_those_of_the_protocol():
    table = {
        "target": {"path": "t"},
        "attacks": [{"name": "loss"}],
        "images": [{"role": str(role), "path": str(i)} for i, role in enumerate(ROLES)],
        "protocol": {"calibration": 0.3},
    }
    there = foreseen(parse_spec(table), (50, 100, 41, 7))
    assert (there.calibration, there.suspects) == (43, 7)
    table["images"][1]["calibration"] = True
    spec = parse_spec(table)
    assert foreseen(spec, (50, 100, 41, 7)).calibration == 30
    assert parse_spec(to_mapping(spec)) == spec
