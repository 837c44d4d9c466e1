"""The section about the attacks: the primary one, and exploratory ones besides."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QVBoxLayout, QWidget

from core.attacks.all import ATTACKS
from core.attacks.base import Attack
from core.attacks.offered import offered
from core.attacks.shipped import is_short_name
from core.audit.spec import AttackEntry, attack_entries, to_mapping
from core.errors import SegLeakError
from gui.banner import Severity
from gui.forms import Form
from gui.told import told, told_shortly
from gui.trainings import Trainings
from gui.wizard.cards import attack_of, by_fit, fits, origin, sentences, warning
from gui.wizard.composer import Composer
from gui.wizard.looking import Known, Looking
from gui.wizard.missing import classes_of, unfit
from gui.wizard.parts import Box, Fold, Notice, Section, Words, button, refill, row_of, small_button
from gui.wizard.references import ReferenceSection

HELP = (
    "One attack is the primary one: it is named before anything is scored, and it alone gives verdicts. All others are "
    "exploratory."
)
NETWORKS = "Attack networks (*.safetensors *.pth *.tar *.pt *.ckpt)"
LABELS_ONLY = "The model gives label maps only: attacks made for them, and a network trained against Argmax, see more."


class AttackSection(Section):
    """A box for each attack, and a menu of all others.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    trainings
        Trains references.
    """

    def __init__(
        self, composer: Composer, looking: Looking, trainings: Trainings, parent: QWidget | None = None
    ) -> None:
        super().__init__("3  Attack", HELP, parent)
        self._composer, self._looking = composer, looking
        self.boxes: list[AttackBox] = []
        self._column = QVBoxLayout()
        self.hint = Notice(Severity.NOTE)
        self.hint.add(button("Take those attacks", self.take_offered, "In place of the attacks above", "link"))
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self.fill_menu)
        add = button("Add an attack", lambda: None)
        add.setMenu(self.menu)
        self.column.addLayout(self._column)
        self.column.addWidget(self.hint)
        self.column.addLayout(row_of(add))
        self.references = ReferenceSection(composer, looking, trainings)
        self.column.addSpacing(self.column.spacing())
        self.column.addWidget(self.references)
        composer.changed.connect(lambda _: self.show_known(looking.known))
        looking.changed.connect(self.show_known)
        self.show_known(looking.known)

    def show_known(self, known: Known) -> None:
        """Show the draft's attacks with their cards."""
        spec = self._composer.draft.spec
        if [box.entry for box in self.boxes] != list(spec.attacks):
            self._rebuild()
        for box in self.boxes:
            box.show_known(known, primary=box.entry.id == spec.primary.id)
        labels_only = known.target is not None and known.target.facts["gives"] == "labels"
        against = [known.cards[n].card.get("defense") for n in _networks(spec.attacks) if n in known.cards]
        self.hint.say(LABELS_ONLY if labels_only and "argmax" not in against else "")

    def _rebuild(self) -> None:
        self.boxes = [AttackBox(entry, self) for entry in self._composer.draft.spec.attacks]
        refill(self._column, self.boxes)

    # ------------------------------------------------------------ what a person does

    def fill_menu(self) -> None:
        """Networks that fit first, then a file of one's own, then the attacks without a network."""
        self.menu.clear()
        known = self._looking.known
        cards = {name: read.card for name, read in known.cards.items() if read.card}
        classes = classes_of(known)
        labels_only = known.target is not None and known.target.facts["gives"] == "labels"
        for name in by_fit(cards, classes, labels_only=labels_only):
            action = self.menu.addAction(f"Attack network '{name}'", partial(self.add_network, name))
            action.setEnabled(fits(cards[name], classes))
            action.setToolTip(sentences(cards[name]))
        self.menu.addAction("An attack network of your own...", self._choose_network)
        self.menu.addSeparator()
        for kind in ATTACKS:
            if "network" not in kind.__dataclass_fields__:
                words = told_shortly(kind)
                action = self.menu.addAction(kind.title or kind.name, partial(self.add, {"name": kind.name}))
                action.setToolTip(words)
        self.menu.setToolTipsVisible(True)

    def take_offered(self) -> None:
        """Put the attacks for label maps in the place of all others."""
        references = bool(self._composer.draft.spec.references)
        self._composer.edit(attacks=attack_entries(offered(labels_only=True, references=references)))

    def add(self, table: Mapping[str, Any]) -> None:
        """Add an attack, under a name of its own."""
        tables = [*to_mapping(self._composer.draft.spec)["attacks"], dict(table)]
        self._composer.edit(attacks=attack_entries(tables))

    def add_network(self, network: str) -> None:
        """Add an attack with a network: a shipped one's name, or a file."""
        read = self._looking.known.cards.get(network)
        label = {} if not is_short_name(network) else {"id": network}
        self.add({"name": attack_of({} if read is None else read.card), "network": network, **label})

    def _choose_network(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose an attack network", "", NETWORKS)
        if chosen:
            self.add_network(chosen)

    def take_away(self, entry: AttackEntry) -> None:
        """Remove an attack."""
        attacks = self._composer.draft.spec.attacks
        self._composer.edit(attacks=tuple(other for other in attacks if other.id != entry.id))

    def make_primary(self, entry: AttackEntry) -> None:
        """Name the attack that gives verdicts."""
        self._composer.make_primary(entry.id)

    def change(self, box: "AttackBox", entry: AttackEntry) -> None:
        """Put other parameters in the place of an attack's, without building its box anew."""
        attacks = self._composer.draft.spec.attacks
        before, box.entry = box.entry, entry
        self._composer.edit(attacks=tuple(entry if other.id == before.id else other for other in attacks))


class AttackBox(Box):
    """One attack: its name, its network's card, its parameters."""

    def __init__(self, entry: AttackEntry, section: AttackSection) -> None:
        super().__init__()
        self.entry, self._section = entry, section
        self.standing = QLabel()
        self.promote = button("Make primary", lambda: section.make_primary(self.entry), role="link")
        self.promote.setAccessibleName(f"Make {entry.id} primary")
        self.card, self.warning = Words(role="small"), Words(role="small")
        self.problem, self.wrong = Notice(Severity.ERROR), Notice(Severity.ERROR)
        title = QLabel(self._title())
        self.setAccessibleName(title.text())
        head = row_of(title)
        head.addWidget(self.promote)
        head.addWidget(self.standing)
        head.addWidget(small_button("close", f"Take {entry.id} away", lambda: section.take_away(self.entry)))
        self.column.addLayout(head)
        self.form = Fold("Settings", self._form)
        self.form.button.setAccessibleName(f"Settings of {entry.id}")
        for widget in (self.card, self.warning, self.problem, self.wrong, self.form):
            self.column.addWidget(widget)

    def show_known(self, known: Known, *, primary: bool) -> None:
        """Show the network's card, and whether it fits the model."""
        self.promote.setVisible(not primary)
        self.standing.setText("Primary" if primary else "Exploratory")
        self.standing.setProperty("role", "" if primary else "muted")
        network = getattr(self.entry.attack, "network", None)
        read = known.cards.get(network) if network else None
        card = {} if read is None else read.card
        self.card.say(sentences(card) if card else self._help())
        self.card.setToolTip(origin(card))
        self.warning.say(warning(card))
        remedy = "" if read is None else read.remedy
        problem = unfit(self.entry, known)
        self.problem.say(problem, remedy or ("Choose another network." if problem else ""))

    def _title(self) -> str:
        attack = self.entry.attack
        network = getattr(attack, "network", "")
        with_network = f", {Path(network).name}" if network else ""
        return f"{attack.title or attack.name}{with_network}"

    def _help(self) -> str:
        return told(type(self.entry.attack))

    def _form(self) -> Form:
        form = Form(self.entry.attack, explained=True)
        form.changed.connect(lambda: self._take(form))
        return form

    def _take(self, form: Form) -> None:
        try:
            attack = cast(Attack, form.value())
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)
            return
        self._section.change(self, replace(self.entry, attack=attack))


def _networks(attacks: tuple[AttackEntry, ...]) -> list[str]:
    return [name for entry in attacks if (name := getattr(entry.attack, "network", None))]
