"""What every part of the kernel lab's controls shares: how it shows and edits the lab."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.workspace.lab import Lab


class Section(QWidget):
    """A group of controls that shows the lab and edits it by undoable steps."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.GAP)

    @property
    def lab(self) -> Lab:
        """The lab as it is now."""
        return self.context.workspace.lab

    def edit(self, label: str, change: Callable[[Lab], Lab], merge: str | None = None) -> bool:
        """One undoable step; what cannot be is said in a toast and nothing changes."""
        try:
            lab = change(self.lab)
        except UserError as error:
            self.context.report(error)
            return False
        self.context.workspace.edit_lab(lab, label, merge)
        return True

    def show_lab(self, lab: Lab) -> None:
        """Bring the controls in line with the lab; emits nothing."""
        raise NotImplementedError
