"""A formula with its numbers, broken at its equals signs only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from convscope.ui import theme

INDENT = "  "


def broken(text: str, metrics: QFontMetrics, width: int) -> str:
    """The lines of a text, each broken before an equals sign where it is too wide, never in a fraction."""
    lines = []
    for line in text.splitlines():
        first, *more = line.split(" = ")
        now = first
        for part in more:
            longer = f"{now} = {part}"
            if metrics.horizontalAdvance(longer) > width:
                lines.append(now)
                now = f"{INDENT}= {part}"
            else:
                now = longer
        lines.append(now)
    return "\n".join(lines)


class FormulaLabel(QLabel):
    """Formulas in mono type, a line each, that can be marked and copied."""

    def __init__(self, name: str, says: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formula = ""
        self.setObjectName(name)
        self.setAccessibleName(says)
        self.setFont(theme.font(11, mono=True))
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def text(self) -> str:
        return self._formula

    def set_formula(self, text: str) -> None:
        """Show formulas; a line of the text is one."""
        self._formula = text
        self._break()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._break()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._break()

    def _break(self) -> None:
        text = broken(self._formula, self.fontMetrics(), self.width())
        if text != super().text():
            self.setText(text)
