"""Patterns: what the filters, neurons, classes and layers of the current model want to see."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.models.opened import OpenedModel
from convscope.ui.actions import Command
from convscope.ui.forms.form import horizontal
from convscope.ui.forms.no_model import NoModelPage
from convscope.ui.layout.three_columns import ThreeColumns
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.patterns.centre import PatternsCentre
from convscope.ui.panels.patterns.detail_view import DetailView
from convscope.ui.panels.patterns.saving import PatternsSaving
from convscope.ui.panels.patterns.source_column import SourceColumn
from convscope.ui.panels.patterns.view_model import PatternsViewModel
from convscope.ui.services.visible import predict_while_visible


class PatternsPanel(Panel):
    """A grid of patterns that grow together, and one of them large."""

    name = "patterns"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.view_model = view_model = PatternsViewModel(context)
        self.saving = PatternsSaving(view_model, self)
        self.pages = QStackedWidget()
        self.pages.addWidget(
            NoModelPage(
                context,
                "patterns",
                "What every filter wants to see",
                "Open a network to let the images grow that excite its filters and classes most.",
            )
        )
        self.source = SourceColumn(view_model)
        self.centre = PatternsCentre(view_model, self.saving.button, self.toggle_large, self._unfold)
        self.detail = DetailView(view_model)
        whole = QWidget()
        horizontal(whole, self.source, (self.centre, 1), self.detail, spacing=1)
        self.pages.addWidget(whole)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self.fold = ThreeColumns(
            context.workspace,
            context.ending,
            "patterns.large_shown",
            self.source,
            self.detail,
            self.centre.fold,
        )
        predict_while_visible(context.predictor, self.source.classes)
        view_model.model_changed.connect(self._show_model)
        self._show_model(context.workspace.model)

    def commands(self) -> list[Command]:
        model, growth = self.view_model, self.view_model.growth
        ready, growing = bool(model.objectives), growth.growing
        goes_on = growth.large_state is not None and not growing
        lines = (
            ("start", "Grow the chosen pattern", model.start_large, "Ctrl+Return", ready),
            ("stop", "Stop growing", growth.stop_large, "", growing),
            ("continue", "Grow on", model.continue_large, "", goes_on),
            ("rest", "Grow the rest of the grid", growth.go_on, "", growth.holds),
            ("layers", "Patterns of layers", lambda: model.show_source("layers"), "", ready),
            ("classes", "Patterns of classes", lambda: model.show_source("classes"), "", ready),
            ("sheet", "Contact sheet of every layer", lambda: model.edit(show="sheet"), "", ready),
            ("dream", "DeepDream of the current image", model.dream, "", ready),
            ("fold", "Show or hide the large pattern", self.toggle_large, "", ready),
        )
        own = [
            Command(f"patterns.{name}", title, run, keys, "Patterns", on)
            for name, title, run, keys, on in lines
        ]
        return [*own, *self.saving.commands()]

    def set_active(self, active: bool) -> None:
        self.view_model.set_active(active)

    def set_compact(self, compact: bool) -> None:
        """Fold the large picture away where there is no room for it."""
        super().set_compact(compact)
        self.fold.set_compact(compact)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fold.fit(self.width())

    def toggle_large(self) -> None:
        """Show the large picture beside the grid, or give the grid its room."""
        self.fold.toggle()

    def _unfold(self) -> None:
        self.fold.unfold()

    def _show_model(self, model: OpenedModel | None) -> None:
        self.pages.setCurrentIndex(0 if model is None else 1)
