"""A title and what is said about it: side by side where there is room, else one under the other."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from convscope.core.words import breakable
from convscope.ui import naming, theme


class TitleLine(QWidget):
    """A title that may be a long path, and words in small type; both are read whole.

    Args:
        title, facts: the labels' object names.
    """

    def __init__(self, title: str, facts: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = naming.give(theme.label("", "title"), title)
        self.facts = naming.give(theme.label("", "caption"), facts)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.title)
        self._layout.addWidget(self.facts, 1)
        for label in (self.title, self.facts):
            label.setWordWrap(True)
            label.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._fit()

    def say(self, title: str, facts: str) -> None:
        """Show a title, which may break behind its "/" and "_", and what is said about it."""
        self.title.setText(breakable(title))
        self.say_facts(facts)

    def say_facts(self, facts: str) -> None:
        """Other words about the same."""
        self.facts.setText(facts)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        widths = [label.fontMetrics().horizontalAdvance(label.text()) for label in (self.title, self.facts)]
        room = theme.scaled(8)
        aside = not self.facts.text() or sum(widths) + room + 4 <= self.width()
        wanted = QBoxLayout.Direction.LeftToRight if aside else QBoxLayout.Direction.TopToBottom
        self._layout.setSpacing(room if aside else 0)
        # As high for one line as for two: the facts may come later than the title.
        lines = [label.fontMetrics().lineSpacing() for label in (self.title, self.facts)]
        self.setMinimumHeight(sum(lines) + 2)
        # Wrapped, a label would take a part of the line only.
        self.title.setWordWrap(not aside)
        if wanted != self._layout.direction():
            self._layout.setDirection(wanted)
            self.updateGeometry()
