"""One control for each setting of a layer; each tells every keystroke that makes sense."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from convscope.engine.models.kinds.base import Option
from convscope.ui import theme
from convscope.ui.panels.model.build_rows import size_words
from convscope.ui.widgets.form import combo, wheel_needs_focus

_BASE = 4096
_SIDE = re.compile(r"\s*(\d+)\s*(?:[×x*,;]\s*(\d+)\s*)?")


class _UndoOfTheWindow(QObject):
    """Leaves Ctrl+Z to the document: a field would take back letters that the document has long taken."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(
                QKeySequence.StandardKey.Redo
            )
            if undo:
                event.ignore()
                return True
        return False


def undo_of_the_window(widget: QWidget) -> None:
    """Undo and redo mean the document, also while this control has the focus."""
    guard = _UndoOfTheWindow(widget)
    widget.installEventFilter(guard)
    line = widget.findChild(QLineEdit)
    if line is not None:
        line.installEventFilter(guard)


class Field(QWidget):
    """A setting's name over its control.

    Signals:
        edited: the new value.
    """

    edited = Signal(object)

    def __init__(self, name: str, words: str, control: QWidget, width: int, says: str = "") -> None:
        super().__init__()
        self.control = control
        control.setObjectName(name)
        control.setAccessibleName(says or words)
        undo_of_the_window(control)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.label: QLabel | None = None
        if words:
            self.label = theme.label(words, "caption")
            self.label.setBuddy(control)
            column.addWidget(self.label)
        column.addWidget(control)
        control.setFixedWidth(theme.scaled(width))

    def show_value(self, value: Any) -> None:
        """Show a value; nothing is emitted."""
        raise NotImplementedError

    def _warn(self, wrong: str) -> None:
        """Mark what is typed as not to be understood (""): the document keeps the last value."""
        if self.label is not None:
            self.label.setProperty("role", "warning" if wrong else "caption")
            self.label.style().polish(self.label)
        self.control.setToolTip(wrong)


class IntField(Field):
    """A whole number."""

    def __init__(self, name: str, option: Option) -> None:
        box = QSpinBox()
        box.setRange(
            int(option.low) if option.low is not None else -10_000,
            int(option.high) if option.high is not None else 1_000_000,
        )
        wheel_needs_focus(box)
        super().__init__(name, words_of(option), box, 84)
        self._box = box
        box.valueChanged.connect(lambda value: self.edited.emit(value))

    def show_value(self, value: Any) -> None:
        """Show a number."""
        if value != self._box.value():
            with QSignalBlocker(self._box):
                self._box.setValue(int(value))


class ShareField(Field):
    """A number between small bounds, such as a rate."""

    def __init__(self, name: str, option: Option) -> None:
        box = QDoubleSpinBox()
        box.setDecimals(3)
        box.setSingleStep(0.05)
        box.setRange(option.low or 0.0, option.high if option.high is not None else 1.0)
        wheel_needs_focus(box)
        super().__init__(name, words_of(option), box, 84)
        self._box = box
        box.valueChanged.connect(lambda value: self.edited.emit(round(value, 3)))

    def show_value(self, value: Any) -> None:
        """Show a number."""
        if round(float(value), 3) != round(self._box.value(), 3):
            with QSignalBlocker(self._box):
                self._box.setValue(float(value))


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

    def textFromValue(self, value: int) -> str:
        """ "3×3"."""
        return size_words(_decode(value))

    def valueFromText(self, text: str) -> int:
        """The size that was typed."""
        found = _SIDE.fullmatch(text)
        if found is None:
            return self.minimum()
        height = int(found[1])
        return _code(height, int(found[2] or height))

    def validate(self, text: str, place: int) -> Any:
        """Whether it is one number or two, within bounds."""
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
        """Half of a size means a square."""
        found = re.match(r"\s*(\d+)", text)
        side = min(max(int(found[1]), self._low), self._high) if found else self._low
        return str(side)

    def stepBy(self, steps: int) -> None:
        """Both sides."""
        pair = _decode(self.value())
        if pair is None:
            self.setValue(_code(max(self._low, steps), max(self._low, steps)))
            return
        sides = [min(max(side + steps, self._low), self._high) for side in _both(pair)]
        below = steps < 0 and min(_both(pair)) == self._low and self.specialValueText()
        self.setValue(0 if below else _code(*sides))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Always; the bounds stop it."""
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


class SizeField(Field):
    """A size: one number, or height × width."""

    def __init__(self, name: str, option: Option) -> None:
        low = int(option.low) if option.low is not None else 1
        box = SizeSpin(low, int(option.high or 1024), "as window" if option.optional else "")
        super().__init__(name, words_of(option), box, 92)
        self._box = box
        box.valueChanged.connect(lambda _value: self.edited.emit(box.pair()))

    def show_value(self, value: Any) -> None:
        """Show a size."""
        code = 0 if value is None else _code(*_both(value))
        if code != self._box.value():
            with QSignalBlocker(self._box):
                self._box.setValue(code)


class TypedField(Field):
    """A value that is typed and understood letter by letter.

    Args:
        read: text → value; raises ValueError.
        write: value → text.
        wrong: what is said while it cannot be understood.
    """

    def __init__(
        self,
        name: str,
        words: str,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        wrong: str,
        width: int = 100,
        says: str = "",
    ) -> None:
        self.line = QLineEdit()
        super().__init__(name, words, self.line, width, says)
        self._read, self._write, self._wrong = read, write, wrong
        self._value: Any = None
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._finished)

    def show_value(self, value: Any) -> None:
        """Show a value, unless it is what stands there in other letters."""
        if value != self._value or not self.line.hasFocus():
            self._value = value
            if self.line.text() != self._write(value):
                self.line.setText(self._write(value))
                if not self.line.hasFocus():
                    self.line.setCursorPosition(0)
            self._warn("")

    def _typed(self, text: str) -> None:
        try:
            value = self._read(text)
        except (ValueError, ZeroDivisionError):
            self._warn(self._wrong)
            return
        self._warn("")
        if value != self._value:
            self._value = value
            self.edited.emit(value)

    def _finished(self) -> None:
        self.line.setText(self._write(self._value))
        self._warn("")


class ChoiceField(Field):
    """One of some words."""

    def __init__(self, name: str, option: Option) -> None:
        box = combo(name, words_of(option), [(word, word) for word in option.choices])
        super().__init__(name, words_of(option), box, 140 if option.name == "application" else 112)
        self._box = box
        box.setMaxVisibleItems(20)
        box.currentIndexChanged.connect(lambda _index: self.edited.emit(box.currentData()))

    def show_value(self, value: Any) -> None:
        """Show a choice."""
        with QSignalBlocker(self._box):
            self._box.setCurrentIndex(self._box.findData(value))


class TickField(Field):
    """Yes or no."""

    def __init__(self, name: str, option: Option) -> None:
        box = QCheckBox(words_of(option))
        super().__init__(name, "", box, 0, words_of(option))
        box.setMinimumWidth(0)
        box.setMaximumWidth(16777215)
        box.setMinimumHeight(theme.scaled(28))
        self._box = box
        box.toggled.connect(lambda on: self.edited.emit(on))

    def show_value(self, value: Any) -> None:
        """Show it."""
        with QSignalBlocker(self._box):
            self._box.setChecked(bool(value))


class FeedField(Field):
    """Which layer feeds this one; the list is that of the layers above."""

    def __init__(self, name: str, words: str) -> None:
        box: QComboBox = combo(name, words, [])
        super().__init__(name, words, box, 200)
        box.setMaxVisibleItems(20)
        self._box = box
        self._offered: tuple[tuple[str, str], ...] = ()
        box.currentIndexChanged.connect(lambda _index: self.edited.emit(box.currentData()))

    def offer(self, choices: tuple[tuple[str, str], ...]) -> None:
        """What can be chosen: (name, words)."""
        if choices == self._offered:
            return
        self._offered = choices
        with QSignalBlocker(self._box):
            self._box.clear()
            for value, words in choices:
                self._box.addItem(words, value)

    def show_value(self, value: Any) -> None:
        """Show a layer's name; one that is not above is shown as it is named."""
        with QSignalBlocker(self._box):
            index = self._box.findData(value)
            if index < 0 and value:
                self._box.addItem(f"{value} (not above)", value)
                self._offered = ()
                index = self._box.count() - 1
            self._box.setCurrentIndex(index)


def words_of(option: Option) -> str:
    """A setting's Keras name as words: "kernel size"."""
    return option.name.replace("_", " ")


def field_for(name: str, option: Option, value: Any) -> Field:
    """The control of a setting.

    Args:
        name: the control's object name.
        option: the setting.
        value: as it is now; a size of four borders needs a text of its own.
    """
    nested = isinstance(value, tuple) and any(isinstance(side, tuple) for side in value)
    if option.kind == "choice":
        return ChoiceField(name, option)
    if option.kind == "bool":
        return TickField(name, option)
    if option.kind == "int":
        return IntField(name, option)
    if option.kind == "size" and not nested:
        return SizeField(name, option)
    if (option.kind == "float" and not option.optional and option.high == 1) or option.high == 0.999:
        small = isinstance(value, float) and 0 < value < 0.01
        if not small:
            return ShareField(name, option)
    read, write, wrong = {
        "size": (_read_borders, size_words, "top+bottom×left+right, such as 1+1×0+2"),
        "shape": (_read_shape, _write_shape, "sizes such as 28×28×1"),
        "range": (_read_range, _write_range, "two numbers such as 0, 1"),
    }.get(
        option.kind,
        (_read_optional if option.optional else _read_float, _write_float, "a number such as 0.5 or 1/255"),
    )
    return TypedField(name, words_of(option), read, write, wrong)


def _read_float(text: str) -> float:
    return float(Fraction(text.replace(" ", "").replace(",", ".")))


def _read_optional(text: str) -> float | None:
    return _read_float(text) if text.strip() and text.strip() != "none" else None


def _write_float(value: Any) -> str:
    if value is None:
        return "none"
    fraction = Fraction(value).limit_denominator(1000) if value else Fraction(0)
    # 1/255 says more than 0.00392157.
    if (
        fraction.numerator == 1
        and fraction.denominator > 100
        and float(fraction) == value
        and value * 1e6 % 1
    ):
        return f"1/{fraction.denominator}"
    return f"{value:g}"


def _read_shape(text: str) -> tuple[int | None, ...]:
    parts = [part.strip() for part in re.split(r"[×x*,;]", text.strip("() "))]
    shape = tuple(None if part in ("?", "None") else int(part) for part in parts)
    if any(size is not None and size != -1 and size < 1 for size in shape):
        raise ValueError(text)
    return shape


def _write_shape(value: Any) -> str:
    return "×".join("?" if size is None else str(size) for size in value)


def _read_range(text: str) -> tuple[float, float]:
    low, high = (float(part) for part in re.split(r"\s*(?:,|;|–|…|\s)\s*", text.strip("() ")))
    return low, high


def _write_range(value: Any) -> str:
    return ", ".join(f"{number:g}" for number in value)


def _read_borders(text: str) -> Any:
    sides = [tuple(int(n) for n in side.split("+")) for side in re.split(r"[×x*]", text)]
    if len(sides) != 2 or any(len(side) != 2 for side in sides):
        raise ValueError(text)
    return tuple(sides)
