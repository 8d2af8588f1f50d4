"""From the workspace to the picture of the whole network: its maps, what they are made of, what is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import LIMIT, Activations
from convscope.engine.interpret.activations.cache import ActivationCache
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.network.cost import ColumnCost, costs
from convscope.engine.interpret.network.flow import MadeOf, made_of
from convscope.engine.interpret.network.mute import (
    Ablation,
    Mute,
    MutedModel,
    ablation,
    look_muted,
)
from convscope.engine.interpret.network.picture import ChosenBy, NetworkPicture, answer_of, choose, picture
from convscope.engine.interpret.network.relevance import ClassPath, class_path, relevance
from convscope.engine.models.answers.prediction import Prediction
from convscope.engine.models.graph.columns import LayerColumn, columns
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.network.layout import NetworkLayout, arrange
from convscope.ui.panels.layers.network.parts import (
    FigureSettings,
    MapInNetwork,
    MutedMaps,
    NetworkSettings,
    Tint,
)
from convscope.ui.panels.layers.tracing import request_trace

PICTURE = "layers.network"
"""The key of the job that makes the picture."""

Chosen = dict[str, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class NetworkRequest:
    """What is asked for.

    Attributes:
        model, image: whose picture.
        settings: how.
        off: what is off, as in `MutedMaps`.
        size: width, height and text scale of the view.
        keep: the maps that were on show, to stay there while only the image is another one or maps go off;
            None: they are chosen anew.
    """

    model: OpenedModel
    image: Image
    settings: NetworkSettings
    off: tuple[tuple[str, int], ...]
    size: tuple[float, float, float]
    keep: Chosen | None = None

    @property
    def frame(self) -> tuple[object, ...]:
        """What must be the same for the maps on show to stay."""
        return self.model.id, self.settings, self.size


@dataclass(frozen=True, eq=False)
class NetworkFrame:
    """What is on show.

    Attributes:
        request: what was asked.
        columns: of the network.
        layout: where they stand.
        picture: their maps.
        chosen: the channels of each column.
        target: the class asked about; None where the network tells none.
        before: the answer with nothing off, where something is.
    """

    request: NetworkRequest
    columns: tuple[LayerColumn, ...]
    layout: NetworkLayout
    picture: NetworkPicture
    chosen: Chosen
    target: int | None
    before: Prediction | None = None

    @property
    def found(self) -> Activations:
        """What all layers make of the image."""
        return self.picture.found

    def column(self, id_: str) -> LayerColumn | None:
        """A column by its id."""
        return next((one for one in self.columns if one.id == id_), None)


def compute(request: NetworkRequest, cache: ActivationCache, task: Task) -> NetworkFrame:
    """The picture that is asked for. The first maps come before it is known which matter for the class."""
    model, settings = request.model, request.settings
    whole = cache.look(model, request.image, task)
    found = look_muted(whole, MutedModel(model, mutes(request.off))) if request.off else whole
    toggled = settings.toggled
    # Of a live picture they are the same at every frame.
    found_columns = model.kept(("columns", toggled), lambda: columns(model, toggled))
    layout = arrange(found_columns, *request.size)
    rooms = {one.column.id: one.room for one in layout.columns}

    def view(chosen: Chosen, target: int | None, answered: Prediction | None) -> NetworkFrame:
        shown = picture(found, found_columns, chosen, task)
        return NetworkFrame(request, found_columns, layout, shown, chosen, target, answered)

    answer = answer_of(whole)
    target = _target(answer, settings.target)
    before = answer if request.off else None
    if request.keep is not None:
        return view(request.keep, target, before)
    by: ChosenBy = settings.by
    if by == "class" and target is not None and any(one.column.channels > one.room for one in layout.columns):
        task.partial(view(choose(whole, found_columns, rooms, "largest"), target, before))
        matter = relevance(whole, found_columns, ScoreTarget(target), task)
        return view(choose(whole, found_columns, rooms, "class", matter), target, before)
    return view(choose(whole, found_columns, rooms, "index" if by == "index" else "largest"), target, before)


def _target(answer: Prediction | None, wanted: int | None) -> int | None:
    if answer is None:
        return None
    return wanted if wanted is not None and wanted < len(answer.classes) else answer.classes[0].index


def mutes(off: tuple[tuple[str, int], ...]) -> dict[str, Mute]:
    """What is off as the engine takes it."""
    by_path: dict[str, list[int]] = {}
    for path, channel in off:
        by_path.setdefault(path, []).append(channel)
    return {path: Mute(None if -1 in all_ else tuple(all_)) for path, all_ in by_path.items()}


class NetworkViewModel:
    """Makes the picture of the current model on the current image while somebody looks, the latest only.

    Attributes:
        settings, muted, selection, figure: parts of the document. The selected map is the one whose making is
            lit.
        view: what is on show; None while there is nothing.
        active: whether somebody looks.

    Signals:
        view_changed: a `NetworkFrame`.
        problem_changed: why there is no picture, in a sentence; "" when there is.
        lit: what the pointed or selected map is made of: a `MadeOf`, a `ClassPath`, or None.
        costs_changed: a tuple of `ColumnCost`, or () until they are known.
        ranked: an `Ablation`.
    """

    view_changed = Signal(object)
    problem_changed = Signal(str)
    lit = Signal(object)
    costs_changed = Signal(object)
    ranked = Signal(object)

    def __init__(self, context: PanelContext, cache: ActivationCache | None = None) -> None:
        self.context = context
        workspace = context.workspace
        self.settings = workspace.part("layers.network.settings", NetworkSettings(), "layers")
        self.muted = workspace.part("layers.network.muted", MutedMaps(), "layers")
        self.selection = workspace.part("layers.network.selection", MapInNetwork(), "layers")
        self.figure = workspace.part("layers.network.figure", FigureSettings(), "layers")
        self.view: NetworkFrame | None = None
        self.costs: tuple[ColumnCost, ...] = ()
        self.active = False
        self._size = (0.0, 0.0, 1.0)
        self._cache = cache if cache is not None else ActivationCache(LIMIT)
        self._requested: NetworkRequest | None = None
        self._pointed: tuple[str, int] | None = None
        self._costed: object = None
        for signal, heard in (
            (workspace.image_changed, self.request),
            (workspace.model_changed, self._model_changed),
            (self.settings.changed, self._settings_changed),
            (self.muted.changed, self.request),
            (self.selection.changed, self._light),
        ):
            context.listen(signal, heard)
        context.ending.call(self.clear)

    def set_active(self, active: bool) -> None:
        """Catch up with what happened while nobody looked."""
        self.active = active
        if active:
            # The model may have been trained meanwhile.
            for model in self.context.workspace.models:
                self._cache.forget(model)
            self.request()

    def set_size(self, width: float, height: float, scale: float) -> None:
        """How large the view is, in points, and its text."""
        if (width, height, scale) != self._size:
            self._size = (width, height, scale)
            self.request()

    def clear(self) -> None:
        """Free what was computed."""
        self.view = None
        self._cache.clear()

    # -- what a person does ----------------------------------------------------------------------------------

    def toggle(self, block: str) -> None:
        """Unfold a block, or fold it again."""
        now = self.settings.value
        rest = tuple(one for one in now.toggled if one != block)
        toggled = rest if block in now.toggled else (*now.toggled, block)
        self.settings.edit(replace(now, toggled=toggled), "Unfold a block")

    def choose_by(self, by: ChosenBy) -> None:
        """Which maps are shown where not all fit."""
        self.settings.edit(replace(self.settings.value, by=by), "Choose other maps")

    def choose_class(self, index: int | None) -> None:
        """The class that is asked about; None: the first."""
        self.settings.edit(replace(self.settings.value, target=index), "Ask about another class")

    def tint_by(self, tint: Tint) -> None:
        """What the colour of a column's head stands for."""
        self.settings.edit(replace(self.settings.value, tint=tint), "Colour by another cost")

    def switch(self, column: str, channels: tuple[int, ...]) -> None:
        """Maps of a column off, or on again; (−1,) for all of it."""
        view, model = self.view, self.context.workspace.model
        found = view.column(column) if view is not None else None
        if model is None or found is None:
            return
        new = self.muted.value.switched(model.id, found.path, channels)
        try:
            if new.maps:
                MutedModel(model, mutes(new.of(model.id)))
        except UserError as error:
            self.context.report(error)
            return
        off = len(new.maps) > len(self.muted.value.of(model.id))
        self.muted.edit(new, "Mute a map" if off else "Let a map speak again")

    def all_on(self) -> None:
        """Nothing is off any more."""
        if self.muted.value.maps:
            self.muted.edit(MutedMaps(), "Let all maps speak again")

    def is_off(self, column: LayerColumn, channel: int) -> bool:
        """Whether a map is off."""
        model = self.context.workspace.model
        off = self.muted.value.of(model.id) if model is not None else ()
        return (column.path, channel) in off or (column.path, -1) in off

    def point(self, column: str | None, channel: int = 0) -> None:
        """The pointer is on a map, or on none: what it is made of is lit."""
        pointed = None if column is None else (column, channel)
        if pointed != self._pointed:
            self._pointed = pointed
            self._light()

    def select(self, column: str, channel: int) -> None:
        """Hold a map: what it is made of stays lit."""
        model = self.context.workspace.model
        if model is not None:
            self.selection.set(MapInNetwork(model.id, column, channel))

    def release(self) -> None:
        """Hold none."""
        self.selection.set(MapInNetwork())

    @property
    def shown_map(self) -> tuple[str, int] | None:
        """The map whose making is lit: the pointed one, else the held one."""
        if self._pointed is not None:
            return self._pointed
        held, model, view = self.selection.value, self.context.workspace.model, self.view
        if model is None or view is None or held.model != model.id or view.column(held.column) is None:
            return None
        return held.column, held.channel

    def rank(self, column: str) -> None:
        """Which maps of a column the class needs most, by muting each alone."""
        view = self.view
        found = view.column(column) if view is not None else None
        if view is None or found is None or view.target is None:
            return
        target, given = ScoreTarget(view.target), view.found
        self.context.submit(
            "engine",
            lambda task: ablation(given, found.path, target, task),
            f"Muting each map of {found.title}",
            self._show_ranking,
            key="layers.network.rank",
        )

    def set_up_figure(self, settings: FigureSettings) -> None:
        """How the figure is drawn, and what stands under its blocks."""
        self.figure.edit(settings, "Set up the figure")

    def save_figure(self) -> Callable[[Path, Task], None] | None:
        """What writes the network as it is on show as a figure; None while there is none."""
        view, settings = self.view, self.figure.value
        if view is None:
            return None
        labels = settings.of(view.request.model.id)

        def write(path: Path, task: Task) -> None:
            # Nobody needs these before a figure is saved.
            from convscope.engine.interpret.network.illustrate import content, most_important
            from convscope.engine.models.figure.network_figure import FigureStyle, network_figure
            from convscope.engine.models.figure.writers import save_figure

            style = FigureStyle(settings.dark, settings.scale, labels)
            shown = None
            if settings.maps:
                by_class = view.request.settings.by == "class" and view.target is not None
                target = ScoreTarget(view.target) if by_class and view.target is not None else None
                shown = content(most_important(view.found, view.columns, style, target, task))
            save_figure(path, network_figure(view.columns, style, shown))

        return write

    # -- what is asked and what comes ------------------------------------------------------------------------

    def asked(self) -> NetworkRequest | None:
        """What the workspace, the parts and the view say now."""
        workspace = self.context.workspace
        model = workspace.model
        if model is None or min(self._size[:2]) < 80:
            return None
        off = self.muted.value.of(model.id)
        request = NetworkRequest(model, workspace.image, self.settings.value, off, self._size)
        view = self.view
        if view is None or view.request.frame != request.frame:
            return request
        # A live picture, or maps that go off: those on show stay.
        live = view.request.image.id == request.image.id or view.request.off != off
        return replace(request, keep=view.chosen) if live else request

    def request(self, *_: object) -> None:
        """Make the picture that is asked for now, if anybody looks."""
        request = self.asked()
        if not self.active or request is None:
            return
        before, self._requested = self._requested, request
        cache = self._cache
        another = before is None or before.frame != request.frame
        self.context.jobs.submit(
            "engine",
            lambda task: compute(request, cache, task),
            title=f"Looking at all of {request.model.name}",
            key=PICTURE,
            supersede="cancel" if another else "finish",
            quiet=self.view is not None,
            on_done=self._show,
            on_partial=self._show,
            on_failed=lambda error: self._failed(error, request),
        )

    def _show(self, view: NetworkFrame) -> None:
        requested, model = self._requested, self.context.workspace.model
        if requested is None or model is not view.request.model or view.request.frame != requested.frame:
            return
        self.view = view
        self.problem_changed.emit("")
        self.view_changed.emit(view)
        self._light()
        self._request_costs(view)
        request_trace(self.context, view.request.model)

    def _failed(self, error: BaseException, request: NetworkRequest) -> None:
        if request is not self._requested:
            return
        if isinstance(error, UserError):
            self.view = None
            self.problem_changed.emit(error.message)
            self.lit.emit(None)
        else:
            self.context.report(error)

    def _model_changed(self, model: OpenedModel | None) -> None:
        self.context.jobs.cancel_key(PICTURE)
        self.view, self._pointed, self._costed = None, None, None
        if model is not None:
            self._cache.forget(model)
        self._show_costs(())
        self.lit.emit(None)
        self.request()

    def _settings_changed(self, _settings: NetworkSettings) -> None:
        if self.view is not None:
            self._request_costs(self.view)
        self.request()

    def _light(self, *_: object) -> None:
        """What the map that is pointed at, or held, is made of."""
        shown, view = self.shown_map, self.view
        if shown is None or view is None:
            self.context.jobs.cancel_key("layers.network.lit")
            self.lit.emit(None)
            return
        column, channel = view.column(shown[0]), shown[1]
        if column is None:
            return
        found, all_ = view.found, view.columns
        is_class = column is all_[-1] and found.model.has_head

        def work(task: Task) -> MadeOf | ClassPath | None:
            try:
                if is_class:
                    return class_path(found, all_, ScoreTarget(channel), task)
                return made_of(found, all_, column, channel)
            except UserError:
                # A layer that cannot be followed back lights nothing.
                return None

        def done(told: MadeOf | ClassPath | None) -> None:
            if self.view is view and self.shown_map == shown:
                self.lit.emit(told)

        self._submit("lit", "Following a map back", work, done)

    def _request_costs(self, view: NetworkFrame) -> None:
        if self.settings.value.tint == "category" or self._costed == (view.request.model.id, view.columns):
            return
        self._costed = (view.request.model.id, view.columns)
        found, all_ = view.found, view.columns
        self._submit("costs", "Timing the layers", lambda task: costs(found, all_, task), self._show_costs)

    def _show_costs(self, told: tuple[ColumnCost, ...]) -> None:
        self.costs = told
        self.costs_changed.emit(told)

    def _show_ranking(self, told: Ablation) -> None:
        self.ranked.emit(told)

    def _submit(self, key: str, title: str, work: Callable[[Task], Any], done: Callable[[Any], None]) -> None:
        self.context.jobs.submit(
            "view",
            work,
            title=title,
            key=f"{PICTURE}.{key}",
            quiet=True,
            on_done=done,
            on_failed=self.context.report,
        )
