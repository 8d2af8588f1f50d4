"""The models that are open: make one current, tick it for the comparison, close it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from convscope.session.session import Session
from convscope.ui import theme
from convscope.ui.panels.model.words import short
from convscope.ui.widgets.form import caption, row, tool

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

_NAME_LIMIT = 26
ABOUT = 48  # under the name, beside the tick and the ring


class OpenModels(QWidget):
    """One line a model.

    Signals:
        ticked: how many are ticked for the comparison.
    """

    ticked = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.library.opened")
        self._session = session
        self._ticks: list[OpenedModel] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self._lines: list[QWidget] = []
        session.models_changed.connect(self._show)
        session.model_changed.connect(self._show)
        self._show()

    @property
    def ticks(self) -> tuple[OpenedModel, ...]:
        """The ticked models that are still open."""
        return tuple(model for model in self._session.models if model in self._ticks)

    def clear_ticks(self) -> None:
        """Untick all."""
        self._ticks.clear()
        self._show()

    def shutdown(self) -> None:
        """Take no more events."""
        self._session.models_changed.disconnect(self._show)
        self._session.model_changed.disconnect(self._show)

    def _show(self, *_: Any) -> None:
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        models = self._session.models
        self._ticks = [model for model in self._ticks if model in models]
        for index, model in enumerate(models):
            self._lines.append(self._line(index, model))
        if not models:
            self._lines.append(
                caption("model.library.none", "None yet: choose one in the table and open it.")
            )
        for line in self._lines:
            self._column.addWidget(line)
        self.ticked.emit(len(self._ticks))

    def _line(self, index: int, model: OpenedModel) -> QWidget:
        line = QWidget()
        name = model.name if len(model.name) <= _NAME_LIMIT else f"{model.name[: _NAME_LIMIT - 1]}…"
        current = model is self._session.model
        tick = QCheckBox()
        tick.setObjectName(f"model.library.opened.{index}.tick")
        tick.setAccessibleName(f"Compare {model.name}")
        tick.setToolTip("Tick to compare")
        tick.setChecked(model in self._ticks)
        tick.toggled.connect(lambda on: self._tick(model, on))
        choose = QToolButton()
        choose.setObjectName(f"model.library.opened.{index}")
        choose.setAccessibleName(f"Make {model.name} the current model")
        choose.setToolTip("The current model" if current else "Make it the current model")
        choose.setText(name)
        choose.setIcon(theme.icon("circle-dot" if current else "circle"))
        choose.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        choose.setProperty("flat", True)
        choose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        choose.clicked.connect(lambda: self._session.select_model(model.id))
        close = tool(
            f"model.library.opened.{index}.close",
            f"Close {model.name}",
            "x",
            lambda: self._session.remove_model(model.id, keep=True),
        )
        close.setProperty("flat", True)
        layout = row(tick, choose, close, spacing=theme.GRID)
        layout.setStretch(1, 1)
        weights = f"  ·  {model.source.weights}" if model.source.weights else ""
        about = caption(
            f"model.library.opened.{index}.about", f"{short(model.sheet.totals.parameters)}{weights}"
        )
        about.setContentsMargins(theme.scaled(ABOUT), 0, 0, 0)
        column = QVBoxLayout(line)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(layout)
        column.addWidget(about)
        return line

    def _tick(self, model: OpenedModel, on: bool) -> None:
        if on:
            self._ticks.append(model)
        else:
            self._ticks.remove(model)
        self.ticked.emit(len(self._ticks))
