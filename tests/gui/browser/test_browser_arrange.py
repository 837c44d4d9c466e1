import sqlite3

import numpy as np
import pytest

from gui.browser.arrange import Filter, Marks, Only, arranged
from gui.browser.table import read_table
from gui.document import AuditDocument
from tests.gui.small_audit import small_audit

KEYS = ("b/Zebra.png", "a/zoo.png", "B/ant.png", "c/x.png", "c/X2.png", "d10", "d9", "d09b", "f", "g", "h", "i")
IN_ORDER = ("a/zoo.png", "B/ant.png", "b/Zebra.png", "c/x.png", "c/X2.png", "d9", "d09b", "d10", "f", "g", "h", "i")


def audit_of_all_kinds(folder):
    """Twelve images with scores that repeat and are missing, classes, decisions and failures."""
    small_audit(folder, per_role=6)
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        for image, score in zip(range(1, 13), [0.5, 0.1, None, 0.5, -2, 3, 0.5, None, 7, -2, 0, 0.1], strict=True):
            connection.execute("UPDATE scores SET score = ? WHERE image = ? AND defense = 'none'", (score, image))
        for image, key in enumerate(KEYS, 1):
            connection.execute("UPDATE images SET key = ? WHERE id = ?", (key, image))
        connection.execute("UPDATE images SET role = 'suspect' WHERE id IN (2, 9)")
        connection.execute("UPDATE images SET state = 'failed', reason = 'is broken' WHERE id IN (3, 8)")
    connection.close()
    document = AuditDocument.open(folder)
    for action, image in (("exclude", 5), ("flag", 7), ("flag", 3), ("note", 12), ("exclude", 6), ("include", 6)):
        document.decide(action, image, "because")
    return document


def plainly(document, table, wanted, threshold, column, descending):
    """What `arranged` must give, one image after another."""
    found = []
    for place, row in enumerate(document.rows):
        score = document.scores("none", "loss")[place]
        conditions = {
            Only.ALL: True,
            Only.ABOVE: threshold is not None and score >= threshold,
            Only.FLAGGED: row.id in {3, 7},
            Only.NOTED: row.id == 12,
            Only.EXCLUDED: row.id == 5,
            Only.FAILED: row.id in {3, 8},
            Only.EVIDENCE: False,
            Only.NO_EVIDENCE: False,
            Only.UNJUDGED: row.id in {2, 9},  # their data was not checked
        }
        if wanted.role and row.role != wanted.role:
            continue
        if not all(word in row.key.lower() for word in wanted.text.lower().split()):
            continue
        if wanted.low is not None and not score >= wanted.low:
            continue
        if wanted.high is not None and not score <= wanted.high:
            continue
        if wanted.class_id is not None and not table.present[place, wanted.class_id]:
            continue
        if conditions[wanted.only]:
            found.append(place)

    def key(place):
        row = document.rows[place]
        special = {"failed": 8 * (row.id in {3, 8}), "out": 4 * (row.id == 5), "flag": 2 * (row.id in {3, 7})}
        return {
            "name": IN_ORDER.index(row.key),
            "role": ["member", "non-member", "suspect"].index(row.role),
            "state": sum(special.values()) + (row.id == 12),
        }.get(column.id, table.numbers.get(column.id, [np.nan] * 99)[place])

    known = [place for place in found if key(place) == key(place)]
    unknown = [place for place in found if key(place) != key(place)]
    return sorted(known, key=key, reverse=descending) + unknown  # `reverse` keeps equal ones in their order


FILTERS = [
    Filter(),
    Filter(role="member"),
    Filter(role="suspect", text="Z"),
    Filter(text="x  C/"),
    Filter(low=0.1),
    Filter(high=0.1),
    Filter(low=-2, high=0.5),
    Filter(low=100),
    Filter(class_id=0),
    *(Filter(only=only) for only in Only),
    Filter(role="non-member", only=Only.FLAGGED, low=0),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_sorting_and_filtering_agree_with_plain_python(tmp_path, wanted, descending):
    document = audit_of_all_kinds(tmp_path / "kinds.segleak")
    table = read_table(document, ("none", "argmax"), "loss")
    marks = Marks.of(document, document.listing, 0.5)
    for column in table.columns:
        found = arranged(table, wanted, marks, column, descending=descending)
        assert found.tolist() == plainly(document, table, wanted, 0.5, column, descending), column.id
    document.close()


def test_a_class_that_nobody_counted_is_in_no_image(document):
    table = read_table(document, (), "loss")
    marks = Marks.of(document, document.listing, None)
    assert arranged(table, Filter(class_id=2), marks, table.columns[0], descending=False).tolist() == []
    assert arranged(table, Filter(low=0.0), marks, table.columns[0], descending=False).tolist() == []
