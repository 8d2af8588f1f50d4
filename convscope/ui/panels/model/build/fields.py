"""One control for each setting of a layer; each tells every keystroke that makes sense."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from convscope.core.parameter import Parameter
from convscope.ui import theme
from convscope.ui.forms.form import combo, indent
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.panels.model.build.size import SizeSpin
from convscope.ui.panels.model.build.values import (
    read_borders,
    read_number,
    read_numbers,
    read_optional,
    read_optional_shape,
    read_range,
    read_shape,
    write_number,
    write_numbers,
    write_range,
    write_shape,
)
from convscope.ui.panels.model.words import size_words

HEIGHT = 50


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
        if self.label is not None:
            # Of one height, so that labels and controls stand in line.
            control.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
            self.setFixedHeight(theme.scaled(HEIGHT))
        if isinstance(control, QAbstractSpinBox):
            indent(control)

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
    def __init__(self, name: str, option: Parameter) -> None:
        box = QSpinBox()
        box.setRange(
            round(max(option.minimum, -10_000)),
            round(min(option.maximum, 1_000_000)),
        )
        wheel_needs_focus(box)
        super().__init__(name, words_of(option), box, 84)
        self._box = box
        box.valueChanged.connect(lambda value: self.edited.emit(value))

    def show_value(self, value: Any) -> None:
        if value != self._box.value():
            with QSignalBlocker(self._box):
                self._box.setValue(int(value))


class ShareField(Field):
    """A number between small bounds, such as a rate."""

    def __init__(self, name: str, option: Parameter) -> None:
        box = QDoubleSpinBox()
        box.setDecimals(3)
        box.setSingleStep(0.05)
        box.setRange(option.minimum, option.maximum)
        wheel_needs_focus(box)
        super().__init__(name, words_of(option), box, 84)
        self._box = box
        box.valueChanged.connect(lambda value: self.edited.emit(round(value, 3)))

    def show_value(self, value: Any) -> None:
        if round(float(value), 3) != round(self._box.value(), 3):
            with QSignalBlocker(self._box):
                self._box.setValue(float(value))


class SizeField(Field):
    """A size: one number, or height × width."""

    def __init__(self, name: str, option: Parameter) -> None:
        box = SizeSpin(round(option.minimum), round(option.maximum), option.nothing)
        super().__init__(name, words_of(option), box, 92)
        self._box = box
        box.valueChanged.connect(lambda _value: self.edited.emit(box.pair()))

    def show_value(self, value: Any) -> None:
        if value != self._box.pair():
            with QSignalBlocker(self._box):
                self._box.set_pair(value)


class TypedField(Field):
    """A value that is typed and understood letter by letter.

    Args:
        read: text → value; raises ValueError.
        write: value → text.
        wrong: what is said while it cannot be understood.
        live: tell each letter that makes sense; else only what stands there when the typing ends.
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
        *,
        live: bool = True,
    ) -> None:
        self.line = QLineEdit()
        super().__init__(name, words, self.line, width, says)
        self._read, self._write, self._wrong = read, write, wrong
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

    def _typed(self, text: str) -> None:
        try:
            value = self._read(text)
        except (ValueError, ZeroDivisionError):
            self._warn(self._wrong)
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


class ChoiceField(Field):
    """One of some words."""

    def __init__(self, name: str, option: Parameter) -> None:
        box = combo(name, words_of(option), option.choices)
        super().__init__(name, words_of(option), box, 140 if option.name == "application" else 112)
        self._box = box
        box.setMaxVisibleItems(20)
        box.currentIndexChanged.connect(lambda _index: self.edited.emit(box.currentData()))

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self._box):
            self._box.setCurrentIndex(self._box.findData(value))


class TickField(Field):
    def __init__(self, name: str, option: Parameter) -> None:
        box = QCheckBox(words_of(option))
        super().__init__(name, "", box, 0, words_of(option))
        box.setMinimumWidth(0)
        box.setMaximumWidth(16777215)
        box.setMinimumHeight(theme.scaled(28))
        self._box = box
        box.toggled.connect(lambda on: self.edited.emit(on))

    def show_value(self, value: Any) -> None:
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


def words_of(option: Parameter) -> str:
    """A setting's Keras name as words: "kernel size"."""
    return option.title


def field_for(name: str, option: Parameter, value: Any) -> Field:
    """The control of a setting.

    Args:
        name: the control's object name.
        option: the setting.
        value: as it is now; a size of four borders needs a text of its own.
    """
    nested = isinstance(value, tuple) and any(isinstance(side, tuple) for side in value)
    if option.kind == "choice":
        return ChoiceField(name, option)
    if option.kind == "flag":
        return TickField(name, option)
    if option.kind == "whole":
        return IntField(name, option)
    if option.kind == "size" and not nested:
        return SizeField(name, option)
    if option.kind == "real" and not option.nothing and option.maximum <= 1:
        small = isinstance(value, float) and 0 < value < 0.01
        if not small:
            return ShareField(name, option)
    read, write, wrong = {
        "size": (read_borders, size_words, "top+bottom×left+right, such as 1+1×0+2"),
        "shape": (
            read_optional_shape if option.nothing else read_shape,
            write_shape,
            "sizes such as 28×28×1",
        ),
        "floats": (
            read_numbers,
            write_numbers,
            "a number such as 1/255, or one a channel: 0.2, 0.3, 0.2",
        ),
        "range": (read_range, write_range, "two numbers such as 0, 1"),
    }.get(
        option.kind,
        (read_optional if option.nothing else read_number, write_number, "a number such as 0.5 or 1/255"),
    )
    return TypedField(name, words_of(option), read, write, wrong)
