"""Verdicts in plain words. Nothing here ever says that an image was not trained on."""

from core.audit.protocol import Foreseen
from core.metrics.evidence import P_LEVELS, Evidence, Power, calibration_needed, fewest_flagged
from core.metrics.intervals import Interval


def percent(share: float) -> str:
    """Such as "38 %"; one digit more within 2 % of nothing and of everything, where it matters."""
    digits = 0 if 0.02 <= share <= 0.98 else 1
    return f"{share * 100:.{digits}f}".removesuffix(".0") + " %"


def compared(higher: int, calibration: int, *, grouped: bool) -> str:
    """Such as "of 240 known non-members, 2 score this high"."""
    of = "groups of known non-members" if grouped else "known non-members"
    count = {0: "none scores", 1: "1 scores"}.get(higher, f"{higher:,} score")
    return f"of {calibration:,} {of}, {count} this high"


def power_told(power: Power) -> str:
    """How many known members would be found, as a sentence."""
    if power.share is None or power.interval is None:
        return f"How many known members the attack finds cannot be measured: {power.needs}."
    return f"At this level the attack finds {_share(power.share, power.interval)}."


def evidence_told(evidence: Evidence, place: int, *, grouped: bool) -> str:
    """The sentence of a judged suspect, the one at `place` of the evidence."""
    known = compared(int(evidence.higher[place]), evidence.calibration, grouped=grouped)
    p, q = evidence.p[place], evidence.q[place]
    if evidence.flagged[place]:
        return f"Evidence of membership: {known} (p = {p:.2g}, q = {q:.2g})."
    return (
        f"No evidence at this power: {known} (p = {p:.2g}, q = {q:.2g}). {power_told(evidence.power)} "
        "What it does not find may have been trained on all the same."
    )


def too_few(calibration: int, level: float, *, grouped: bool = False) -> str:
    """Why nothing can be judged: even the smallest p-value would be too large."""
    groups = "groups of " if grouped else ""
    there = f"there are {calibration:,}" if calibration else "there are none"
    return f"needs at least {calibration_needed(level):,} {groups}calibration non-members for {percent(level)}, {there}"


def foreseen_told(there: Foreseen, level: float) -> list[str]:
    """What so many non-members will and will not support at a level of false alarms, as sentences."""
    number = there.calibration
    if not there.supports(level):
        return [f"Nothing can be judged: {too_few(number, level)}."]
    told = [f"{number:,} non-members calibrate: no p-value can be smaller than 1 / {number + 1:,}."]
    fewest = fewest_flagged(there.suspects, number, level) or 1
    if fewest > 1:
        told.append(f"Of {there.suspects:,} suspects either none is flagged, or at least {fewest:,} are.")
    return told + [
        f"To flag a single suspect at p = {p:g} takes at least {calibration_needed(p):,}."
        for p in P_LEVELS
        if number < calibration_needed(p)
    ]


def chosen_told(chosen: str) -> list[str]:
    """How the spec says that attack and output were chosen, as it says it; nothing where it does not."""
    words = chosen.strip()
    return [f"How the primary attack and the released output were chosen: {words}"] if words else []


def procedure_told(evidence: Evidence, level: float, *, grouped: bool) -> list[str]:
    """What the verdicts rest on and how much they can say, as sentences."""
    groups = "groups of " if grouped else ""
    if evidence.fewest is None:
        return [f"Nothing can be judged: {too_few(evidence.calibration, level, grouped=grouped)}."]
    told = [
        f"Calibrated against {evidence.calibration:,} {groups}known non-members. Of the {groups}suspects that are "
        f"flagged, at most {percent(level)} are expected to be false alarms (Benjamini-Hochberg).",
        power_told(evidence.power),
    ]
    if evidence.fewest > 1:
        told.append(
            f"With so few non-members either none of the {evidence.judged:,} {groups}suspects is flagged, or at least "
            f"{evidence.fewest:,} are."
        )
    return told + [_single(power) for power in evidence.powers]


def _single(power: Power) -> str:
    if power.share is None or power.interval is None:
        return f"To flag every p up to {power.p:g} {power.needs}."
    return f"Flagging every p up to {power.p:g} would find {_share(power.share, power.interval)}."


def _share(share: float, interval: Interval) -> str:
    return f"{percent(share)} of known members ({percent(interval.low)} to {percent(interval.high)})"
