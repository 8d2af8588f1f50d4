"""Patterns: what the filters, neurons, classes and layers of the current model want to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.engine.interpret.feature_visualization.contact_sheet import sheet_layers
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import AscentFrame
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.actions import Command
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.patterns.commands import commands
from convscope.ui.panels.patterns.controller import Controller, GridAsk, LargeAsk
from convscope.ui.panels.patterns.grown import Grown
from convscope.ui.panels.patterns.middle import Middle
from convscope.ui.panels.patterns.output import Output
from convscope.ui.panels.patterns.portrait import Portrait
from convscope.ui.panels.patterns.source import Source
from convscope.ui.panels.patterns.wish import (
    ALL_CLASSES,
    SHEET_COUNT,
    Chosen,
    Subject,
    Wish,
    caption,
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
from convscope.ui.widgets.fold import Fold
from convscope.ui.widgets.no_model import NoModelPage
from convscope.ui.window.visible import predict_while_visible
from convscope.workspace.document import Part


class PatternsPanel(Panel):
    """A grid of patterns that grow together, and one of them large."""

    name = "patterns"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self.controller = Controller(context, self)
        self.output = Output(context, self)
        self._objectives: tuple[Objective, ...] = ()
        self._selected = 0
        # What a person chose of the current model.
        self._choice: Part[Chosen] | None = None
        self._quiet = False
        self._source = context.workspace.part("patterns.source", "layers", "patterns")
        self._asked: tuple[GridAsk, bool] | None = None
        # Before a large picture was asked for, the chosen tile of the grid is shown large.
        self._large: LargeAsk | None = None
        # The id of the image that the large picture started from.
        self._started_from = ""
        # The models of which something was chosen.
        self._choices: set[str] = set()
        # The step that a picture was last continued to.
        self._continued: int | None = None
        self._stale = True
        self._build()
        self._connect()
        self._model_changed(context.workspace.model)

    # -- what scripts and the window ask ---------------------------------------------------------------------

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Those of the grid."""
        return self._objectives

    @property
    def wish(self) -> Wish:
        """All settings."""
        return self.controls.wish

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        return commands(self)

    def set_compact(self, compact: bool) -> None:
        """Fold the large picture away where there is no room for it."""
        self.fold.set_compact(compact)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width."""
        super().resizeEvent(event)
        self.fold.fit(self.width())

    def toggle_large(self) -> None:
        """Show the large picture beside the grid, or give the grid its room."""
        self.fold.toggle()

    def shutdown(self) -> None:
        """Take no more events and stop what grows."""
        workspace = self.context.workspace
        workspace.model_changed.disconnect(self._model_changed)
        workspace.layer_changed.disconnect(self._layer_changed)
        workspace.image_changed.disconnect(self._image_changed)
        workspace.history_changed.disconnect(self._forget_gone)
        self._follow_choice(None)
        self._source.changed.disconnect(self.source.show_source)
        self.controls.shutdown()
        self.context.predictor.changed.disconnect(self._predicted)
        self.controller.shutdown()
        super().shutdown()

    def start_large(self) -> None:
        """Grow the chosen pattern from the start."""
        self._grow_large(anew=self._large is not None)

    def continue_large(self) -> None:
        """Grow on from where it stands: to the planned step, or as many again."""
        state, model = self.controller.large_state, self.context.workspace.model
        ask = self._large_ask()
        if state is None or ask is None or model is None:
            return
        settings = ask.settings
        if state.step >= settings.steps_for(model):
            settings = replace(settings, steps=state.step + settings.steps_for(model))
        elif self._continued is not None and self._continued > state.step:
            settings = replace(settings, steps=self._continued)
        self._continued = settings.steps_for(model)
        self.controller.grow_large(replace(ask, settings=settings, state=state))
        self.portrait.show_growing(True, False)

    def dream(self) -> None:
        """DeepDream: the current image, with all that the layer answers to made stronger."""
        self.source.show_source("layers")
        self.controls.edit(aim="layer", from_image=True)

    # -- building --------------------------------------------------------------------------------------------

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.pages = QStackedWidget()
        outer.addWidget(self.pages)
        self.pages.addWidget(
            NoModelPage(
                self.context,
                "patterns",
                "What every filter wants to see",
                "Open a network to let the images grow that excite its filters and classes most.",
            )
        )
        whole = QWidget()
        self.pages.addWidget(whole)
        across = QHBoxLayout(whole)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        self.source = Source()
        across.addWidget(self.source)
        wish = self.context.workspace.part("patterns.wish", Wish(), "patterns")
        self.middle = Middle(wish, self.output.button, self.toggle_large)
        self.controls, self.grid = self.middle.controls, self.middle.grid
        across.addWidget(self.middle, 1)
        self.portrait = Portrait()
        across.addWidget(self.portrait)
        self.fold = Fold(self.source, self.portrait, self.middle.fold)
        self.grown = Grown(self.middle, self.portrait, self.output)

    def _connect(self) -> None:
        workspace, controller = self.context.workspace, self.controller
        workspace.model_changed.connect(self._model_changed)
        workspace.layer_changed.connect(self._layer_changed)
        workspace.image_changed.connect(self._image_changed)
        workspace.history_changed.connect(self._forget_gone)
        self.context.predictor.changed.connect(self._predicted)
        predict_while_visible(self.context.predictor, self.source.classes)
        self.source.layer_chosen.connect(workspace.choose_layer)
        self.source.class_chosen.connect(self._choose_class)
        self.source.source_changed.connect(self._source_changed)
        self._source.changed.connect(self.source.show_source)
        self.controls.changed.connect(self._wish_changed)
        self.grid.chosen.connect(self._choose_tile)
        self.middle.sheet.clicked.connect(self._choose_on_sheet)
        controller.grid_frame.connect(self._show_tiles)
        controller.grid_done.connect(self.grown.end_grid)
        controller.large_frame.connect(self.grown.show_large)
        controller.large_ended.connect(self._large_ended)
        controller.sheet_changed.connect(self._show_sheet)
        controller.held.connect(self.middle.go_on.setVisible)
        self.middle.go_on.clicked.connect(controller.go_on)
        controller.problem_changed.connect(self.middle.show_problem)
        portrait = self.portrait
        portrait.started.connect(self.start_large)
        portrait.stopped.connect(controller.stop_large)
        portrait.continued.connect(self.continue_large)
        portrait.aim_changed.connect(self._aim_changed)
        portrait.side_changed.connect(lambda side: self.controls.edit(side=side))

    # -- the workspace's events ------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while another panel was shown."""
        super().showEvent(event)
        if self._stale:
            self._request()
        self._follow_image()

    def _model_changed(self, model: OpenedModel | None) -> None:
        self._forget()
        self.controller.stop_sheet()
        self.pages.setCurrentIndex(0 if model is None else 1)
        self.source.set_model(model)
        self._follow_choice(model)
        self.middle.show_problem("")
        if model is not None:
            self._layer_changed(self.context.workspace.layer)
            if not self._objectives:
                # Which classes are shown is known once the image is classified; till then, none.
                self.middle.begin_grid((), 0)

    def _layer_changed(self, path: str | None) -> None:
        self.source.set_layer(path)
        if self.source.value == "layers":
            self._begin_layer()
            self._request()

    def _image_changed(self, image: Image) -> None:
        # A live picture's next frame would begin anew what never ended: it waits its turn.
        if not (self.controller.growing and image.id == self._started_from):
            self._follow_image()

    def _follow_image(self) -> None:
        """What starts from the current image starts from the one of now, if anybody looks."""
        ask = self._large_ask() if self.wish.from_image and self._large is not None else None
        if ask is not None and not ask.same(self._large) and self.isVisible():
            self._grow_large(anew=False)

    def _source_changed(self, name: str) -> None:
        model = self.context.workspace.model
        if model is not None and model.has_head:
            self._source.edit(name, f"Show the {name}")
        else:
            # A network without classes leaves no choice.
            self._source.set(name)
        self.controls.set_source(name)
        self._request()

    # -- what is chosen, of each model -----------------------------------------------------------------------

    @property
    def _chosen(self) -> Chosen:
        model = self.context.workspace.model
        if self._choice is None or model is None:
            return Chosen()
        return self._choice.value.of(model.answer.name)

    def _follow_choice(self, model: OpenedModel | None) -> None:
        """What is chosen of another model."""
        if self._choice is not None:
            self._choice.changed.disconnect(self._choice_changed)
            self._choice = None
        if model is not None:
            self._choice = self.context.workspace.part(_choice_name(model.id), Chosen(), "patterns")
            self._choice.changed.connect(self._choice_changed)
            self._choices.add(model.id)

    def _forget_gone(self) -> None:
        """What was chosen of models that were closed for good goes with them."""
        slots = self.context.workspace.document
        for gone in [one for one in self._choices if slots.known(one) is None]:
            self._choices.discard(gone)
            slots.drop(_choice_name(gone))

    def _begin_layer(self) -> None:
        """Another layer begins at its first filter; that is no step of undo."""
        if self._choice is not None:
            self._quiet = True
            self._choice.set(replace(self._choice.value, filter=0))
            self._quiet = False

    def _choice_changed(self, _chosen: Chosen) -> None:
        """By a person here, by undo or redo."""
        if self._quiet:
            return
        self._request()
        model = self.context.workspace.model
        if self._stale or model is None or not self._objectives or self.wish.show in ("several", "between"):
            return
        self._selected = self._tile_of(self._subject(model))
        self.grid.select(self._selected)
        self._grow_large(anew=False)

    def _predicted(self, _predicted: object) -> None:
        # The grid of classes begins with those of the image, but a person who watches one is left alone.
        if self.source.value == "classes" and self._large is None:
            self._request()

    def _wish_changed(self, _wish: Wish) -> None:
        asked = self._asked
        self._request()
        ask = self._large_ask()
        # What concerns the large picture alone is shown there at once.
        if self._asked is asked and ask is not None and not ask.same(self._large) and self.isVisible():
            self._grow_large(anew=False)

    def _aim_changed(self, aim: str) -> None:
        # DeepDream of noise is a texture; it is meant for pictures.
        self.controls.edit(aim=aim, from_image=aim == "layer")

    # -- asking ----------------------------------------------------------------------------------------------

    def _subject(self, model: OpenedModel) -> Subject:
        if self.source.value == "classes":
            guess = self.context.predictor.prediction
            shown = shown_classes(model.head.classes, self._chosen.classes, guess)
            return Subject(None, self._chosen.class_, shown)
        return Subject(self.context.workspace.layer, self._chosen.filter)

    def _request(self) -> None:
        """Ask for the grid that is to be seen now, if anybody looks."""
        workspace = self.context.workspace
        model = workspace.model
        self._stale = not self.isVisible()
        if self._stale or model is None:
            return
        if workspace.layer is None and self.source.value == "layers":
            first = first_layer(model)
            if first is not None:
                workspace.choose_layer(first)
            return
        try:
            self._begin(model)
        except UserError as error:
            self._forget()
            self.middle.begin_grid((), 0)
            self.middle.show_problem(error.message)

    def _forget(self) -> None:
        """Nothing is asked for, nothing grows."""
        self.controller.stop_grid()
        self.controller.stop_large()
        self.controller.large_state = None
        self._asked = self._large = None
        self._objectives = ()
        self.grown.begin(0)

    def _begin(self, model: OpenedModel) -> None:
        subject = self._subject(model)
        classes = subject.path is None
        count = model.head.classes if classes else filters_of(model, subject.path)
        self.controls.set_filters(count, subject.chosen)
        self.controls.set_noun(model.answer.noun)
        wish = self.wish
        objectives = grid_objectives(model, subject, wish)
        objectives[0].check(model)
        self.portrait.show_wish(wish, layer=subject.path is not None, maps=has_maps(model, subject.path))
        self.middle.show_problem("")
        ask = GridAsk(model, objectives, grid_settings(model, wish, subject.path is None))
        sheet = wish.show == "sheet"
        self.middle.stack.setCurrentIndex(1 if sheet else 0)
        if self._asked is not None and (ask, sheet) == self._asked:
            self._tell_steps()
            return
        self._forget()
        self._asked, self._objectives = (ask, sheet), objectives
        grid, large = self._tell_steps()
        self.grown.begin(len(objectives))
        self.output.name = f"{model.name}-{(subject.path or 'classes').replace('/', '-')}"
        self._selected = self._tile_of(subject)
        what = model.answer.words if classes else f"{count:,} filters"
        # The large one takes more.
        each = f" · {grid} steps each" if grid != large else ""
        if sheet:
            self.middle.show_head("Every layer", f"{SHEET_COUNT} filters of each{each}")
            self.portrait.show_title("")
            self.portrait.clear("Click a pattern on the sheet: it grows large here.")
            settings = sheet_settings(model, wish)
            if not self.controller.has_sheet(model, settings):
                self.grown.begin_sheet(len(sheet_layers(model)))
            self.controller.grow_sheet(model, settings)
        else:
            self.middle.show_head(subject.path or _title(model), f"{what}{each}")
            self.controller.stop_sheet()
            captions = [caption(model, objective, wish) for objective in objectives]
            self.middle.begin_grid(captions, self._selected, proportion(model))
            self.controller.grow_grid(ask)
            self._show_whose()
        self.portrait.show_growing(False, False)

    def _tell_steps(self) -> tuple[int, int]:
        """How many steps are in force: those of the grid (or the sheet), and of the large picture."""
        model, wish = self.context.workspace.model, self.wish
        if model is None or self._asked is None:
            return 0, 0
        ask, sheet = self._asked
        grid = (sheet_settings(model, wish) if sheet else ask.settings).steps_for(model)
        large = large_settings(model, wish).steps_for(model)
        self.controls.set_steps(grid, large, grid if self._large is None else large)
        return grid, large

    def _tile_of(self, subject: Subject) -> int:
        if self.wish.show in ("several", "between"):
            return 0
        return next(
            (n for n, objective in enumerate(self._objectives) if objective.index == subject.chosen), 0
        )

    def _start(self) -> NDArray[np.uint8] | None:
        return self.context.workspace.image.pixels if self.wish.from_image else None

    def _large_ask(self) -> LargeAsk | None:
        model = self.context.workspace.model
        if model is None or not self._objectives:
            return None
        objective = self._objectives[min(self._selected, len(self._objectives) - 1)]
        return LargeAsk(
            model,
            large_objectives(model, objective, self.wish),
            large_settings(model, self.wish),
            self._start(),
        )

    def _grow_large(self, anew: bool) -> None:
        ask = self._large_ask()
        if ask is None:
            return
        self._large, self._continued = ask, None
        self._started_from = self.context.workspace.image.id
        self._tell_steps()
        self._show_whose()
        self.grown.show_rough(self._selected)
        self.controller.grow_large(replace(ask, anew=anew))
        self.portrait.show_growing(True, False)

    # -- what a person does ----------------------------------------------------------------------------------

    def _choose_tile(self, number: int) -> None:
        model = self.context.workspace.model
        if model is None:
            return
        self._selected = number
        objective, chosen = self._objectives[number], self._chosen
        self.fold.unfold()
        if self.wish.show not in ("several", "between"):
            one = {"class_": objective.index} if objective.kind == "class" else {"filter": objective.index}
            wanted = replace(chosen, **one)  # type: ignore[arg-type]
            if wanted != chosen and self._choice is not None:
                self._choice.edit(
                    wanted,
                    f"Choose {model.answer.noun if 'class_' in one else 'filter'} {objective.index}",
                )
                return
        self._grow_large(anew=False)

    def _choose_on_sheet(self, row: int, column: int) -> None:
        found = self.controller.on_sheet(row, column)
        if found is not None:
            self.source.show_source("layers")
            self.context.workspace.choose_layer(found[0])
            self._choose_tile(found[1])

    def _choose_class(self, index: int) -> None:
        model = self.context.workspace.model
        if model is None:
            return
        chosen = self._chosen
        classes = (index, *(each for each in chosen.classes if each != index))[:ALL_CLASSES]
        wanted = replace(chosen, class_=index, classes=classes)
        if wanted != chosen and self._choice is not None:
            self._choice.edit(wanted, f"Choose {model.answer.noun} {index}")
        elif self.wish.show != "several":
            self._selected = self._tile_of(self._subject(model))
            self.grid.select(self._selected)
            self._grow_large(anew=False)

    # -- what has grown --------------------------------------------------------------------------------------

    def _show_tiles(self, frame: AscentFrame) -> None:
        self.grown.show_tiles(frame, self._selected if self._large is None else None)

    def _large_ended(self, whole: bool) -> None:
        if whole and self.wish.from_image:
            # A live picture has moved on meanwhile.
            self._follow_image()
        if self.controller.growing:
            return
        self.portrait.show_growing(False, self.controller.large_state is not None)

    def _show_sheet(self, picture: NDArray[np.uint8], count: int) -> None:
        model = self.context.workspace.model
        self.grown.show_sheet(picture, count, len(sheet_layers(model)) if model is not None else count)

    def _show_whose(self) -> None:
        ask = self._large_ask()
        self.portrait.show_title(ask.objectives[0].words(ask.model) if ask is not None else "")


def _title(model: OpenedModel) -> str:
    """Of the grid of what the network puts out."""
    what = "Classes" if model.has_classes else "Values"
    return f"{what} of {model.answer.name}" if model.others else what


def _choice_name(model_id: str) -> str:
    return f"patterns.chosen.{model_id}"
