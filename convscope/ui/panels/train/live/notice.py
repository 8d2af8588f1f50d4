"""One sentence with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from convscope.ui import theme

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
