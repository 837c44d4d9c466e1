"""What the verdict panel says, in words. Knows nothing of Qt."""

from collections.abc import Sequence

from core.audit.doubts import Check, Doubt
from core.audit.spec import AuditSpec
from core.audit.verdicts import Kind, Verdict, Verdicts
from core.audit.wording import compared, percent
from core.defenses.chain import Chain

NOTHING = "\N{EN DASH}"

CHECKS = {
    Check.DATA: "Data check",
    Check.SHIFT: "Shift",
    Check.SAME: "Same file",
    Check.NEAR: "Near-duplicate",
    Check.TRAINING: "Trained on by the attack",
    Check.REFERENCES: "Known to references",
}
"""What a failed check is called on screen."""

HELP = {
    "Rank": "How many known non-members score at least as high. Ties count against the claim.",
    "p": "How often a non-member from the same source would score this high.",
    "q": "The smallest share of false alarms at which this suspect is flagged beside the others.",
    "Power": "How many known members would be flagged, with an interval. What is not found may have been trained on.",
    "Fewest flagged": "With so few non-members either none of the suspects is flagged, or at least so many are.",
    "Judged by": "Settled before anything was scored. All other attacks and outputs are exploratory.",
}


def facts(verdict: Verdict | None, found: Verdicts, spec: AuditSpec) -> dict[str, str]:
    """The numbers of one suspect, or of the procedure alone, by their names in `HELP`."""
    own = {} if verdict is None else {"Rank": _rank(verdict, found), "p": number(verdict.p), "q": number(verdict.q)}
    return own | {
        "Power": _power(found),
        "Fewest flagged": NOTHING if found.fewest is None else f"{found.fewest:,}",
        "Judged by": f"{spec.primary.words} on {_output(spec.release)}, false alarms at most {percent(found.level)}",
    }


def counted(found: Verdicts) -> str:
    """How many suspects have which verdict, as a sentence."""
    parts = [f"{found.count(kind):,} {kind}" for kind in Kind]
    return f"{len(found.verdicts):,} suspects: {', '.join(parts)}."


def doubts_about(image: int, found: Verdicts) -> list[Doubt]:
    """The failed checks that concern a suspect, those overridden too."""
    return [doubt for doubt in found.doubts if doubt.image in {None, image}]


def reaches(doubt: Doubt, found: Verdicts) -> bool:
    """Whether a check of single suspects failed for others as well, so that it can be overridden for all at once."""
    return doubt.image is not None and _failures(doubt.check, found.doubts) > 1


def _failures(check: Check, doubts: Sequence[Doubt]) -> int:
    return sum(doubt.check is check for doubt in doubts)


def _rank(verdict: Verdict, found: Verdicts) -> str:
    if verdict.higher is None:
        return NOTHING
    told = compared(verdict.higher, verdict.calibration, grouped=found.grouped)
    return told[:1].upper() + told[1:]


def _power(found: Verdicts) -> str:
    if found.power is None or found.power_interval is None:
        return f"Not measurable: {found.power_needs}" if found.power_needs else NOTHING
    between = f"{percent(found.power_interval.low)} to {percent(found.power_interval.high)}"
    return f"finds {percent(found.power)} of known members ({between})"


def _output(release: Chain) -> str:
    return f"outputs under {release.words}" if release.defenses else "undefended outputs"


def number(value: float | None) -> str:
    """A p-value or a q-value."""
    return NOTHING if value is None else f"{value:.2g}"
