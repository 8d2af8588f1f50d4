"""Form pieces of the training panel alone: numbers over decades, sections that fold, sentences to act on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.forms import form as shared
from convscope.ui.forms.wheel import wheel_needs_focus

LABEL = 104


def titled(text: str, widget: QWidget) -> QWidget:
    """A control with its name before it; one widget, so that both can be hidden."""
    holder = QWidget()
    label = QLabel(text)
    label.setBuddy(widget)
    label.setFixedWidth(theme.scaled(LABEL))
    layout = shared.row(label, widget)
    layout.setStretch(1, 1)
    holder.setLayout(layout)
    return holder


def spin(name: str, says: str, low: int, high: int) -> QSpinBox:
    """A whole number that may be large: its thousands stand apart."""
    box = shared.spin(name, says, low, high)
    box.setGroupSeparatorShown(True)
    return box


class NumberBox(QDoubleSpinBox):
    """A number written as shortly as it can be ("0.001", "1e-07"); its steps go along 1, 2, 5, 10.

    Args:
        name: object name.
        says: accessible name.
        low, high: the range.
    """

    def __init__(self, name: str, says: str, low: float, high: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(says)
        wheel_needs_focus(self)
        self.setDecimals(12)
        self.setRange(low, high)
        self.setKeyboardTracking(False)
        shared.indent(self)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        # Also "1e-4"; a comma may stand for the point.
        return float(text.replace(",", "."))

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            begun = all(letter in "0123456789.,eE+-" for letter in text)
            state = QValidator.State.Intermediate if begun else QValidator.State.Invalid
            return state, text, at
        inside = self.minimum() <= value <= self.maximum()
        return QValidator.State.Acceptable if inside else QValidator.State.Intermediate, text, at

    def stepBy(self, steps: int) -> None:
        # To the next number of the form 1, 2 or 5 times a power of ten.
        value = self.value()
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


def check(name: str, text: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setObjectName(name)
    box.setAccessibleName(text)
    return box


class Fold(QWidget):
    """A heading that opens and closes what stands under it.

    Args:
        name: object name of the heading's button.
        title: the heading.

    Attributes:
        column: the layout of what stands under it.
    """

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = shared.tool(
            name, title, "chevron-right", lambda: self.set_open(not self.is_open), title
        )
        self.button.setProperty("flat", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._body = QWidget()
        self.column = QVBoxLayout(self._body)
        self.column.setContentsMargins(theme.GROUP_GAP, 0, 0, theme.GAP)
        self.column.setSpacing(theme.GRID + 2)
        self._body.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.GRID)
        outer.addWidget(self.button)
        outer.addWidget(self._body)

    @property
    def is_open(self) -> bool:
        """Whether what stands under the heading is shown."""
        return not self._body.isHidden()

    def set_open(self, opened: bool) -> None:
        self._body.setVisible(opened)
        self.button.setIcon(theme.icon("chevron-down" if opened else "chevron-right"))


Choice = tuple[str, str, Callable[[], object]]


_ICONS = {"good": "circle-check", "info": "info", "warning": "triangle-alert", "bad": "circle-x"}
_SAYS = {"good": "Done", "info": "Note", "warning": "Warning", "bad": "It went wrong"}


class Notice(QFrame):
    """One sentence with an icon, and what can be done about it as buttons.

    Args:
        name: object name; the sentence is "name.text".
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self._icon = QToolButton()
        self._icon.setObjectName(f"{name}.icon")
        self._icon.setProperty("flat", True)
        self._icon.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.text = QLabel()
        self.text.setObjectName(f"{name}.text")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.GRID)
        self._made: list[QPushButton] = []
        self._runs: list[Callable[[], object]] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP, theme.GRID, theme.GAP, theme.GRID)
        layout.setSpacing(theme.GAP)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        layout.addLayout(self._buttons)
        self.hide()

    def say(self, kind: str, text: str, choices: Iterable[Choice] = ()) -> None:
        """Show a sentence.

        Args:
            kind: "good", "info", "warning" or "bad".
            text: the sentence.
            choices: (object name, words, what to do) of each button; the first is the one to take.
        """
        colours = theme.tokens()
        colour = colours.accent if kind == "info" else getattr(colours, kind)
        self._icon.setIcon(theme.icon(_ICONS[kind], colour))
        self._icon.setAccessibleName(_SAYS[kind])
        self._icon.setToolTip(_SAYS[kind])
        self.text.setText(text)
        self.setAccessibleName(text)
        self._runs = []
        for number, (name, words, run) in enumerate(choices):
            if number == len(self._made):
                self._made.append(self._button(number))
            button = self._made[number]
            button.setObjectName(name)
            button.setText(words)
            button.setAccessibleName(words)
            button.show()
            self._runs.append(run)
        for unused in self._made[len(self._runs) :]:
            unused.hide()
        self.show()

    def _button(self, number: int) -> QPushButton:
        button = QPushButton()
        if number == 0:
            button.setProperty("role", "primary")
        button.clicked.connect(lambda: self._runs[number]())
        self._buttons.addWidget(button)
        return button
