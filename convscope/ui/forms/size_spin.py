"""A spin box for height × width."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QSpinBox

from convscope.core.words import size_words
from convscope.ui.forms.wheel import wheel_needs_focus

_BASE = 4096
_SIDE = re.compile(r"\s*(\d+)\s*(?:[×x*,;]\s*(\d+)\s*)?")


class SizeSpin(QSpinBox):
    """Height × width as one number: "3×3"; typed "5" means 5×5; the arrows change both."""

    def __init__(self, low: int, high: int, nothing: str) -> None:
        super().__init__()
        self._low, self._high = low, min(high, _BASE - 1)
        # 0 is the value for "nothing was chosen"; pairs of zeros are one more than that.
        self.setRange(0 if nothing else 1, _code(self._high, self._high))
        self.setSpecialValueText(nothing)
        wheel_needs_focus(self)

    def pair(self) -> int | tuple[int, int] | None:
        """The size: one number where both sides are equal."""
        return _decode(self.value())

    def set_pair(self, pair: int | tuple[int, int] | None) -> None:
        self.setValue(0 if pair is None else _code(*_both(pair)))

    def textFromValue(self, value: int) -> str:
        return size_words(_decode(value))

    def valueFromText(self, text: str) -> int:
        found = _SIDE.fullmatch(text)
        if found is None:
            return self.minimum()
        height = int(found[1])
        return _code(height, int(found[2] or height))

    def validate(self, text: str, place: int) -> Any:
        if text == self.specialValueText() and text:
            return QValidator.State.Acceptable, text, place
        found = _SIDE.fullmatch(text)
        if found is not None:
            sides = [int(side) for side in found.groups() if side]
            if all(self._low <= side <= self._high for side in sides):
                return QValidator.State.Acceptable, text, place
            fine = all(side <= self._high for side in sides)
            return (QValidator.State.Intermediate if fine else QValidator.State.Invalid), text, place
        partly = re.fullmatch(r"[\d\s×x*,;]*", text) is not None
        return (QValidator.State.Intermediate if partly else QValidator.State.Invalid), text, place

    def fixup(self, text: str) -> str:
        # Half of a size means a square.
        found = re.match(r"\s*(\d+)", text)
        side = min(max(int(found[1]), self._low), self._high) if found else self._low
        return str(side)

    def stepBy(self, steps: int) -> None:
        pair = _decode(self.value())
        if pair is None:
            self.setValue(_code(max(self._low, steps), max(self._low, steps)))
            return
        sides = [min(max(side + steps, self._low), self._high) for side in _both(pair)]
        below = steps < 0 and min(_both(pair)) == self._low and self.specialValueText()
        self.setValue(0 if below else _code(*sides))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return (
            QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        )


def _code(height: int, width: int) -> int:
    return height * _BASE + width + 1


def _both(pair: int | tuple[int, int]) -> tuple[int, int]:
    return pair if isinstance(pair, tuple) else (pair, pair)


def _decode(value: int) -> int | tuple[int, int] | None:
    if value == 0:
        return None
    height, width = divmod(value - 1, _BASE)
    return height if height == width else (height, width)
