"""A form made from parameters: a line for each, or for some of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from convscope.core.parameter import Parameter
from convscope.ui import theme
from convscope.ui.forms.editors import Editor, editor_of
from convscope.ui.forms.form import row

_OVER = 50


class ParameterForm(QWidget):
    """A column of lines; numbers slide, choices stand behind their names.

    Args:
        prefix: of the controls' object names: "kernels.parameter" makes "kernels.parameter.sigma".

    Signals:
        edited: a `Parameter` and the value that a person chose for it.

    Attributes:
        editors: by the parameters' names.
    """

    edited = Signal(object, object)

    def __init__(self, prefix: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prefix = prefix
        self._made: tuple[Parameter, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self.editors: dict[str, Editor] = {}
        self.hide()

    def show_values(self, parameters: Iterable[Parameter], values: Mapping[str, Any]) -> None:
        """Show these parameters; what is not in `values` has its default. Nothing is emitted."""
        if tuple(parameters) != self._made:
            self._made = tuple(parameters)
            self._build()
        for own in self._made:
            self.editors[own.name].show_value(values.get(own.name, own.default))

    def _build(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.editors = {}
        for own in self._made:
            editor = editor_of(f"{self._prefix}.{own.name}", own, slides=True)
            editor.edited.connect(lambda value, own=own: self.edited.emit(own, value))
            self.editors[own.name] = editor
            self._column.addWidget(editor.control if editor.says_itself else beside(editor))
        self.setVisible(bool(self._made))


def beside(editor: Editor, words: str = "", width: int = 68) -> QWidget:
    """A control with its name before it; one widget, so that both can be hidden.

    Args:
        words: instead of the control's accessible name.
        width: of the name in design pixels.
    """
    label = QLabel(words or editor.control.accessibleName())
    label.setBuddy(editor.control)
    label.setMinimumWidth(theme.scaled(width))
    holder = QWidget()
    holder.setToolTip(editor.control.toolTip())
    layout = row(label, editor.control)
    layout.setStretch(1, 1)
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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
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
