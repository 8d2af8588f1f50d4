"""The model panel: the network's layers or its graph, with the chosen layer and the whole beside it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import as_panel, caption, segmented, text_line, tool, vertical
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.layers.facts import LayerFacts
from convscope.ui.panels.model.network.facts import NetworkColumn
from convscope.ui.panels.model.view_model import FIRST_PAGE, ModelViewModel, ShownModel


@dataclass(frozen=True)
class Page:
    """One page of the panel, made when it is first shown.

    Attributes:
        name: of its object names, and of the scope of undo where it has one of its own.
        title, says: on its button.
        home: the module under `panels.model` and the class that is made: of the panel's view model for a page
            that reads the current model, of the context for one that fills the panel.
        reads: whether it shows the current model, with the facts beside it.
    """

    name: str
    title: str
    says: str
    home: tuple[str, str]
    reads: bool = False


PAGES = (
    Page(
        "layers",
        "Layers",
        "Every layer with its shape and its parameters",
        ("layers.table", "LayerTable"),
        reads=True,
    ),
    Page(
        "graph",
        "Graph",
        "The network drawn: branches, skips and merges",
        ("graph.page", "GraphPage"),
        reads=True,
    ),
    Page("build", "Build", "Put a network together, layer by layer", ("build.view", "BuildView")),
    Page(
        "library", "All models", "Everything that can be opened, in a table", ("library.view", "LibraryView")
    ),
)
LAYER_WIDTH, MODEL_WIDTH = 316, 284


class ModelPanel(Panel):
    name = "model"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._made: dict[str, Any] = {}
        self._before: ShownModel | None = None
        self.view_model = ModelViewModel(self.context)
        self._build()
        workspace = self.context.workspace
        self.context.listen(self.view_model.shown_changed, self._show)
        self.context.listen(self.view_model.page.changed, self._show_page)
        self.context.listen(self.view_model.facts.changed, lambda _facts: self._arrange())
        self.context.listen(workspace.model_changed, lambda _model: self._arrange())
        self.context.listen(workspace.layer_changed, self._layer_changed)
        self.context.listen(workspace.image_changed, self._image_changed)
        for page in PAGES:
            if page.reads:
                self._make(page)
        self._show(self.view_model.shown)
        self._show_page(self.view_model.page.value)

    @property
    def shown(self) -> ShownModel | None:
        return self.view_model.shown

    @property
    def scope(self) -> str:
        """What undo acts on: the builder's network or the library's ticks, while these are on show."""
        page = self._page
        return "model" if page.reads else f"model.{page.name}"

    @property
    def page(self) -> str:
        return self._page.name

    def show_page(self, page: str) -> None:
        """Show one of `PAGES`, made first if need be.

        Raises:
            KeyError: there is no such page.
        """
        if page not in [one.name for one in PAGES]:
            raise KeyError(page)
        self.view_model.page.set(page)

    def show_example(self) -> None:
        """The graph, with a layer in the middle of the network chosen."""
        self.show_page("graph")
        self.view_model.choose_example()

    def commands(self) -> list[Command]:
        some = self.shown is not None
        of_page = [] if self._page.reads else self._made[self.page].commands()
        return [
            *(
                Command(
                    f"model.page.{page.name}",
                    f"Model: {page.title}",
                    partial(self.show_page, page.name),
                    "",
                    "Model",
                )
                for page in PAGES
            ),
            *of_page,
            *(
                Command(f"model.{key}", title, run, "", "Model", enabled)
                for key, title, run, enabled in (
                    ("save", "Save a copy…", self.whole.choose_file, some),
                    ("load_weights", "Load weights from a file…", self.whole.choose_weights, some),
                    ("class_names", "Edit class names…", self.whole.edit_names, some),
                    ("copy_facts", "Copy the layer's facts", self.facts.copy_facts, some),
                    ("facts", "Show or hide the facts", self.toggle_facts, True),
                )
            ),
        ]

    def set_compact(self, compact: bool) -> None:
        """Show one column of facts where there is no room for two."""
        if compact != self.compact:
            super().set_compact(compact)
            self._arrange()

    def toggle_facts(self) -> None:
        """Show the facts beside the network, or give it the room."""
        facts = self.view_model.facts
        facts.set(replace(facts.value, beside=not facts.value.beside))

    def _build(self) -> None:
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        centre = QWidget()
        as_panel(centre)
        self.switch = segmented("model.page", "Page", [(page.name, page.title, page.says) for page in PAGES])
        self.switch.changed.connect(self.show_page)
        self.fold = tool("model.fold", "Show or hide the facts", "panel-right", self.toggle_facts)
        self.fold.setCheckable(True)
        head = QHBoxLayout()
        head.addWidget(self.switch)
        head.addStretch(1)
        head.addWidget(self.fold)
        self.stack = QStackedWidget()
        vertical(
            centre, head, (self.stack, 1), margins=(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        )
        self.empty = _empty_state(self.context, lambda: self.show_page("library"))
        self.waiting = text_line("model.waiting", "caption", "Reading the network…", wraps=False)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.empty, self.waiting):
            self.stack.addWidget(widget)
        across.addWidget(centre, 1)
        self.facts = LayerFacts(self.context)
        self.whole = NetworkColumn(self.context, self.view_model)
        self.which = segmented(
            "model.which",
            "Facts",
            [("layer", "Layer", "The chosen layer"), ("model", "Network", "The whole network")],
            wide=True,
        )
        self.which.changed.connect(
            lambda of: self.view_model.facts.set(replace(self.view_model.facts.value, of=of))
        )
        self.side = QWidget()
        self.switch_holder = QWidget()
        as_panel(self.switch_holder)
        holder = QHBoxLayout(self.switch_holder)
        holder.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, 0)
        holder.addWidget(self.which)
        columns = QHBoxLayout()
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(1)
        vertical(self.side, self.switch_holder, (columns, 1), spacing=0)
        self.facts_area = _scrolling(self.facts, "model.layer_column", LAYER_WIDTH)
        self.whole_area = _scrolling(self.whole, "model.model_column", MODEL_WIDTH)
        columns.addWidget(self.facts_area)
        columns.addWidget(self.whole_area)
        across.addWidget(self.side)

    def _make(self, page: Page) -> None:
        module, class_name = page.home
        made = getattr(importlib.import_module(f"convscope.ui.panels.model.{module}"), class_name)
        widget: QWidget = made(self.context, self.view_model) if page.reads else made(self.context)
        self._made[page.name] = widget
        self.stack.addWidget(widget)

    @property
    def _page(self) -> Page:
        """The page on show; the first while the one that is asked for is unknown or cannot be made."""
        asked = self.view_model.page.value
        return next((page for page in PAGES if page.name == asked and asked in self._made), PAGES[0])

    def _show_page(self, name: str) -> None:
        page = next((page for page in PAGES if page.name == name), PAGES[0])
        if page.name not in self._made:
            try:
                self._make(page)
            except Exception as error:  # one broken page must not take the others with it
                self.context.report(error)
                self.view_model.page.set(FIRST_PAGE)
                return
        self.switch.set_value(page.name)
        self._arrange()
        if self.isVisible():
            self.context.workspace.scope = self.scope

    def _arrange(self) -> None:
        """What is on show, by the page, the model and the room."""
        page, some = self._page, self.shown is not None
        if page.reads and self.context.workspace.model is None:
            self.stack.setCurrentWidget(self.empty)
        elif page.reads and not some:
            self.stack.setCurrentWidget(self.waiting)
        else:
            self.stack.setCurrentWidget(self._made[page.name])
        facts = self.view_model.facts.value
        self.side.setVisible(page.reads and some and facts.beside)
        self.fold.setVisible(page.reads and some)
        self.fold.setChecked(facts.beside)
        self.which.set_value(facts.of)
        one = self.compact
        self.switch_holder.setVisible(one)
        self.facts_area.setVisible(not one or facts.of == "layer")
        self.whole_area.setVisible(not one or facts.of == "model")
        self._made["layers"].set_narrow(one)

    def _show(self, shown: ShownModel | None) -> None:
        before, self._before = self._before, shown
        # Under other class names or another preprocessing the layers stay as they are.
        same = before is not None and shown is not None and before.summary is shown.summary
        if not same:
            for page in PAGES:
                if page.reads:
                    self._made[page.name].show_model(shown)
        self.facts.show_model(shown)
        self.whole.show_model(shown)
        self._arrange()
        layer = self.context.workspace.layer
        if not same:
            self._layer_changed(layer)
        else:
            self.facts.show_layer(layer)

    def _layer_changed(self, path: str | None) -> None:
        for page in PAGES:
            if page.reads:
                self._made[page.name].set_current(path)
        self.facts.show_layer(path)
        self.whole.set_current(path)

    def _image_changed(self, _image: Image) -> None:
        self.facts.field.request()


def _scrolling(widget: QWidget, name: str, width: int) -> ScrollColumn:
    area = ScrollColumn(name, width)
    as_panel(widget)
    area.setWidget(widget)
    return area


def _empty_state(context: PanelContext, show_library: Callable[[], None]) -> QWidget:
    """What stands there while no model is open: three ways to one, as buttons."""
    made = QWidget()
    made.setObjectName("model.empty")
    column = QVBoxLayout(made)
    column.setSpacing(theme.GAP)
    column.addStretch(1)
    title = theme.label("No network is open", "title")
    title.setAlignment(Qt.AlignmentFlag.AlignCenter)
    column.addWidget(title)
    says = caption("", "Open one to see its layers, its graph and what it says of the current image.")
    says.setAlignment(Qt.AlignmentFlag.AlignCenter)
    column.addWidget(says)
    for name, text, run, primary in (
        ("imagenet", "Open the ImageNet model", lambda: context.open_model("imagenet"), True),
        ("file", "Open a model file…", context.choose_model, False),
        ("library", "See all models", show_library, False),
    ):
        button = QPushButton(text)
        button.setObjectName(f"model.empty.{name}")
        button.setAccessibleName(text)
        button.setMinimumWidth(theme.scaled(220))
        if primary:
            button.setProperty("role", "primary")
        button.clicked.connect(lambda _down=False, act=run: act())
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
    column.addStretch(2)
    return made
