"""A form made from parameters: a line for each, or for some of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from convscope.core.parameter import Parameter
from convscope.ui import theme
from convscope.ui.forms.editors import Editor, editor_of
from convscope.ui.forms.form import named, vertical
from convscope.ui.forms.slider_row import DENSE_HEIGHT, LABEL_WIDTH, SliderRow

_OVER = 50
_BOX, _DENSE_BOX = 104, 86


class ParameterForm(QWidget):
    """A column of lines: names stand before their controls, numbers with two ends slide.

    Args:
        prefix: of the controls' object names: "kernels.parameter" makes "kernels.parameter.sigma".
        parameters: known from the beginning; else `ask` tells them.
        together: those that share a line, with the words before it; "": the title of the first.
        names: object names that do not follow from the prefix, by parameter.
        label: width of the names before the controls, in design pixels.
        slides: False: numbers are boxes without a slider.
        dense: lines as low as can be.

    Signals:
        edited: a `Parameter` and the value that a person chose for it.

    Attributes:
        editors: by parameter.
        lines: what shows and hides a parameter with its name, by parameter.
    """

    edited = Signal(object, object)

    def __init__(
        self,
        prefix: str,
        parameters: Iterable[Parameter] = (),
        *,
        together: Mapping[tuple[str, ...], str] = MappingProxyType({}),
        names: Mapping[str, str] = MappingProxyType({}),
        label: int = LABEL_WIDTH,
        slides: bool = True,
        dense: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._prefix, self._names, self._together = prefix, names, together
        self._label, self._slides, self._dense = label, slides, dense
        self._made: tuple[Parameter, ...] = ()
        self.column = vertical(self, spacing=1 if dense else theme.GRID)
        self.editors: dict[str, Editor] = {}
        self.lines: dict[str, QWidget] = {}
        self._build(tuple(parameters))
        if not self._made:
            self.hide()

    def ask(self, parameters: Iterable[Parameter]) -> None:
        """Ask for these; lines that are there already stay, so that a drag goes on."""
        if tuple(parameters) != self._made:
            self._build(tuple(parameters))
            self.setVisible(bool(self._made))

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show values; what is not among them has its default. Nothing is emitted."""
        for own in self._made:
            self.editors[own.name].show_value(values.get(own.name, own.default))

    def _build(self, parameters: tuple[Parameter, ...]) -> None:
        for line in self.lines.values():
            line.hide()
            line.deleteLater()
        self._made, self.editors, self.lines = parameters, {}, {}
        shared = {name: group for group in self._together for name in group}
        for own in parameters:
            name = self._names.get(own.name, f"{self._prefix}.{own.name}")
            # Where there are several in a line, a slider has no room.
            editor = editor_of(name, own, slides=self._slides and own.name not in shared)
            editor.edited.connect(lambda value, own=own: self.edited.emit(own, value))
            self.editors[own.name] = editor
        for own in parameters:
            if own.name not in self.lines:
                group = shared.get(own.name, (own.name,))
                line = self._line([self.editors[name] for name in group], self._together.get(group, ""))
                self.lines |= dict.fromkeys(group, line)
                self.column.addWidget(line)

    def _line(self, editors: Sequence[Editor], words: str) -> QWidget:
        first = editors[0].control
        if isinstance(first, SliderRow):
            first.stand_in_line(self._label, _DENSE_BOX if self._dense else _BOX, dense=self._dense)
            return first
        if editors[0].says_itself and not words:
            return first
        made = beside(words or first.accessibleName(), *(one.control for one in editors), width=self._label)
        if self._dense:
            made.setMinimumHeight(theme.scaled(DENSE_HEIGHT))
        return made


def beside(words: str, *controls: QWidget, width: int = LABEL_WIDTH) -> QWidget:
    """Controls with their name before them; one widget, so that all can be hidden."""
    layout = named(words, controls[0], width)
    for control in controls[1:]:
        layout.addWidget(control)
    if isinstance(controls[0], QCheckBox):
        layout.setSpacing(theme.GROUP_GAP)
        layout.setStretch(1, 0)
        layout.addStretch(1)
        for flag in controls:
            flag.setAccessibleName(f"{words} {flag.accessibleName().lower()}")
    holder = QWidget()
    holder.setToolTip(controls[0].toolTip())
    holder.setLayout(layout)
    return holder


class Captioned(QWidget):
    """A control under its name.

    Args:
        words: instead of the control's accessible name.
        width: of the control in design pixels; 0: what suits its kind.
    """

    def __init__(self, editor: Editor, words: str = "", width: int = 0) -> None:
        super().__init__()
        control = editor.control
        column = vertical(self, spacing=2)
        if editor.says_itself:
            control.setMinimumHeight(theme.scaled(28))
            column.addWidget(control)
            return
        self.label = theme.label(words or control.accessibleName(), "caption")
        self.label.setBuddy(control)
        column.addWidget(self.label)
        column.addWidget(control)
        control.setFixedWidth(theme.scaled(width or editor.width))
        # Of one height, so that labels and controls stand in line.
        control.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedHeight(theme.scaled(_OVER))
        editor.wrong.connect(self._mark)

    def _mark(self, wrong: str) -> None:
        self.label.setProperty("role", "warning" if wrong else "caption")
        self.label.style().polish(self.label)
