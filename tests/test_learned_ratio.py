"""The attack that reads its evidence off a table, the table's file, and the fit to half-supervised shadows."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator
from sklearn.linear_model import LogisticRegression

from core.attacks.base import AttackContext
from core.attacks.reference.learned_ratio import LearnedRatio, probabilities
from core.attacks.reference.ratio_table import DEFAULT, RatioTable, cells, read_table, table_path, write_table
from core.audit.networks import TABLE, find_networks
from core.audit.spec import parse_spec
from core.errors import AttackError
from core.files import sha256_of_file
from core.training.half import Blocks
from core.training.ratio import fitted, held_out
from core.training.taught import Taught, block_cells
from tests.test_reference_attacks import observed, pixels, true_of

KNOTS = (-4.0, -1.0, 0.5, 3.0)


def table(seed=0):
    values = np.random.default_rng(seed).normal(size=(4, 4))
    return RatioTable(KNOTS, tuple(tuple(row) for row in values.tolist()), "two shadows", {"auc": 0.8})


def odds(p):
    return math.log(p) - math.log1p(-p)


# ---------------------------------------------------------------- the table


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_evidence_is_linear_between_knots_and_constant_beyond_them(pairs):
    target, reference = np.array(pairs).T
    with np.errstate(divide="ignore"):
        points = np.stack([np.clip(np.log(p) - np.log1p(-p), KNOTS[0], KNOTS[-1]) for p in (target, reference)], -1)
    expected = RegularGridInterpolator((KNOTS, KNOTS), np.array(table().values))(points)
    np.testing.assert_allclose(table().evidence(target, reference), expected, atol=1e-9)


def test_at_a_knot_one_cell_counts_alone():
    p = 1 / (1 + math.exp(1.0))
    places, weights = cells(KNOTS, np.array([p]), np.array([0.0]))
    assert places[weights > 1e-9].tolist() == [4]
    assert weights.sum() == pytest.approx(1)


def test_a_table_comes_back_as_it_was_written(tmp_path):
    write_table(tmp_path / "t.json", table())
    assert read_table(tmp_path / "t.json") == table()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "segleak combiner"}, "is no ratio table"),
        ({"knots": [1, 0, 2, 3]}, "knots do not increase"),
        ({"knots": [1, 2]}, "not a square"),
        ({"values": [[0.0] * 4] * 3}, "not a square"),
        ({"values": [["x"] * 4] * 4}, "no number"),
        ({"values": 3}, "damaged"),
        ({"knots": None}, "damaged"),
    ],
)
def test_a_bad_table_is_refused_by_name(tmp_path, change, words):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(json.loads(table().to_json()) | change))
    with pytest.raises(AttackError, match=f"bad.json: .*{words}"):
        read_table(path)


@pytest.mark.parametrize("text", ["", "[1, 2]", "nonsense", "[" * 100_000])
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(AttackError, match=r"bad\.json: is no ratio table"):
        read_table(tmp_path / "bad.json")


# ---------------------------------------------------------------- the attack


def test_the_score_is_the_mean_of_the_evidence_of_each_pixel(tmp_path):
    write_table(tmp_path / "mine.json", table())
    seen, given_posteriors = observed(5)
    between = RegularGridInterpolator((KNOTS, KNOTS), np.array(table().values))
    found = []
    for place in pixels(seen):
        own = odds(true_of(seen.posteriors, seen, place))
        other = odds(np.mean([true_of(p, seen, place) for p in given_posteriors]))
        found.append(between(np.clip([[own, other]], KNOTS[0], KNOTS[-1]))[0])
    (result,) = LearnedRatio(table="mine.json", block=1).start(AttackContext(folder=tmp_path))([seen])
    assert result.score == pytest.approx(np.mean(found), abs=1e-3)
    assert np.nanmean(result.maps["learned_ratio"]) == pytest.approx(result.score, abs=1e-5)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AttackError, match=r"none\.json: cannot be read"):
        LearnedRatio(table="none.json").start(AttackContext(folder=tmp_path))


def test_a_short_name_that_does_not_come_along_is_refused(tmp_path):
    with pytest.raises(AttackError, match="There is no ratio table 'streets'"):
        LearnedRatio(table="streets").start(AttackContext(folder=tmp_path))


def test_an_audit_records_which_table_it_used_and_moves_with_it(tmp_path):
    write_table(tmp_path / "mine.json", table())
    attacks = [{"name": "learned-ratio"}, {"name": "learned-ratio", "id": "mine", "table": "mine.json"}]
    values = {
        "target": {"path": "t.safetensors"},
        "images": [{"role": "member", "path": "a"}],
        "references": [{"path": "r.safetensors"}],
        "attacks": attacks,
    }
    spec = parse_spec(values, tmp_path)
    found = find_networks(spec)
    assert [found[key].path for key in ("learned-ratio", "mine")] == [
        table_path(DEFAULT, tmp_path),
        tmp_path / "mine.json",
    ]
    facts = found["mine"].facts()
    assert facts["sha256"] == sha256_of_file(tmp_path / "mine.json")
    assert facts["card"]["kind"] == "segleak ratio table"
    assert TABLE == "table"
    moved = spec.moved_to(tmp_path / "below")
    assert [entry.attack.table for entry in moved.attacks] == [DEFAULT, "../mine.json"]


# ---------------------------------------------------------------- the fit


def test_a_tables_mean_over_a_block_is_the_share_of_cells_times_its_values():
    seen, _ = observed(6, size=(8, 12))
    number = (np.arange(8) // 4)[:, None] * 3 + (np.arange(12) // 4)[None]
    blocks = Blocks(number, np.array([True, False, True, False, True, False]))
    means = block_cells(seen, blocks, KNOTS)
    np.testing.assert_allclose(means.sum(axis=1), 1)
    evidence = np.where(seen.label == 255, np.nan, table().evidence(*probabilities(seen)))
    np.testing.assert_allclose(means @ np.array(table().values).ravel(), blocks.means(evidence))


def examples(seed=0, images=12, blocks=8):
    """Blocks that taught have more of the last cell; every image has a level of its own."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(images):
        trained = rng.permutation(blocks) < blocks // 2
        share = rng.dirichlet(np.full(9, 0.5) + rng.random(9), blocks)
        share[trained] = 0.6 * share[trained] + 0.4 * np.eye(9)[8]
        found.append(Taught(share, trained, f"group {number // 2}", f"{number:064x}"))
    return found


def test_the_fit_is_the_penalised_logistic_regression_of_scikit_learn():
    penalty, given_examples = 0.3, examples()
    rough = np.zeros((9, 9))
    for a in range(9):
        for b in range(9):
            if abs(a // 3 - b // 3) + abs(a % 3 - b % 3) == 1:
                rough[a, a] += penalty
                rough[a, b] -= penalty
    root = np.linalg.cholesky(rough + 1e-6 * np.eye(9)).T
    rows = np.concatenate([e.means - e.means.mean(axis=0) for e in given_examples])
    taught = np.concatenate([e.trained for e in given_examples])
    model = LogisticRegression(C=1, tol=1e-10, max_iter=100_000).fit(rows @ np.linalg.inv(root), taught)
    expected = np.linalg.inv(root) @ model.coef_[0]
    found = fitted(given_examples, penalty)
    np.testing.assert_allclose(found - found.mean(), expected - expected.mean(), atol=1e-3)
    assert np.concatenate([e.means for e in given_examples]).mean(axis=0) @ found == pytest.approx(0, abs=1e-9)


def test_blocks_that_taught_are_told_apart_in_images_kept_from_the_fit():
    assert held_out(examples(), 1e-2, 0) > 0.8
    shuffled = [
        Taught(e.means, np.random.default_rng(i).permutation(e.trained), e.group, e.sha256)
        for i, e in enumerate(examples())
    ]
    assert 0.3 < held_out(shuffled, 1e-2, 0) < 0.7


def test_a_void_block_is_passed_over():
    known = examples()
    nothing = np.full((1, 9), np.nan)
    more = [Taught(np.concatenate([e.means, nothing]), np.append(e.trained, True), e.group, e.sha256) for e in known]
    np.testing.assert_allclose(fitted(more, 0.1), fitted(known, 0.1))
    assert more[0].within(np.arange(9.0)) == known[0].within(np.arange(9.0))
