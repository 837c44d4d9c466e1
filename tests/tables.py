"""Membership tables for tests."""

import numpy as np

from core.training.membership import Membership


def table_of(members, images=None, shadows=("a", "b")):
    """A table of rows of 0 and 1, one column per shadow."""
    names = images or tuple(f"{i:064x}" for i in range(len(members)))
    return Membership(tuple(shadows), tuple(names), tuple(names), tuple(names), np.array(members, bool))
