"""A box for a number of any size."""

from __future__ import annotations

import math

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from convscope.ui.forms.form import indent
from convscope.ui.forms.free_values import read_number
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.forms.wheel import wheel_needs_focus


class NumberBox(QDoubleSpinBox):
    """A number written as shortly as it can be ("0.001", "1e-07"); "1e-4", "0,5" and "1/255" are read.

    Args:
        name: object name.
        says: accessible name.
        low, high: the range.
        step: what one step adds; 0: they go along 1, 2, 5, 10.
    """

    def __init__(
        self, name: str, says: str, low: float, high: float, step: float = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._step = step
        self.setObjectName(name)
        self.setAccessibleName(says)
        wheel_needs_focus(self)
        self.setDecimals(12)
        self.setRange(low, high)
        self.setKeyboardTracking(False)
        indent(self)
        undo_of_the_window(self)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        return read_number(text)

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        try:
            value = read_number(text)
        except (ValueError, ZeroDivisionError):
            begun = all(letter in "0123456789.,eE+-/" for letter in text)
            state = QValidator.State.Intermediate if begun else QValidator.State.Invalid
            return state, text, at
        inside = self.minimum() <= value <= self.maximum()
        return QValidator.State.Acceptable if inside else QValidator.State.Intermediate, text, at

    def stepBy(self, steps: int) -> None:
        value = self.value()
        if self._step:
            value = round(value / self._step + steps) * self._step
        else:
            for _ in range(abs(steps)):
                value = _next(value, steps > 0)
        self.setValue(value)
        self.selectAll()


def _next(value: float, up: bool) -> float:
    if value <= 0:
        return 1e-7 if up else 0.0
    power = math.floor(math.log10(value) + 1e-9)
    ladder = [digit * 10.0**exponent for exponent in (power - 1, power, power + 1) for digit in (1, 2, 5)]
    if up:
        found = min(number for number in ladder if number > value * (1 + 1e-6))
    else:
        found = max(number for number in ladder if number < value * (1 - 1e-6))
    return float(f"{found:.6g}")
