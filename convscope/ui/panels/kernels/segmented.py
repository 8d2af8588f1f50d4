"""A switch among a few words, side by side."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from convscope.ui import theme


class Segmented(QWidget):
    """One of several checkable buttons is down.

    Signals:
        changed: the value that a person chose.
    """

    changed = Signal(str)

    def __init__(
        self, name: str, says: str, choices: Iterable[tuple[str, str, str]], *, wide: bool = False
    ) -> None:
        """`choices` are (value, text, tooltip); `wide`: the buttons share the whole width."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(says)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for value, text, tip in choices:
            button = QToolButton()
            button.setObjectName(f"{name}.{value}")
            button.setAccessibleName(f"{says}: {text}")
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            if wide:
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _down, value=value: self.changed.emit(value))
            self._group.addButton(button)
            self._buttons[value] = button
            layout.addWidget(button)
        if not wide:
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(theme.font(12))

    def value(self) -> str:
        """The choice in force."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), "")

    def set_value(self, value: str) -> None:
        """Show a choice without telling anyone."""
        self._buttons[value].setChecked(True)

    def button(self, value: str) -> QToolButton:
        """One button."""
        return self._buttons[value]
