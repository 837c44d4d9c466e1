from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.training.membership import random_halves, read_membership, write_membership
from tests.tables import table_of


@given(st.lists(st.integers(0, 12), min_size=1, max_size=50), st.integers(2, 7), st.integers(0, 99))
def test_pairs_exchange_halves_of_whole_groups(numbers, count, seed):
    groups = [f"g{n}" for n in numbers]
    table = random_halves(groups, count, seed)
    assert table.shape == (len(groups), count)
    for pair in range(0, count - 1, 2):
        assert (table[:, pair] != table[:, pair + 1]).all()
    for name in set(groups):
        rows = table[[g == name for g in groups]]
        assert (rows == rows[0]).all()
    largest = max(groups.count(g) for g in groups)
    assert (abs(2 * table.sum(axis=0) - len(groups)) <= largest).all()


def test_pairs_are_drawn_independently_and_by_seed():
    groups = [str(i) for i in range(60)]
    table, again, other = (random_halves(groups, 4, seed) for seed in (1, 1, 2))
    assert np.array_equal(table, again)
    assert not np.array_equal(table, other)
    assert 15 < (table[:, 0] == table[:, 2]).sum() < 45


def test_a_table_read_back_is_the_table_whatever_the_files_are_called(tmp_path):
    table = replace(table_of([[1, 0], [0, 1], [1, 1]]), keys=("a,b", 'say "so"', "two\nlines"))
    path = write_membership(tmp_path, table)
    for place in (path, tmp_path):
        found = read_membership(place)
        assert (found.shadows, found.images, found.keys, found.groups) == (
            table.shadows,
            table.images,
            table.keys,
            table.groups,
        )
        assert np.array_equal(found.members, table.members)
    assert found.of("b") == dict(zip(table.images, (False, True, True), strict=True))
    with pytest.raises(DataError, match="no shadow 'c'"):
        found.of("c")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no membership table"),
        ("sha256,key,group\n", "no membership table"),
        ("sha256,key,group,a\nx,y,z,2\n", "line 2: is damaged"),
        ("sha256,key,group,a\nx,y,z,1\nx,y\n", "line 3: is damaged"),
        ("\xff", "membership"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, text, words):
    (tmp_path / "membership.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=rf"membership\.csv.*{words}"):
        read_membership(tmp_path)


def test_a_table_without_images_is_read(tmp_path):
    (tmp_path / "membership.csv").write_text("sha256,key,group,a,b\n")
    assert read_membership(tmp_path).members.shape == (0, 2)
