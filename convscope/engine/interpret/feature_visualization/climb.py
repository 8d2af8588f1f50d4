"""The ascent itself: a batch of pictures, step by step, with partial results, from any state on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.nothing import crossed
from convscope.engine.interpret.feature_visualization import goals as aims
from convscope.engine.interpret.feature_visualization.canvas import Canvas, canvas_for
from convscope.engine.interpret.feature_visualization.dead_goals import dead_goals
from convscope.engine.interpret.feature_visualization.goals import Goal
from convscope.engine.interpret.feature_visualization.network import (
    ascent_of,
    measure_of,
    repulsion_of,
    slot_of,
    waking_slot,
)
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.recipes.base import Easel, Variables
from convscope.engine.interpret.feature_visualization.results import (
    Climb,
    Frame,
    Pattern,
    State,
    concatenated,
)
from convscope.engine.interpret.feature_visualization.settings import SMALLEST_SIZE, PatternSettings
from convscope.engine.interpret.feature_visualization.transforms import drawn, moved, while_judged

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

# Pixels that are computed at once; between two such portions a job can be cancelled.
PORTION = 8 * 128 * 128
OCTAVE = 1.4
GRAY = 127.5
PAINT_INTERVAL = 0.06  # seconds
# How often a finished picture is moved to be judged. With few moves some hundredths of what remains are luck,
# so small pictures, where a move costs next to nothing, are moved more often in proportion.
MOVES, MOST_MOVES = 6, 64
MOVES_SIZE = 128 * 128


def climb(
    model: OpenedModel,
    goals: Sequence[Goal],
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    task: Task | None = None,
    *,
    start: NDArray[Any] | None = None,
    state: State | None = None,
    scored: bool = True,
) -> Climb:
    """Climb to the images that excite the goals most, all in one batch.

    Images do not influence each other (but by `settings.diversity`), so that a goal's picture is the same in
    any batch, up to rounding. A dead filter's stays a cross on gray.

    Args:
        model: the network; it is not changed.
        goals: of one kind and one layer.
        settings: recipe and options.
        task: hears of progress, gets a `Frame` several times a second, and can cancel between portions.
        start: pixels 0–255 to start from, H×W or H×W×3; noise without.
        state: of an earlier `climb` of the same goals and settings (but for the number of steps): go on.
        scored: False saves the time of moving the finished pictures about; their `moved` is then NaN and
            their `score` the objective at the last step.

    Raises:
        UserError: the network has no such goal, or cannot be climbed so.
        Cancelled: the task was cancelled; the last `Frame` holds the state.
    """
    task = task or Task()
    work = _Work(model, tuple(goals), settings.checked(), start)
    now = state if state is not None else work.first()
    task.partial(work.frame(now))
    painted = time.monotonic()
    while now.step < work.steps and not all(work.dead):
        task.progress(now.step / work.steps, f"step {now.step + 1} of {work.steps}")
        now = work.next(now, task)
        if time.monotonic() - painted >= PAINT_INTERVAL or now.step == 1:
            now = _plain(now)
            task.partial(work.frame(now))
            painted = time.monotonic()
    now = _plain(now)
    patterns = work.patterns(now, task, scored)
    frame = work.frame(now)
    task.partial(
        Frame(frame.numbers, frame.step, frame.steps, frame.pixels, frame.scores, frame.state, patterns)
    )
    return Climb(patterns, now)


def _plain(state: State) -> State:
    """The state with arrays in place of tensors."""
    variables = tuple(np.asarray(variable) for variable in state.variables)
    return State(state.step, state.octave, state.since, variables, state.curve, state.alive)


class _Work:
    """One call of `climb`: its functions, tables and sizes."""

    def __init__(
        self,
        model: OpenedModel,
        goals: tuple[Goal, ...],
        settings: PatternSettings,
        start: NDArray[Any] | None,
    ) -> None:
        if not goals:
            raise UserError("There is nothing to climb to: choose a filter, a class or a layer.")
        if len({(goal.kind, goal.path) for goal in goals}) > 1:
            raise UserError("Patterns of one batch belong to one layer: climb to others separately.")
        for goal in goals:
            aims.check(model, goal)
        self.model, self.goals, self.settings = model, goals, settings
        self.dead = dead_goals(model, goals)
        self.numb = np.array([bool(reason) for reason in self.dead])
        self.recipe = RECIPES[settings.recipe]
        mixed = any(goal.share for goal in goals)
        # A mixture of channels is a filter of its own before the activation only; and a hated filter's
        # activation is zero at best, where nothing is left to climb.
        on = "sum" if mixed or any(goal.negative for goal in goals) else self.recipe.on
        # DeepDream is defined on what the layer puts out; squares have no dead side.
        self.on = "activation" if goals[0].kind == "layer" else on
        self.steps = settings.steps_for(model)
        self.weights = aims.weights(model, goals)
        self.places = aims.places(model, goals)
        slot = slot_of(model, goals[0], self.on)
        self.waking = waking_slot(model.program, slot) if goals[0].kind in ("channel", "neuron") else None
        self.canvas = canvas_for(model, slot, settings, start)
        self.canvases = self._octaves()
        self.start = None if start is None else self._fitted(start)
        count = (
            len(goals) if settings.diversity else max(1, PORTION // (self.canvas.height * self.canvas.width))
        )
        self.portions = [slice(at, at + count) for at in range(0, len(goals), count)]

    def _octaves(self) -> tuple[Canvas, ...]:
        count = 1 if self.canvas.own_size else self.settings.octaves
        sizes = []
        for number in range(count):
            share = OCTAVE ** -(count - 1 - number)
            height, width = round(self.canvas.height * share), round(self.canvas.width * share)
            if min(height, width) >= SMALLEST_SIZE or number == count - 1:
                sizes.append(self.canvas.resized(height, width))
        return tuple(sizes)

    def _fitted(self, start: NDArray[Any]) -> NDArray[np.float32]:
        """The picture to start from, at the canvas's size and in its number of channels."""
        values = np.asarray(start, np.float32)
        if self.canvas.channels == 1 and values.ndim == 3:
            values = values @ np.array([0.299, 0.587, 0.114], np.float32)
        height, width = self.canvas.height, self.canvas.width
        # The middle part of the canvas's proportions.
        rows, columns = values.shape[:2]
        share = min(rows / height, columns / width)
        tall, wide = max(1, round(height * share)), max(1, round(width * share))
        top, left = (rows - tall) // 2, (columns - wide) // 2
        fitted = _resized(values[top : top + tall, left : left + wide], height, width)
        if fitted.ndim == 2:
            fitted = np.repeat(fitted[..., None], self.canvas.channels, -1)
        if fitted.shape[-1] != self.canvas.channels:
            raise UserError(
                f"{self.model.name} takes {self.canvas.channels} channels: a picture cannot be the start."
            )
        return fitted

    def easel(self, octave: int) -> Easel:
        return Easel(self.canvases[octave], self.model.kept, self.settings.penalties)

    def first(self) -> State:
        """Before the first step."""
        canvas, pixels = self.canvases[0], None
        if self.start is not None:
            small = _resized(self.start, canvas.height, canvas.width)
            pixels = np.repeat(small[None], len(self.goals), 0)
        variables = self.recipe.begin(self.easel(0), self._seeds(), pixels)
        nothing = np.zeros((0, len(self.goals)), np.float32)
        return State(0, 0, 0, variables, nothing, np.zeros(len(self.goals), bool))

    def _seeds(self) -> list[list[int]]:
        # By the goal, not by its place in the batch; a way between two channels starts from one noise.
        return [[self.settings.seed, goal.index, goal.variant] for goal in self.goals]

    def next(self, state: State, task: Task) -> State:
        """One step of all pictures."""
        state = self._grown(state)
        easel = self.easel(state.octave)
        moved: list[Variables] = []
        scores, alive = [], []
        for portion in self.portions:
            task.check()
            variables = tuple(variable[portion] for variable in state.variables)
            # The same movement for all pictures, so that a picture does not depend on its neighbours.
            chance = np.random.default_rng([self.settings.seed, state.step, 1])
            seen, told = self.recipe.look(easel, variables, chance)
            found, gradient = self._ascent(easel.canvas, seen, portion)
            gradient, lives = self._woken(easel.canvas, seen, portion, gradient)
            if self.numb[portion].any():
                gradient = np.where(self.numb[portion][:, None, None, None], 0, np.asarray(gradient))
            if self.settings.diversity:
                gradient = self._apart(easel.canvas, seen, gradient)
            moved.append(self.recipe.move(easel, variables, told, gradient, state.since + 1))
            scores.append(np.asarray(found))
            alive.append(lives)
        curve = np.concatenate([state.curve, np.concatenate(scores)[None]])
        return State(
            state.step + 1,
            state.octave,
            state.since + 1,
            concatenated(moved),
            curve,
            state.alive | np.concatenate(alive),
        )

    def _grown(self, state: State) -> State:
        """The state at the next size, when it is time for that."""
        octave = min(len(self.canvases) - 1, state.step * len(self.canvases) // self.steps)
        if octave <= state.octave:
            return state
        values = self.recipe.values(self.easel(state.octave), state.variables)
        canvas = self.canvases[octave]
        larger = np.stack([_resized(picture, canvas.height, canvas.width) for picture in values])
        variables = self.recipe.begin(self.easel(octave), self._seeds(), larger)
        return State(state.step, octave, 0, variables, state.curve, state.alive)

    def _ascent(self, canvas: Canvas, seen: Any, portion: slice) -> tuple[Any, Any]:
        function = ascent_of(self.model, self.goals[0], self.on, canvas)
        found: tuple[Any, Any] = function(seen, self.weights[portion], self.places[portion])
        return found

    def _woken(
        self, canvas: Canvas, seen: Any, portion: slice, gradient: Any
    ) -> tuple[Any, NDArray[np.bool_]]:
        """The gradient, taken before the silencing activation where it is exactly zero; and who lives.

        Where the network overflows there is none.
        """
        slopes = np.asarray(gradient)
        alive = _lives(slopes)
        if alive.all():
            return gradient, alive
        if self.waking is None:
            return _finite(slopes), alive
        function = ascent_of(self.model, self.goals[0], self.on, canvas, self.waking)
        dead = ~alive
        _, sums = function(np.asarray(seen)[dead], self.weights[portion][dead], self.places[portion][dead])
        slopes = slopes.copy()
        slopes[dead] = np.asarray(sums)
        alive = _lives(slopes)
        return _finite(slopes), alive

    def _apart(self, canvas: Canvas, seen: Any, gradient: Any) -> NDArray[np.float32]:
        """The gradient less that of the pictures' likeness, each of length 1 before."""
        _, alike = repulsion_of(self.model, self.goals[0], self.on, canvas)(seen)
        return _unit(np.asarray(gradient)) - self.settings.diversity * _unit(np.asarray(alike))

    def frame(self, state: State) -> Frame:
        """A glimpse."""
        pixels = self.recipe.shown(self.recipe.values(self.easel(state.octave), state.variables))
        count = len(self.goals)
        scores = state.curve[-1] if len(state.curve) else np.full(count, np.nan, np.float32)
        return Frame(tuple(range(count)), state.step, self.steps, self._pictures(pixels), scores, state)

    def _pictures(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        """Each picture as H×W or H×W×3 (of other numbers of channels the first); a cross for the dead."""
        flat = _flat(pixels)
        return tuple(
            _cross(picture) if dead else picture for picture, dead in zip(flat, self.dead, strict=True)
        )

    def patterns(self, state: State, task: Task, scored: bool) -> tuple[Pattern, ...]:
        """The pictures with their scores, plain and moved."""
        values = self.recipe.values(self.easel(state.octave), state.variables)
        pixels = self._pictures(self.recipe.shown(values))
        values = np.where(self.numb[:, None, None, None], np.float32(GRAY), values)
        canvas = self.canvases[state.octave]
        shaken = np.full(len(values), np.nan)
        plain = state.curve[-1].astype(np.float64) if len(state.curve) else shaken.copy()
        measure = measure_of(self.model, self.goals[0], self.on, canvas)
        moves = min(MOST_MOVES, max(MOVES, MOVES * MOVES_SIZE // (canvas.height * canvas.width)))
        for portion in self.portions if scored else ():
            tables = self.weights[portion], self.places[portion]
            task.check()
            shaken[portion] = 0
            plain[portion] = measure(canvas.to_network(values[portion]), *tables).numpy()
            for number in range(moves):
                task.check()
                chance = np.random.default_rng([self.settings.seed, number, 2])
                elsewhere = moved(values[portion], drawn(chance, canvas, while_judged(canvas)))
                shaken[portion] += measure(canvas.to_network(elsewhere), *tables).numpy() / moves
        return tuple(
            Pattern(
                goal,
                pixels[number],
                values[number],
                float(plain[number]),
                float(shaken[number]),
                state.curve[:, number].copy(),
                flat=bool(self.dead[number])
                or not state.alive[number]
                or not _rose(state.curve[:, number], plain[number]),
                dead=self.dead[number],
            )
            for number, goal in enumerate(self.goals)
        )


def _lives(slopes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Per picture, whether there is a gradient, in numbers."""
    return np.any(slopes != 0, axis=(1, 2, 3)) & np.all(np.isfinite(slopes), axis=(1, 2, 3))


def _finite(slopes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gradients, with nothing in place of those that are no numbers."""
    whole = np.all(np.isfinite(slopes), axis=(1, 2, 3), keepdims=True)
    return np.where(whole, slopes, np.float32(0))


def _rose(curve: NDArray[np.float32], score: float) -> bool:
    """Whether the objective is higher than it once was, beyond rounding: the noise may have been better."""
    lowest = float(curve.min())
    return bool(score - lowest > 1e-6 * max(abs(lowest), 1e-6))


def _unit(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt(np.mean(np.square(gradient), axis=(1, 2, 3), keepdims=True))
    return np.divide(gradient, length, out=np.zeros_like(gradient), where=length > 0)


def _cross(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What stands for nothing, in the form of a picture."""
    cross = crossed(*picture.shape[:2])
    return cross if picture.ndim == 3 else cross[..., 0]


def _flat(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """Each picture as H×W or H×W×3; of networks with other numbers of channels the first one."""
    return tuple(pictures if pictures.shape[-1] == 3 else pictures[..., 0] for pictures in pixels)


def _resized(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if values.shape[:2] == (height, width):
        return values
    smaller = values.shape[0] > height or values.shape[1] > width
    made = cv2.resize(
        np.ascontiguousarray(values),
        (width, height),
        interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC,
    )
    return made.reshape(height, width, *values.shape[2:]).astype(np.float32, copy=False)
