"""The cards of the networks that come along, as a page for people: `python -m resources.attack_networks.cards`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.attacks.networks import AttackCard, read_card
from core.files import write_text
from resources.attack_networks.recipes import NETWORKS, SCENE_SIZE, SHADOWS, NetworkRecipe

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
HEAD = """# The attack networks that come along

Made by `python -m resources.attack_networks.cards` from the networks' own cards and the recipes beside this page;
[what they are for and how they compare](../../docs/attack-networks.md).
"""
COLUMNS = ("target it had not seen", "defense", "AUC", "TPR at 10 % FPR", "at 1 %")


def page() -> str:
    """All cards, in Markdown."""
    return "\n".join([HEAD, *(line for recipe in NETWORKS for line in _card(recipe))])


def _card(recipe: NetworkRecipe) -> Iterator[str]:
    card = read_card(HERE / f"{recipe.name}.safetensors")
    yield f"## {recipe.name}: {recipe.title}\n"
    yield f"* **Looks at** the loss at each pixel, in patches of {card.patch} grid points; any number of classes."
    yield f"* **Data**: drawn street scenes of {SCENE_SIZE[0]}x{SCENE_SIZE[1]} pixels, nobody's photographs."
    yield f"* **Shadows**, two of each, which exchange their scenes: {'; '.join(_shadows())}."
    yield f"* **Their outputs**: {'undefended' if recipe.defense == 'none' else f'behind {recipe.defense}'}."
    yield f"* **Not for**: {card.extra['not_for']}\n"
    yield _line(COLUMNS)
    yield _line(["---"] * len(COLUMNS))
    yield from (_line(_judged(row)) for row in _rows(card))
    yield ""


def _shadows() -> Iterator[str]:
    for fleet in SHADOWS:
        how = fleet.training
        yield f"{how.architecture} with {how.encoder} on {fleet.scenes} scenes in {fleet.scheme}, {how.epochs} epochs"


def _rows(card: AttackCard) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = card.extra["judged"]
    return rows


def _judged(row: Mapping[str, Any]) -> list[str]:
    rates = (row["tpr_at_10_percent"], row["tpr_at_1_percent"])
    return [row["target"], row["defense"], f"{row['auc']:.3f}", *(f"{rate:.2f}" for rate in rates)]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    write_text(PAGE, page())
