"""What defenses are called on a snapshot's pages: no two alike, and nothing of their paths where names are left out."""

import pytest

from core.audit.spec import parse_spec
from core.snapshot.redaction import Names, Redacted

DEFENSES = [
    {"name": "none"},
    {"name": "hardened", "path": "clinic/target.pth"},
    {"name": "hardened", "path": "street/target.pth"},
    {"name": "hardened", "path": "street/other.pth", "label": "Noise"},
    {"name": "gauss", "sigma": 0.2, "label": "Noise"},
]


@pytest.fixture
def spec(tmp_path):
    table = {
        "name": "x",
        "target": {"path": "t.pth"},
        "images": [{"role": "member", "path": "m"}],
        "defenses": DEFENSES,
        "attacks": [{"name": "loss"}],
    }
    return parse_spec(table, tmp_path)


def test_no_two_defenses_are_called_alike(spec):
    names = Names([], spec)
    assert [names.words(chain) for chain in spec.defenses] == [
        "No defense",
        "Hardened target, target.pth [hardened(path=clinic/target.pth)]",
        "Hardened target, target.pth [hardened(path=street/target.pth)]",
        "Noise [hardened(path=street/other.pth)]",
        "Noise [gauss(sigma=0.2)]",
    ]


def test_without_paths_they_are_numbered(spec):
    names = Redacted([], spec, b"key")
    told = [names.words(chain) for chain in spec.defenses]
    assert told[:3] == ["No defense", "Hardened target 1", "Hardened target 2"]
    assert len(set(told)) == len(told)
    assert not any(part in str(told) for part in ("clinic", "street", "other", ".pth"))
