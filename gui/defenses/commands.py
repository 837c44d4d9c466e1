"""The commands of the panel of the defenses."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.defenses.base import Defense
from gui.actions import Action
from gui.defenses.making import help_of, offers

if TYPE_CHECKING:
    from gui.defenses.panel import DefensesPanel

MENU = "Defenses"
COPY = "Try the chosen defense with another value."
REMOVE = "Try the chosen defense no longer. What belongs to the audit stays."
HARDENED = "Another checkpoint, trained with a defense."
KEEP = "Make the chosen trial a defense of this audit: only its scores and maps are computed, and nothing else changes."
KEEP_ALL = "Make all trials defenses of this audit."
SAVE = "The audit's spec with the trials among its defenses, as a file to run."


def trial_actions(panel: "DefensesPanel") -> list[Action]:
    """Everything that can be done about trials."""

    def there() -> bool:
        return panel.has_document

    def chosen() -> bool:
        return panel.has_chosen_trial

    def any_trial() -> bool:
        return panel.has_trials

    return [
        *(_try(panel, offer.kind) for offer in offers(None)),
        Action("try.hardened", "Try a hardened target...", MENU, "", panel.try_hardened, HARDENED, "open", there),
        Action("trial.copy", "Copy the defense", MENU, "", panel.copy, COPY, "copy", there),
        Action("trial.remove", "Remove the trial", MENU, "", panel.remove, REMOVE, "close", chosen),
        Action("trial.keep", "Keep the trial", MENU, "", panel.keep, KEEP, "save", chosen),
        Action("trials.keep", "Keep all trials", MENU, "", panel.keep_all, KEEP_ALL, "save", any_trial),
        Action("trials.save", "Save the spec with the trials...", MENU, "", panel.save_spec, SAVE, "save", any_trial),
    ]


def _try(panel: "DefensesPanel", kind: type[Defense]) -> Action:
    return Action(
        f"try.{kind.name}",
        f"Try {kind.title}",
        MENU,
        "",
        lambda: panel.try_kind(kind),
        help_of(kind),
        enabled=_possible(panel, kind),
    )


def _possible(panel: "DefensesPanel", kind: type[Defense]) -> Callable[[], bool]:
    return lambda: panel.has_document and not panel.reason(kind)
