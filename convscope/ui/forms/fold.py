"""A heading that opens and closes what stands under it."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import tool, vertical


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
        margins = (theme.GROUP_GAP, 0, 0, theme.GAP)
        self.column = vertical(self._body, spacing=theme.GRID + 2, margins=margins)
        self._body.hide()
        vertical(self, self.button, self._body, spacing=theme.GRID)

    @property
    def is_open(self) -> bool:
        """Whether what stands under the heading is shown."""
        return not self._body.isHidden()

    def set_open(self, opened: bool) -> None:
        self._body.setVisible(opened)
        self.button.setIcon(theme.icon("chevron-down" if opened else "chevron-right"))
