"""From requests to pictures: what grows, on which lane, and how it makes room for others. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import PartOfTask, Task
from convscope.engine.interpret.feature_visualization.cache import PatternCache
from convscope.engine.interpret.feature_visualization.contact_sheet import (
    SheetRow,
    contact_sheet,
    sheet_picture,
    sheet_place,
)
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.grid import ascend_many
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import Ascent, AscentFrame, State, joined
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.ui.panels.patterns.options import SHEET_COUNT

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.jobs.job import Job
    from convscope.ui.panel_context import PanelContext

GRID, LARGE, SHEET = "patterns.grid", "patterns.large", "patterns.sheet"
# A sheet takes minutes: nothing short shall wait for it.
LANES = {GRID: "engine", LARGE: "engine", SHEET: "long"}


@dataclass(frozen=True)
class GridRequest:
    """A grid that is wanted."""

    model: OpenedModel
    objectives: tuple[Objective, ...]
    settings: PatternSettings


@dataclass(frozen=True, eq=False)
class LargeRequest:
    """A large picture (or its two sides) that is wanted; `state` to go on from."""

    model: OpenedModel
    objectives: tuple[Objective, ...]
    settings: PatternSettings
    start: NDArray[np.uint8] | None
    state: State | None = None
    anew: bool = False

    def same(self, other: LargeRequest | None) -> bool:
        """Whether the other one leads to the same picture."""
        mine = (self.model, self.objectives, self.settings)
        return (
            other is not None
            and mine == (other.model, other.objectives, other.settings)
            and self.start is other.start
        )


class Growth:
    """Grows a grid, a large picture and a contact sheet, and lets other work pass.

    A lane runs one job after the other. Patterns take long, so the one that runs steps back when anything
    else waits for its lane, and goes on from its last frame afterwards (the sheet from its last layer); the
    grid does so for the large picture, too. The sheet grows on another lane, beside the other two.

    Signals:
        grid_frame: an `AscentFrame`.
        grid_done: the patterns of the whole grid.
        large_frame: an `AscentFrame`.
        large_ended: nothing grows large any more; True when it came to its end.
        sheet_changed: the contact sheet so far, uint8 H×W×3, and how many layers it has.
        held: True when a person stopped the grid or the sheet in the window; False when it goes on, or when
            another is wanted.
        problem_changed: why there is nothing to see, in a sentence; "" when there is.
    """

    grid_frame = Signal(object)
    grid_done = Signal(object)
    large_frame = Signal(object)
    large_ended = Signal(bool)
    sheet_changed = Signal(object, int)
    held = Signal(bool)
    problem_changed = Signal(str)

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self._grid: GridRequest | None = None
        self._large: LargeRequest | None = None
        self._sheet: tuple[OpenedModel, PatternSettings] | None = None
        self._last: AscentFrame | None = None
        # Whether the grid lets the large picture pass: not before it has shown what it has on disk, nor when
        # that is all.
        self._yields = False
        self._rows: list[SheetRow] = []
        self._running: dict[str, Job] = {}
        self._stepping_back = False
        self._held = ""
        self._problems: dict[str, str] = {}
        self.large_state: State | None = None
        context.listen(context.jobs.changed, self._give_way)
        context.ending.call(self._stop_all)

    # -- what is wanted --------------------------------------------------------------------------------------

    def grow_grid(self, request: GridRequest) -> None:
        """Let a grid grow in place of the last one."""
        self._grid, self._last, self._yields = request, None, False
        self._submit_grid()

    def stop_grid(self) -> None:
        """No grid is wanted."""
        self._grid = self._last = None
        self._stop(GRID)

    def grow_large(self, request: LargeRequest) -> None:
        """Let a large picture grow, from noise or from a state."""
        self._large, self.large_state = request, request.state
        self._submit_large()

    def stop_large(self) -> None:
        """Hold it; `large_state` is where it stands."""
        if self._stop(LARGE):
            self._large = None
            self.large_ended.emit(False)

    @property
    def growing(self) -> bool:
        """Whether a large picture grows or waits to."""
        return LARGE in self._running

    def has_sheet(self, model: OpenedModel, settings: PatternSettings) -> bool:
        """Whether some layers of this contact sheet have grown already."""
        return self._sheet == (model, settings) and bool(self._rows)

    def grow_sheet(self, model: OpenedModel, settings: PatternSettings) -> None:
        """Let a contact sheet grow; the same one goes on."""
        if self._sheet != (model, settings):
            self.stop_sheet()
            self._sheet, self._rows = (model, settings), []
        if self._rows:
            self._show_sheet(sheet_picture(self._rows))
        if SHEET not in self._running:
            self._submit_sheet()

    @property
    def holds(self) -> bool:
        """Whether a person stopped the grid or the sheet."""
        return bool(self._held)

    def go_on(self) -> None:
        """Let the grid or the sheet go on that a person stopped."""
        if self._held == GRID:
            self._submit_grid()
        elif self._held == SHEET:
            self._submit_sheet()

    def on_sheet(self, row: int, column: int) -> tuple[str, int] | None:
        """The layer and the filter of the current network at a pixel of the contact sheet."""
        if self._sheet is None or self._sheet[0] is not self.context.workspace.model:
            return None
        return sheet_place(self._rows, row, column)

    def stop_sheet(self) -> None:
        self._stop(SHEET)

    # -- the lane --------------------------------------------------------------------------------------------

    def _submit(self, key: str, title: str, work: Any, done: Any, partial: Any) -> None:
        def ended(then: Any) -> Any:
            def handle(value: Any) -> None:
                self._running.pop(key, None)
                then(value)

            return handle

        def failed(error: BaseException) -> None:
            self._ended(key)
            if isinstance(error, UserError):
                self._tell(key, error.message)
            else:
                self.context.report(error)

        def cancelled() -> None:
            # Not by this object, which forgets a job before it cancels it: by the person, in the window.
            if self._running.get(key) is job:
                self._ended(key)
                if key != LARGE:
                    self._held = key
                    self.held.emit(True)

        self._release(key)
        self._tell(key)
        self._running.pop(key, None)
        job = self._running[key] = self.context.jobs.submit(
            LANES[key],
            work,
            title=title,
            key=key,
            supersede="cancel",
            on_done=ended(done),
            on_partial=partial,
            on_failed=failed,
            on_cancelled=cancelled,
        )

    def _tell(self, key: str, problem: str = "") -> None:
        """Why one of the three cannot be; what grows beside it does not take the words away."""
        if self._problems.get(key, "") != problem:
            self._problems[key] = problem
            self.problem_changed.emit(self.problem)

    @property
    def problem(self) -> str:
        """Why one of the three cannot be, or ""."""
        return next((each for each in self._problems.values() if each), "")

    def _release(self, key: str) -> None:
        if key == self._held:
            self._held = ""
            self.held.emit(False)

    def _stop_all(self) -> None:
        for key in (GRID, LARGE, SHEET):
            self._stop(key)

    def _stop(self, key: str) -> bool:
        self._release(key)
        self._tell(key)
        job = self._running.pop(key, None)
        if job is not None:
            self.context.jobs.cancel(job)
        return job is not None

    def _give_way(self, _news: object) -> None:
        """Step back behind what waits for the lane."""
        if self._stepping_back:
            # Submitting tells of itself.
            return
        for key, again in (
            (SHEET, self._submit_sheet),
            (GRID, self._submit_grid),
            (LARGE, self._submit_large),
        ):
            job = self._running.get(key)
            if job is None or job.state != "running":
                continue
            waiting = [
                other.key or ""
                for other in self.context.jobs.running()
                if other.lane == job.lane and other.state == "waiting"
            ]
            foreign = any(not other.startswith("patterns.") for other in waiting)
            if foreign or (key == GRID and LARGE in waiting and self._yields):
                self._stepping_back = True
                again()
                self._stepping_back = False

    def _ended(self, key: str) -> None:
        """It was not finished, and does not grow any more."""
        self._running.pop(key, None)
        if key == LARGE:
            self._large = None
            self.large_ended.emit(False)

    # -- the grid --------------------------------------------------------------------------------------------

    def _submit_grid(self) -> None:
        request, last = self._grid, self._last
        if request is None:
            return

        def work(task: Task) -> object:
            return ascend_many(request.model, request.objectives, request.settings, task, resume=last)

        title = f"Patterns of {_place(request.objectives[0], request.model)}"
        self._submit(GRID, title, work, self._grid_done, self._tile)

    def _tile(self, frame: AscentFrame) -> None:
        # What is finished is on disk; what grows can go on from here.
        self._last = frame if not frame.patterns else None
        self._tell(GRID)
        self.grid_frame.emit(frame)
        whole = self._grid is not None and len(frame.patterns) == len(self._grid.objectives)
        if not self._yields and not whole:
            self._yields = True
            self._give_way(frame)

    def _grid_done(self, patterns: object) -> None:
        self._last = None
        self.grid_done.emit(patterns)

    # -- the large picture -----------------------------------------------------------------------------------

    def _submit_large(self) -> None:
        request = self._large
        if request is None:
            return
        request = replace(request, state=self.large_state)

        self._submit(
            LARGE,
            f"Pattern of {request.objectives[0].words(request.model)}",
            lambda task: _large(request, task),
            self._large_done,
            self._large_frame,
        )

    def _large_frame(self, frame: AscentFrame) -> None:
        self.large_state = frame.state
        self._tell(LARGE)
        self.large_frame.emit(frame)

    def _large_done(self, done: Ascent | None) -> None:
        self._large = None
        if done is not None:
            self.large_state = done.state
        self.large_ended.emit(True)

    # -- the contact sheet -----------------------------------------------------------------------------------

    def _submit_sheet(self) -> None:
        if self._sheet is None:
            return
        (model, settings), rows = self._sheet, tuple(self._rows)

        def work(task: Task) -> object:
            grown = list(rows)

            def show(row: SheetRow) -> None:
                # A picture of all rows, made on the worker's side.
                grown.append(row)
                task.partial((row, sheet_picture(grown)))

            return contact_sheet(model, settings, SHEET_COUNT, PartOfTask(task, on_partial=show), done=rows)

        self._submit(SHEET, f"Contact sheet of {model.name}", work, lambda _rows: None, self._row)

    def _row(self, found: tuple[SheetRow, NDArray[np.uint8]]) -> None:
        row, picture = found
        self._rows.append(row)
        self._show_sheet(picture)

    def _show_sheet(self, picture: NDArray[np.uint8]) -> None:
        self._tell(SHEET)
        self.sheet_changed.emit(picture, len(self._rows))


def _place(objective: Objective, model: OpenedModel) -> str:
    return f"the classes of {model.name}" if objective.kind == "class" else objective.path


def _large(request: LargeRequest, task: Task) -> Ascent | None:
    """From the cache, from a state, or from the start."""
    cache = PatternCache(request.model, request.settings, request.start)
    if request.state is None and not request.anew:
        known = [cache.load(objective) for objective in request.objectives]
        found = tuple(pattern for pattern in known if pattern is not None)
        if len(found) == len(request.objectives):
            states = [cache.load_state(objective) for objective in request.objectives]
            whole = [state for state in states if state is not None]
            state = joined(whole) if len(whole) == len(states) else None
            step = len(found[0].curve)
            scores = np.array([pattern.score for pattern in found], np.float32)
            pixels = tuple(pattern.pixels for pattern in found)
            task.partial(AscentFrame(tuple(range(len(found))), step, step, pixels, scores, state, found))
            return Ascent(found, state) if state is not None else None
    asked = request.model, request.objectives, request.settings
    made = ascend(*asked, task, start=request.start, state=request.state)
    cache.store(made.patterns, made.state)
    return made
