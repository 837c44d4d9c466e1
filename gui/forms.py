"""Forms made from the typed parameters of a choice: settings, defenses, attacks."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.errors import SegLeakError, SpecError
from core.parameters import Choice, ParameterInfo, parameters_of
from gui.file_field import FileField
from gui.scale import scale_of
from gui.sliders import SliderRow

MOST = 2**31 - 1
"""What a field for whole numbers can hold."""
DECIMALS = 6


class Form(QWidget):
    """A field for each parameter of a choice, with its unit and help; what a field cannot take is said below it.

    Parameters
    ----------
    choice
        What the fields show at first.
    explained
        Whether the help stands below each field, and not in its tool tip alone.
    live
        Whether what is shown elsewhere follows: numbers of a range get a slider, and what is typed counts once it is
        complete.
    """

    changed = Signal()
    """A person changed a field."""
    settled = Signal()
    """A slider was let go, or a field was left: what changes from now on is another change."""

    def __init__(
        self, choice: Choice, *, explained: bool = False, live: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kind = type(choice)
        self._fields: dict[str, _Field] = {}
        self._problems: dict[str, QLabel] = {}
        layout = QFormLayout(self)
        layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        values = choice.to_mapping()
        for info in parameters_of(self._kind):
            self._fields[info.name] = field = _field(info, values.get(info.name))
            self._problems[info.name] = problem = _small_label("")
            problem.setVisible(False)
            field.widget.setParent(self)
            _describe(field.widget, info)
            shown = self._made_live(field, info) if live else field.widget
            self._listen(self._fields[info.name], info)
            layout.addRow(_label(info), _column(shown, _small_label(_sentence(info)) if explained else None, problem))

    def _listen(self, field: "_Field", info: ParameterInfo) -> None:
        field.changed.connect(lambda *_: self._changed(info.name))
        refused = getattr(field.widget, "refused", None)
        if refused is not None:
            refused.connect(lambda text: self.complain(info.name, f"{text} cannot be: it takes {info.allowed}."))

    def _made_live(self, field: "_Field", info: ParameterInfo) -> QWidget:
        """The field with a slider, where its range has two ends."""
        box, scale = field.widget, scale_of(info)
        if isinstance(box, QAbstractSpinBox):
            box.setKeyboardTracking(False)
            box.editingFinished.connect(self.settled)
        if isinstance(box, QLineEdit):
            self._fields[info.name] = replace(field, changed=box.editingFinished)
        if scale is None:
            return box
        row = SliderRow(box, scale)
        row.slider.setAccessibleName(f"{_label(info)}, as a slider")
        row.slider.setToolTip(box.toolTip())
        row.moved.connect(field.set_value)
        row.released.connect(self.settled)
        field.changed.connect(row.show_value)
        row.show_value(field.value())
        return row

    def _changed(self, name: str) -> None:
        self.complain(name, "")
        self.changed.emit()

    def complain(self, name: str, words: str) -> None:
        """Say below a field why it cannot be; nothing where that is over."""
        self._problems[name].setText(words)
        self._problems[name].setVisible(bool(words))

    def problem(self, name: str) -> str:
        """What is said below a field."""
        return self._problems[name].text()

    def complain_of(self, error: SegLeakError) -> None:
        """Say what is wrong below the field that the error names, or else below the first one."""
        named = (name for name in self._fields if f"'{name}'" in error.message)
        name = next(named, next(iter(self._fields), None))
        if name is not None:
            self.complain(name, str(error))

    def value(self) -> Choice:
        """The choice that the fields say. Raises `SpecError` where one cannot be."""
        return self._kind.from_mapping({n: v for n, f in self._fields.items() if (v := f.value()) is not None})

    def set_value(self, choice: Choice) -> None:
        """Show another choice of the same kind."""
        values = choice.to_mapping()
        for name, field in self._fields.items():
            field.set_value(values.get(name))


def _label(info: ParameterInfo) -> str:
    """The name in words, without the unit, which stands in the field."""
    words = info.name.split("_")
    if info.unit and len(words) > 1 and words[-1] == info.unit.lower():
        words.pop()
    return " ".join(words).capitalize()


def _describe(widget: QWidget, info: ParameterInfo) -> None:
    unit = f", in {info.unit}" if info.unit else ""
    widget.setToolTip(f"{_sentence(info)}\nIt takes {info.allowed}{unit}.")
    widget.setAccessibleName(_label(info))
    widget.setAccessibleDescription(info.help)
    widget.setObjectName(info.name)


def _small_label(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    return label


def _column(*widgets: QWidget | None) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(2)
    for widget in widgets:
        if widget is not None:
            column.addWidget(widget)
    return column


def _sentence(info: ParameterInfo) -> str:
    return f"{info.help[:1].upper()}{info.help[1:]}."


@dataclass(frozen=True)
class _Field:
    """A widget, how to read and fill it, and its signal for a change."""

    widget: QWidget
    value: Callable[[], Any]
    set_value: Callable[[Any], object]
    changed: SignalInstance


def _field(info: ParameterInfo, value: Any) -> _Field:
    """The field for a parameter. Raises `SpecError` for a type that no field takes: a mistake of the program."""
    if info.choices or info.suggested:
        field = _choices(info)
    elif info.type in _MAKERS:
        field = _MAKERS[info.type](info)
    else:
        raise SpecError(f"{info.name}: a form cannot ask for {info.allowed}.", "Give the parameter a plain type.")
    if value is not None:
        field.set_value(value)
    return field


def _choices(info: ParameterInfo) -> _Field:
    box = QComboBox()
    box.addItems(info.choices or info.suggested)
    box.setEditable(not info.choices)
    return _Field(box, box.currentText, box.setCurrentText, box.currentTextChanged)


def _switch(info: ParameterInfo) -> _Field:
    box = QCheckBox()
    return _Field(box, box.isChecked, box.setChecked, box.toggled)


Judged = tuple[QValidator.State, str, int]


class _WholeBox(QSpinBox):
    """Takes any text while it is typed, and says at its end what it cannot be."""

    refused = Signal(str)

    def validate(self, text: str, place: int) -> Judged:
        """Nothing is kept from being typed."""
        return _patient(super().validate(text, place))

    def fixup(self, text: str) -> None:  # type: ignore[override]
        """The last good number comes back."""
        self.refused.emit(text)


def _patient(judged: Judged) -> Judged:
    """What Qt says of a text, with "not yet" in the place of "no"."""
    state, text, place = judged
    return QValidator.State.Intermediate if state is QValidator.State.Invalid else state, text, place


def _whole(info: ParameterInfo) -> _Field:
    box = _WholeBox()
    box.setRange(int(info.low if info.low is not None else -MOST), int(info.high if info.high is not None else MOST))
    box.setGroupSeparatorShown(True)
    box.setSuffix(f" {info.unit}" if info.unit else "")
    return _Field(box, box.value, box.setValue, box.valueChanged)


class _NumberBox(QDoubleSpinBox):
    """Shows no more digits than the number has. Takes any text while it is typed, as `_WholeBox`."""

    refused = Signal(str)

    def validate(self, text: str, place: int) -> Judged:
        """Nothing is kept from being typed."""
        return _patient(super().validate(text, place))

    def fixup(self, text: str) -> None:  # type: ignore[override]
        """The last good number comes back."""
        self.refused.emit(text)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        return self.locale().toString(value, "g", DECIMALS)


def _number(info: ParameterInfo) -> _Field:
    box = _NumberBox()
    low, high = float(info.low if info.low is not None else -MOST), float(info.high if info.high is not None else MOST)
    box.setDecimals(DECIMALS)
    box.setRange(low, high)
    if info.low is not None and info.high is not None:
        box.setSingleStep(10.0 ** math.floor(math.log10((high - low) / 10)))
    else:
        box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setSuffix(f" {info.unit}" if info.unit else "")
    return _Field(box, box.value, box.setValue, box.valueChanged)


def _text(info: ParameterInfo) -> _Field:
    box = FileField(info.file) if info.file else QLineEdit()
    return _Field(box, box.text, box.setText, box.textChanged)


_MAKERS: dict[type, Callable[[ParameterInfo], _Field]] = {bool: _switch, int: _whole, float: _number, str: _text}
