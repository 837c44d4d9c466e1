"""The section about the verdicts: by which attack, on which output, against which non-members; and what they allow."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from core.audit.protocol import foreseen
from core.audit.spec import AuditSpec, ImagesEntry, Protocol
from core.audit.wording import foreseen_told
from core.data.samples import Role
from core.defenses.chain import words_of
from core.engine.jobs import FoundSet
from core.errors import SegLeakError
from gui.banner import Severity
from gui.forms import Form
from gui.wizard.composer import Composer
from gui.wizard.looking import Known, Looking
from gui.wizard.parts import Notice, Section, refill

HELP = (
    "Settled before anything is scored: the one attack and the one output that verdicts on suspects are about, and the "
    "non-members they are held against. All else is exploratory."
)
HIDDEN = "Hide the label maps from the primary attack (weaker; for suspects without label maps)"
UNLABELLED = (
    "No suspect has a label map, so an attack that needs one cannot score them. Hide the label maps from the primary "
    "attack: then suspects, members and non-members are all scored without."
)
GROUPED = "Images of a group count once."


class ProtocolSection(Section):
    """What is fixed about the verdicts, and what the number of non-members cannot support.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.

    Attributes
    ----------
    allowed
        Says what the non-members allow.
    sets
        A switch for each set of non-members, where there are several.
    """

    def __init__(self, composer: Composer, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__("5  Verdicts", HELP, parent)
        self._composer, self._looking = composer, looking
        self.attack, self.output = _chooser("Primary attack"), _chooser("Released output")
        self.hidden = QCheckBox(HIDDEN)
        self.form = Form(composer.draft.spec.protocol, explained=True)
        self.wrong, self.unlabelled = Notice(Severity.ERROR), Notice(Severity.WARNING)
        self.allowed, self.refused = Notice(Severity.NOTE), Notice(Severity.WARNING)
        self.sets: list[QCheckBox] = []
        self._sets = QVBoxLayout()
        self._lay_out()
        self._connect()
        self.show_known(looking.known)

    def _lay_out(self) -> None:
        rows = self.form.layout()
        assert isinstance(rows, QFormLayout)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.insertRow(0, "Primary attack", self.attack)
        rows.insertRow(1, "Released output", self.output)
        rows.insertRow(2, self.hidden)
        rows.insertRow(3, self.unlabelled)
        self.column.addWidget(self.form)
        self.column.addLayout(self._sets)
        for notice in (self.wrong, self.refused, self.allowed):
            self.column.addWidget(notice)

    def _connect(self) -> None:
        composer = self._composer
        self.attack.activated.connect(lambda place: composer.make_primary(self.attack.itemData(place)))
        self.output.activated.connect(lambda place: composer.edit(released=place))
        self.hidden.toggled.connect(lambda hidden: composer.hide_labels(hidden=hidden))
        self.form.changed.connect(self._take)
        composer.changed.connect(lambda _: self.show_known(self._looking.known))
        self._looking.changed.connect(self.show_known)

    def _take(self) -> None:
        try:
            self._composer.edit(protocol=self.form.value())
            self.wrong.say()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)

    # ------------------------------------------------------------ what is shown

    def show_known(self, known: Known) -> None:
        """Show the draft's protocol, and what the image sets allow as far as they are known."""
        spec = self._composer.draft.spec
        attacks = [(entry.words, entry.id) for entry in spec.attacks]
        _fill(self.attack, attacks, spec.primary.id if spec.attacks else "")
        outputs = [(words, chain) for chain, words in words_of(spec.defenses).items()]
        _fill(self.output, outputs, spec.release.id if spec.defenses else "")
        with QSignalBlocker(self.hidden), QSignalBlocker(self.form):
            self.hidden.setEnabled(bool(spec.attacks))
            self.hidden.setChecked(bool(spec.attacks) and spec.primary.hidden)
            self._show_protocol(spec.protocol)
        self._show_sets(spec)
        self._say(spec, known)

    def _show_protocol(self, protocol: Protocol) -> None:
        """Not over what is being typed and cannot be yet."""
        try:
            same = self.form.value() == protocol
        except SegLeakError:
            return
        if not same:
            self.form.set_value(protocol)

    def _show_sets(self, spec: AuditSpec) -> None:
        """A switch for each of several sets of non-members; with one alone there is nothing to choose."""
        places = [place for place, entry in enumerate(spec.images) if entry.role is Role.NON_MEMBER]
        places = places if len(places) > 1 else []
        if [box.objectName() for box in self.sets] != [_name(place, spec.images[place]) for place in places]:
            self.sets = [self._set(place, spec.images[place]) for place in places]
            title = QLabel("Non-members that calibrate, and serve nothing else (none chosen: all of them)")
            refill(self._sets, [title, *self.sets] if self.sets else [])
        for place, box in zip(places, self.sets, strict=True):
            with QSignalBlocker(box):
                box.setChecked(spec.images[place].calibration)

    def _set(self, place: int, entry: ImagesEntry) -> QCheckBox:
        box = QCheckBox(entry.path)
        box.setObjectName(_name(place, entry))
        box.toggled.connect(lambda on: self._composer.mark_calibration(place, on=on))
        return box

    def _say(self, spec: AuditSpec, known: Known) -> None:
        """What the non-members allow, at once; nothing while the sets are not known or there is nobody to judge."""
        self.refused.say()
        self.allowed.say()
        self.unlabelled.say()
        of_suspects = [one for entry, one in zip(spec.images, known.sets, strict=False) if entry.role is Role.SUSPECT]
        if len(known.sets) != len(spec.images) or not of_suspects or not spec.attacks:
            return
        there = foreseen(spec, [_units(one) for one in known.sets])
        told = foreseen_told(there, spec.protocol.level)
        grouped = [GROUPED] if any(one.groups for one in known.sets) else []
        (self.allowed if there.supports(spec.protocol.level) else self.refused).say(*told, *grouped)
        needy = spec.primary.attack.needs_label and not spec.primary.hidden
        self.unlabelled.say(UNLABELLED if needy and not any(one.labelled for one in of_suspects) else "")


def _units(found: FoundSet) -> int:
    """Groups, where the set has some; else images."""
    return found.groups or found.images


def _name(place: int, entry: ImagesEntry) -> str:
    return f"{place} {entry.path}"


def _chooser(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def _fill(box: QComboBox, items: list[tuple[str, str]], chosen: str) -> None:
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != items:
        box.clear()
        for title, name in items:
            box.addItem(title, name)
    box.setCurrentIndex(box.findData(chosen))
