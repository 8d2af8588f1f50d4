"""A choice among a few words, side by side."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLayout, QSizePolicy, QToolButton, QWidget

from convscope.ui import theme
from convscope.ui.layout.flow import FlowLayout


class Segmented(QWidget):
    """One of several buttons is down; the left and right arrows go along them.

    Args:
        options: (key, text) each; the first is down.
        object_name: each button is called "object_name.key".
        wraps: where they do not fit in one line, they stand in two: no word is ever cut.

    Signals:
        changed: the key that a person chose.
    """

    changed = Signal(str)

    def __init__(
        self,
        options: Iterable[tuple[str, str]],
        object_name: str,
        parent: QWidget | None = None,
        *,
        wraps: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        gap = theme.GRID // 2
        layout: QLayout
        if wraps:
            layout = FlowLayout(self, gap, gap)
        else:
            layout = QHBoxLayout(self)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(gap)
        for key, text in options:
            button = QToolButton(self)
            button.setObjectName(f"{object_name}.{key}")
            button.setText(text)
            button.setAccessibleName(text)
            button.setCheckable(True)
            button.setChecked(not self._buttons)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _down, key=key: self._choose(key))
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button)
        self._value = next(iter(self._buttons), "")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if wraps:
            policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def line_width(self) -> int:
        """How wide all of them are in one line."""
        buttons = list(self._buttons.values())
        return sum(button.sizeHint().width() for button in buttons) + (len(buttons) - 1) * (theme.GRID // 2)

    @property
    def value(self) -> str:
        """The key in force."""
        return self._value

    @property
    def keys(self) -> list[str]:
        """All that can be chosen."""
        return list(self._buttons)

    def set_value(self, key: str) -> None:
        """Show a choice; nothing is emitted.

        Raises:
            KeyError: there is no such key.
        """
        self._buttons[key].setChecked(True)
        self._value = key
        self._show_ring()

    def button(self, key: str) -> QToolButton:
        """One button, to give it a tooltip or switch it off."""
        return self._buttons[key]

    def _choose(self, key: str) -> None:
        if key != self._value:
            self.set_value(key)
            self.changed.emit(key)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_ring()

    def _show_ring(self) -> None:
        for key, button in self._buttons.items():
            ring = self.hasFocus() and key == self._value
            if button.property("ring") is not (True if ring else None):
                button.setProperty("ring", True if ring else None)
                # The style sheet reads a property when it is applied only.
                button.style().polish(button)
                button.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = [key for key, button in self._buttons.items() if button.isEnabled() or key == self._value]
        at = keys.index(self._value) + step
        if 0 <= at < len(keys):
            self._choose(keys[at])
