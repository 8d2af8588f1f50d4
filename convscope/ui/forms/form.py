"""Small pieces that every panel's controls are made of: rows, captions, numbers, choices, buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import naming, theme
from convscope.ui.forms.elided_combo import ElidedCombo
from convscope.ui.forms.segmented import Segmented
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.layout.scroll_column import ScrollColumn


def heading(text: str) -> QLabel:
    """A group's quiet title."""
    return theme.label(text, "heading")


def caption(name: str = "", text: str = "") -> QLabel:
    """A wrapped secondary line."""
    return text_line(name, "caption", text)


def text_line(name: str, role: str = "", text: str = "", *, wraps: bool = True) -> QLabel:
    """A line of words with an object name: in the role "title", "warning", "caption" or none."""
    made = theme.label(text, role) if role else QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(wraps)
    return made


def room_for(label: QLabel, lines: int, pixels: int = 11) -> None:
    """Keep room for so many lines, whatever a label says now: what lies below it does not jump.

    `pixels`: the design size of its type.
    """
    height = QFontMetrics(theme.font(pixels)).lineSpacing()
    label.setMinimumHeight(lines * height)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def as_panel(widget: QWidget) -> QWidget:
    """Give a widget the ground that controls and pictures stand on. Returns it."""
    widget.setProperty("role", "panel")
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return widget


def fold_button(name: str, says: str, run: Callable[[], object]) -> QToolButton:
    """What shows and hides a panel's right column; down while that is on show."""
    button = tool(name, says, "panel-right", run)
    button.setCheckable(True)
    button.setChecked(True)
    return button


def scrolling(inside: QWidget, name: str = "") -> ScrollColumn:
    """A column that scrolls up and down; the colour of what lies behind shows through."""
    scroll = ScrollColumn(name)
    scroll.setWidget(inside)
    for surface in (inside, scroll.viewport()):
        surface.setAutoFillBackground(False)
    return scroll


def hairline() -> QFrame:
    """What parts two groups."""
    line = QFrame()
    line.setProperty("role", "line")
    return line


Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int | None


Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""One for all sides; across and down; or left, top, right and bottom."""


def vertical(
    owner: QWidget | None = None, *parts: Part, spacing: int = theme.GAP, margins: Margins = 0
) -> QVBoxLayout:
    """Widgets and rows under each other.

    Args:
        owner: what they fill; None: a layout of its own.
        parts: with its share of the room, (part, share), where it has one; a number is a gap in pixels, None
            the room between.
    """
    layout = QVBoxLayout(owner) if owner is not None else QVBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def horizontal(
    owner: QWidget | None = None, *parts: Part, spacing: int = theme.GAP, margins: Margins = 0
) -> QHBoxLayout:
    """The same side by side."""
    layout = QHBoxLayout(owner) if owner is not None else QHBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def row(*parts: Part, spacing: int = theme.GAP) -> QHBoxLayout:
    """Parts side by side, in a layout of their own."""
    return horizontal(None, *parts, spacing=spacing)


def _fill(layout: QBoxLayout, parts: Iterable[Part], spacing: int, margins: Margins) -> None:
    if isinstance(margins, int):
        margins = (margins, margins)
    layout.setContentsMargins(*(margins * 2 if len(margins) == 2 else margins))
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        else:
            inside, share = part if isinstance(part, tuple) else (part, 0)
            if isinstance(inside, QWidget):
                layout.addWidget(inside, share)
            else:
                layout.addLayout(inside, share)


def named(text: str, widget: QWidget, width: int = 68) -> QHBoxLayout:
    """A control with its name before it."""
    label = QLabel(text)
    label.setBuddy(widget)
    label.setMinimumWidth(theme.scaled(width))
    layout = row(label, widget)
    layout.setStretch(1, 1)
    return layout


def under_captions(*pairs: tuple[str, QWidget]) -> QGridLayout:
    """Controls side by side, each under its name."""
    layout = QGridLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(theme.GAP)
    layout.setVerticalSpacing(2)
    for column, (text, widget) in enumerate(pairs):
        label = theme.label(text, "caption")
        label.setBuddy(widget)
        layout.addWidget(label, 0, column)
        layout.addWidget(widget, 1, column)
        layout.setColumnStretch(column, 1)
    return layout


def indent(box: QAbstractSpinBox) -> None:
    """Keep the number off the frame: the style sheet's padding does not reach a spin box's text."""
    box.lineEdit().setTextMargins(theme.scaled(5), 0, 0, 0)


def _prepare(box: QAbstractSpinBox, name: str, says: str) -> None:
    """What all boxes for numbers share; nothing is emitted before the typing ends."""
    naming.give(box, name, says)
    box.setKeyboardTracking(False)
    box.setMinimumWidth(theme.scaled(56))
    wheel_needs_focus(box)
    indent(box)


def spin(name: str, says: str, low: int, high: int) -> QSpinBox:
    """A whole number; nothing is emitted before the typing ends."""
    box = theme.with_figures(QSpinBox())
    box.setRange(low, high)
    _prepare(box, name, says)
    undo_of_the_window(box)
    return box


def decimal(name: str, says: str, low: float, high: float, decimals: int = 3) -> QDoubleSpinBox:
    """A number; nothing is emitted before the typing ends."""
    box = theme.with_figures(QDoubleSpinBox())
    box.setDecimals(decimals)
    box.setRange(low, high)
    _prepare(box, name, says)
    undo_of_the_window(box)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    return box


class _Trimmed(QDoubleSpinBox):
    """A number without the zeros that say nothing: "9", "0.5"."""

    def textFromValue(self, value: float) -> str:
        return f"{value:.10g}"


def trimmed(name: str, says: str, low: float, high: float, decimals: int = 6) -> QDoubleSpinBox:
    """A number, written as shortly as it can be; nothing is emitted before the typing ends."""
    box = theme.with_figures(_Trimmed())
    box.setDecimals(decimals)
    box.setRange(low, high)
    _prepare(box, name, says)
    return box


def slider(name: str, says: str, low: int, high: int) -> QSlider:
    """A slider of its own, without a box; what it stands at is written beside it."""
    made = naming.give(QSlider(Qt.Orientation.Horizontal), name, says)
    made.setRange(low, high)
    wheel_needs_focus(made)
    return made


def combo(name: str, says: str, choices: Iterable[tuple[str, str]], first: str = "") -> ElidedCombo:
    """A choice among (value, words); `first`: what is chosen, in the box itself, where no label says so."""
    box = naming.give(ElidedCombo(), name, says)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    box.set_says(first)
    wheel_needs_focus(box)
    for value, words in choices:
        box.addItem(words, value)
    return box


def check(name: str, text: str) -> QCheckBox:
    """Yes or no, in words that say what."""
    return naming.give(QCheckBox(text), name, text)


def choose(box: QComboBox, value: str) -> None:
    """Show a choice without telling anyone."""
    with QSignalBlocker(box):
        box.setCurrentIndex(box.findData(value))


def segmented(
    name: str,
    says: str,
    choices: Iterable[tuple[str, str, str]],
    *,
    wide: bool = False,
    wraps: bool = False,
) -> Segmented:
    """A switch among (value, text, tooltip).

    Args:
        wide: the buttons share the whole width.
        wraps: they stand in two lines where one has no room for all words.
    """
    choices = tuple(choices)
    made = Segmented([(value, text) for value, text, _tip in choices], name, wraps=wraps)
    made.setAccessibleName(says)
    for value, text, tip in choices:
        button = made.button(value)
        button.setToolTip(tip)
        button.setAccessibleName(f"{says}: {text}")
        if wide:
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if wide:
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def search_field(name: str, says: str, hint: str, edited: Callable[[str], object]) -> QLineEdit:
    """Where one types what a list is searched for."""
    made = naming.give(QLineEdit(), name, says)
    made.setPlaceholderText(hint)
    made.setClearButtonEnabled(True)
    made.textChanged.connect(edited)
    return made


def push_button(
    name: str, text: str, run: Callable[[], object], *, says: str = "", primary: bool = False
) -> QPushButton:
    """A button with words.

    Args:
        says: for those who cannot see it; "": the words.
        primary: it is what one is here for.
    """
    button = naming.give(QPushButton(text), name, says or text)
    if primary:
        button.setProperty("role", "primary")
    button.clicked.connect(lambda: run())
    return button


def tool(
    name: str, says: str, icon: str, run: Callable[[], object] | None = None, text: str = ""
) -> QToolButton:
    """A small button with an icon, and words on hover and for those who cannot see it."""
    button = naming.give(QToolButton(), name, says, says)
    if icon:
        button.setIcon(theme.icon(icon))
    if text:
        button.setText(text)
        button.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if icon else Qt.ToolButtonStyle.ToolButtonTextOnly
        )
    if run is not None:
        button.clicked.connect(lambda: run())
    return button


def tools(
    prefix: str, *given: tuple[str, str, str, Callable[[], object] | None, str]
) -> dict[str, QToolButton]:
    """Several of them by the last part of their object names: (name, says, icon, run, text)."""
    return {name: tool(f"{prefix}.{name}", says, icon, run, text) for name, says, icon, run, text in given}
