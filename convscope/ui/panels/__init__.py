"""The panels, in the order of the navigation. A new panel is one module and one line in `PANELS`.

What a panel is: `ui.panel.Panel`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from convscope.ui.panel import Panel
    from convscope.ui.panel_context import PanelContext


@dataclass(frozen=True)
class PanelInfo:
    """One line of the navigation; the panel's module is imported when it is first shown.

    Attributes:
        name: the stable name for scripts: `show_panel(name)`.
        title: what a person reads.
        icon: a shipped icon's name.
        shortcut: such as "Ctrl+1".
        class_name: the panel.
        module: where it is; "": `convscope.ui.panels.<name>.panel`.
    """

    name: str
    title: str
    icon: str
    shortcut: str
    class_name: str
    module: str = ""

    def create(self, context: PanelContext, parent: QWidget | None = None) -> Panel:
        """Import the panel and make it."""
        module = self.module or f"convscope.ui.panels.{self.name}.panel"
        made: Panel = getattr(importlib.import_module(module), self.class_name)(context, parent)
        return made


PANELS: tuple[PanelInfo, ...] = (
    PanelInfo("kernels", "Kernels", "grid-3x3", "Ctrl+1", "KernelsPanel"),
    PanelInfo("data", "Data", "database", "Ctrl+2", "DataPanel"),
    PanelInfo("model", "Model", "network", "Ctrl+3", "ModelPanel"),
    PanelInfo("train", "Train", "graduation-cap", "Ctrl+4", "TrainPanel"),
    PanelInfo("layers", "Layers", "layers", "Ctrl+5", "LayersPanel"),
    PanelInfo("patterns", "Patterns", "sparkles", "Ctrl+6", "PatternsPanel"),
    PanelInfo("explain", "Explain", "lightbulb", "Ctrl+7", "ExplainPanel"),
)
