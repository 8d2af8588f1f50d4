"""What every part of the kernel lab's controls shares: it shows the lab, and edits it by undoable steps."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from convscope.ui.forms.form import vertical
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.workspace.lab import Lab


class LabSection(QWidget):
    """A group of controls under each other; `model.edit` makes the steps."""

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.column = vertical(self)

    def show_lab(self, lab: Lab) -> None:
        """Bring the controls in line with the lab; emits nothing."""
        raise NotImplementedError
