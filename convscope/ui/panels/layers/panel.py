"""Layers: the tree of layers, all maps of one of them, and the selected map with its exact arithmetic."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.engine.interpret.breakdown.base import Breakdown
from convscope.engine.models.opened import OpenedModel
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.canvas.late import Late
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import as_panel, horizontal
from convscope.ui.forms.no_model import NoModelPage
from convscope.ui.layout.three_columns import ThreeColumns
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.centre import Centre
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.export import MapExport
from convscope.ui.panels.layers.feature_maps import FeatureMaps
from convscope.ui.panels.layers.inspector import MapInspector
from convscope.ui.panels.layers.kernel_pictures import KernelPictures
from convscope.ui.panels.layers.network.page import NetworkPage
from convscope.ui.panels.layers.network.view_model import NetworkViewModel
from convscope.ui.panels.layers.parts import NOBODY, TRAINING, MapSelection, Page
from convscope.ui.panels.layers.view_model import MAPS, LayersViewModel
from convscope.ui.panels.layers.words import facts
from convscope.ui.tables.layer_tree import LayerTree
from convscope.ui.view_state import keep_text

PATIENCE_MS = 250
"""A picture that follows a pen must not flicker."""


class LayersPanel(Panel):
    """What every layer of the current model makes of the current image."""

    name = "layers"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.view_model = LayersViewModel(self.context)
        self.network = NetworkViewModel(self.context, self.view_model.cache)
        self.export = MapExport(self.context, self)
        self._active = False
        self._build()
        self._bind()
        self._show_model(context.workspace.model)
        self._show_layer(context.workspace.layer)
        self._show_page(self.view_model.page.value)
        self._show_tab(self.view_model.tab.value)
        self._show_opacity(self.view_model.opacity.value)

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        model = self.view_model
        ready = model.maps is not None

        def command(name: str, title: str, run: object, keys: str = "", enabled: bool = ready) -> Command:
            return Command(f"layers.{name}", title, run, keys, "Layers", enabled)  # type: ignore[arg-type]

        return [
            command("next", "Next layer", lambda: self.tree.step(1), "Alt+Down"),
            command("last", "Previous layer", lambda: self.tree.step(-1), "Alt+Up"),
            Command(
                "layers.show_network",
                "What is a network? Show all of it at once",
                lambda: model.page.set("network"),
                "",
                "Layers",
                self.context.workspace.model is not None,
            ),
            command("show_maps", "Show the maps", lambda: model.page.set("maps")),
            command("show_kernels", "Show the kernels", lambda: model.page.set("kernels")),
            command("show_large", "Show the chosen map large", lambda: model.page.set("map")),
            command("next_map", "Next map", lambda: model.step(1), "Alt+Right"),
            command("last_map", "Previous map", lambda: model.step(-1), "Alt+Left"),
            command("fold", "Show or hide the chosen map", self.toggle_inspector),
            command(
                "reset", "Undo all changes of weights", model.weights.reset, enabled=bool(model.weights.now)
            ),
            *self.export.commands(),
            self.network_page.command(),
        ]

    def show_page(self, page: str) -> None:
        if page not in get_args(Page):
            raise KeyError(page)
        self.view_model.page.set(page)  # type: ignore[arg-type]

    def set_compact(self, compact: bool) -> None:
        """Fold the selected map away where there is no room for it."""
        self.fold.set_compact(compact)

    def set_active(self, active: bool) -> None:
        """Nothing is computed for nobody."""
        self._active = active
        self._wake()

    def _wake(self) -> None:
        """Of both view models the one whose page is on show."""
        network = self.view_model.page.value == "network"
        for model, on in ((self.view_model, not network), (self.network, network)):
            if model.active != (on and self._active):
                model.set_active(on and self._active)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fold.fit(self.width())

    def toggle_inspector(self) -> None:
        """Show the selected map beside the mosaic, or give the mosaic its room."""
        self.fold.toggle()

    # -- building --------------------------------------------------------------------------------------------

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.pages = QStackedWidget()
        outer.addWidget(self.pages)
        self.pages.addWidget(
            NoModelPage(
                self.context,
                "layers",
                "Every feature map of every layer",
                "Open a network to see what each of its layers makes of the image.",
            )
        )
        self.whole = QStackedWidget()
        self.pages.addWidget(self.whole)
        one = QWidget()
        self.whole.addWidget(one)
        self.network_page = NetworkPage(self.network)
        self.whole.addWidget(self.network_page)
        across = horizontal(one, spacing=1)
        self.tree = LayerTree()
        left = QWidget()
        as_panel(left)
        inside = QVBoxLayout(left)
        inside.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        inside.addWidget(self.tree)
        keep_text(self.tree.search, self.view_model.search, self.context)
        across.addWidget(left)
        self.centre = Centre(self.export.button)
        self.stage, self.chart, self.controls = self.centre.stage, self.centre.chart, self.centre.controls
        across.addWidget(self.centre, 1)
        self.inspector = MapInspector(self.view_model.top)
        across.addWidget(self.inspector)
        self.fold = ThreeColumns(
            self.context.workspace,
            self.context.ending,
            "layers.inspector",
            left,
            self.inspector,
            self.centre.fold,
        )
        # Until the answer to what is chosen now is there.
        for target, name, keys in (
            (self.stage, "stage", ()),
            (self.inspector, "inspector", ("layers.detail", "layers.sum")),
            (self.chart, "depth", ("layers.shares",)),
        ):
            veil, ending = Veil(target, f"layers.{name}_veil"), self.context.ending
            Late(self.context.jobs, veil, ending, PATIENCE_MS).set_keys([MAPS, *keys])

    def _bind(self) -> None:
        workspace, model, listen = self.context.workspace, self.view_model, self.context.listen
        listen(workspace.model_changed, self._show_model)
        listen(workspace.layer_changed, self._show_layer)
        listen(model.page.changed, self._show_page)
        listen(model.tab.changed, self._show_tab)
        listen(model.opacity.changed, self._show_opacity)
        listen(model.selection.changed, self._show_selection)
        listen(model.filter_input.changed, lambda _input: self.inspector.kernel.show_slice(model.slice))
        listen(model.choices_changed, self._show_choices)
        listen(model.maps_changed, self._show_maps)
        listen(model.problem_changed, self._show_problem)
        listen(model.map_selected, self._show_selected_map)
        listen(model.map_selected, self.fold.unfold)
        listen(model.details_changed, self._show_details)
        listen(model.sum_changed, self._show_sum)
        listen(model.kernels_changed, self._show_kernels)
        listen(model.shares_changed, self.chart.set_shares)
        listen(model.weights.words_changed, self.centre.tell_edits)
        self.network_page.opened.connect(self._open_map)
        self.network_page.sum_opened.connect(self._open_sum)
        self.tree.chosen.connect(workspace.choose_layer)
        self.chart.chosen.connect(workspace.choose_layer)
        self.stage.chosen.connect(self._choose)
        controls, centre = self.controls, self.centre
        controls.display_changed.connect(model.set_display)
        controls.comparison_changed.connect(model.compare)
        controls.page_changed.connect(model.page.set)
        controls.input_changed.connect(model.kernel_input.set)
        centre.training.switched.connect(lambda on: model.compare(TRAINING if on else NOBODY))
        centre.training.again.connect(model.draw_again)
        centre.fold.clicked.connect(self.toggle_inspector)
        centre.output.activated.connect(lambda _n: model.choose_output(centre.output.currentData()))
        centre.reset.clicked.connect(model.weights.reset)
        inspector, kernel = self.inspector, self.inspector.kernel
        inspector.page_changed.connect(model.tab.set)
        inspector.opacity_changed.connect(
            lambda share: model.opacity.edit(share, "Change the opacity", "layers.opacity")
        )
        inspector.hovered.connect(lambda place: inspector.mark(place or model.selection.value.place))
        inspector.clicked.connect(model.explain_value)
        inspector.sum.followed.connect(model.follow)
        inspector.sum.turned.connect(model.show_term)
        kernel.chosen.connect(model.show_slice)
        kernel.edited.connect(model.weights.edit_kernel)
        kernel.bias_edited.connect(model.weights.edit_bias)
        kernel.tried.connect(model.try_kernel)
        kernel.rejected.connect(lambda sentence: self.context.report(UserError(sentence)))

    # -- what a person selects -------------------------------------------------------------------------------

    def _choose(self, channel: int, side: int) -> None:
        self.view_model.choose(channel, side)
        self.fold.unfold()

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show_model(self, model: OpenedModel | None) -> None:
        self.pages.setCurrentIndex(0 if model is None else 1)
        self.tree.set_model(model)
        # A flat list needs no room for branches.
        self.tree.view.setRootIsDecorated(model is not None and bool(model.program.groups))
        self._show_layer(self.context.workspace.layer)

    def _show_layer(self, path: str | None) -> None:
        self.tree.set_current(path)
        self.chart.set_current(path)
        self._show_choices()

    def _show_choices(self) -> None:
        model = self.view_model
        chosen = model.outputs.index(model.path) + 1 if model.path is not None else 0
        self.centre.set_outputs(model.output_shapes, chosen)
        self.controls.set_comparisons(model.comparisons, model.compared_with)
        self.controls.show_display(model.display)
        self.centre.training.show_kind(model.trained_kind, model.compared_with == TRAINING)

    def _show_maps(self, maps: FeatureMaps) -> None:
        info = maps.first.found.model.layer(maps.layer)
        self.export.maps = maps
        self.centre.head.say(maps.path, facts(maps, info))
        self.centre.say(maps.note)
        trained = maps.sides[-1].trained
        self.centre.training.tell("" if trained is None else trained.words)
        self.stage.show_maps(maps)
        self._show_selected_map()

    def _show_problem(self, sentence: str) -> None:
        self.centre.say(sentence)
        self.stage.setEnabled(not sentence)
        if sentence:
            self.export.maps = None
            self.centre.head.say(self.context.workspace.layer or "", "")
            self.stage.clear()

    def _show_selected_map(self) -> None:
        self.stage.select(self.view_model.channel, reveal=self.view_model.reveal)

    def _show_selection(self, selection: MapSelection) -> None:
        maps = self.view_model.maps
        if maps is not None and selection.path == maps.path:
            self.inspector.mark(selection.place)
            self.inspector.sum.show_term(selection.term)

    def _show_details(self, details: tuple[Detail, ...]) -> None:
        self.export.details = details
        self.inspector.show_details(details)
        self.inspector.mark(self.view_model.selection.value.place)

    def _show_sum(self, found: Breakdown | str) -> None:
        self.inspector.show_sum(found, self.view_model.selection.value.term)

    def _show_opacity(self, share: float) -> None:
        self.inspector.opacity.set_value(100 * share)

    def _show_tab(self, tab: str) -> None:
        self.inspector.show_page(tab)

    def _open_map(self, path: str, channel: int) -> None:
        """A map of the whole network's picture by itself, with the exact sum behind its largest value."""
        self.view_model.page.set("maps")
        self.view_model.open_map(path, channel)

    def _open_sum(self, path: str, channel: int, row: int, column: int) -> None:
        """The exact sum of a value that is held between two columns of the network."""
        self.view_model.page.set("maps")
        self.view_model.tab.set("sum")
        self.view_model.open_map(path, channel, (row, column))

    def _show_page(self, page: Page) -> None:
        whole = page == "network"
        slot = self.network_page.slot if whole else self.controls.slot
        slot.addWidget(self.controls.page, 0, Qt.AlignmentFlag.AlignBottom)
        self.whole.setCurrentIndex(1 if whole else 0)
        self._wake()
        self.controls.set_page(page)
        if whole:
            return
        self.stage.set_page(page)
        self.inspector.lend_views(self.stage.large if page == "map" else None)
        if page == "kernels":
            self._paint_kernels()

    def _show_kernels(self, shown: KernelPictures | None) -> None:
        model = self.view_model
        self.controls.set_kernels_possible(shown is not None)
        plain = shown is not None and not shown.kernels.colours
        inputs = shown.kernels.inputs if shown is not None and plain else 0
        self.controls.set_inputs(inputs, model.kernel_input.value)
        self._paint_kernels()
        maps, side = model.maps, model.selection.value.side
        whose = maps.sides[side].forward.title if side and maps is not None else ""
        self.inspector.kernel.show_kernels(shown, model.channel or 0, model.slice, whose)

    def _paint_kernels(self) -> None:
        model = self.view_model
        if model.kernels is not None and model.page.value == "kernels":
            self.stage.show_kernels(model.kernels)
            self.stage.select(model.channel)
