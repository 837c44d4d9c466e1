"""The section about the defenses: chains of them, with their parameters, and hardened targets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QVBoxLayout, QWidget

from core.defenses import DEFENSES
from core.defenses.base import Defense, Kind
from core.defenses.chain import Chain
from core.defenses.none import NoDefense
from core.errors import SegLeakError
from core.parameters import parameters_of
from gui.banner import Severity
from gui.forms import Form
from gui.icons import Sign
from gui.theme import defense_colours
from gui.told import told, told_shortly
from gui.trials import title_of
from gui.wizard.composer import Composer
from gui.wizard.looking import Known, Looking
from gui.wizard.missing import refused
from gui.wizard.model import FILTER
from gui.wizard.parts import Box, Notice, Section, Words, button, refill, row_of, small_button

HELP = "What the model's answers go through before the attack sees them. Each is a curve and a pane of its own."
DOT = 14


class DefenseSection(Section):
    """A box for each chain of defenses.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    """

    def __init__(self, composer: Composer, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__("4  Defenses", HELP, parent)
        self._composer, self._looking = composer, looking
        self.boxes: list[ChainBox] = []
        self._column = QVBoxLayout()
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        for kind in DEFENSES:
            if kind.kind is not Kind.HARDENED:
                _add_to(self.menu, kind, lambda kind=kind: self.add(Chain((kind(),))))
        add = button("Add a defense", lambda: None)
        add.setMenu(self.menu)
        hardened = button("Add hardened targets...", self._choose_hardened, "Checkpoints trained with a defense")
        self.column.addLayout(self._column)
        self.column.addLayout(row_of(add, hardened))
        composer.changed.connect(lambda _: self.show_known(looking.known))
        looking.changed.connect(self.show_known)
        self.show_known(looking.known)

    def show_known(self, known: Known) -> None:
        """Show the draft's defenses, and whether the model can be asked through them."""
        chains = self._composer.draft.spec.defenses
        if [box.chain for box in self.boxes] != list(chains):
            colours = defense_colours(chain.id for chain in chains)
            self.boxes = [ChainBox(place, chain, colours[chain.id], self) for place, chain in enumerate(chains)]
            refill(self._column, self.boxes)
        for box in self.boxes:
            box.problem.say(refused(box.chain, chains, known))

    def add(self, chain: Chain) -> None:
        """Add a chain."""
        self._composer.edit(defenses=(*self._composer.draft.spec.defenses, chain))

    def take_away(self, place: int) -> None:
        """Remove a chain."""
        chains = self._composer.draft.spec.defenses
        self._composer.edit(defenses=(*chains[:place], *chains[place + 1 :]))

    def change(self, box: "ChainBox", chain: Chain, *, anew: bool = False) -> None:
        """Put another chain in the place of one; its box stays, unless it has to be built anew."""
        chains = self._composer.draft.spec.defenses
        if not anew:
            box.chain = chain
        self._composer.edit(defenses=(*chains[: box.place], chain, *chains[box.place + 1 :]))

    def _choose_hardened(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Choose hardened targets", "", FILTER)
        for path in chosen:
            hardened = DEFENSES.make({"name": "hardened", "path": path})
            self.add(Chain((hardened,), Path(path).stem))


class ChainBox(Box):
    """One chain: its defenses in order, each with its fields."""

    def __init__(self, place: int, chain: Chain, colour: str, section: DefenseSection) -> None:
        super().__init__()
        self.place, self.chain, self._section = place, chain, section
        self.problem, self.wrong = Notice(Severity.ERROR), Notice(Severity.ERROR)
        links = chain.defenses or (NoDefense(),)
        self.forms: list[Form | None] = [self._form(number, link) for number, link in enumerate(links)]
        self.setAccessibleName(title_of(chain))
        head = row_of(Sign("dot", DOT, lambda: colour), QLabel(_heading(chain, links)))
        then = button("Then...", lambda: None, "Another defense behind it", "link")
        then.setAccessibleName(f"Another defense behind {title_of(chain)}")
        then.setMenu(self._then_menu(then))
        head.addWidget(then)
        head.addWidget(small_button("close", f"Take {title_of(chain)} away", lambda: section.take_away(place)))
        self.column.addLayout(head)
        for link, form in zip(links, self.forms, strict=True):
            self.column.addWidget(Words(told(type(link)), "small"))
            if form is not None:
                self.column.addWidget(form)
        self.column.addWidget(self.problem)
        self.column.addWidget(self.wrong)

    def _then_menu(self, owner: QWidget) -> QMenu:
        menu = QMenu(owner)
        for kind in DEFENSES:
            if kind.kind is Kind.OUTPUT and kind is not NoDefense:
                _add_to(menu, kind, lambda kind=kind: self._then(kind()))
        return menu

    def _then(self, defense: Defense) -> None:
        longer = replace(self.chain, defenses=(*self.chain.defenses, defense))
        self._section.change(self, longer, anew=True)

    def _form(self, number: int, link: Defense) -> Form | None:
        """The fields of a defense; None where it has none."""
        if not parameters_of(type(link)):
            return None
        form = Form(link)
        form.changed.connect(lambda: self._take(number, form))
        return form

    def _take(self, number: int, form: Form) -> None:
        try:
            link = cast(Defense, form.value())
            links = self.chain.defenses
            chain = replace(self.chain, defenses=(*links[:number], link, *links[number + 1 :]))
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)
            return
        self._section.change(self, chain)


def _add_to(menu: QMenu, kind: type[Defense], callback: Any) -> None:
    action = menu.addAction(kind.title or kind.name, callback)
    action.setToolTip(told_shortly(kind))


def _heading(chain: Chain, links: Sequence[Defense]) -> str:
    """Its own name first: of several hardened targets each has another."""
    kinds = " then ".join(_title(link) for link in links)
    return f"{chain.label}: {kinds}" if chain.label else kinds


def _title(link: Defense) -> str:
    return link.title or link.name
