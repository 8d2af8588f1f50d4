"""Layers: the tree of layers, the mosaic of all maps of one, and the chosen map with its exact arithmetic."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.models.opened import OpenedModel
from convscope.engine.seeing.activation_sum import ActivationSum
from convscope.engine.seeing.outputs import parted
from convscope.engine.seeing.training_mode import differs_in_training
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.controller import Controller
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.frame import Frame, Look
from convscope.ui.panels.layers.inspector import Inspector
from convscope.ui.panels.layers.kernel_edits import KernelEdits
from convscope.ui.panels.layers.kernel_pictures import KernelPictures
from convscope.ui.panels.layers.middle import Middle, filled
from convscope.ui.panels.layers.output import Output
from convscope.ui.panels.layers.words import facts, first_layer, strongest
from convscope.ui.widgets.layer_tree import LayerTree
from convscope.ui.widgets.no_model import NoModelPage

TREE_WIDTH = 240


class LayersPanel(QWidget):
    """What every layer of the current model makes of the current image."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers")
        self.context = context
        self.controller = Controller(context, self)
        self.output = Output(context, self)
        self._channel: int | None = None
        self._side = self._count = 0
        self._place: tuple[int, int] | None = None
        # A value that is wanted in a layer that is not on show yet: path, channel, row, column.
        self._wanted: tuple[str, int, int, int] | None = None
        self._kernels: KernelPictures | None = None
        self._compact, self._wants_map = False, True
        self._stale = True
        self._build()
        self._connect()
        self._fold()
        self._model_changed(context.session.model)

    @property
    def frame(self) -> Frame | None:
        """What is on show in the middle."""
        return self.controller.frame

    @property
    def channel(self) -> int | None:
        """The chosen map."""
        return self._channel

    def actions(self) -> list[Command]:  # type: ignore[override]
        """What the command palette lists while this panel is shown."""
        ready = self.frame is not None

        def command(name: str, title: str, run: object, keys: str = "", enabled: bool = ready) -> Command:
            return Command(f"layers.{name}", title, run, keys, "Layers", enabled)  # type: ignore[arg-type]

        return [
            command("next", "Next layer", lambda: self.tree.step(1), "Alt+Down"),
            command("last", "Previous layer", lambda: self.tree.step(-1), "Alt+Up"),
            command("show_maps", "Show the maps", lambda: self._show_page("maps")),
            command("show_kernels", "Show the kernels", lambda: self._show_page("kernels")),
            command("show_large", "Show the chosen map large", lambda: self._show_page("map")),
            command("next_map", "Next map", lambda: self._step_map(1), "Alt+Right"),
            command("last_map", "Previous map", lambda: self._step_map(-1), "Alt+Left"),
            command("fold", "Show or hide the chosen map", self.toggle_inspector),
            command(
                "reset",
                "Undo the changes of weights",
                self.controller.reset_edits,
                enabled=self.controller.has_edits,
            ),
            *self.output.commands(),
        ]

    def set_compact(self, compact: bool) -> None:
        """Fold the chosen map away where there is no room for it."""
        if compact != self._compact:
            self._compact, self._wants_map = compact, not compact
            self._fold()

    def toggle_inspector(self) -> None:
        """Show the chosen map beside the mosaic, or give the mosaic its room."""
        self._wants_map = not self._wants_map
        self._fold()

    def shutdown(self) -> None:
        """Take no more events, and free what was computed."""
        session = self.context.session
        session.image_changed.disconnect(self._image_changed)
        session.images_changed.disconnect(self._list_open)
        session.models_changed.disconnect(self._list_open)
        session.model_changed.disconnect(self._model_changed)
        session.layer_changed.disconnect(self._layer_changed)
        session.dataset_changed.disconnect(self._dataset_changed)
        self.inspector.top.cancel()
        self.controller.clear()

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
        whole = QWidget()
        self.pages.addWidget(whole)
        across = QHBoxLayout(whole)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        self.tree = LayerTree()
        self.side = filled()
        self.side.setFixedWidth(theme.scaled(TREE_WIDTH))
        inside = QVBoxLayout(self.side)
        inside.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        inside.addWidget(self.tree)
        across.addWidget(self.side)
        self.middle = Middle(self.output.button)
        self.stage, self.chart, self.controls = self.middle.stage, self.middle.chart, self.middle.controls
        self.middle.fold.clicked.connect(self.toggle_inspector)
        self.middle.output.activated.connect(lambda _index: self._output_changed())
        self.middle.reset.clicked.connect(self.controller.reset_edits)
        across.addWidget(self.middle, 1)
        self.inspector = Inspector(self.context)
        self.kernel_edits = KernelEdits(self.context, self.controller, self.inspector.kernel)
        across.addWidget(self.inspector)

    def _connect(self) -> None:
        session, controller = self.context.session, self.controller
        session.image_changed.connect(self._image_changed)
        session.images_changed.connect(self._list_open)
        session.models_changed.connect(self._list_open)
        session.model_changed.connect(self._model_changed)
        session.layer_changed.connect(self._layer_changed)
        session.dataset_changed.connect(self._dataset_changed)
        self.tree.chosen.connect(session.choose_layer)
        self.chart.chosen.connect(session.choose_layer)
        self.controls.look_changed.connect(self._look_changed)
        self.controls.beside_changed.connect(self._beside_changed)
        self.controls.page_changed.connect(self._page_changed)
        self.controls.input_changed.connect(lambda _index: self._request_kernels())
        self.stage.chosen.connect(self._choose_map)
        controller.frame_ready.connect(self._show_frame)
        controller.problem_changed.connect(self._show_problem)
        controller.detail_ready.connect(self._show_detail)
        controller.sum_ready.connect(self._show_sum)
        controller.shares_ready.connect(self.chart.set_shares)
        controller.edits_changed.connect(self._show_edits)
        controller.kernels_ready.connect(self._show_kernels)
        inspector = self.inspector
        inspector.opacity_changed.connect(lambda _share: self._request_detail())
        inspector.hovered.connect(self._hover)
        inspector.clicked.connect(self._click)
        inspector.sum.followed.connect(self._follow)
        inspector.top.wanted.connect(lambda image: session.add_images([image]))

    # -- the session's events --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while another panel was shown."""
        super().showEvent(event)
        if self._stale:
            # The model may have been trained meanwhile.
            self.controller.look_again()
            self._request()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is computed for nobody."""
        super().hideEvent(event)
        self._stale = True

    def _model_changed(self, model: OpenedModel | None) -> None:
        self.controller.forget()
        self.pages.setCurrentIndex(0 if model is None else 1)
        self.tree.set_model(model)
        # A flat list needs no room for branches.
        self.tree.view.setRootIsDecorated(model is not None and bool(model.program.groups))
        self.chart.set_shares(())
        self._show_problem("")
        self._list_open()
        if model is None:
            self.controller.clear()
            self._clear_map()
            return
        self._layer_changed(self.context.session.layer)

    def _layer_changed(self, path: str | None) -> None:
        self.tree.set_current(path)
        self.chart.set_current(path)
        self._place = None
        self._choose_output()
        self._list_open()
        self._request()

    def _choose_output(self) -> None:
        """The first of the layer's outputs, or the one that a sum leads to."""
        shapes = self.controller.choose_output(self._wanted[0] if self._wanted is not None else "")
        self.middle.set_outputs(shapes, self.controller.output)

    def _output_changed(self) -> None:
        self.controller.output = self.middle.output.currentData()
        self._place = None
        self._request()

    def _image_changed(self, _image: Image) -> None:
        self._list_open()
        self._request()

    def _dataset_changed(self, _dataset: object) -> None:
        self.inspector.top.dataset_changed()

    def _list_open(self, *_: object) -> None:
        controller = self.controller
        session = self.context.session
        model, path = session.model, session.layer
        training = False
        if model is not None and path is not None and path in model.program.slots:
            training = differs_in_training(model.layer(path).kind)
        controller.beside = self.controls.set_open(session, controller.has_edits, training, controller.beside)

    def _request(self) -> None:
        """Ask for what is to be shown, if anybody looks."""
        session = self.context.session
        model = session.model
        self._stale = not self.isVisible()
        if self._stale or model is None:
            return
        if session.layer is None:
            first = first_layer(model)
            if first is not None:
                session.choose_layer(first)
            return
        self.controller.request()

    # -- what was computed -----------------------------------------------------------------------------------

    def _show_frame(self, frame: Frame) -> None:
        info = frame.first.found.model.layer(frame.layer)
        self.output.frame = frame
        self.middle.title.setText(frame.path)
        self.middle.facts.setText(facts(frame, info))
        self.stage.show_frame(frame)
        self._request_kernels()
        chosen = self._channel is not None and self._count == frame.maps.count
        if self._channel is None or not chosen:
            # Behind an activation or a normalisation channel 17 is still the same filter's; elsewhere not.
            self._channel = strongest(frame)
        self._count = frame.maps.count
        if self._wanted is not None and self._wanted[0] == frame.path:
            _path, self._channel, *place = self._wanted
            self._place, chosen = (place[0], place[1]), True
        self._wanted = None
        self._side = min(self._side, len(frame.sides) - 1)
        if self._channel >= frame.sides[self._side].maps.count:
            self._side = 0
        # What the app chose is ringed where it is: one begins at the first map.
        self.stage.select(self._channel, reveal=chosen)
        self._tell_top()
        self._request_detail()

    def _show_problem(self, sentence: str) -> None:
        self.middle.say(sentence)
        self.stage.setEnabled(not sentence)
        if sentence:
            self.output.frame = None
            self.middle.title.setText(self.context.session.layer or "")
            self.middle.facts.setText("")
            self._clear_map()

    def _clear_map(self) -> None:
        self.output.detail = None
        self.inspector.show_detail(None, None)

    def _show_detail(self, detail: Detail) -> None:
        frame = self.frame
        if frame is None or detail.channel != self._channel or detail.side >= len(frame.sides):
            return
        self.output.detail = detail
        self.inspector.show_detail(frame, detail)
        rows, columns = detail.values.shape
        if self._place is None or self._place[0] >= rows or self._place[1] >= columns:
            # Before anybody has clicked, the strongest value is explained.
            self._place = detail.strongest
        self._explain()

    def _show_sum(self, found: ActivationSum | str) -> None:
        self.inspector.show_sum(found)

    def _show_kernels(self, shown: KernelPictures | None) -> None:
        self._kernels = shown
        self.controls.set_kernels_possible(shown is not None)
        plain = shown is not None and not shown.kernels.colours
        self.controls.set_inputs(shown.kernels.inputs if shown is not None and plain else 0)
        if shown is not None and self.controls.page.value == "kernels":
            self.stage.show_kernels(shown)
            self.stage.select(self._channel)
        self.inspector.show_kernels(shown, self._channel or 0)

    def _show_edits(self, words: str) -> None:
        self.middle.tell_edits(words)
        self._list_open()

    # -- what a person does ----------------------------------------------------------------------------------

    def _look_changed(self, look: Look) -> None:
        self.controller.look = look
        self._request()

    def _beside_changed(self, beside: str) -> None:
        self.controller.beside = beside
        self._list_open()
        self._request()

    def _show_page(self, page: str) -> None:
        self.controls.set_page(page)
        self._page_changed(page)

    def _page_changed(self, page: str) -> None:
        self.stage.set_page(page)
        self.inspector.lend_views(self.stage.large if page == "map" else None)
        if page == "kernels":
            self._request_kernels()

    def _choose_map(self, channel: int, side: int = 0) -> None:
        self._channel, self._side, self._place = channel, side, None
        self.stage.select(channel)
        self.inspector.show_kernels(self._kernels, channel)
        self._tell_top()
        self._request_detail()
        if self._compact and not self._wants_map:
            self.toggle_inspector()

    def _step_map(self, by: int) -> None:
        """The next map in the order of the mosaic."""
        if self.frame is not None and self._channel is not None:
            channel = self.frame.neighbour(self._side, self._channel, by)
            if channel is not None:
                self._choose_map(channel, self._side)

    def _hover(self, place: tuple[int, int] | None) -> None:
        where = place or self._place
        frame = self.frame
        if frame is not None and where is not None:
            self.inspector.mark(frame.sides[self._side].found.field_box(frame.path, *where))

    def _click(self, row: int, column: int) -> None:
        self._place = (row, column)
        self.inspector.show_page("sum")
        self._explain()

    def _follow(self, path: str, channel: int, row: int, column: int) -> None:
        """Explain the value of another layer next."""
        model = self.context.session.model
        assert model is not None
        self._wanted = (path, channel, row, column)
        self.context.session.choose_layer(parted(model, path)[0])

    def _explain(self) -> None:
        frame = self.frame
        if frame is None or self._channel is None or self._place is None:
            return
        side = frame.sides[self._side]
        self.inspector.mark(side.found.field_box(frame.path, *self._place))
        if side.subject.training:
            self.inspector.show_sum("What training draws at random or takes from its batch is no fixed sum.")
        else:
            self.controller.request_sum(*self._place, self._channel, self._side)

    # -- asking for more -------------------------------------------------------------------------------------

    def _request_detail(self) -> None:
        if self._channel is not None:
            self.controller.request_detail(self._channel, self._side, self.inspector.opacity.value / 100)

    def _request_kernels(self) -> None:
        self.controller.request_kernels(self.controls.input.value(), self._kernels)

    def _tell_top(self) -> None:
        frame = self.frame
        if frame is not None and self._channel is not None:
            self.inspector.top.show_channel(frame.first.subject.model, frame.path, self._channel)

    def _fold(self) -> None:
        self.inspector.setVisible(self._wants_map)
        # Where there is no room for three columns, the map takes the place of the tree.
        self.side.setHidden(self._compact and self._wants_map)
        self.middle.fold.setChecked(self._wants_map)
