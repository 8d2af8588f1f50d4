"""What is asked of the patterns panel, what grows of it, and what of that is on show. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.engine.interpret.feature_visualization.contact_sheet import sheet_layers
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import AscentFrame, Pattern
from convscope.ui.panels.patterns.grown import Evolution, Grown, PatternDetail
from convscope.ui.panels.patterns.growth import GridRequest, Growth, LargeRequest
from convscope.ui.panels.patterns.options import (
    ALL_CLASSES,
    CLASS_SHOWS,
    SHEET_COUNT,
    LargePicture,
    PatternOptions,
    PatternSelection,
    PatternSubject,
    SourceName,
    caption,
    change_words,
    filters_of,
    first_layer,
    grid_objectives,
    grid_settings,
    has_maps,
    large_objectives,
    large_settings,
    proportion,
    sheet_settings,
    shown_classes,
)
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image
    from convscope.ui.panel_context import PanelContext

MARK = " · "


@dataclass(frozen=True)
class Grid:
    """What the centre shows: tiles that patterns grow on, or the contact sheet.

    Attributes:
        title, facts: in words.
        captions: one a tile.
        proportion: the height of a tile by its width.
        sheet: the contact sheet is on show instead.
    """

    title: str = ""
    facts: str = ""
    captions: tuple[str, ...] = ()
    proportion: float = 1.0
    sheet: bool = False


@dataclass(frozen=True)
class Offered:
    """What there is to choose from.

    Attributes:
        noun: what the network puts out a row of: "class" or "value".
        filters: of the layer, or classes of the network.
        chosen: one of these.
        maps: the layer puts out maps, of which one neuron can be chosen.
    """

    noun: str = "class"
    filters: int = 1 << 30
    chosen: int = 0
    maps: bool = True


@dataclass(frozen=True)
class StepCounts:
    """Steps in force: of the grid (or the sheet), of the large picture, and of what is shown large now."""

    grid: int = 0
    large: int = 0
    shown: int = 0


@dataclass(frozen=True)
class PatternFolds:
    """What a person has unfolded: more options."""

    more: bool = False


class PatternsViewModel:
    """Turns what is open, chosen and set into requests, and keeps what has grown.

    While nobody looks, nothing begins.

    Attributes:
        growth: what grows now.
        grown: what can be saved.
        grid, detail: what is on show.
        objectives: of the grid's tiles.
        offered, steps: what the controls say beside the options.

    Signals:
        model_changed: another network, or None; before what follows from it.
        settings_changed: the options, what there is to choose from, or the steps in force.
        source_changed: "layers" or "classes", of which patterns are shown now.
        grid_changed: another `Grid` begins; its tiles are blank.
        facts_changed: the grid's words.
        tile_changed: a tile's number, its picture and its caption or None.
        selected_changed: the tile with the ring.
        detail_changed: what is shown large.
        sheet_changed: the contact sheet so far (None: nothing yet), how many layers it has, and will have.
        problem_changed: why there is nothing to see, in a sentence; "" when there is.
    """

    model_changed = Signal(object)
    settings_changed = Signal()
    source_changed = Signal(str)
    grid_changed = Signal(object)
    facts_changed = Signal(str)
    tile_changed = Signal(int, object, object)
    selected_changed = Signal(int)
    detail_changed = Signal(object)
    sheet_changed = Signal(object, int, int)
    problem_changed = Signal(str)

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self.growth = Growth(context)
        self.grown, self.grid, self.detail = Grown(), Grid(), PatternDetail()
        self.objectives: tuple[Objective, ...] = ()
        self.offered, self.steps = Offered(), StepCounts()
        self.active = False
        self.problem = self._own_problem = ""
        part = context.workspace.part
        self.options_part = part("patterns.options", PatternOptions(), "patterns")
        self._source: Part[SourceName] = part("patterns.source", "layers", "patterns", kind=SourceName)
        # Of several images of one filter, and of those between two, which is shown large.
        self._tile = part("patterns.tile", 0, "patterns")
        self._large_part: Part[LargePicture | None] = part(
            "patterns.large", None, "patterns", kind=LargePicture | None
        )
        self.layer_search = part("patterns.search.layers", "", "patterns")
        self.class_search = part("patterns.search.classes", "", "patterns")
        self.folds = part("patterns.folds", PatternFolds(), "patterns")
        # What a person chose of the current model, and the models of which something was chosen.
        self._selection: Part[PatternSelection] | None = None
        self._chosen_of: set[str] = set()
        self._asked: tuple[GridRequest, bool] | None = None
        # Before a large picture was asked for, the chosen tile of the grid is shown large.
        self._large: LargeRequest | None = None
        # The id of the image that the large picture started from.
        self._started_from = ""
        # The step that a picture was last continued to.
        self._continued: int | None = None
        self._stale = True
        self._listen()
        self._show_model(context.workspace.model)

    def _listen(self) -> None:
        listen, workspace, growth = self.context.listen, self.context.workspace, self.growth
        listen(workspace.model_changed, self._show_model)
        listen(workspace.layer_changed, self._show_layer)
        listen(workspace.image_changed, self._image_changed)
        listen(workspace.history_changed, self._forget_gone)
        listen(self.context.predictor.changed, self._predicted)
        listen(self.options_part.changed, self._options_changed)
        listen(self._source.changed, self._source_turned)
        listen(self._tile.changed, self._selection_changed)
        listen(self._large_part.changed, self._follow_large)
        listen(self.folds.changed, self._folds_changed)
        self.context.ending.call(lambda: self._follow_selection(None))
        growth.grid_frame.connect(self._show_tiles)
        growth.grid_done.connect(self._grid_done)
        growth.large_frame.connect(self._show_large)
        growth.large_ended.connect(self._large_ended)
        growth.sheet_changed.connect(self._show_sheet)
        growth.problem_changed.connect(self._tell_problem)

    # -- what is asked ---------------------------------------------------------------------------------------

    @property
    def source(self) -> SourceName:
        """Of what patterns are shown; a network without classes leaves no choice."""
        model = self.context.workspace.model
        return self._source.value if model is None or model.has_head else "layers"

    @property
    def options(self) -> PatternOptions:
        """What is wanted, of those things that there are."""
        options = self.options_part.value
        if options.other >= max(1, self.offered.filters):
            options = replace(options, other=max(0, self.offered.filters - 1))
        if self.source == "classes" and options.show not in CLASS_SHOWS:
            return replace(options, show="16")
        return options

    @property
    def selected(self) -> int:
        """The tile that is shown large."""
        if self.options.show in ("several", "between"):
            return max(0, min(self._tile.value, len(self.objectives) - 1))
        model = self.context.workspace.model
        chosen = self._subject(model).chosen if model is not None else 0
        return next((n for n, objective in enumerate(self.objectives) if objective.index == chosen), 0)

    @property
    def large_wanted(self) -> LargeRequest | None:
        """The large picture of what is chosen and set now; None where nothing can be chosen."""
        model = self.context.workspace.model
        if model is None or not self.objectives:
            return None
        return self._large_request(model, self.objectives[self.selected])

    def set_active(self, active: bool) -> None:
        """Catch up with what happened while another panel was shown."""
        self.active = active
        if active:
            if self._stale:
                self._request()
            self._follow_image()

    def edit(self, **changes: Any) -> None:
        """Change the options, as a person does; it can be taken back."""
        options = replace(self.options_part.value, **changes)
        label, merge = change_words(self.options_part.value, options)
        self.options_part.edit(options, label, merge)

    def edit_settings(self, **changes: Any) -> None:
        """Change some of the settings."""
        self.edit(settings=replace(self.options_part.value.settings, **changes))

    def set_aim(self, aim: str) -> None:
        """What is excited. DeepDream of noise is a texture; it is meant for pictures."""
        self.edit(aim=aim, from_image=aim == "layer")

    def unfold_options(self, more: bool) -> None:
        """Show the options that few need, or hide them."""
        self.folds.set(replace(self.folds.value, more=more))

    def show_source(self, name: SourceName) -> None:
        """Turn to the patterns of layers or of classes."""
        model = self.context.workspace.model
        if name != self.source and model is not None and model.has_head:
            self._source.edit(name, f"Show the {name}")

    def dream(self) -> None:
        """DeepDream: the current image, with all that the layer answers to made stronger."""
        self.show_source("layers")
        self.edit(aim="layer", from_image=True)

    def choose_tile(self, number: int) -> None:
        """Have a tile's pattern grow large."""
        model = self.context.workspace.model
        if model is None or not self.objectives:
            return
        objective = self.objectives[number]
        if self.options.show in ("several", "between"):
            self._tile.set(number)
        elif self._choose(model, objective):
            return
        self._grow_large(anew=False)

    def choose_class(self, index: int) -> None:
        """Have a class's pattern grow large, in the grid of those that were chosen."""
        model = self.context.workspace.model
        if model is None or self._choose(model, Objective.class_(index), listed=True):
            return
        if self.options.show != "several":
            self.selected_changed.emit(self.selected)
            self._grow_large(anew=False)

    def choose_on_sheet(self, row: int, column: int) -> None:
        """Have the pattern grow large that lies at a pixel of the contact sheet."""
        found = self.growth.on_sheet(row, column)
        if found is not None:
            self.show_source("layers")
            self.context.workspace.choose_layer(found[0])
            self.choose_tile(found[1])

    def start_large(self) -> None:
        """Grow the chosen pattern from the start."""
        self._grow_large(anew=self._large is not None)

    def continue_large(self) -> None:
        """Grow on from where it stands: to the planned step, or as many again."""
        state, request = self.growth.large_state, self.large_wanted
        if state is None or request is None:
            return
        settings, model = request.settings, request.model
        if state.step >= settings.steps_for(model):
            settings = replace(settings, steps=state.step + settings.steps_for(model))
        elif self._continued is not None and self._continued > state.step:
            settings = replace(settings, steps=self._continued)
        self._continued = settings.steps_for(model)
        self.growth.grow_large(replace(request, settings=settings, state=state))
        self._show_detail(growing=True, continues=False, stopped=False)

    # -- the workspace's events ------------------------------------------------------------------------------

    def _show_model(self, model: OpenedModel | None) -> None:
        self._forget()
        self.growth.stop_sheet()
        self._follow_selection(model)
        self._say("")
        self.model_changed.emit(model)
        self.source_changed.emit(self.source)
        self.settings_changed.emit()
        if model is not None:
            self._show_layer(self.context.workspace.layer)
            if not self.objectives:
                # Which classes are shown is known once the image is classified; till then, none.
                self._begin_nothing()

    def _show_layer(self, _path: str | None) -> None:
        if self.source == "layers":
            self._request()

    def _image_changed(self, image: Image) -> None:
        # A live picture's next frame would begin anew what never ended: it waits its turn.
        if not (self.growth.growing and image.id == self._started_from):
            self._follow_image()

    def _follow_image(self) -> None:
        """What starts from the current image starts from the one of now, if anybody looks."""
        request = self.large_wanted if self.options.from_image and self._large is not None else None
        if request is not None and not request.same(self._large) and self.active:
            self._grow_large(anew=False)

    def _predicted(self, _predicted: object) -> None:
        # The grid of classes begins with those of the image, but a person who watches one is left alone.
        if self.source == "classes" and self._large is None:
            self._request()

    # -- what is set and chosen, by a person here, by undo or redo -------------------------------------------

    def _options_changed(self, _options: PatternOptions) -> None:
        self.settings_changed.emit()
        asked = self._asked
        self._request()
        request = self.large_wanted
        # What concerns the large picture alone is shown there at once.
        if self._asked is asked and request is not None and not request.same(self._large) and self.active:
            self._grow_large(anew=False)

    def _folds_changed(self, _folds: PatternFolds) -> None:
        self.settings_changed.emit()

    def _source_turned(self, _name: str) -> None:
        self.source_changed.emit(self.source)
        self.settings_changed.emit()
        self._request()

    def _selection_changed(self, _value: object) -> None:
        self._request()
        if not self._stale and self.objectives:
            self.selected_changed.emit(self.selected)
            self._follow_large()

    def _follow_large(self, _value: object = None) -> None:
        """Grow the large picture that was asked for of what is chosen now; or show the tile alone."""
        request = self.large_wanted
        if request is None or not self.active:
            return
        if self._large_part.value != self._picture(request):
            if self._large is not None:
                self._leave_large()
        elif not request.same(self._large):
            self._grow_large(anew=False)

    @property
    def _chosen(self) -> PatternSelection:
        model = self.context.workspace.model
        if self._selection is None or model is None:
            return PatternSelection()
        return self._selection.value.of(model.answer.name)

    def _choose(self, model: OpenedModel, objective: Objective, *, listed: bool = False) -> bool:
        """Choose a filter or a class by a step of undo, and have it grow large; False if it is chosen."""
        chosen, index = self._chosen, objective.index
        if objective.kind == "class":
            classes = chosen.classes
            if listed:
                classes = (index, *(each for each in classes if each != index))[:ALL_CLASSES]
            wanted = replace(chosen, class_=index, classes=classes)
        elif index != self._subject(model).chosen:
            wanted = replace(chosen, layer=objective.path, filter=index)
        else:
            wanted = chosen
        if self._selection is None or wanted == chosen:
            return False
        changes: dict[Part[Any], Any] = {self._selection: wanted}
        if self.options.show not in ("several", "between"):
            negative = replace(objective, negative=self.options.side == "negative")
            changes[self._large_part] = self._picture(self._large_request(model, negative))
        noun = model.answer.noun if objective.kind == "class" else "filter"
        self.context.workspace.edit(changes, f"Choose {noun} {index}")
        return True

    def _follow_selection(self, model: OpenedModel | None) -> None:
        """What is chosen of another model."""
        if self._selection is not None:
            self._selection.changed.disconnect(self._selection_changed)
            self._selection = None
        if model is not None:
            self._selection = self.context.workspace.part(
                _selection_name(model.id), PatternSelection(), "patterns"
            )
            self._selection.changed.connect(self._selection_changed)
            self._chosen_of.add(model.id)

    def _forget_gone(self) -> None:
        """What was chosen of models that were closed for good goes with them."""
        document = self.context.workspace.document
        for gone in [one for one in self._chosen_of if document.known(one) is None]:
            self._chosen_of.discard(gone)
            document.drop(_selection_name(gone))

    # -- asking ----------------------------------------------------------------------------------------------

    def _subject(self, model: OpenedModel) -> PatternSubject:
        chosen = self._chosen
        if self.source == "classes":
            guess = self.context.predictor.prediction
            shown = shown_classes(model.head.classes, chosen.classes, guess)
            return PatternSubject(None, chosen.class_, shown)
        layer = self.context.workspace.layer
        return PatternSubject(layer, chosen.filter if layer == chosen.layer else 0)

    def _large_request(self, model: OpenedModel, objective: Objective) -> LargeRequest:
        options = self.options
        start = self.context.workspace.image.pixels if options.from_image else None
        return LargeRequest(
            model, large_objectives(model, objective, options), large_settings(model, options), start
        )

    def _picture(self, request: LargeRequest) -> LargePicture:
        sheet = self.options.show == "sheet"
        return LargePicture(request.model.id, request.objectives, request.settings, sheet)

    def _request(self) -> None:
        """Ask for the grid that is to be seen now, if anybody looks."""
        workspace = self.context.workspace
        model = workspace.model
        self._stale = not self.active
        if self._stale or model is None:
            return
        if workspace.layer is None and self.source == "layers":
            first = first_layer(model)
            if first is not None:
                workspace.choose_layer(first)
            return
        try:
            self._begin(model)
        except UserError as error:
            self._forget()
            self._begin_nothing()
            self._say(error.message)

    def _forget(self) -> None:
        """Nothing is asked for, nothing grows."""
        self.growth.stop_grid()
        self.growth.stop_large()
        self.growth.large_state = None
        self._asked = self._large = None
        self.objectives = ()
        self.grown = Grown(self.grown.name, sheet=self.grown.sheet)
        self._clear_detail()

    def _begin_nothing(self) -> None:
        self.grid = replace(self.grid, captions=())
        self.grid_changed.emit(self.grid)

    def _begin(self, model: OpenedModel) -> None:
        subject = self._subject(model)
        classes = subject.path is None
        count = model.head.classes if classes else filters_of(model, subject.path)
        maps = has_maps(model, subject.path)
        self.offered = Offered(model.answer.noun, count, subject.chosen, maps)
        self.settings_changed.emit()
        options = self.options
        objectives = grid_objectives(model, subject, options)
        objectives[0].check(model)
        self._say("")
        request = GridRequest(model, objectives, grid_settings(model, options, classes))
        sheet = options.show == "sheet"
        if self._asked is not None and (request, sheet) == self._asked:
            self._count_steps()
            return
        self._forget()
        self._asked, self.objectives = (request, sheet), objectives
        self._count_steps()
        self.grown.name = f"{model.name}-{(subject.path or 'classes').replace('/', '-')}"
        # The large one takes more.
        each = f"{MARK}{self.steps.grid} steps each" if self.steps.grid != self.steps.large else ""
        if sheet:
            self.grid = Grid("Every layer", f"{SHEET_COUNT} filters of each{each}", sheet=True)
            self.grid_changed.emit(self.grid)
            self.detail = PatternDetail(hint="Click a pattern on the sheet: it grows large here.")
            settings = sheet_settings(model, options)
            if not self.growth.has_sheet(model, settings):
                self.grown.sheet = None
                self.sheet_changed.emit(None, 0, len(sheet_layers(model)))
            self.growth.grow_sheet(model, settings)
        else:
            what = model.answer.words if classes else f"{count:,} filters"
            captions = tuple(caption(model, objective, options) for objective in objectives)
            self.grid = Grid(subject.path or _title(model), f"{what}{each}", captions, proportion(model))
            self.growth.stop_sheet()
            self.grid_changed.emit(self.grid)
            self.growth.grow_grid(request)
            self.detail = PatternDetail(self._large_title())
        self.detail_changed.emit(self.detail)
        self._follow_large()

    def _count_steps(self) -> None:
        """How many steps are in force."""
        model, options = self.context.workspace.model, self.options
        if model is None or self._asked is None:
            return
        request, sheet = self._asked
        grid = (sheet_settings(model, options) if sheet else request.settings).steps_for(model)
        large = large_settings(model, options).steps_for(model)
        self.steps = StepCounts(grid, large, grid if self._large is None else large)
        self.settings_changed.emit()

    def _large_title(self) -> str:
        request = self.large_wanted
        return request.objectives[0].words(request.model) if request is not None else ""

    def _grow_large(self, anew: bool) -> None:
        request = self.large_wanted
        if request is None:
            return
        self._large, self._continued = request, None
        self._started_from = self.context.workspace.image.id
        self._large_part.set(self._picture(request))
        self._count_steps()
        self._show_rough()
        self.growth.grow_large(replace(request, anew=anew))
        self._show_detail(growing=True, continues=False)

    def _leave_large(self) -> None:
        """The tile is shown large again."""
        self.growth.stop_large()
        self.growth.large_state = self._large = None
        self._count_steps()
        self._show_rough()
        pattern = self.grown.finished.get(self.selected)
        if pattern is not None:
            self.grown.pixels, self.grown.large = pattern.pixels, (pattern,)
            self._show_detail(
                patterns=(pattern,), curves=(pattern.curve,), steps=len(pattern.curve), begun=True
            )

    # -- what has grown --------------------------------------------------------------------------------------

    def _show_rough(self) -> None:
        """A tile's own picture, until the large one has its first frame."""
        self.grown.evolution = Evolution()
        pattern = self.grown.finished.get(self.selected)
        self.detail = PatternDetail(self._large_title(), (pattern.pixels,) if pattern is not None else ())
        self.detail_changed.emit(self.detail)

    def _show_tiles(self, frame: AscentFrame) -> None:
        """A frame of the grid; one of its tiles may be shown large as well."""
        for place, number in enumerate(frame.numbers):
            if number < len(self.objectives):
                self._show_tile(number, frame, place)
        large = self.selected if self._large is None else None
        if large is None or large not in frame.numbers:
            return
        place = frame.numbers.index(large)
        self._take_frame(frame, range(place, place + 1))

    def _show_tile(self, number: int, frame: AscentFrame, place: int) -> None:
        words = None
        if frame.patterns:
            pattern = self.grown.finished[number] = frame.patterns[place]
            if pattern.flat:
                words = f"{self.grid.captions[number]}{MARK}{'dead' if pattern.dead else 'flat'}"
        self.tile_changed.emit(number, frame.pixels[place], words)

    def _grid_done(self, patterns: tuple[Pattern, ...]) -> None:
        self.grown.grid = patterns
        dead = sum(bool(pattern.dead) for pattern in patterns)
        flat = sum(pattern.flat for pattern in patterns) - dead
        facts = self.grid.facts
        if dead:
            facts += f"{MARK}{dead} of these {'is' if dead == 1 else 'are'} dead"
        if flat:
            facts += f"{MARK}{flat} of these {'stays' if flat == 1 else 'stay'} flat"
        self.grid = replace(self.grid, facts=facts)
        self.facts_changed.emit(facts)

    def _show_large(self, frame: AscentFrame) -> None:
        self.grown.evolution.add(frame.pixels[0])
        self._take_frame(frame, range(len(frame.pixels)))

    def _take_frame(self, frame: AscentFrame, numbers: range) -> None:
        self.detail = self.detail.with_frame(frame, numbers)
        self.grown.pixels, self.grown.large = self.detail.pictures[0], self.detail.patterns
        self.detail_changed.emit(self.detail)

    def _large_ended(self, whole: bool) -> None:
        if whole and self.options.from_image:
            # A live picture has moved on meanwhile.
            self._follow_image()
        if not self.growth.growing:
            continues = self.growth.large_state is not None
            self._show_detail(growing=False, continues=continues, stopped=not whole)

    def _show_sheet(self, picture: NDArray[np.uint8], count: int) -> None:
        self.grown.sheet = picture
        model = self.context.workspace.model
        self.sheet_changed.emit(picture, count, len(sheet_layers(model)) if model is not None else count)

    # -- telling ---------------------------------------------------------------------------------------------

    def _show_detail(self, **changes: Any) -> None:
        self.detail = replace(self.detail, **changes)
        self.detail_changed.emit(self.detail)

    def _clear_detail(self) -> None:
        self.detail = PatternDetail(self.detail.title)
        self.detail_changed.emit(self.detail)

    def _say(self, own: str) -> None:
        self._own_problem = own
        self._tell_problem()

    def _tell_problem(self, _sentence: str = "") -> None:
        problem = self._own_problem or self.growth.problem
        if problem != self.problem:
            self.problem = problem
            self.problem_changed.emit(problem)


def _title(model: OpenedModel) -> str:
    """Of the grid of what the network puts out."""
    what = "Classes" if model.has_classes else "Values"
    return f"{what} of {model.answer.name}" if model.others else what


def _selection_name(model_id: str) -> str:
    return f"patterns.selection.{model_id}"
