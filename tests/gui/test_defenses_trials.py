"""Trials, their chains and their sliders, without a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.defenses import DEFENSES
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.errors import SpecError
from core.parameters import parameters_of
from gui.defenses import making
from gui.document import AuditDocument
from gui.scale import Scale, scale_of
from gui.selection import Selection
from gui.session import Session
from gui.theme import DEFENSE_COLOURS
from gui.trials import Trials
from tests.gui.small_audit import CHAINS, small_audit


def gauss(sigma):
    return Chain((DEFENSES.make({"name": "gauss", "sigma": sigma}),))


@pytest.fixture
def selection(tmp_path, qapp):
    document = AuditDocument.open(small_audit(tmp_path / "small.segleak"))
    selection = Selection()
    selection.document = document
    yield selection
    document.close()


# ---------------------------------------------------------------- trials of a selection


def test_a_trial_is_known_and_has_a_colour_that_no_other_defense_has(selection, heard):
    told = heard(selection.trials_changed)
    first, second = selection.add_trial(gauss(0.1)), selection.add_trial(gauss(0.2))
    assert [chain.id for chain in told.got[-1]] == [first, second]
    assert selection.chain(first) == gauss(0.1)
    assert selection.chain("argmax").id == "argmax"
    assert selection.chain("nobody") is None
    colours = selection.colours()
    assert list(colours.values()) == list(DEFENSE_COLOURS[:5])
    assert list(colours) == [*CHAINS, first, second]


def test_a_defense_of_the_audit_or_a_trial_cannot_be_tried_again(selection):
    selection.add_trial(gauss(0.1))
    for chain in (gauss(0.1), gauss(0.3), Chain()):
        with pytest.raises(SpecError):
            selection.add_trial(chain)
        with pytest.raises(SpecError):
            selection.need_new(chain)
    selection.need_new(gauss(0.1), gauss(0.1).id)


def test_a_retuned_trial_keeps_place_pane_and_colour_and_all_is_set_before_anybody_is_told(selection):
    old, other = selection.add_trial(gauss(0.1)), selection.add_trial(gauss(0.2))
    selection.chains = ("none", old, "argmax")
    selection.threshold = 1.0
    colour, new, seen = selection.colours()[old], gauss(0.15).id, []
    selection.retuned.connect(lambda *ids: seen.append(("retuned", ids, selection.chains, selection.chain(new))))
    selection.trials_changed.connect(lambda _: seen.append("trials"))
    selection.chains_changed.connect(lambda _: seen.append("chains"))
    assert selection.retune(old, gauss(0.15)) == new
    assert seen == [("retuned", (old, new), ("none", new, "argmax"), gauss(0.15)), "trials", "chains"]
    assert [chain.id for chain in selection.trials] == [new, other]
    assert selection.colours()[new] == colour
    assert old not in selection.colours()
    assert selection.threshold == 1.0  # the first defense is the same
    with pytest.raises(SpecError):
        selection.retune(new, gauss(0.2))
    with pytest.raises(KeyError):
        selection.retune(old, gauss(0.4))


def test_an_operating_point_does_not_outlive_the_slider_of_its_defense(selection):
    trial = selection.add_trial(gauss(0.1))
    selection.chains = (trial,)
    selection.threshold = 1.0
    selection.retune(trial, gauss(0.2))
    assert selection.threshold is None


def test_a_dropped_trial_is_shown_no_more_and_its_colour_is_free(selection):
    first, second = selection.add_trial(gauss(0.1)), selection.add_trial(gauss(0.2))
    colour = selection.colours()[first]
    selection.chains = ("none", first, second)
    selection.drop_trial(first)
    assert selection.chains == ("none", second)
    third = selection.add_trial(gauss(0.5))
    assert selection.colours()[third] == colour


def test_trials_belong_to_one_audit(selection, tmp_path):
    selection.add_trial(gauss(0.1))
    other = AuditDocument.open(small_audit(tmp_path / "other.segleak"))
    selection.document = other
    assert selection.trials == ()
    other.close()


def test_trials_come_back_with_the_session(selection):
    trial = selection.add_trial(Chain((*gauss(0.1).defenses, DEFENSES.make({"name": "topk", "k": 2})), "two"))
    selection.chains = (trial, "none")
    kept = Session.of(selection, {})
    selection.drop_trial(trial)
    kept.apply(selection)
    assert selection.chains == (trial, "none")
    assert selection.trials[0].label == "two"
    Session(kept.audit, trials=({"name": "no such"}, {"name": "gauss", "sigma": 9.0}, *kept.trials)).apply(selection)
    assert len(selection.trials) == 1


# ---------------------------------------------------------------- chains


TWO = Chain((DEFENSES.make({"name": "dropout", "p": 0.5}), *gauss(0.1).defenses, DEFENSES.make({"name": "argmax"})))


def names(chain):
    return [link.name for link in chain.defenses]


def test_links_move_where_the_order_allows_it():
    assert names(making.moved(TWO, 2, 1)) == ["dropout", "argmax", "gauss"]
    assert making.can_move(TWO, 1, 2)
    assert not making.can_move(TWO, 1, 0)  # dropout comes first
    assert not making.can_move(TWO, 0, -1)
    assert not making.can_move(TWO, 2, 3)
    assert names(making.shorter(TWO, 1)) == ["dropout", "argmax"]
    assert names(making.longer(gauss(0.1), DEFENSES.make({"name": "topk"}))) == ["gauss", "topk"]


@given(st.sets(st.sampled_from([round(0.002 * place, 3) for place in range(501)]), max_size=60))
def test_a_copy_is_new_and_of_the_same_kind(taken):
    ids = frozenset(gauss(sigma).id for sigma in taken) | {gauss(0.05).id}
    copy = making.nearby(gauss(0.05), ids)
    if copy is not None:
        assert copy.id not in ids
        assert names(copy) == ["gauss"]
    else:
        assert len(taken) >= 10  # every tenth of the range is taken


def test_a_copy_of_what_has_no_values_is_none():
    argmax = Chain((DEFENSES.make({"name": "argmax"}),))
    assert making.nearby(argmax, frozenset({"argmax"})) is None
    assert making.nearby(argmax, frozenset()) == argmax


def test_every_registered_defense_is_offered_with_its_help(selection):
    offered = [offer.kind.name for offer in making.offers(selection.document)]
    assert sorted([*offered, "none", "hardened"]) == sorted(DEFENSES.names())
    assert all(offer.help.endswith(".") and not offer.reason for offer in making.offers(selection.document))


def test_dropout_is_refused_with_the_reason_where_the_format_has_none(selection, monkeypatch):
    monkeypatch.setattr(selection.document, "fact", lambda key, default=None: {"format": "onnx"})
    (dropout,) = [offer for offer in making.offers(selection.document) if offer.kind is Dropout]
    assert "onnx" in dropout.reason


# ---------------------------------------------------------------- sliders


SCALES = [scale for kind in DEFENSES for info in parameters_of(kind) if (scale := scale_of(info))]


@given(st.sampled_from(SCALES), st.floats(0, 1))
def test_a_slider_says_numbers_of_its_range_and_finds_its_place_again(scale, share):
    place = round(share * scale.last)
    value = scale.value(place)
    assert scale.low <= value <= scale.high
    if scale.whole:
        assert value == int(value)
        assert scale.value(scale.place(value)) == value
    else:
        assert abs(scale.place(value) - place) <= 1
        assert len(repr(value)) <= 6


@pytest.mark.parametrize("scale", SCALES)
def test_a_slider_reaches_both_ends_and_only_rises(scale):
    values = [scale.value(place) for place in range(scale.last + 1)]
    assert (values[0], values[-1]) == (scale.low, scale.high)
    assert values == sorted(values)


def test_wide_ranges_are_looked_through_in_equal_ratios():
    temperature = Scale(0.01, 100.0, whole=False)
    assert temperature.ratios
    assert temperature.value(temperature.last // 2) == 1.0
    assert not Scale(0.0, 1.0, whole=False).ratios


@given(st.integers(1, 30), st.data())
def test_slots_of_trials_never_collide(steps, data):
    trials = Trials(CHAINS)
    for _ in range(steps):
        ids = [chain.id for chain in trials.chains]
        if ids and data.draw(st.booleans()):
            trials = trials.dropped(data.draw(st.sampled_from(ids)))
        else:
            chain = gauss(data.draw(st.integers(1, 999)) / 1000)
            trials = trials if chain.id in trials else trials.added(chain)
        assert len(set(trials.slots.values())) == len(trials.slots)
