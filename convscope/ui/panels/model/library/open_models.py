"""The models that are open: make one current, tick it for the comparison, close it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QToolButton, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import caption, row, tool, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.library.view_model import LibraryViewModel
from convscope.ui.panels.model.words import short

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

ABOUT = 44  # under the name, beside the tick and the ring
BESIDE = 100  # what stands beside a name: tick, ring, cross and what is around them


def wrapped(name: str, metrics: QFontMetrics, room: int) -> str:
    """A name in lines that fit, broken behind spaces, dashes, dots and underscores, else anywhere."""
    lines, line = [], ""
    for part in re.findall(r"[^ \-_./]+[ \-_./]*|[ \-_./]+", name):
        for piece in [part] if metrics.horizontalAdvance(part) <= room else part:
            if line and metrics.horizontalAdvance((line + piece).rstrip()) > room:
                lines.append(line.rstrip())
                line = ""
            line += piece
    return "\n".join((*lines, line))


class OpenModelsList(QWidget):
    def __init__(self, context: PanelContext, library: LibraryViewModel) -> None:
        super().__init__()
        self.setObjectName("model.library.opened")
        self._workspace = workspace = context.workspace
        self._library = library
        self._column = vertical(self, spacing=theme.GRID)
        self._lines: list[QWidget] = []
        self._buttons: list[tuple[QToolButton, str]] = []
        self._boxes: list[tuple[QCheckBox, str]] = []
        context.listen(workspace.models_changed, self._show)
        context.listen(workspace.model_changed, self._show)
        self._show()

    def show_ticks(self) -> None:
        for tick, model_id in self._boxes:
            with QSignalBlocker(tick):
                tick.setChecked(model_id in self._library.ticks.value.models)

    def _show(self, *_: Any) -> None:
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines, self._buttons, self._boxes = [], [], []
        models = self._workspace.models
        for index, model in enumerate(models):
            self._lines.append(self._line(index, model))
        if not models:
            self._lines.append(
                caption("model.library.none", "None yet: choose one in the table and open it.")
            )
        for line in self._lines:
            self._column.addWidget(line)
        self._wrap()

    def _line(self, index: int, model: OpenedModel) -> QWidget:
        line = QWidget()
        current = model is self._workspace.model
        tick = QCheckBox()
        tick.setObjectName(f"model.library.opened.{index}.tick")
        tick.setAccessibleName(f"Compare {model.name}")
        tick.setToolTip("Tick to compare")
        tick.setFixedWidth(theme.scaled(20))
        tick.setChecked(model.id in self._library.ticks.value.models)
        tick.toggled.connect(lambda on: self._library.tick_model(model.id, model.name, on))
        self._boxes.append((tick, model.id))
        choose = QToolButton()
        choose.setObjectName(f"model.library.opened.{index}")
        choose.setAccessibleName(f"Make {model.name} the current model")
        choose.setToolTip("The current model" if current else "Make it the current model")
        self._buttons.append((choose, model.name))
        choose.setIcon(theme.icon("circle-dot" if current else "circle"))
        choose.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        choose.setProperty("flat", True)
        choose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        choose.clicked.connect(lambda: self._workspace.select_model(model.id))
        close = tool(
            f"model.library.opened.{index}.close",
            f"Close {model.name}",
            "x",
            lambda: self._workspace.remove_model(model.id, keep=True),
        )
        close.setProperty("flat", True)
        layout = row(tick, choose, close, spacing=theme.GRID)
        layout.setStretch(1, 1)
        weights = f"  ·  {model.source.weights}" if model.source.weights else ""
        about = caption(
            f"model.library.opened.{index}.about", f"{short(model.summary.totals.parameters)}{weights}"
        )
        about.setContentsMargins(theme.scaled(ABOUT), 0, 0, 0)
        vertical(line, layout, about, spacing=0)
        return line

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wrap()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "_buttons"):
            self._wrap()

    def _wrap(self) -> None:
        room = max(self.width(), theme.scaled(200)) - theme.scaled(BESIDE)
        for button, name in self._buttons:
            button.setText(wrapped(name, button.fontMetrics(), room))
            # The style sheet's least height is that of one line, and a layout goes by it.
            button.setMinimumHeight(button.sizeHint().height())
