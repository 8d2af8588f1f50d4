"""The panels, in the order of the navigation. A new panel is one module and one line in `PANELS`.

A panel is a QWidget made as `Panel(context, parent)`. It may offer `actions() -> list[Command]`, which the
command palette lists while it is shown; `set_compact(compact: bool)`, called when the window becomes too
narrow for its inspector and when there is room again; `shutdown()`, called before the window closes;
`show_example()`, which fills it with real content for a picture of it; the attribute `document`, "lab" or
"architecture": what undo and redo act on while it is shown; and the attribute `asks_about`, "folders" or
"unsorted folders" (those without classes): which folders, dropped while it is shown, are pictures that the
network is asked about.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from convscope.ui.panel_context import PanelContext


@dataclass(frozen=True)
class PanelInfo:
    """One line of the navigation; the panel's module is imported when it is first shown.

    Attributes:
        name: the stable name for scripts: `show_panel(name)`.
        title: what a person reads.
        icon: a shipped icon's name.
        shortcut: such as "Ctrl+1".
        module, class_name: where the panel is.
    """

    name: str
    title: str
    icon: str
    shortcut: str
    module: str
    class_name: str

    def create(self, context: PanelContext, parent: QWidget | None = None) -> QWidget:
        """Import the panel and make it."""
        made: QWidget = getattr(importlib.import_module(self.module), self.class_name)(context, parent)
        return made


PANELS: tuple[PanelInfo, ...] = (
    PanelInfo("kernels", "Kernels", "grid-3x3", "Ctrl+1", "convscope.ui.panels.kernels", "KernelsPanel"),
    PanelInfo("data", "Data", "database", "Ctrl+2", "convscope.ui.panels.data", "DataPanel"),
    PanelInfo("model", "Model", "network", "Ctrl+3", "convscope.ui.panels.model", "ModelPanel"),
    PanelInfo("train", "Train", "graduation-cap", "Ctrl+4", "convscope.ui.panels.train", "TrainPanel"),
    PanelInfo("layers", "Layers", "layers", "Ctrl+5", "convscope.ui.panels.layers", "LayersPanel"),
    PanelInfo("patterns", "Patterns", "sparkles", "Ctrl+6", "convscope.ui.panels.patterns", "PatternsPanel"),
    PanelInfo("explain", "Explain", "lightbulb", "Ctrl+7", "convscope.ui.panels.explain", "ExplainPanel"),
)
