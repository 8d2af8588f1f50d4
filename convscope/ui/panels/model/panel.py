"""The model panel: the network's layers or its graph, with the chosen layer and the whole beside it."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, segmented, tool
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.empty import EmptyState
from convscope.ui.panels.model.graph.page import GraphPage
from convscope.ui.panels.model.layers.facts import LayerFacts
from convscope.ui.panels.model.layers.table import LayerTable
from convscope.ui.panels.model.network.facts import NetworkColumn
from convscope.ui.panels.model.shown import ShownModel, read_model
from convscope.ui.widgets.scroll_column import ScrollColumn

# (name, title, what it is)
PAGES = (
    ("layers", "Layers", "Every layer with its shape and its parameters"),
    ("graph", "Graph", "The network drawn: branches, skips and merges"),
    ("build", "Build", "Put a network together, layer by layer"),
    ("library", "All models", "Everything that can be opened, in a table"),
)
# Made when they are first shown: (module, class) of a page that fills the panel.
LATE = {"build": ("build.view", "BuildView"), "library": ("library.view", "LibraryView")}
READ = ("layers", "graph")
LAYER_WIDTH, MODEL_WIDTH = 316, 284
KEY = "model.read"


class ModelPanel(Panel):
    """Reading, drawing, building and finding networks."""

    name = "model"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self._shown: ShownModel | None = None
        self._pages: dict[str, Any] = {}
        self._page = "layers"
        self._compact = False
        self._wants_facts = True
        self._build()
        workspace = context.workspace
        workspace.model_changed.connect(self._model_changed)
        workspace.layer_changed.connect(self._layer_changed)
        workspace.image_changed.connect(self._image_changed)
        self._model_changed(workspace.model)
        self.show_page("layers")

    @property
    def shown(self) -> ShownModel | None:
        """The model on show, once it is read."""
        return self._shown

    @property
    def scope(self) -> str:
        """What undo acts on: the builder's network or the library's ticks, while these are on show."""
        return f"model.{self._page}" if self._page in LATE else "model"

    @property
    def page(self) -> str:
        """The page on show, one of `PAGES`."""
        return self._page

    def show_page(self, name: str) -> None:
        """Show one of `PAGES`, making it first if need be."""
        if name in LATE and name not in self._pages:
            module, class_name = LATE[name]
            try:
                found = importlib.import_module(f"convscope.ui.panels.model.{module}")
                page: QWidget = getattr(found, class_name)(self.context, self)
            except Exception as error:  # one broken page must not take the others with it
                self.context.report(error)
                self.switch.set_value(self._page)
                return
            self._pages[name] = page
            self.stack.addWidget(page)
        self._page = name
        self.switch.set_value(name)
        self._arrange()
        if self.isVisible():
            self.context.workspace.scope = self.scope

    def show_example(self) -> None:
        """The graph, with a layer in the middle of the network chosen: for pictures of the panel."""
        self.show_page("graph")
        if self._shown is not None:
            rows = self._shown.sheet.layers
            wide = [
                row.path
                for row in rows
                if row.field is not None and not row.field.whole and row.multiply_adds
            ]
            kinds = self._shown.kinds
            seeing = [path for path in wide if "×" in kinds[path] and "1×1" not in kinds[path]] or wide
            if seeing:
                self.context.workspace.choose_layer(seeing[len(seeing) // 2])

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        some = self._shown is not None
        late = self._pages.get(self._page)
        of_page = late.commands() if late is not None and self._page in LATE else []
        return [
            *(
                Command(f"model.page.{name}", f"Model: {title}", partial(self.show_page, name), "", "Model")
                for name, title, _says in PAGES
            ),
            *of_page,
            Command("model.save", "Save a copy…", self.whole.choose_file, "", "Model", some),
            Command(
                "model.load_weights",
                "Load weights from a file…",
                self.whole.choose_weights,
                "",
                "Model",
                some,
            ),
            Command("model.class_names", "Edit class names…", self.whole.edit_names, "", "Model", some),
            Command("model.copy_facts", "Copy the layer's facts", self.facts.copy_facts, "", "Model", some),
            Command("model.facts", "Show or hide the facts", self.toggle_facts, "", "Model"),
        ]

    def set_compact(self, compact: bool) -> None:
        """Show one column of facts where there is no room for two."""
        if compact != self._compact:
            self._compact = compact
            self._arrange()

    def toggle_facts(self) -> None:
        """Show the facts beside the network, or give it the room."""
        self._wants_facts = not self._wants_facts
        self._arrange()

    def shutdown(self) -> None:
        """Stop timers and take no more events."""
        workspace = self.context.workspace
        workspace.model_changed.disconnect(self._model_changed)
        workspace.layer_changed.disconnect(self._layer_changed)
        workspace.image_changed.disconnect(self._image_changed)
        self.whole.shutdown()
        self.graph.shutdown()
        for name in LATE:
            shutdown = getattr(self._pages.get(name), "shutdown", None)
            if shutdown is not None:
                shutdown()
        super().shutdown()

    # Building

    def _build(self) -> None:
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        centre = QWidget()
        as_panel(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.switch = segmented("model.page", "Page", PAGES)
        self.switch.changed.connect(self.show_page)
        self.fold = tool("model.fold", "Show or hide the facts", "panel-right", self.toggle_facts)
        self.fold.setCheckable(True)
        head = QHBoxLayout()
        head.addWidget(self.switch)
        head.addStretch(1)
        head.addWidget(self.fold)
        column.addLayout(head)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        self.empty = EmptyState(self.context, lambda: self.show_page("library"))
        self.waiting = theme.label("Reading the network…", "caption")
        self.waiting.setObjectName("model.waiting")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.table = LayerTable()
        self.table.chosen.connect(self.context.workspace.choose_layer)
        self.graph = GraphPage(self.context)
        self.graph.chosen.connect(self.context.workspace.choose_layer)
        self._pages = {"layers": self.table, "graph": self.graph}
        for page in (self.empty, self.waiting, self.table, self.graph):
            self.stack.addWidget(page)
        across.addWidget(centre, 1)
        self.facts = LayerFacts(self.context)
        self.whole = NetworkColumn(self.context)
        for bar in self.whole.bars.values():
            bar.chosen.connect(self.context.workspace.choose_layer)
        self.which = segmented(
            "model.which",
            "Facts",
            [("layer", "Layer", "The chosen layer"), ("model", "Network", "The whole network")],
            wide=True,
        )
        self.which.changed.connect(lambda _value: self._arrange())
        self.side = QWidget()
        side = QVBoxLayout(self.side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        self.switch_holder = QWidget()
        as_panel(self.switch_holder)
        holder = QHBoxLayout(self.switch_holder)
        holder.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, 0)
        holder.addWidget(self.which)
        side.addWidget(self.switch_holder)
        columns = QHBoxLayout()
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(1)
        side.addLayout(columns, 1)
        self.facts_area = _scrolling(self.facts, "model.layer_column", LAYER_WIDTH)
        self.whole_area = _scrolling(self.whole, "model.model_column", MODEL_WIDTH)
        columns.addWidget(self.facts_area)
        columns.addWidget(self.whole_area)
        across.addWidget(self.side)

    def _arrange(self) -> None:
        """What is on show, by the page, the model and the room."""
        reading = self._page in READ
        if reading and self.context.workspace.model is None:
            self.stack.setCurrentWidget(self.empty)
        elif reading and self._shown is None:
            self.stack.setCurrentWidget(self.waiting)
        else:
            self.stack.setCurrentWidget(self._pages[self._page])
        facts = reading and self._shown is not None
        self.side.setVisible(facts and self._wants_facts)
        self.fold.setVisible(facts)
        self.fold.setChecked(self._wants_facts)
        one = self._compact
        self.switch_holder.setVisible(one)
        self.facts_area.setVisible(not one or self.which.value == "layer")
        self.whole_area.setVisible(not one or self.which.value == "model")
        self.table.set_narrow(one)

    # Events

    def _model_changed(self, model: OpenedModel | None) -> None:
        jobs = self.context.jobs
        if model is None:
            jobs.cancel_key(KEY)
            self._show(None)
            return
        jobs.submit(
            "view",
            partial(read_model, model),
            title=f"Reading {model.name}",
            key=KEY,
            quiet=True,
            on_done=self._show,
            on_failed=self.context.report,
        )
        self._arrange()

    def _show(self, shown: ShownModel | None) -> None:
        before, self._shown = self._shown, shown
        # Under other class names or another preprocessing the layers stay as they are.
        same = before is not None and shown is not None and before.sheet is shown.sheet
        if not same:
            self.table.show_model(shown)
            self.graph.show_model(shown)
        self.facts.show_model(shown)
        self.whole.show_model(shown)
        self._arrange()
        if not same:
            self._layer_changed(self.context.workspace.layer)
        else:
            self.facts.show_layer(self.context.workspace.layer)
        if shown is not None and self.context.workspace.layer is None:
            self.context.workspace.choose_layer(_first_layer(shown))

    def _layer_changed(self, path: str | None) -> None:
        self.table.set_current(path)
        self.graph.set_current(path)
        self.facts.show_layer(path)
        self.whole.set_current(path)

    def _image_changed(self, _image: Image) -> None:
        self.facts.field.request()


def _first_layer(shown: ShownModel) -> str | None:
    """The first layer with weights: the first convolution, as a rule."""
    rows = shown.sheet.layers
    found = next((row for row in rows if row.multiply_adds), None) or (rows[0] if rows else None)
    return found.path if found is not None else None


def _scrolling(widget: QWidget, name: str, width: int) -> ScrollColumn:
    area = ScrollColumn(name, width)
    as_panel(widget)
    area.setWidget(widget)
    return area
