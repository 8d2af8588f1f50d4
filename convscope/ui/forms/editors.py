"""One control for each kind of parameter; `editor_of` chooses it."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from convscope.core.parameter import Parameter
from convscope.core.words import size_words
from convscope.ui import theme
from convscope.ui.forms import free_values as free
from convscope.ui.forms.form import check, combo, indent, spin, vertical
from convscope.ui.forms.number_box import NumberBox
from convscope.ui.forms.size_spin import SizeSpin
from convscope.ui.forms.slider_row import SliderRow
from convscope.ui.forms.undo_keys import undo_of_the_window

# How far a whole number without an end of its own is offered.
_FAR = 1_000_000
# Of numbers above 0 the least that is offered.
_LEAST_POSITIVE = 1e-9


class Editor(QObject):
    """One control for one value; it lives as long as its control.

    Args:
        control: gets the object name.
        says: its accessible name.
        about: its tooltip.

    Signals:
        edited: the value that a person chose.
        wrong: what cannot be understood in what is typed, in words, or "".

    Attributes:
        says_itself: the control shows its own name.
        width: of a control that stands under its name, in design pixels.
    """

    edited = Signal(object)
    wrong = Signal(str)
    says_itself = False
    width = 84

    def __init__(self, control: QWidget, name: str, says: str, about: str = "") -> None:
        super().__init__(control)
        self.control = control
        control.setObjectName(name)
        control.setAccessibleName(says)
        control.setToolTip(about)

    def show_value(self, value: Any) -> None:
        """Show a value; nothing is emitted."""
        raise NotImplementedError


class SliderEditor(Editor):
    """A number that slides."""

    says_itself = True

    def __init__(self, name: str, own: Parameter) -> None:
        title, step = own.symbol or own.title, own.step or 1
        self.row = SliderRow(
            name, title, own.minimum, own.maximum, step, own.default, own.unit, says=own.title
        )
        zero = f"; 0 is {own.zero}" if own.zero else ""
        super().__init__(self.row, name, own.title, own.about or f"{own.title}: {own.spans}{zero}")
        self.row.box.setSpecialValueText("auto" if own.zero else "")
        whole = own.kind == "whole"
        self.row.changed.connect(lambda value: self.edited.emit(round(value) if whole else value))

    def show_value(self, value: Any) -> None:
        self.row.set_value(float(value))


class WholeEditor(Editor):
    """A whole number; where there may be none, one less than the least stands for it."""

    def __init__(self, name: str, own: Parameter, *, live: bool = False) -> None:
        low = round(max(own.minimum, -_FAR)) - bool(own.nothing)
        self.box = spin(name, own.title, low, round(own.maximum) if own.maximum < math.inf else _FAR)
        super().__init__(self.box, name, own.title, own.about)
        self._nothing = low if own.nothing else None
        self.box.setSpecialValueText(own.nothing)
        self.box.setSingleStep(max(1, round(own.step)))
        self.box.setSuffix(f" {own.unit}" if own.unit else "")
        self.box.setKeyboardTracking(live)
        # A seed is a name, no count; and while one types, nothing but what is typed shall come and go.
        self.box.setGroupSeparatorShown(not live and own.name.rpartition(".")[2] != "seed")
        self.box.valueChanged.connect(
            lambda value: self.edited.emit(None if value == self._nothing else value)
        )

    def show_value(self, value: Any) -> None:
        shown = self._nothing if value is None else int(value)
        if shown is not None and shown != self.box.value():
            with QSignalBlocker(self.box):
                self.box.setValue(shown)


class NumberEditor(Editor):
    """A number in a range."""

    def __init__(self, name: str, own: Parameter, *, live: bool = False) -> None:
        least = _LEAST_POSITIVE if own.positive and own.minimum == 0 else own.minimum
        self.box = NumberBox(name, own.title, least, own.maximum, own.step)
        super().__init__(self.box, name, own.title, own.about)
        self.box.setKeyboardTracking(live)
        self.box.valueChanged.connect(self.edited.emit)

    def show_value(self, value: Any) -> None:
        if float(value) != self.box.value():
            with QSignalBlocker(self.box):
                self.box.setValue(float(value))


class ChoiceEditor(Editor):
    """One of some words."""

    width = 112

    def __init__(self, name: str, own: Parameter) -> None:
        self.box = combo(name, own.title, own.choices)
        super().__init__(self.box, name, own.title, own.about)
        self.box.setMaxVisibleItems(20)
        self.box.currentIndexChanged.connect(lambda _index: self.edited.emit(self.box.currentData()))

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))


class FlagEditor(Editor):
    """Yes or no."""

    says_itself = True

    def __init__(self, name: str, own: Parameter) -> None:
        self.box = check(name, own.title)
        super().__init__(self.box, name, own.title, own.about)
        self.box.toggled.connect(self.edited.emit)

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))


class SeveralEditor(Editor):
    """Any of some words, one below the other; each is called "name.value"."""

    says_itself = True

    def __init__(self, name: str, own: Parameter) -> None:
        super().__init__(QWidget(), name, own.title, own.about)
        column = vertical(self.control, spacing=theme.GRID + 2)
        self._flags = {
            value: FlagEditor(f"{name}.{value}", Parameter(value, words, "flag"))
            for value, words in own.choices
        }
        for flag in self._flags.values():
            flag.edited.connect(lambda _on: self.edited.emit(self.chosen))
            column.addWidget(flag.control)

    @property
    def chosen(self) -> tuple[Any, ...]:
        """In the order in which they are offered."""
        return tuple(value for value, flag in self._flags.items() if flag.box.isChecked())

    def show_value(self, value: Any) -> None:
        for each, flag in self._flags.items():
            flag.show_value(each in value)


class SizeEditor(Editor):
    """A size: one number, or height × width."""

    width = 92

    def __init__(self, name: str, own: Parameter) -> None:
        self.box = SizeSpin(round(own.minimum), round(own.maximum), own.nothing)
        super().__init__(self.box, name, own.title, own.about)
        undo_of_the_window(self.box)
        indent(self.box)
        self.box.valueChanged.connect(lambda _value: self.edited.emit(self.box.pair()))

    def show_value(self, value: Any) -> None:
        if value != self.box.pair():
            with QSignalBlocker(self.box):
                self.box.set_pair(value)


class TypedEditor(Editor):
    """A value that is typed and understood letter by letter.

    Args:
        read: text → value; raises ValueError.
        write: value → text.
        such: what is said while it cannot be understood.
        live: tell each letter that makes sense; else only what stands there when the typing ends.
    """

    width = 100

    def __init__(
        self,
        name: str,
        says: str,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        such: str,
        *,
        live: bool = True,
    ) -> None:
        self.line = QLineEdit()
        super().__init__(self.line, name, says)
        undo_of_the_window(self.line)
        self._read, self._write, self._such = read, write, such
        self._value: Any = None
        self._live = live
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

    def _warn(self, words: str) -> None:
        # The document keeps the last value that could be read.
        self.line.setToolTip(words)
        self.wrong.emit(words)

    def _typed(self, text: str) -> None:
        try:
            value = self._read(text)
        except (ValueError, ZeroDivisionError):
            self._warn(self._such)
            return
        self._warn("")
        if self._live:
            self._tell(value)

    def _tell(self, value: Any) -> None:
        if value != self._value:
            self._value = value
            self.edited.emit(value)

    def _finished(self) -> None:
        with suppress(ValueError, ZeroDivisionError):
            self._tell(self._read(self.line.text()))
        self.line.setText(self._write(self._value))
        self._warn("")


def editor_of(
    name: str, own: Parameter, value: Any = None, *, slides: bool = False, live: bool = False
) -> Editor:
    """The control of a parameter.

    Args:
        name: the control's object name.
        value: as it is now, where its form decides: a size of four borders is typed.
        slides: numbers slide, if they have two ends.
        live: a number tells each keystroke, not only what stands there when the typing ends.
    """
    if own.kind == "choice":
        return ChoiceEditor(name, own)
    if own.kind == "several":
        return SeveralEditor(name, own)
    if own.kind == "flag":
        return FlagEditor(name, own)
    if own.kind == "size" and not is_nested(value):
        return SizeEditor(name, own)
    ends = not own.nothing and own.maximum < math.inf
    if slides and ends:
        return SliderEditor(name, own)
    if own.kind in ("whole", "odd"):
        return WholeEditor(name, own, live=live)
    if own.kind == "real" and ends:
        return NumberEditor(name, own, live=live)
    return TypedEditor(name, own.title, *_typed(own))


def is_nested(value: Any) -> bool:
    """Whether a size is one of borders: ((top, bottom), (left, right))."""
    return isinstance(value, tuple) and any(isinstance(side, tuple) for side in value)


def _typed(own: Parameter) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    read, write, such = _FREE.get(own.kind, _NUMBER)
    return free.optional(read) if own.nothing else read, write, such


# How what is typed is read and written, and what is said while it cannot be read.
_NUMBER = (free.read_number, free.write_number, "a number such as 0.5 or 1/255")
_FREE: dict[str, tuple[Callable[[str], Any], Callable[[Any], str], str]] = {
    "size": (free.read_borders, size_words, "top+bottom×left+right, such as 1+1×0+2"),
    "shape": (free.read_shape, free.write_shape, "sizes such as 28×28×1"),
    "floats": (
        free.read_numbers,
        free.write_numbers,
        "a number such as 1/255, or one a channel: 0.2, 0.3, 0.2",
    ),
    "range": (free.read_range, free.write_range, "two numbers such as 0, 1"),
}
