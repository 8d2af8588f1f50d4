"""From the workspace and its document to a layer's maps, one map of them and one value of that. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import LIMIT, Activations
from convscope.engine.interpret.activations.blank_share import BlankShare, blank_over_depth
from convscope.engine.interpret.activations.cache import ActivationCache
from convscope.engine.interpret.activations.outputs import output_paths, parted
from convscope.engine.interpret.activations.training_mode import differs_in_training
from convscope.engine.interpret.breakdown.base import Breakdown
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.interpret.edited import EditedModel
from convscope.engine.interpret.kernels_of import Kernels
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.lab.operation import Operation
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.detail import OPACITY, Detail, detail
from convscope.ui.panels.layers.feature_maps import (
    FeatureMaps,
    ForwardPass,
    LayerRequest,
    MapDisplay,
    Target,
    compute,
)
from convscope.ui.panels.layers.kernel_pictures import KernelPictures, kernel_pictures
from convscope.ui.panels.layers.parts import (
    NOBODY,
    ORIGINAL,
    TRAINING,
    FilterInput,
    MapSelection,
    MapSettings,
    Page,
    Tab,
)
from convscope.ui.panels.layers.top_images import TopImagesViewModel
from convscope.ui.panels.layers.tracing import TRACE, request_trace
from convscope.ui.panels.layers.weights import WeightsViewModel
from convscope.ui.panels.layers.words import first_layer, strongest
from convscope.workspace.document import Part
from convscope.workspace.lab import Lab

MAPS = "layers.frame"
"""The key of the job that looks at the chosen layer."""


class LayersViewModel:
    """Looks at the chosen layer of the current model on the current image, the latest request only.

    Attributes:
        settings, opacity, page, tab, selection: parts of the document.
        filter_input, kernel_input: parts, too: on which input channel the kernel of one filter is shown, and
            those of all filters.
        top: the images of the data set that excite the selected map most.
        weights: those that were changed, on a copy of the model.
        maps: what is on show; None while there is nothing.
        kernels: of the selected side; None where the layer has none.
        active: whether somebody looks: nothing is computed for nobody.

    Signals:
        choices_changed: there is something else to choose from: outputs, or what to compare with.
        maps_changed: a `FeatureMaps`; `selection` is of it.
        problem_changed: why there is nothing to see, in a sentence; "" when there is.
        map_selected: a map was selected where nothing else changed.
        details_changed: the `Detail` of the selected map, and of the other side's where both are on show;
            none: nothing is selected.
        sum_changed: a `Breakdown`, or the sentence why there is none.
        kernels_changed: a `KernelPictures`, or None.
        shares_changed: the blank share of every layer, a tuple of `BlankShare`.
    """

    choices_changed = Signal()
    maps_changed = Signal(object)
    problem_changed = Signal(str)
    map_selected = Signal()
    details_changed = Signal(object)
    sum_changed = Signal(object)
    kernels_changed = Signal(object)
    shares_changed = Signal(object)

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        workspace = context.workspace
        self.settings = workspace.part("layers.settings", MapSettings(), "layers")
        self.opacity = workspace.part("layers.opacity", OPACITY, "layers")
        self.page: Part[Page] = workspace.part("layers.page", "maps", "layers", kind=Page)
        self.tab: Part[Tab] = workspace.part("layers.tab", "sum", "layers", kind=Tab)
        self.selection = workspace.part("layers.selection", MapSelection(), "layers")
        self.filter_input = workspace.part("layers.filter_input", FilterInput(), "layers")
        self.search = workspace.part("layers.search", "", "layers")
        self.kernel_input = workspace.part("layers.kernel_input", 0, "layers")
        self.top = TopImagesViewModel(context)
        self.weights = WeightsViewModel(context, self._current_kernels)
        self.maps: FeatureMaps | None = None
        self.kernels: KernelPictures | None = None
        self.active = False
        # Whether the selected map is to be brought into view: the app did not choose it.
        self.reveal = False
        # The selection that was acted upon.
        self._acted = self.selection.value
        self.cache = ActivationCache(LIMIT)
        self._known: list[tuple[OpenedModel, Image, Activations]] = []
        self._kernels_fresh = False
        self._charted: Activations | None = None
        self._requested: LayerRequest | None = None
        for signal, heard in (
            (workspace.image_changed, self._image_changed),
            (workspace.images_changed, self._open_changed),
            (workspace.models_changed, self._open_changed),
            (workspace.model_changed, self._model_changed),
            (workspace.layer_changed, self._layer_changed),
            (self.weights.edited, lambda: self.choices_changed.emit()),
            (self.weights.copy_changed, self._copy_changed),
            (self.settings.changed, self._settings_changed),
            (self.opacity.changed, self._request_details),
            (self.page.changed, self._page_changed),
            (self.selection.changed, self._selection_changed),
            (self.kernel_input.changed, self._input_changed),
        ):
            context.listen(signal, heard)
        context.ending.call(self.clear)

    def set_active(self, active: bool) -> None:
        """Catch up with what happened while nobody looked."""
        self.active = active
        if active:
            # The model may have been trained meanwhile.
            self.look_again()
            self.request()

    # -- what is asked ---------------------------------------------------------------------------------------

    @property
    def model(self) -> OpenedModel | None:
        """The model on show: the current one, or its edited copy."""
        edited = self.weights.copy
        return edited if edited is not None and self.is_current(edited) else self.context.workspace.model

    def is_current(self, model: OpenedModel) -> bool:
        """Whether a model is the current one, or an edited copy of it."""
        return (model.original if isinstance(model, EditedModel) else model) is self.context.workspace.model

    @property
    def outputs(self) -> tuple[str, ...]:
        """The paths of the chosen layer's outputs; none where there is no layer."""
        layer, model = self.context.workspace.layer, self.model
        if layer is None or model is None or layer not in model.program.slots:
            return ()
        return output_paths(model, layer)

    @property
    def output_shapes(self) -> list[tuple[int | None, ...]]:
        """Of those outputs, without the batch."""
        layer, model = self.context.workspace.layer, self.model
        if not self.outputs or model is None or layer is None:
            return []
        return [model.program.shapes[slot][1:] for slot in model.program.slots[layer]]

    @property
    def path(self) -> str | None:
        """The chosen layer, or the chosen one of its outputs."""
        outputs, chosen = self.outputs, self.selection.value.path
        return chosen if chosen in outputs else outputs[0] if outputs else None

    def choose_output(self, number: int) -> None:
        """Show another of the layer's outputs, by its number from 1."""
        path = self.outputs[number - 1]
        self.selection.set(replace(self.selection.value, path=path, place=None, term=0))

    @property
    def trained_kind(self) -> str:
        """The kind of the chosen layer if it does something else while training, else ""."""
        model, path = self.context.workspace.model, self.context.workspace.layer
        if model is None or path is None or path not in model.program.slots:
            return ""
        kind = model.layer(path).kind
        return kind if differs_in_training(kind) else ""

    @property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """What maps can be compared with, and how a list calls it."""
        workspace = self.context.workspace
        own = workspace.model.id if workspace.model is not None else ""
        found = [(NOBODY, "Nothing")]
        if self.weights.now:
            found.append((ORIGINAL, "Before the edit"))
        if self.trained_kind:
            found.append((TRAINING, "While training"))
        found += [(one.id, f"Model: {one.name}") for one in workspace.models if one.id != own]
        found += [(one.id, f"Image: {one.name}") for one in workspace.images if one.id != workspace.image.id]
        return tuple(found)

    @property
    def compared_with(self) -> str:
        """What maps are compared with now, as `MapSettings.compared_with`."""
        wanted = self.settings.value.compared_with
        return wanted if wanted in dict(self.comparisons) else NOBODY

    @property
    def display(self) -> MapDisplay:
        """How maps are shown now: without two there is no difference to sort by."""
        display = self.settings.value.display
        sort = "index" if display.sort == "difference" and not self.compared_with else display.sort
        return replace(display, sort=sort)

    def set_display(self, display: MapDisplay, label: str) -> None:
        """Show maps in another way, by an undoable step."""
        self.settings.edit(replace(self.settings.value, display=display), label)

    def compare(self, whom: str) -> None:
        """Compare the maps with others, by an undoable step."""
        label = "Compare" if whom else "End the comparison"
        changed = replace(self.settings.value, display=self.display, compared_with=whom)
        self.settings.edit(changed, label)

    def draw_again(self) -> None:
        """Draw once more at random what is dropped while training."""
        settings = self.settings.value
        self.settings.edit(replace(settings, seed=settings.seed + 1), "Draw again", merge="layers.draw")

    def passes(self) -> tuple[ForwardPass, ...]:
        """The current image before the model on show, and what it is compared with."""
        model, workspace = self.model, self.context.workspace
        if model is None:
            return ()
        own = ForwardPass(model, workspace.image, workspace.image.name)
        return (own, *self._beside(model))

    def _beside(self, model: OpenedModel) -> tuple[ForwardPass, ...]:
        workspace, whom = self.context.workspace, self.compared_with
        if whom == TRAINING:
            seed = self.settings.value.seed
            return (ForwardPass(model, workspace.image, "while training", training=True, seed=seed),)
        if whom == ORIGINAL:
            if not isinstance(model, EditedModel):
                return ()
            return (ForwardPass(model.original, workspace.image, "before the edit"),)
        image = next((one for one in workspace.images if one.id == whom), None)
        if image is not None:
            return (ForwardPass(model, image, image.name),)
        other = workspace.open_model(whom)
        return (ForwardPass(other, workspace.image, other.name),) if other is not None else ()

    def asked(self) -> LayerRequest | None:
        """What the workspace and the settings say now."""
        passes, path = self.passes(), self.path
        return LayerRequest(path, passes, self.display) if passes and path is not None else None

    def request(self, *_: object) -> None:
        """Look at what is asked for now, if anybody looks."""
        workspace = self.context.workspace
        if not self.active or workspace.model is None:
            return
        if workspace.layer is None:
            first = first_layer(workspace.model)
            if first is not None:
                workspace.choose_layer(first)
            return
        request, before = self.asked(), self._requested
        if request is None:
            self.maps = None
            return
        self._requested = asked = request
        at_hand = all(self._at_hand(one, asked.path) for one in asked.passes)
        cache, target = self.cache, asked.target
        another = before is None or before.target != target
        self.context.jobs.submit(
            # What is computed already must not wait for a long run on the engine's lane.
            "imaging" if at_hand else "engine",
            lambda task: compute(asked, cache, task),
            title=f"Looking at {asked.path}",
            key=MAPS,
            # Frames of something live answer one question, each a little better than the last.
            supersede="cancel" if another else "finish",
            # Only the first look at a model takes long enough to be listed.
            quiet=any(model is asked.passes[0].model for model, _image, _found in self._known),
            on_done=lambda maps: self._show(maps, target),
            on_failed=lambda error: self._failed(error, target),
        )

    def look_again(self) -> None:
        """Trust nothing that was computed before: weights may have changed."""
        self._known.clear()
        self._kernels_fresh = False
        for model in self.context.workspace.models:
            self.cache.forget(model)

    def clear(self) -> None:
        self.maps = self._charted = None
        self._known.clear()
        self.cache.clear()

    # -- the workspace's events ------------------------------------------------------------------------------

    def _image_changed(self, _image: Image) -> None:
        self.choices_changed.emit()
        self.request()

    def _copy_changed(self) -> None:
        self.choices_changed.emit()
        self.request()

    def _open_changed(self, *_: object) -> None:
        """Images or models came, went or changed, maybe what is compared with."""
        self.choices_changed.emit()
        before, now = self._requested, self.asked()
        if before is not None and now is not None and before.passes[1:] != now.passes[1:]:
            self.request()

    def _model_changed(self, model: OpenedModel | None) -> None:
        """The current model is another one, or was trained."""
        self.context.jobs.cancel_key(TRACE)
        self._charted = None
        self.look_again()
        self.weights.model_changed()
        self.shares_changed.emit(())
        self.problem_changed.emit("")
        self.choices_changed.emit()
        if model is None:
            self.clear()
            self.details_changed.emit(())
            return
        self.request()

    def _layer_changed(self, path: str | None) -> None:
        settings = self.settings.value
        if path is not None and settings.compared_with == TRAINING and not self.trained_kind:
            # Walking on, the switch goes; coming back it is off.
            self.settings.set(replace(settings, compared_with=NOBODY))
        self.choices_changed.emit()
        self.request()

    def _settings_changed(self, _settings: MapSettings) -> None:
        self.choices_changed.emit()
        self.request()

    def _page_changed(self, page: Page) -> None:
        self._request_details()
        if page == "kernels":
            self._request_kernels()

    def _input_changed(self, _index: int) -> None:
        self._request_kernels()

    # -- what was computed -----------------------------------------------------------------------------------

    def _at_hand(self, one: ForwardPass, path: str) -> bool:
        return any(
            model is one.model and image is one.image and found.at_hand(path)
            for model, image, found in self._known
        )

    def _show(self, maps: FeatureMaps, target: Target) -> None:
        requested = self._requested
        if requested is None or target != requested.target or not self.is_current(maps.first.forward.model):
            # Of an image, a layer or a model that was chosen before.
            return
        self.maps = maps
        self._known = [(side.forward.model, side.forward.image, side.found) for side in maps.sides]
        self._act(self._selection_in(maps))
        self.problem_changed.emit("")
        self.maps_changed.emit(maps)
        self._tell_top()
        self._request_details()
        self._request_kernels()
        self._request_shares(maps.first.found)
        if not isinstance(maps.first.forward.model, EditedModel):
            request_trace(self.context, maps.first.forward.model)

    def _failed(self, error: BaseException, target: Target) -> None:
        if self._requested is None or target != self._requested.target:
            return
        if isinstance(error, UserError):
            # What was on show is of another layer, image or network.
            self.maps = self._charted = None
            self.problem_changed.emit(error.message)
            self.shares_changed.emit(())
            self.details_changed.emit(())
            self._request_kernels()
        else:
            self.context.report(error)

    def _request_shares(self, found: Activations) -> None:
        if found is self._charted:
            return
        self._charted = found

        def done(shares: tuple[BlankShare, ...]) -> None:
            self.shares_changed.emit(shares)

        self._submit("shares", "Counting blank maps", lambda task: blank_over_depth(found, task), done)

    def _submit(
        self,
        key: str,
        title: str,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
    ) -> None:
        self.context.jobs.submit(
            "view",
            work,
            title=title,
            key=f"layers.{key}",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self.context.report,
        )

    # -- the selected map, and one value of it ---------------------------------------------------------------

    @property
    def channel(self) -> int | None:
        """The selected map; None before there is one."""
        return self.selection.value.channel

    def choose(self, channel: int, side: int = 0) -> None:
        """Select a map of what is on show."""
        maps = self.maps
        if maps is not None:
            model = maps.first.forward.model.id
            self.selection.set(MapSelection(maps.path, model, channel, maps.maps.count, side))

    def step(self, by: int) -> None:
        """Select the next map in the order of the mosaic."""
        maps, selection = self.maps, self.selection.value
        if maps is not None and selection.channel is not None:
            channel = maps.neighbour(selection.side, selection.channel, by)
            if channel is not None:
                self.choose(channel, selection.side)

    def explain_value(self, row: int, column: int, side: int) -> None:
        """Explain a value of the selected map, of either side."""
        maps, selection = self.maps, self.selection.value
        if maps is None or side >= len(maps.sides):
            # The picture of a comparison that has just ended.
            return
        self.tab.set("sum")
        if (row, column) == selection.place and side == selection.side:
            self._explain()
            return
        self.selection.set(replace(selection, side=side, place=(row, column), term=0))

    def show_term(self, term: int) -> None:
        """Show another of the sum's input channels, by size."""
        self.selection.set(replace(self.selection.value, term=term))

    def show_slice(self, index: int) -> None:
        """Show the filter's kernel on another of its inputs."""
        kernels, channel = self.kernels, self.channel
        if kernels is not None and channel is not None:
            self.filter_input.set(FilterInput(kernels.kernels.path, channel, index))

    @property
    def slice(self) -> int:
        """Which of its inputs the selected filter's kernel on show is on."""
        kernels, channel, chosen = self.kernels, self.channel, self.filter_input.value
        known = kernels is not None and (chosen.path, chosen.channel) == (kernels.kernels.path, channel)
        return chosen.index if known else 0

    def follow(self, path: str, channel: int, row: int, column: int) -> None:
        """Explain a value of another layer next."""
        workspace = self.context.workspace
        if workspace.model is None:
            return
        try:
            layer = parted(workspace.model, path)[0]
        except UserError as error:
            # The sum is of another network, which has that layer.
            self.context.report(error)
            return
        side = self.selection.value.side
        wanted = MapSelection(path, workspace.model.id, channel, None, side, (row, column))
        if layer == workspace.layer:
            self.selection.set(wanted)
        else:
            self._act(wanted)
            workspace.choose_layer(layer)

    def open_map(self, path: str, channel: int, place: tuple[int, int] | None = None) -> None:
        """Select a map of another layer, and explain a value of it; without a place its largest."""
        workspace = self.context.workspace
        if workspace.model is None:
            return
        wanted = MapSelection(path, workspace.model.id, channel, None, place=place)
        layer = parted(workspace.model, path)[0]
        if layer == workspace.layer:
            self.selection.set(wanted)
        else:
            self._act(wanted)
            workspace.choose_layer(layer)

    def _act(self, selection: MapSelection) -> None:
        """Select without asking for what it needs: whoever calls asks for more."""
        self._acted = selection
        self.selection.set(selection)

    def _selection_in(self, maps: FeatureMaps) -> MapSelection:
        """The same map of another layer, image or model, if it has one; else that with the largest spread."""
        now, count = self.selection.value, maps.maps.count
        model = self.context.workspace.model
        own = model.id if model is not None else ""
        same = (now.path, now.model) == (maps.path, own)
        channel = now.channel
        # Behind an activation or a normalisation channel 17 is still the same filter's; elsewhere not.
        # A value that a sum led to is of a layer whose maps were not counted yet.
        known = now.count == count or (now.count is None and same and channel is not None and channel < count)
        if channel is None or not known:
            channel, same, known = strongest(maps), False, False
        # What the app chose is ringed where it is: one begins at the first map.
        self.reveal = known
        side = min(now.side, len(maps.sides) - 1)
        if channel >= maps.sides[side].maps.count:
            side = 0
        new = MapSelection(maps.path, own, channel, count, side)
        return replace(new, place=now.place, term=now.term) if same else new

    def _selection_changed(self, now: MapSelection) -> None:
        before, self._acted = self._acted, now
        maps = self.maps
        if now == before or maps is None:
            return
        if now.channel is None or now.path != maps.path:
            if now.channel is None or now.path in self.outputs:
                self.choices_changed.emit()
                self.request()
        elif (now.channel, now.side) != (before.channel, before.side):
            self.reveal = True
            self._tell_top()
            self.map_selected.emit()
            self._request_kernels()
            self._request_details()
        elif now.place != before.place:
            self._explain()

    def _tell_top(self) -> None:
        maps, selection = self.maps, self.selection.value
        if maps is not None and selection.channel is not None:
            self.top.show_channel(maps.sides[selection.side].forward.model, maps.path, selection.channel)

    def _request_details(self, *_: object) -> None:
        """The selected map, large, and where there is room for both that of what it is compared with."""
        maps, selection = self.maps, self.selection.value
        channel, side = selection.channel, selection.side
        if maps is None or channel is None or selection.path != maps.path or side >= len(maps.sides):
            return
        opacity = self.opacity.value
        others = [n for n in range(len(maps.sides)) if self.page.value == "map" and n != side]

        def work(_task: Task) -> tuple[Detail, ...]:
            sides = [side, *(n for n in others if channel < maps.sides[n].maps.count)]
            return tuple(detail(maps, channel, each, opacity) for each in sides)

        self._submit("detail", f"Map {channel}", work, self._show_details)

    def _show_details(self, details: tuple[Detail, ...]) -> None:
        # One that was asked for before may come while another layer or map is on show.
        maps, selection, first = self.maps, self.selection.value, details[0]
        if maps is None or first.maps.path != maps.path or first.side >= len(maps.sides):
            return
        if (first.channel, first.side) != (selection.channel, selection.side) or selection.path != maps.path:
            return
        self.details_changed.emit(details)
        rows, columns = first.values.shape
        place = selection.place
        if place is None or place[0] >= rows or place[1] >= columns:
            # Before anybody has clicked, the strongest value is explained.
            self._act(replace(selection, place=first.strongest, term=0))
        self._explain()

    def _explain(self) -> None:
        """How the chosen value came about."""
        maps, selection = self.maps, self.selection.value
        channel, place = selection.channel, selection.place
        if maps is None or channel is None or place is None or selection.side >= len(maps.sides):
            return
        side = maps.sides[selection.side]
        row, column = place

        def work(_task: Task) -> Breakdown | str:
            if side.forward.training:
                return "What training draws at random or takes from its batch is no fixed sum."
            try:
                return explain(side.found, maps.path, row, column, channel)
            except UserError as error:
                return error.message

        def done(found: Breakdown | str) -> None:
            if self.maps is maps:
                self.sum_changed.emit(found)

        self._submit("sum", "Adding up", work, done)

    # -- kernels ---------------------------------------------------------------------------------------------

    def _request_kernels(self) -> None:
        """The selected side's kernels on one of the layer's input channels, if they are not those on show."""
        maps, path, index = self.maps, self.context.workspace.layer, self.kernel_input.value
        side = self.selection.value.side
        model = self.model if maps is None or side >= len(maps.sides) else maps.sides[side].forward.model
        if model is None or path is None:
            return
        known = self.kernels if self._kernels_fresh else None
        if known is not None and (known.model, known.layer, known.index) == (model, path, index):
            self.context.jobs.cancel_key("layers.kernels")
            self.kernels_changed.emit(known)
            return

        def work(_task: Task) -> KernelPictures | None:
            return kernel_pictures(model, path, index)

        self._submit("kernels", "Reading kernels", work, self._show_kernels)

    def _show_kernels(self, shown: KernelPictures | None) -> None:
        self.kernels, self._kernels_fresh = shown, True
        if shown is None and self.page.value == "kernels":
            # Only a convolution has kernels.
            self.page.set("maps")
        if shown is not None and not shown.kernels.colours:
            # Of fewer inputs it is the last one now.
            self.kernel_input.set(min(self.kernel_input.value, shown.kernels.inputs - 1))
        self.kernels_changed.emit(shown)

    def _current_kernels(self) -> Kernels | None:
        """Those on show, if they are still the current model's: another may have been chosen just now."""
        shown = self.kernels
        return shown.kernels if shown is not None and self.is_current(shown.model) else None

    def try_kernel(self, operation: Operation) -> None:
        """Show in the kernel lab what a filter makes of the image."""
        # Its values go below 0 and, on pixels of 0–255, far beyond them: on their own scale they can be seen.
        lab = Lab((operation,), 0, "signed")
        self.context.workspace.edit_lab(lab, f"Kernel of {operation.kernel.name}")
        self.context.show_panel("kernels")
