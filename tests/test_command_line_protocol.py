"""The protocol on the command line says the same as in a spec, and is refused where a spec would overrule it."""

import argparse
import re

import pytest

from core.audit.spec import to_mapping
from core.cli import audit
from core.errors import SpecError


def spec_of(*flags):
    parser = argparse.ArgumentParser()
    audit.add_parser(parser.add_subparsers())
    given = ["audit", "--target", "t.onnx", "--non-members", "n", "--suspects", "s", "--attack", "loss"]
    args = parser.parse_args([*given, "--attack", "entropy", "--defense", "none", "--defense", "argmax", *flags])
    return audit._spec_and_folder(args)[0]


def test_flags_settle_attack_output_level_and_calibration():
    spec = spec_of(
        *("--primary", "entropy", "--released", "argmax", "--calibration", "c"),
        *("--protocol-level", "0.1", "--protocol-calibration", "0.5"),
    )
    assert (spec.primary.id, spec.release.id) == ("entropy", "argmax")
    assert (spec.protocol.level, spec.protocol.calibration) == (0.1, 0.5)
    calibrating = [(t["role"], t["path"]) for t in to_mapping(spec)["images"] if t.get("calibration")]
    assert calibrating == [("non-member", "c")]


def test_without_flags_the_first_of_each_counts():
    spec = spec_of()
    assert (spec.primary.id, spec.release.id, spec.protocol.level) == ("loss", "none", 0.05)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--primary", "lira"), "--primary cannot be 'lira'.*loss, entropy"),
        (("--released", "gauss"), "--released cannot be 'gauss.*none, argmax"),
        (("--protocol-level", "0.9"), "level"),
    ],
)
def test_what_the_audit_does_not_have_is_refused_with_what_it_has(flags, words):
    with pytest.raises(SpecError) as caught:
        spec_of(*flags)
    assert re.search(words, f"{caught.value.message} {caught.value.remedy}")


@pytest.mark.parametrize(
    "flags",
    [("--primary", "x"), ("--calibration", "c"), ("--protocol-level", "0.1"), ("--reference-encoder", "resnet34")],
)
def test_beside_a_spec_the_protocol_stands_in_the_spec(tmp_path, flags):
    (tmp_path / "a.toml").write_text("version = 1", "utf-8")
    parser = argparse.ArgumentParser()
    audit.add_parser(parser.add_subparsers())
    with pytest.raises(SpecError, match=flags[0]):
        audit._spec_and_folder(parser.parse_args(["audit", str(tmp_path / "a.toml"), *flags]))
