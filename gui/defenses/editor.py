"""The fields of a trial: one form for each defense of its chain."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QToolButton, QVBoxLayout, QWidget

from core.defenses.base import Defense
from core.defenses.chain import Chain
from core.errors import SpecError
from core.parameters import parameters_of
from gui.buttons import icon_button
from gui.defenses.head import Head
from gui.defenses.making import can_move, help_of, longer, moved, output_offers, shorter, with_link
from gui.forms import Form

OWN = "This defense belongs to the audit and stays as it is. Copy it to try other values."


class Editor(QScrollArea):
    """Shows a trial's fields, or why there are none.

    Parameters
    ----------
    check
        Raises `SpecError` where a trial, given by its id, cannot become another chain.
    """

    wanted = Signal(str, object, int)
    """Id of a trial, the chain that it should become, and a number that is the same for all of one drag."""

    def __init__(self, check: Callable[[str, Chain], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._check = check
        self._id, self._chain = "", Chain()
        self._gesture = 0
        self.forms: list[Form | None] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Values of the defense")
        self.show_own(None)

    @property
    def trial(self) -> str:
        """Id of the trial that is shown, or empty."""
        return self._id

    def show_trial(self, chain: Chain) -> None:
        """Show a trial; where it is the one in view with other values, its fields stay."""
        links = [type(link) for link in self._chain.defenses]
        if self._id and links == [type(link) for link in chain.defenses]:
            self._id, self._chain = chain.id, chain
            self._fill()
        else:
            self._id, self._chain = chain.id, chain
            self._build()

    def show_own(self, chain: Chain | None) -> None:
        """Show a chain of the audit, or nothing."""
        self._id, self._chain, self.forms = "", Chain(), []
        links = () if chain is None else chain.defenses
        words = [f"{link.title}: {help_of(type(link))}" for link in links]
        self._put([_text(line) for line in [*words, *([OWN] if links else [])]])

    def follow(self, before: str, chain: Chain) -> None:
        """The trial of an id has become this chain."""
        if self._id == before:
            self.show_trial(chain)

    # ------------------------------------------------------------ building

    def _build(self) -> None:
        self._gesture += 1
        links = self._chain.defenses
        self.forms = [self._form(place, link) for place, link in enumerate(links)]
        rows: list[QWidget] = []
        for place, (link, form) in enumerate(zip(links, self.forms, strict=True)):
            rows += [self._head(place, link), form or _text(help_of(type(link)))]
        self._put([*rows, self._then_button()])

    def _put(self, rows: list[QWidget]) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 4, 4)
        for row in rows:
            column.addWidget(row)
        column.addStretch(1)
        self.setWidget(inside)

    def _form(self, place: int, link: Defense) -> Form | None:
        """The fields of a defense; None where it has none."""
        if not parameters_of(type(link)):
            return None
        form = Form(link, live=True)
        form.changed.connect(lambda: self._take(place, form))
        form.settled.connect(self._settle)
        return form

    def _head(self, place: int, link: Defense) -> QWidget:
        """Name of a defense, and what moves it in the chain or takes it out."""
        head, chain = Head(place, link.title, help_of(type(link)), self._can_come_to(place)), self._chain
        if len(chain.defenses) > 1:
            row = head.row
            head.let_be_pulled()
            # Later, as the row that is pulled is made anew.
            head.dropped.connect(self._move, Qt.ConnectionType.QueuedConnection)
            row.addWidget(self._mover(place, place - 1, "up", f"{link.title}: earlier in the chain"))
            row.addWidget(self._mover(place, place + 1, "down", f"{link.title}: later in the chain"))
            row.addWidget(_button("close", f"Take {link.title} out of the chain", self._becoming(shorter, place)))
        return head

    def _can_come_to(self, place: int) -> Callable[[int], bool]:
        return lambda other: can_move(self._chain, other, place)

    def _move(self, place: int, to: int) -> None:
        """A defense was pulled to another place."""
        if can_move(self._chain, place, to):
            self._become(moved(self._chain, place, to))

    def _mover(self, place: int, to: int, sign: str, words: str) -> QToolButton:
        button = _button(sign, words, self._becoming(moved, place, to))
        button.setEnabled(can_move(self._chain, place, to))
        return button

    def _then_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("Then...")
        button.setProperty("role", "words")
        button.setAccessibleName("Another defense behind it")
        button.setToolTip("What comes out goes through another defense.")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        for offer in output_offers():
            menu.addAction(offer.title, self._becoming(longer, offer.kind())).setToolTip(offer.help)
        button.setMenu(menu)
        return button

    # ------------------------------------------------------------ filling and reading

    def _fill(self) -> None:
        """Bring the fields to the chain, without telling of it."""
        for link, form in zip(self._chain.defenses, self.forms, strict=True):
            if form is not None and _said(form) != link:
                form.blockSignals(True)
                form.set_value(link)
                form.blockSignals(False)

    def _take(self, place: int, form: Form) -> None:
        try:
            link = form.value()
            assert isinstance(link, Defense)
            chain = with_link(self._chain, place, link)
            self._check(self._id, chain)
        except SpecError as error:
            form.complain_of(error)
        else:
            self._tell(chain)

    def _settle(self) -> None:
        self._gesture += 1

    def _becoming(self, change: Callable[..., Chain], *how: object) -> Callable[[], None]:
        """What changes the chain in view, for a button."""
        return lambda: self._become(change(self._chain, *how))

    def _become(self, chain: Chain) -> None:
        """Another chain, at once; where it cannot be, say so."""
        self._settle()
        try:
            self._check(self._id, chain)
        except SpecError as error:
            form = next((form for form in self.forms if form is not None), None)
            if form is not None:
                form.complain_of(error)
        else:
            self._tell(chain)
        self._settle()

    def _tell(self, chain: Chain) -> None:
        if chain != self._chain:
            self.wanted.emit(self._id, chain, self._gesture)


def _said(form: Form) -> object:
    """What a form says; None where it says nothing that can be."""
    try:
        return form.value()
    except SpecError:
        return None


def _text(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    return label


def _button(sign: str, words: str, call: Callable[[], object]) -> QToolButton:
    button = icon_button(sign, words)
    button.clicked.connect(call)
    return button
