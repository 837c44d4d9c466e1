import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.attacks.base import AttackContext, Observation
from core.attacks.baselines.confidence import Confidence
from core.attacks.baselines.entropy import Entropy
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.combination import Combination
from core.attacks.combiner import CombinerCard, read_combiner, write_combiner
from core.attacks.label_only.stability import Stability
from core.attacks.reference.difference import LossDifference, ProbabilityDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.ratio_table import RatioTable, write_table
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.samples import ImageSet
from core.defenses.chain import Chain
from core.errors import AttackError, SpecError
from core.files import sha256_of_file
from core.snapshot.choices import SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.record import files_of
from core.training.combiner import fitted, train_combiner
from core.training.manifest import read_manifest
from core.training.settings import CombinerTraining
from core.training.shadows import ShadowData
from tests.leaky import Leaky, leaky_shadow
from tests.test_reference_attacks import observed
from tests.world import make_world, scores_of

SETTINGS = CombinerTraining(holdout=0.25)


def card(attacks, **changes):
    count = len(attacks)
    values = {
        "attacks": tuple({"name": a.name, **a.to_mapping()} for a in attacks),
        "means": tuple(np.linspace(-1, 0.5, count).tolist()),
        "deviations": tuple(np.linspace(0.5, 2, count).tolist()),
        "weights": tuple(np.linspace(1, -0.5, count).tolist()),
        "intercept": 0.25,
    }
    return CombinerCard(**(values | changes))


def combined(tmp_path, attacks, seen, **parameters):
    write_combiner(tmp_path / "combiner.json", card(attacks))
    attack = Combination("combiner.json", **parameters)
    return attack.start(AttackContext(folder=tmp_path))([seen])[0]


# ---------------------------------------------------------------- the attack


def test_the_score_is_the_weighted_sum_of_the_attacks_own(tmp_path):
    seen, _ = observed(1)
    attacks = [GlobalLoss(), Confidence(), LossDifference()]
    one = card(attacks)
    expected = one.intercept
    for attack, mean, deviation, weight in zip(attacks, one.means, one.deviations, one.weights, strict=True):
        expected += weight * (attack.start(AttackContext())([seen])[0].score - mean) / deviation
    assert combined(tmp_path, attacks, seen).score == pytest.approx(expected)


def test_the_mean_of_its_map_differs_from_the_score_by_a_constant(tmp_path):
    attacks = [GlobalLoss(), ProbabilityDifference(block=5)]
    offsets = []
    for seed in (1, 2, 3):
        seen, _ = observed(seed)
        found = combined(tmp_path, attacks, seen, block=1)
        values = found.maps["combined"]
        np.testing.assert_array_equal(np.isnan(values), seen.label == 255)
        offsets.append(found.score - np.nanmean(values.astype(float)))
    assert offsets == pytest.approx([offsets[0]] * 3, abs=1e-5)


def test_it_asks_for_what_its_attacks_ask_for(tmp_path):
    context = AttackContext(folder=tmp_path)
    for attacks, label, references, probes in (
        ([Confidence(), Entropy()], False, False, 0),
        ([Confidence(), LossDifference()], True, True, 0),
        ([Stability(), Stability(shift=3)], False, False, 5),
    ):
        write_combiner(tmp_path / "combiner.json", card(attacks))
        attack = Combination("combiner.json")
        assert attack.requires_label(context) is label
        assert attack.requires_references(context) is references
        assert len(attack.probes(context)) == probes


def test_an_image_that_one_of_its_attacks_cannot_judge_has_that_ones_reason(tmp_path):
    seen, _ = observed(1)
    bare = Observation(seen.image_sha256, seen.posteriors, seen.label)
    with pytest.raises(AttackError, match="there is no reference"):
        combined(tmp_path, [GlobalLoss(), LossDifference()], bare)


# ---------------------------------------------------------------- the file


def test_a_card_is_read_back_as_it_was_written(tmp_path):
    one = card([GlobalLoss(), Confidence()], threshold=0.5, extra={"auc": 0.9}, trained_on="x")
    write_combiner(tmp_path / "c.json", one)
    assert read_combiner(tmp_path / "c.json") == one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t | {"kind": "other"}, "is no combiner"),
        (lambda t: t | {"attacks": []}, "cannot weigh 0 attacks"),
        (lambda t: t | {"weights": [1.0]}, "'weights' are not 2 numbers"),
        (lambda t: t | {"means": [float("nan"), 1.0]}, "'means' are not 2 numbers"),
        (lambda t: t | {"means": [10**400, 1.0]}, "'means' are not 2 numbers"),
        (lambda t: t | {"deviations": [0.0, 1.0]}, "out of range"),
        (lambda t: t | {"attacks": [{"name": "loss"}, {"name": "none such"}]}, "There is no attack"),
        (
            lambda t: t | {"attacks": [{"name": "loss"}, {"name": "combination", "combiner": "c.json"}]},
            "cannot weigh a",
        ),
        (lambda t: t | {"attacks": "ab"}, "attacks cannot be used"),
        (lambda t: {k: v for k, v in t.items() if k != "intercept"}, "damaged"),
        (lambda t: [t], "is no combiner"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, change, message):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(change(json.loads(card([GlobalLoss(), Confidence()]).to_json()))))
    with pytest.raises(AttackError, match=message) as error:
        read_combiner(path)
    assert "wrong.json" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{" * 100_000])
def test_a_file_that_is_no_json_is_refused(tmp_path, content):
    (tmp_path / "wrong.json").write_bytes(content)
    with pytest.raises(AttackError, match=r"wrong\.json: is no combiner"):
        read_combiner(tmp_path / "wrong.json")
    with pytest.raises(AttackError, match="cannot be read"):
        read_combiner(tmp_path / "missing.json")


# ---------------------------------------------------------------- fitting


def test_the_fit_is_scikit_learns_logistic_regression_on_standardised_scores():
    rng = np.random.default_rng(0)
    members = rng.random(80) < 0.3
    scores = rng.normal(size=(80, 2)) * [1, 50] + np.outer(members, [1.0, 20.0])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, class_weight="balanced", max_iter=10_000))
    expected = model.fit(scores, members).decision_function(scores)
    one = fitted(scores, members, [GlobalLoss(), Confidence()], strength=2.0)
    np.testing.assert_allclose([one.score(row) for row in scores], expected, rtol=1e-6)


def test_scores_that_never_vary_get_no_say():
    scores = np.column_stack([np.r_[np.zeros(10), np.ones(10)], np.full(20, 3.0)])
    one = fitted(scores, np.arange(20) >= 10, [GlobalLoss(), Confidence()], 1.0)
    assert one.weights[1] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(one.score(np.array([0.5, 9.0])))


def test_a_combiner_learns_from_a_shadow_and_tells_unseen_images_apart(tmp_path, street_like):
    shadow = leaky_shadow(tmp_path, street_like, members=16, non_members=16)
    result = train_combiner([shadow], [GlobalLoss(), Entropy()], SETTINGS, tmp_path / "c.json")
    assert result.held_out.auc == 1.0
    assert result.card.trained_on == "1 shadow: 16 members, 16 non-members"
    assert result.card.threshold is not None
    manifest = read_manifest(tmp_path / "c.json")
    assert (len(manifest.members), len(manifest.non_members)) == (16, 16)
    assert manifest.shadows[0].sha256 == shadow.target.info.sha256
    again = train_combiner([shadow], [GlobalLoss(), Entropy()], SETTINGS, tmp_path / "d.json")
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "d.json").read_bytes()
    assert again.card == result.card


def exchanging(tmp_path, street_like, count):
    """Shadows over the same images; each pair exchanges its halves."""
    base = leaky_shadow(tmp_path, street_like, members=16, non_members=16)
    samples = (*base.members.samples, *base.non_members.samples)
    found = []
    for number in range(count):
        half = np.random.default_rng(number // 2).permutation(32) < 16
        half = half if number % 2 == 0 else ~half
        target = Leaky(tmp_path / f"shadow-{number}.bin")
        for (key, (label, _)), member in zip(base.target.known.items(), half, strict=True):
            target.known[key] = label, bool(member)
        sides = [
            ImageSet(tuple(s for s, m in zip(samples, half, strict=True) if bool(m) is side), "list", "", "train-id")
            for side in (True, False)
        ]
        found.append(ShadowData(target, *sides, base.scheme))
    return found


def test_shadows_serve_each_other_as_references_where_they_have_not_seen_the_image(tmp_path, street_like):
    attacks = [GlobalLoss(), LossDifference()]
    shadows = exchanging(tmp_path, street_like, 4)
    result = train_combiner(shadows, attacks, SETTINGS, tmp_path / "c.json")
    assert result.card.trained_on == "4 shadows: 64 members, 64 non-members"
    assert result.held_out.auc > 0.95
    with pytest.raises(AttackError, match="every reference was trained on this image") as error:
        train_combiner(shadows[:2], attacks, SETTINGS, tmp_path / "d.json")
    assert "four shadows" in error.value.remedy


def test_a_table_among_its_attacks_is_found_from_the_combiners_folder(tmp_path, street_like):
    (tmp_path / "tables").mkdir()
    table = RatioTable((-1.0, 1.0), ((0.0, -1.0), (1.0, 0.0)))
    write_table(tmp_path / "tables" / "t.json", table)
    attacks = [GlobalLoss(), LearnedRatio(table=str(tmp_path / "tables" / "t.json")), LearnedRatio()]
    out = tmp_path / "combiners" / "c.json"
    result = train_combiner(exchanging(tmp_path, street_like, 4), attacks, SETTINGS, out)
    assert [a.get("table") for a in result.card.attacks] == [None, "../tables/t.json", "camvid"]
    seen, _ = observed()
    score = Combination("combiners/c.json").start(AttackContext(folder=tmp_path))([seen])[0].score
    parts = [attack.start(AttackContext())([seen])[0].score for attack in attacks]
    assert score == pytest.approx(result.card.score(np.array(parts)))


def test_a_combiner_is_fitted_under_each_defense_it_is_given(tmp_path, street_like):
    shadow = leaky_shadow(tmp_path, street_like, members=12, non_members=12)
    chains = [Chain.parse("argmax"), Chain.parse({"name": "gauss", "sigma": 0.1})]
    result = train_combiner([shadow], [GlobalLoss()], SETTINGS, tmp_path / "c.json", defenses=chains)
    assert result.card.trained_on == "1 shadow: 24 members, 24 non-members"
    assert set(result.held_out.by_defense) == {chain.describe() for chain in chains}
    with pytest.raises(SpecError, match="hardened target"):
        train_combiner(
            [shadow],
            [GlobalLoss()],
            SETTINGS,
            tmp_path / "d.json",
            defenses=[Chain.parse({"name": "hardened", "path": "x"})],
        )


def test_a_combination_beats_its_parts_where_each_knows_something(tmp_path):
    """The oracle: two noisy halves of the truth."""
    rng = np.random.default_rng(3)
    members = np.arange(400) % 2 == 0
    scores = rng.normal(size=(400, 2)) + 0.8 * members[:, None]
    one = fitted(scores[:200], members[:200], [GlobalLoss(), Confidence()], 1.0)
    together = roc_auc_score(members[200:], [one.score(row) for row in scores[200:]])
    assert together > max(roc_auc_score(members[200:], scores[200:, k]) for k in (0, 1))


# ---------------------------------------------------------------- in an audit


def test_an_audit_with_a_combination_moves_with_it_and_prints_what_it_was_fitted_on(tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=2, non_members=2, suspects=0)
    (tmp_path / "deep").mkdir()
    write_combiner(tmp_path / "deep" / "c.json", card([GlobalLoss(), Confidence()], threshold=0.0, trained_on="two"))
    spec = read_spec(
        world.write_spec(
            images=[{"role": "member", "path": "members"}, {"role": "non-member", "path": "non-members"}],
            defenses=[{"name": "none"}],
            attacks=[{"name": "combination", "combiner": "deep/c.json"}, {"name": "loss"}, {"name": "confidence"}],
        )
    )
    summary = run_audit(spec, tmp_path / "audits" / "one.segleak", RunOptions(device="cpu"))
    assert any("c.json: no list of its training images" in sentence for sentence in summary["independence"])
    assert summary["results"][0]["at_shadow_threshold"] is not None
    one = read_combiner(tmp_path / "deep" / "c.json")
    with AuditStore.read(tmp_path / "audits" / "one.segleak") as store:
        scores = scores_of(store)
        assert store.fact("attack_networks")["combination"]["card"]["trained_on"] == "two"
        for image in range(4):
            parts = np.array([scores[image, "none", name][0] for name in ("loss", "confidence")])
            assert scores[image, "none", "combination"][0] == pytest.approx(one.score(parts))
    # A snapshot says which file it was, and where it lies.
    with opened(tmp_path / "audits" / "one.segleak", SnapshotChoices()) as content:
        (file,) = (file for file in files_of(content) if file["what"] == "combiner of combination")
    assert Path(file["path"]).resolve() == tmp_path / "deep" / "c.json"
    assert file["sha256"] == sha256_of_file(tmp_path / "deep" / "c.json")
