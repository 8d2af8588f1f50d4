"""One thing that does not fit, with its fix as a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.panels.train.desk import Desk

if TYPE_CHECKING:
    from convscope.engine.training.checks import Finding

MOST_LINES = 25


class FindingRow(QWidget):
    """A sentence in the colour of how bad it is, over the button that does it.

    Args:
        number: its place in the list, for its name "train.finding.NUMBER".
        desk: does what is offered.
    """

    def __init__(self, number: int, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"train.finding.{number}")
        self._desk = desk
        self._finding: Finding | None = None
        self._text = QLabel()
        self._text.setObjectName(f"train.finding.{number}.text")
        self._text.setWordWrap(True)
        self._fix = QPushButton()
        self._fix.setObjectName(f"train.finding.{number}.mend")
        self._fix.clicked.connect(self._apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self._text)
        column.addWidget(self._fix)
        self.hide()

    def say(self, finding: Finding | None) -> None:
        """Show a finding, or nothing."""
        self._finding = finding
        if finding is not None:
            self._text.setText(finding.text)
            self._text.setToolTip(_first_lines(finding.detail))
            self._fix.setVisible(finding.fix is not None)
            if finding.fix is not None:
                self._fix.setText(finding.fix.text)
                self._fix.setAccessibleName(finding.fix.text)
            self._tint()
        self.setVisible(finding is not None)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._finding is not None:
            self._tint()

    def _tint(self) -> None:
        assert self._finding is not None
        colours = theme.tokens()
        colour = colours.bad if self._finding.severity == "error" else colours.warning
        self._text.setStyleSheet(f"color: {colour}; font-size: {theme.scaled(12)}px;")

    def _apply(self) -> None:
        if self._finding is not None and self._finding.fix is not None:
            self._desk.fix(self._finding.fix)


def _first_lines(text: str) -> str:
    """No more than a screen holds."""
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"and {more:,} more"]) if more > 0 else text
