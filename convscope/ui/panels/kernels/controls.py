"""The left column: the kernel, its preset and parameters, the library, and the operation."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import as_panel, heading
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.kernel_section import KernelSection
from convscope.ui.panels.kernels.library_menu import LibraryMenu
from convscope.ui.panels.kernels.operation_section import OperationSection
from convscope.ui.panels.kernels.preset_section import PresetSection
from convscope.ui.widgets.scroll_column import ScrollColumn
from convscope.workspace.lab import Lab

WIDTH = 300


class Controls(ScrollColumn):
    """All controls of the selected stage, in one column that scrolls."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__("kernels.controls", WIDTH, parent)
        holder = QWidget()
        as_panel(holder)
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP)
        column.setSpacing(theme.GAP)
        self.kernel = KernelSection(context)
        self.preset = PresetSection(
            context, lambda: self.kernel.kernel, lambda *step: self.kernel.set_kernel(*step)
        )
        self.library = LibraryMenu(context, self)
        self.preset.head.addWidget(self.library.button)
        self.operation = OperationSection(context)
        # The tabs say whose kernel the preset picker shows, too.
        self.kernel.tabs.changed.connect(lambda _value: self.preset.show_lab(context.workspace.lab))
        column.addWidget(heading("Kernel"))
        column.addWidget(self.preset)
        column.addWidget(self.kernel)
        line = QFrame()
        line.setProperty("role", "line")
        column.addWidget(line)
        column.addWidget(self.operation)
        column.addStretch(1)
        self.setWidget(holder)

    def show_lab(self, lab: Lab) -> None:
        """Bring all controls in line with the selected stage."""
        self.kernel.show_lab(lab)
        self.preset.show_lab(lab)
        self.operation.show_lab(lab)
