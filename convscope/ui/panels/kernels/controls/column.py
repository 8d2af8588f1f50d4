"""The left column: the kernel, its preset and parameters, the library, and the operation."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from convscope.ui import theme
from convscope.ui.forms.form import as_panel, hairline, heading, vertical
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panels.kernels.controls.kernel import KernelSection
from convscope.ui.panels.kernels.controls.library import LibraryMenu
from convscope.ui.panels.kernels.controls.operation import OperationSection
from convscope.ui.panels.kernels.controls.preset import PresetSection
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.workspace.lab import Lab

WIDTH = 300


class LabControls(ScrollColumn):
    """All controls of the selected stage, in one column that scrolls."""

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__("kernels.controls", WIDTH, parent)
        holder = QWidget()
        as_panel(holder)
        column = vertical(holder, margins=theme.GROUP_GAP)
        self.kernel = KernelSection(model)
        self.preset = PresetSection(
            model, lambda: self.kernel.kernel, lambda *step: self.kernel.set_kernel(*step)
        )
        self.library = LibraryMenu(model.context, self)
        self.preset.head.addWidget(self.library.button)
        self.operation = OperationSection(model)
        model.context.listen(model.kernel_channel.changed, lambda _channel: self.show_lab(model.lab))
        column.addWidget(heading("Kernel"))
        column.addWidget(self.preset)
        column.addWidget(self.kernel)
        line = hairline()
        column.addWidget(line)
        column.addWidget(self.operation)
        column.addStretch(1)
        self.setWidget(holder)

    def show_lab(self, lab: Lab) -> None:
        """Bring all controls in line with the selected stage."""
        self.kernel.show_lab(lab)
        self.preset.show_lab(lab)
        self.operation.show_lab(lab)
