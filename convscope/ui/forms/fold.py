"""A heading that opens and closes what stands under it."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import tool


class Fold(QWidget):
    """A heading that opens and closes what stands under it.

    Args:
        name: object name of the heading's button.
        title: the heading.

    Attributes:
        column: the layout of what stands under it.
    """

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = tool(name, title, "chevron-right", lambda: self.set_open(not self.is_open), title)
        self.button.setProperty("flat", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._body = QWidget()
        self.column = QVBoxLayout(self._body)
        self.column.setContentsMargins(theme.GROUP_GAP, 0, 0, theme.GAP)
        self.column.setSpacing(theme.GRID + 2)
        self._body.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.GRID)
        outer.addWidget(self.button)
        outer.addWidget(self._body)

    @property
    def is_open(self) -> bool:
        """Whether what stands under the heading is shown."""
        return not self._body.isHidden()

    def set_open(self, opened: bool) -> None:
        self._body.setVisible(opened)
        self.button.setIcon(theme.icon("chevron-down" if opened else "chevron-right"))
