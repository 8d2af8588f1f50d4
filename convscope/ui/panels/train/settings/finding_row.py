"""One thing that does not fit, with its mend as a button."""

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
    """A sentence in the colour of how bad it is, over the button that mends it.

    Args:
        number: its place in the list, for its name "train.finding.NUMBER".
        desk: does the mending.
    """

    def __init__(self, number: int, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"train.finding.{number}")
        self._desk = desk
        self._finding: Finding | None = None
        self._text = QLabel()
        self._text.setObjectName(f"train.finding.{number}.text")
        self._text.setWordWrap(True)
        self._mend = QPushButton()
        self._mend.setObjectName(f"train.finding.{number}.mend")
        self._mend.clicked.connect(self._mend_it)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self._text)
        column.addWidget(self._mend)
        self.hide()

    def say(self, finding: Finding | None) -> None:
        """Show a finding, or nothing."""
        self._finding = finding
        if finding is not None:
            self._text.setText(finding.text)
            self._text.setToolTip(_first_lines(finding.detail))
            self._mend.setVisible(finding.mend is not None)
            if finding.mend is not None:
                self._mend.setText(finding.mend.text)
                self._mend.setAccessibleName(finding.mend.text)
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

    def _mend_it(self) -> None:
        if self._finding is not None and self._finding.mend is not None:
            self._desk.mend(self._finding.mend)


def _first_lines(text: str) -> str:
    """No more than a screen holds."""
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"and {more:,} more"]) if more > 0 else text
