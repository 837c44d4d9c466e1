"""The panel that says which defenses are shown and tried, under which attack, and what lies over the images."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from core.audit.folder import unwritable
from core.audit.spec import write_spec
from core.defenses.base import Defense
from core.defenses.chain import Chain
from core.defenses.hardened import Hardened
from core.errors import SpecError
from gui.actions import Action
from gui.defenses.choosers import Choosers
from gui.defenses.commands import HARDENED, KEEP, trial_actions
from gui.defenses.editor import Editor
from gui.defenses.making import hardened_chain, nearby, offers
from gui.defenses.row_words import RowWords
from gui.defenses.rows import Rows
from gui.defenses.steps import AddTrial, DropTrial, Retune, SwitchDefenses
from gui.results import Results
from gui.results.again import AgainButton
from gui.selection import MOST_PANES, Selection

FULL = f"{MOST_PANES} defenses are shown at most: switch another one off first."
THERE = "That defense is there already."
NOTHING_NEW = "A copy needs a value to change, and this defense has none. Add a defense of another kind."
MODELS = "Models (*.safetensors *.pth *.pt *.ckpt *.onnx *.pt2);;All files (*)"


class DefensesPanel(QWidget):
    """A switch per defense and trial, the fields of a trial, an attack chooser and a layer chooser.

    `keep_wanted` sends the chains that are to become defenses of the audit.

    Parameters
    ----------
    selection
        What is looked at.
    undo_stack
        Takes every switch and every change of a trial.
    results
        Says how far trials are scored; None: nothing scores them.
    """

    keep_wanted = Signal(object)

    def __init__(
        self,
        selection: Selection,
        undo_stack: QUndoStack,
        results: Results | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._selection, self._undo_stack, self._results = selection, undo_stack, results
        self._words = RowWords(selection, results)
        self.rows, self.editor = Rows(), Editor(self._check)
        self.choosers = Choosers(selection, engine=results is not None)
        self._hint = QLabel()
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self._add = QPushButton("Add")
        self._copy, self._remove, self._keep = QPushButton("Copy"), QPushButton("Remove"), QPushButton("Keep")
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self._add.setMenu(QMenu(self._add))
        self._add.menu().setToolTipsVisible(True)
        self._add.setToolTip("Try a defense that the audit does not have.")
        self._copy.setToolTip("Try the chosen defense with another value.")
        self._remove.setToolTip("Try the chosen defense no longer. What belongs to the audit stays.")
        self._keep.setToolTip(KEEP)
        buttons = QHBoxLayout()
        for button in (self._add, self._copy, self._keep, self._remove):
            button.setAccessibleName(f"{button.text()} a defense")
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.rows, stretch=3)
        layout.addLayout(buttons)
        layout.addWidget(self._hint)
        if self._results is not None:
            layout.addWidget(AgainButton(self._results))
        layout.addWidget(self.editor, stretch=2)
        layout.addWidget(self.choosers)

    def _connect(self) -> None:
        selection = self._selection
        for signal in (selection.document_changed, selection.trials_changed):
            signal.connect(self._show)
        for signal in (selection.chains_changed, selection.attack_changed, selection.trials_changed):
            signal.connect(self._show_rows)
        selection.retuned.connect(self._retuned)
        if self._results is not None:
            self._results.changed.connect(lambda chain, _: self._show_row(chain))
        self.rows.switched.connect(self._switched)
        self.rows.chosen.connect(self._show_chosen)
        self.editor.wanted.connect(self._retune)
        self._add.menu().aboutToShow.connect(self._fill_menu)
        self._copy.clicked.connect(self.copy)
        self._remove.clicked.connect(self.remove)
        self._keep.clicked.connect(self.keep)

    def actions(self) -> list[Action]:  # type: ignore[override]
        """The panel's commands."""
        return trial_actions(self)

    # ------------------------------------------------------------ what is shown

    def _show(self, _: object = None) -> None:
        document = self._selection.document
        self.setEnabled(document is not None)
        own = () if document is None else document.chains
        self.rows.show_ids([chain.id for chain in (*own, *self._selection.trials)])
        self._show_rows()
        self._show_chosen()

    def _show_rows(self, _: object = None) -> None:
        for chain_id in self.rows.ids:
            self._show_row(chain_id)

    def _show_row(self, chain_id: str) -> None:
        chain = self._selection.chain(chain_id)
        if chain is not None:
            on, colour = chain_id in self._selection.chains, self._selection.colours().get(chain_id, "")
            self.rows.show_row(chain_id, self._words.of(chain), self._words.tip(chain), colour, on=on)

    def _show_chosen(self, _: object = None) -> None:
        """Bring the fields and the buttons to the current row."""
        chain = self._selection.chain(self.rows.current)
        trial = chain is not None and self._selection.is_trial(chain.id)
        self._copy.setEnabled(chain is not None)
        self._remove.setEnabled(trial)
        self._keep.setEnabled(trial)
        if chain is not None and trial:
            self.editor.show_trial(chain)
        else:
            self.editor.show_own(chain)

    def _retuned(self, before: str, after: str) -> None:
        """The list keeps its rows, the fields stay: a slider may be held."""
        chain = self._selection.chain(after)
        assert chain is not None
        self.rows.rename(before, after)
        self.editor.follow(before, chain)

    def _say(self, words: str) -> None:
        self._hint.setText(words)
        self._hint.setVisible(bool(words))

    # ------------------------------------------------------------ switching

    def _switched(self, chain_id: str, on: bool) -> None:
        wanted = self._wanted(chain_id, on)
        self._say(FULL if len(wanted) > MOST_PANES else "")
        if len(wanted) > MOST_PANES:
            self._show_rows()
            return
        words = f"{'Show' if on else 'Hide'} {self._selection.title(chain_id)}"
        self._undo_stack.push(SwitchDefenses(self._selection, wanted, words))

    def _wanted(self, chain_id: str, on: bool) -> tuple[str, ...]:
        """The defenses that are on, in the order of the rows, then those that have no row."""
        shown, ids = set(self._selection.chains) - {chain_id}, self.rows.ids
        shown |= {chain_id} if on else set()
        return (*(one for one in ids if one in shown), *(one for one in self._selection.chains if one not in ids))

    # ------------------------------------------------------------ trials

    @property
    def has_document(self) -> bool:
        """Whether something can be tried."""
        return self._selection.document is not None

    @property
    def has_chosen_trial(self) -> bool:
        """Whether the current row is a trial."""
        return self._selection.is_trial(self.rows.current)

    @property
    def has_trials(self) -> bool:
        """Whether anything is tried."""
        return bool(self._selection.trials)

    def reason(self, kind: type[Defense]) -> str:
        """Why a defense cannot be tried on the audit's target, or empty."""
        return next(offer.reason for offer in offers(self._selection.document) if offer.kind is kind)

    def try_kind(self, kind: type[Defense]) -> None:
        """Try a defense with its default values, or values nearby."""
        self._try(Chain((kind(),)))

    def try_hardened(self) -> None:
        """Let a person choose the file of a hardened target, and try it."""
        document = self._selection.document
        if document is None:
            return
        start = str(document.spec.resolve(document.spec.target.path).parent)
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a hardened target", start, MODELS)
        if chosen:
            labels = frozenset(chain.label for chain in (*document.chains, *self._selection.trials))
            self._try(hardened_chain(chosen, Path(chosen).stem, labels))

    def copy(self) -> None:
        """Try the chosen defense with another value."""
        chain = self._selection.chain(self.rows.current)
        if chain is not None:
            self._try(replace(chain, label="") if chain.defenses and not _is_hardened(chain) else chain, NOTHING_NEW)

    def remove(self) -> None:
        """Try the chosen trial no longer."""
        chain = self._selection.chain(self.rows.current)
        if chain is not None and self.has_chosen_trial:
            self._undo_stack.push(DropTrial(self._selection, chain))

    def keep(self) -> None:
        """Have the chosen trial become a defense of the audit."""
        chain = self._selection.chain(self.rows.current)
        if chain is not None and self.has_chosen_trial:
            self.keep_wanted.emit((chain,))

    def keep_all(self) -> None:
        """Have all trials become defenses of the audit."""
        if self.has_trials:
            self.keep_wanted.emit(self._selection.trials)

    def save_spec(self) -> None:
        """Write the audit's spec with the trials among its defenses into another file. Raises `StoreError`."""
        document = self._selection.document
        if document is None:
            return
        start = str(document.folder.parent / f"{document.title} with trials.toml")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the spec with the trials", start, "Specs (*.toml)")
        if chosen:
            spec = replace(document.spec, defenses=(*document.chains, *self._selection.trials))
            try:
                write_spec(spec, Path(chosen))
            except OSError as error:
                raise unwritable(Path(chosen), error) from error

    def _try(self, chain: Chain, otherwise: str = THERE) -> None:
        new = nearby(chain, frozenset(self.rows.ids))
        full = len(self._selection.chains) >= MOST_PANES
        self._say(otherwise if new is None else FULL if full else "")
        if new is not None:
            self._undo_stack.push(AddTrial(self._selection, new))
            self.rows.current = new.id
        else:
            self.rows.current = chain.id

    def _check(self, chain_id: str, chain: Chain) -> None:
        """Raise `SpecError` where a trial cannot become that chain."""
        document, source = self._selection.document, chain.source
        if isinstance(source, Hardened) and document is not None and not document.spec.resolve(source.path).exists():
            raise SpecError("hardened: 'path' leads to no file.", "Choose the file of a hardened target.")
        self._selection.need_new(chain, chain_id)

    def _retune(self, chain_id: str, chain: Chain, gesture: int) -> None:
        before = self._selection.chain(chain_id)
        if before is not None:
            self._undo_stack.push(Retune(self._selection, before, chain, gesture))

    def _fill_menu(self) -> None:
        menu = self._add.menu()
        menu.clear()
        for offer in offers(self._selection.document):
            action = menu.addAction(offer.title, _later(self.try_kind, offer.kind))
            action.setToolTip(offer.help)
            action.setEnabled(not offer.reason)
        menu.addSeparator()
        menu.addAction("Hardened target...", self.try_hardened).setToolTip(HARDENED)


def _later(call: Callable[[type[Defense]], None], kind: type[Defense]) -> Callable[[], None]:
    return lambda: call(kind)


def _is_hardened(chain: Chain) -> bool:
    return isinstance(chain.source, Hardened)
