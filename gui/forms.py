"""Forms made from the typed parameters of a choice: settings, defenses, attacks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
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

from core.errors import SpecError
from core.parameters import Choice, ParameterInfo, parameters_of

MOST = 2**31 - 1
"""What a field for whole numbers can hold."""
DECIMALS = 6


class Form(QWidget):
    """A field for each parameter of a choice, with its unit and help.

    Parameters
    ----------
    choice
        What the fields show at first.
    explained
        Whether the help stands below each field, and not in its tool tip alone.
    """

    changed = Signal()
    """A person changed a field."""

    def __init__(self, choice: Choice, *, explained: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = type(choice)
        self._fields: dict[str, _Field] = {}
        layout = QFormLayout(self)
        layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        values = choice.to_mapping()
        for info in parameters_of(self._kind):
            field = _field(info, values.get(info.name))
            field.widget.setParent(self)
            field.changed.connect(lambda _: self.changed.emit())
            _describe(field.widget, info)
            layout.addRow(_label(info), _with_help(field.widget, info) if explained else field.widget)
            self._fields[info.name] = field

    def value(self) -> Choice:
        """The choice that the fields say. Raises `SpecError` where one cannot be."""
        return self._kind.from_mapping({n: v for n, f in self._fields.items() if (v := f.value()) is not None})

    def set_value(self, choice: Choice) -> None:
        """Show another choice of the same kind."""
        values = choice.to_mapping()
        for name, field in self._fields.items():
            field.set_value(values.get(name))


def _label(info: ParameterInfo) -> str:
    return info.name.replace("_", " ").capitalize()


def _describe(widget: QWidget, info: ParameterInfo) -> None:
    unit = f", in {info.unit}" if info.unit else ""
    widget.setToolTip(f"{_sentence(info)}\nIt takes {info.allowed}{unit}.")
    widget.setAccessibleName(_label(info))
    widget.setAccessibleDescription(info.help)
    widget.setObjectName(info.name)


def _with_help(widget: QWidget, info: ParameterInfo) -> QVBoxLayout:
    label = QLabel(_sentence(info))
    label.setProperty("role", "small")
    label.setWordWrap(True)
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addWidget(widget)
    column.addWidget(label)
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
    if info.choices:
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
    box.addItems(info.choices)
    return _Field(box, box.currentText, box.setCurrentText, box.currentTextChanged)


def _switch(info: ParameterInfo) -> _Field:
    box = QCheckBox()
    return _Field(box, box.isChecked, box.setChecked, box.toggled)


def _whole(info: ParameterInfo) -> _Field:
    box = QSpinBox()
    box.setRange(int(info.low if info.low is not None else -MOST), int(info.high if info.high is not None else MOST))
    box.setGroupSeparatorShown(True)
    box.setSuffix(f" {info.unit}" if info.unit else "")
    return _Field(box, box.value, box.setValue, box.valueChanged)


class _NumberBox(QDoubleSpinBox):
    """Shows no more digits than the number has."""

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
    box = QLineEdit()
    return _Field(box, box.text, box.setText, box.textChanged)


_MAKERS: dict[type, Callable[[ParameterInfo], _Field]] = {bool: _switch, int: _whole, float: _number, str: _text}
