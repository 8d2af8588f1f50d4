"""Layers: the tree of layers, the mosaic of all maps of one, and the chosen map with its exact arithmetic."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.interpret.activations.training_mode import differs_in_training
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.canvas.late import Late
from convscope.ui.canvas.veil import Veil
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.asked import NOBODY, TRAINING, Asked
from convscope.ui.panels.layers.chosen import Chosen
from convscope.ui.panels.layers.controller import FRAME, Controller
from convscope.ui.panels.layers.frame import Frame, Look
from convscope.ui.panels.layers.inspector import Inspector
from convscope.ui.panels.layers.kernel_edits import KernelEdits
from convscope.ui.panels.layers.kernel_pictures import KernelPictures
from convscope.ui.panels.layers.middle import Middle, filled
from convscope.ui.panels.layers.output import Output
from convscope.ui.panels.layers.words import facts, first_layer
from convscope.ui.tables.layer_tree import LayerTree
from convscope.ui.widgets.fold import Fold
from convscope.ui.widgets.no_model import NoModelPage

PATIENCE_MS = 250
"""A picture that follows a pen must not flicker."""


class LayersPanel(Panel):
    """What every layer of the current model makes of the current image."""

    name = "layers"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.controller = Controller(context, self)
        self.output = Output(context, self)
        self._stale = True
        self._build()
        self._connect()
        self._model_changed(context.workspace.model)

    @property
    def frame(self) -> Frame | None:
        """What is on show in the middle."""
        return self.controller.frame

    @property
    def channel(self) -> int | None:
        """The chosen map."""
        return self.chosen.channel

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        controller, ready = self.controller, self.frame is not None
        edited = controller.has_edits

        def command(name: str, title: str, run: object, keys: str = "", enabled: bool = ready) -> Command:
            return Command(f"layers.{name}", title, run, keys, "Layers", enabled)  # type: ignore[arg-type]

        return [
            command("next", "Next layer", lambda: self.tree.step(1), "Alt+Down"),
            command("last", "Previous layer", lambda: self.tree.step(-1), "Alt+Up"),
            command("show_maps", "Show the maps", lambda: self._show_page("maps")),
            command("show_kernels", "Show the kernels", lambda: self._show_page("kernels")),
            command("show_large", "Show the chosen map large", lambda: self._show_page("map")),
            command("next_map", "Next map", lambda: self.chosen.step(1), "Alt+Right"),
            command("last_map", "Previous map", lambda: self.chosen.step(-1), "Alt+Left"),
            command("fold", "Show or hide the chosen map", self.toggle_inspector),
            command("reset", "Undo all changes of weights", controller.reset_edits, enabled=edited),
            *self.output.commands(),
        ]

    def set_compact(self, compact: bool) -> None:
        """Fold the chosen map away where there is no room for it."""
        self.fold.set_compact(compact)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width."""
        super().resizeEvent(event)
        self.fold.fit(self.width())

    def toggle_inspector(self) -> None:
        """Show the chosen map beside the mosaic, or give the mosaic its room."""
        self.fold.toggle()

    def shutdown(self) -> None:
        """Take no more events, and free what was computed."""
        workspace = self.context.workspace
        workspace.image_changed.disconnect(self._image_changed)
        workspace.images_changed.disconnect(self._open_changed)
        workspace.models_changed.disconnect(self._open_changed)
        workspace.model_changed.disconnect(self._model_changed)
        workspace.layer_changed.disconnect(self._layer_changed)
        workspace.dataset_changed.disconnect(self._dataset_changed)
        self.controller.asked.changed.disconnect(self._asked_changed)
        for late in self.late:
            late.shutdown()
        self.inspector.top.cancel()
        self.chosen.shutdown()
        self.chosen.clear()
        self.controller.shutdown()
        super().shutdown()

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
        self.fold = Fold(self.side, self.inspector, self.middle.fold)
        self.chosen = Chosen(self.controller, self.stage, self.inspector, self.output)
        # Until the answer to what is chosen now is there.
        self.late = tuple(
            self._dimmed(target, f"layers.{name}_veil", keys)
            for target, name, keys in (
                (self.stage, "stage", ()),
                (self.inspector, "inspector", ("layers.detail", "layers.sum")),
                (self.chart, "depth", ("layers.shares",)),
            )
        )

    def _dimmed(self, target: QWidget, name: str, keys: tuple[str, ...]) -> Late:
        """Dims what waits for a look at the layer, and for what follows from it."""
        late = Late(self.context.jobs, Veil(target, name), PATIENCE_MS)
        late.set_keys([FRAME, *keys])
        return late

    def _connect(self) -> None:
        workspace, controller = self.context.workspace, self.controller
        workspace.image_changed.connect(self._image_changed)
        workspace.images_changed.connect(self._open_changed)
        workspace.models_changed.connect(self._open_changed)
        workspace.model_changed.connect(self._model_changed)
        workspace.layer_changed.connect(self._layer_changed)
        workspace.dataset_changed.connect(self._dataset_changed)
        self.tree.chosen.connect(workspace.choose_layer)
        self.chart.chosen.connect(workspace.choose_layer)
        controller.asked.changed.connect(self._asked_changed)
        self.controls.look_changed.connect(self._look_changed)
        self.controls.beside_changed.connect(self._beside_changed)
        self.middle.training.switched.connect(lambda on: self._beside_changed(TRAINING if on else NOBODY))
        self.middle.training.again.connect(self._draw_again)
        self.controls.page_changed.connect(self._page_changed)
        self.controls.input_changed.connect(self._input_changed)
        self.chosen.picked.connect(self.fold.unfold)
        controller.frame_ready.connect(self._show_frame)
        controller.problem_changed.connect(self._show_problem)
        controller.shares_ready.connect(self.chart.set_shares)
        controller.edits_changed.connect(self._show_edits)
        controller.kernels_ready.connect(self._show_kernels)
        self.inspector.top.wanted.connect(lambda image: workspace.add_images([image]))

    # -- the workspace's events ------------------------------------------------------------------------------

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
        self.controller.model_changed()
        self.pages.setCurrentIndex(0 if model is None else 1)
        self.tree.set_model(model)
        # A flat list needs no room for branches.
        self.tree.view.setRootIsDecorated(model is not None and bool(model.program.groups))
        self.chart.set_shares(())
        self._show_problem("")
        self._list_open()
        if model is None:
            self.controller.clear()
            self.chosen.clear()
            return
        self._layer_changed(self.context.workspace.layer)

    def _layer_changed(self, path: str | None) -> None:
        self.tree.set_current(path)
        self.chart.set_current(path)
        self.chosen.place = None
        self._choose_output()
        self._list_open()
        self._request()

    def _choose_output(self) -> None:
        """The first of the layer's outputs, or the one that a sum leads to."""
        shapes = self.controller.choose_output(self.chosen.wanted)
        self.middle.set_outputs(shapes, self.controller.output)

    def _output_changed(self) -> None:
        self.controller.output = self.middle.output.currentData()
        self.chosen.place = None
        self._request()

    def _image_changed(self, _image: Image) -> None:
        self._list_open()
        self.controller.tell_edits()
        self._request()

    def _open_changed(self, *_: object) -> None:
        """Images or models came, went or changed, maybe what is compared with."""
        partner = [side.subject for side in self.frame.sides[1:]] if self.frame is not None else []
        self._list_open()
        now = self.controller.subjects()[1:]
        if any((a.model, a.image) != (b.model, b.image) for a, b in zip(partner, now, strict=False)):
            self._request()

    def _dataset_changed(self, _dataset: object) -> None:
        self.inspector.top.dataset_changed()

    def _list_open(self) -> None:
        """What there is to compare with; what is no longer there is compared with no more."""
        controller, workspace = self.controller, self.context.workspace
        asked, kind = controller.asked.value, self._training_kind()
        kept = self.controls.set_open(workspace, controller.has_edits, bool(kind), asked.beside)
        self.middle.training.show_kind(kind, kept == TRAINING)
        # Without two there is no difference to sort by.
        sort = "index" if asked.look.sort == "difference" and not kept else asked.look.sort
        controller.asked.set(replace(asked, beside=kept, look=replace(asked.look, sort=sort)))

    def _training_kind(self) -> str:
        """The kind of the chosen layer if it does something else while training, else ""."""
        model, path = self.context.workspace.model, self.context.workspace.layer
        if model is None or path is None or path not in model.program.slots:
            return ""
        kind = model.layer(path).kind
        return kind if differs_in_training(kind) else ""

    def _request(self) -> None:
        """Ask for what is to be shown, if anybody looks."""
        workspace = self.context.workspace
        model = workspace.model
        self._stale = not self.isVisible()
        if self._stale or model is None:
            return
        if workspace.layer is None:
            first = first_layer(model)
            if first is not None:
                workspace.choose_layer(first)
            return
        self.controller.request()

    # -- what was computed -----------------------------------------------------------------------------------

    def _show_frame(self, frame: Frame) -> None:
        info = frame.first.found.model.layer(frame.layer)
        self.output.frame = frame
        self.middle.head.say(frame.path, facts(frame, info))
        self.middle.say(frame.note)
        trained = frame.sides[-1].trained
        self.middle.training.tell("" if trained is None else trained.words)
        self.stage.show_frame(frame)
        self.chosen.show_frame(frame)
        self.controller.request_kernels(self.chosen.side)

    def _show_problem(self, sentence: str) -> None:
        self.middle.say(sentence)
        self.stage.setEnabled(not sentence)
        if sentence:
            # What was on show is of another layer, image or network.
            self.output.frame = None
            self.middle.head.say(self.context.workspace.layer or "", "")
            self.stage.clear()
            self.chart.set_shares(())
            self.chosen.clear()
            self.controller.request_kernels(0)

    def _show_kernels(self, shown: KernelPictures | None) -> None:
        self.controls.set_kernels_possible(shown is not None)
        plain = shown is not None and not shown.kernels.colours
        self.controls.set_inputs(shown.kernels.inputs if shown is not None and plain else 0)
        # Of fewer inputs it is the last one now.
        self.controller.input = self.controls.input.value()
        if shown is not None and self.controls.page.value == "kernels":
            self.stage.show_kernels(shown)
            self.stage.select(self.channel)
        frame, side = self.frame, self.chosen.side
        whose = frame.sides[side].subject.title if side and frame is not None else ""
        self.inspector.show_kernels(shown, self.channel or 0, whose)

    def _show_edits(self, words: str) -> None:
        self.middle.tell_edits(words)
        self._list_open()

    # -- what a person does ----------------------------------------------------------------------------------

    def _look_changed(self, look: Look, what: str) -> None:
        asked = self.controller.asked
        asked.edit(replace(asked.value, look=look), what)

    def _beside_changed(self, beside: str) -> None:
        asked = self.controller.asked
        asked.edit(replace(asked.value, beside=beside), "Compare" if beside else "End the comparison")

    def _draw_again(self) -> None:
        asked = self.controller.asked
        asked.edit(replace(asked.value, seed=asked.value.seed + 1), "Draw again", merge="layers.draw")

    def _asked_changed(self, asked: Asked) -> None:
        """By a person here, by undo or redo."""
        self.controls.show_look(asked.look)
        self._list_open()
        self._request()

    def _show_page(self, page: str) -> None:
        self.controls.set_page(page)
        self._page_changed(page)

    def _page_changed(self, page: str) -> None:
        self.stage.set_page(page)
        self.inspector.lend_views(self.stage.large if page == "map" else None)
        self.chosen.request()
        if page == "kernels":
            self.controller.request_kernels(self.chosen.side)

    def _input_changed(self, index: int) -> None:
        self.controller.input = index
        self.controller.request_kernels(self.chosen.side)
