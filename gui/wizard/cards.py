"""What an attack network's card says, in words. Knows nothing of Qt."""

from collections.abc import Mapping
from typing import Any

from core.attacks.shipped import shipped_networks

LOOKS_AT = {
    "slm": "the loss at each pixel; needs label maps",
    "slm-pair": "the loss at each pixel, beside that of reference models; needs label maps and references",
    "concatenation": "posteriors and label maps",
    "posteriors": "posteriors; needs no label maps",
}
PATCHES, WHOLE = "patch", "image"
"""The attacks that take a network: one judges patches, one whole images."""


def attack_of(card: Mapping[str, Any]) -> str:
    """Which attack a network is for."""
    return WHOLE if card.get("patch") == 0 else PATCHES


def fits(card: Mapping[str, Any], classes: int) -> bool:
    """Whether a network can look at a model of so many classes; 0: not known."""
    return not classes or card.get("classes") in {None, classes}


def by_fit(cards: Mapping[str, Mapping[str, Any]], classes: int, *, labels_only: bool) -> list[str]:
    """Names of the shipped networks: those that fit the model first, then those made for what it gives out."""
    made_for = "argmax" if labels_only else "none"
    names = [name for name in shipped_networks() if name in cards]

    def rank(name: str) -> tuple[bool, bool, float]:
        card = cards[name]
        return not fits(card, classes), card.get("defense") != made_for, -_mean_auc(card, made_for)

    return sorted(names, key=rank)


def sentences(card: Mapping[str, Any]) -> str:
    """The card in a few sentences: what it looks at, how well it does, what it was made from."""
    size = "whole images" if card.get("patch") == 0 else f"patches of {card['patch']} grid points"
    parts = [f"Looks at {LOOKS_AT.get(card['representation'], card['representation'])}, in {size}."]
    if card.get("defense", "none") != "none":
        parts.append(f"Trained against the defense {card['defense']}.")
    return " ".join([*parts, *_judged(card)])


def warning(card: Mapping[str, Any]) -> str:
    """What the network must not be used for, or empty."""
    return str(card.get("extra", {}).get("not_for", ""))


def origin(card: Mapping[str, Any]) -> str:
    """What the network was trained on, and how it was judged, for a tool tip."""
    trained = str(card.get("trained_on", ""))
    source = str(card.get("threshold_source", ""))
    return "\n".join(
        filter(None, (f"Trained on {trained}" if trained else "", f"Threshold from {source}" if source else ""))
    )


def _judged(card: Mapping[str, Any]) -> list[str]:
    """Its AUC on targets that it was not trained on, without a defense and under the one it was made for."""
    extra = card.get("extra", {})
    rows = [row for row in extra.get("judged", ()) if row["defense"] == card.get("defense", "none")]
    if rows:
        values = [row["auc"] for row in rows]
        among = "one target" if len(rows) == 1 else f"{len(rows)} targets"
        span = f"{min(values):.2f}" if len(rows) == 1 else f"{min(values):.2f} to {max(values):.2f}"
        return [f"AUC {span} on {among} it had not seen ({rows[0]['target']})."]
    return [f"AUC {extra['shadow_auc']:.2f} on shadow images held out."] if "shadow_auc" in extra else []


def _mean_auc(card: Mapping[str, Any], defense: str) -> float:
    values = [row["auc"] for row in card.get("extra", {}).get("judged", ()) if row["defense"] == defense]
    return sum(values) / len(values) if values else 0.0
