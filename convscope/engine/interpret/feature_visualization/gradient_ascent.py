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
from convscope.engine.interpret.activations.dead import dead_channels
from convscope.engine.interpret.blank import crossed
from convscope.engine.interpret.feature_visualization.image_parametrisation import (
    SMALLEST_SIZE,
    ImageParametrisation,
    parametrisation_for,
)
from convscope.engine.interpret.feature_visualization.input_gradient import (
    ascent_of,
    measure_of,
    repulsion_of,
    slot_of,
    waking_slot,
)
from convscope.engine.interpret.feature_visualization.objectives import (
    Objective,
    channel_weights,
    relative_places,
)
from convscope.engine.interpret.feature_visualization.recipes import RECIPES
from convscope.engine.interpret.feature_visualization.recipes.base import RecipeContext, Variables
from convscope.engine.interpret.feature_visualization.results import (
    Ascent,
    AscentFrame,
    Pattern,
    State,
    concatenated,
)
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
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


def ascend(
    model: OpenedModel,
    objectives: Sequence[Objective],
    settings: PatternSettings = PatternSettings(),  # noqa: B008  frozen
    task: Task | None = None,
    *,
    start: NDArray[Any] | None = None,
    state: State | None = None,
    scored: bool = True,
) -> Ascent:
    """Grow the images that excite the objectives most, all in one batch.

    Images do not influence each other (but by `settings.diversity`), so that an objective's picture
    is the same in any batch, up to rounding. A dead filter's stays a cross on gray.

    Args:
        model: the network; it is not changed.
        objectives: of one kind and one layer.
        settings: recipe and options.
        task: hears of progress, gets an `AscentFrame` several times a second, can cancel between portions.
        start: pixels 0–255 to start from, H×W or H×W×3; noise without.
        state: of an earlier `ascend` of the same objectives and settings (but for the steps): go on.
        scored: False saves the time of moving the finished pictures about; their `moved` is then NaN and
            their `score` the objective at the last step.

    Raises:
        UserError: the network has no such objective, or no gradient ascent is possible.
        Cancelled: the task was cancelled; the last `AscentFrame` holds the state.
    """
    task = task or Task()
    work = _Ascending(model, tuple(objectives), settings, start)
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
        AscentFrame(frame.numbers, frame.step, frame.steps, frame.pixels, frame.scores, frame.state, patterns)
    )
    return Ascent(patterns, now)


def _plain(state: State) -> State:
    """The state with arrays in place of tensors."""
    variables = tuple(np.asarray(variable) for variable in state.variables)
    return State(state.step, state.octave, state.since, variables, state.curve, state.alive)


class _Ascending:
    """One call of `ascend`: its functions, tables and sizes."""

    def __init__(
        self,
        model: OpenedModel,
        objectives: tuple[Objective, ...],
        settings: PatternSettings,
        start: NDArray[Any] | None,
    ) -> None:
        if not objectives:
            raise UserError("There is no objective: choose a filter, a class or a layer.")
        if len({(objective.kind, objective.path) for objective in objectives}) > 1:
            raise UserError("Patterns of one batch belong to one layer: let others grow separately.")
        for objective in objectives:
            objective.check(model)
        self.model, self.objectives, self.settings = model, objectives, settings
        self.dead = _dead(model, objectives)
        self.numb = np.array([bool(reason) for reason in self.dead])
        self.recipe = RECIPES[settings.recipe]
        mixed = any(objective.share for objective in objectives)
        # A mixture of channels is a filter of its own before the activation only; and a negative objective's
        # activation is zero at best, where no gradient is left.
        on = "sum" if mixed or any(objective.negative for objective in objectives) else self.recipe.on
        # DeepDream is defined on what the layer puts out; squares have no dead side.
        self.on = "activation" if objectives[0].kind == "layer" else on
        self.steps = settings.steps_for(model)
        self.weights = channel_weights(model, objectives)
        self.places = relative_places(model, objectives)
        slot = slot_of(model, objectives[0], self.on)
        self.waking = (
            waking_slot(model.program, slot) if objectives[0].kind in ("channel", "neuron") else None
        )
        self.image = parametrisation_for(model, slot, settings.size, start)
        self.octaves = self._octaves()
        self.start = None if start is None else self._fitted(start)
        count = (
            len(objectives)
            if settings.diversity
            else max(1, PORTION // (self.image.height * self.image.width))
        )
        self.portions = [slice(at, at + count) for at in range(0, len(objectives), count)]

    def _octaves(self) -> tuple[ImageParametrisation, ...]:
        count = 1 if self.image.own_size else self.settings.octaves
        sizes = []
        for number in range(count):
            share = OCTAVE ** -(count - 1 - number)
            height, width = round(self.image.height * share), round(self.image.width * share)
            if min(height, width) >= SMALLEST_SIZE or number == count - 1:
                sizes.append(self.image.resized(height, width))
        return tuple(sizes)

    def _fitted(self, start: NDArray[Any]) -> NDArray[np.float32]:
        """The picture to start from, at the image's size and in its number of channels."""
        values = np.asarray(start, np.float32)
        if self.image.channels == 1 and values.ndim == 3:
            values = values @ np.array([0.299, 0.587, 0.114], np.float32)
        height, width = self.image.height, self.image.width
        # The middle part of the image's proportions.
        rows, columns = values.shape[:2]
        share = min(rows / height, columns / width)
        tall, wide = max(1, round(height * share)), max(1, round(width * share))
        top, left = (rows - tall) // 2, (columns - wide) // 2
        fitted = _resized(values[top : top + tall, left : left + wide], height, width)
        if fitted.ndim == 2:
            fitted = np.repeat(fitted[..., None], self.image.channels, -1)
        if fitted.shape[-1] != self.image.channels:
            raise UserError(
                f"{self.model.name} takes {self.image.channels} channels: a picture cannot be the start."
            )
        return fitted

    def context(self, octave: int) -> RecipeContext:
        return RecipeContext(self.octaves[octave], self.model.kept, self.settings.penalties)

    def first(self) -> State:
        """Before the first step."""
        image, pixels = self.octaves[0], None
        if self.start is not None:
            small = _resized(self.start, image.height, image.width)
            pixels = np.repeat(small[None], len(self.objectives), 0)
        variables = self.recipe.begin(self.context(0), self._seeds(), pixels)
        nothing = np.zeros((0, len(self.objectives)), np.float32)
        return State(0, 0, 0, variables, nothing, np.zeros(len(self.objectives), bool))

    def _seeds(self) -> list[list[int]]:
        # By the objective, not by its place in the batch; a way between two channels starts from one noise.
        return [[self.settings.seed, objective.index, objective.variant] for objective in self.objectives]

    def next(self, state: State, task: Task) -> State:
        """One step of all pictures."""
        state = self._grown(state)
        context = self.context(state.octave)
        moved: list[Variables] = []
        scores, alive = [], []
        for portion in self.portions:
            task.check()
            variables = tuple(variable[portion] for variable in state.variables)
            # The same movement for all pictures, so that a picture does not depend on its neighbours.
            chance = np.random.default_rng([self.settings.seed, state.step, 1])
            seen, told = self.recipe.look(context, variables, chance)
            found, gradient = self._ascent(context.image, seen, portion)
            gradient, lives = self._woken(context.image, seen, portion, gradient)
            if self.numb[portion].any():
                gradient = np.where(self.numb[portion][:, None, None, None], 0, np.asarray(gradient))
            if self.settings.diversity:
                gradient = self._apart(context.image, seen, gradient)
            moved.append(self.recipe.move(context, variables, told, gradient, state.since + 1))
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
        octave = min(len(self.octaves) - 1, state.step * len(self.octaves) // self.steps)
        if octave <= state.octave:
            return state
        values = self.recipe.values(self.context(state.octave), state.variables)
        image = self.octaves[octave]
        larger = np.stack([_resized(picture, image.height, image.width) for picture in values])
        variables = self.recipe.begin(self.context(octave), self._seeds(), larger)
        return State(state.step, octave, 0, variables, state.curve, state.alive)

    def _ascent(self, image: ImageParametrisation, seen: Any, portion: slice) -> tuple[Any, Any]:
        function = ascent_of(self.model, self.objectives[0], self.on, image)
        found: tuple[Any, Any] = function(seen, self.weights[portion], self.places[portion])
        return found

    def _woken(
        self, image: ImageParametrisation, seen: Any, portion: slice, gradient: Any
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
        function = ascent_of(self.model, self.objectives[0], self.on, image, self.waking)
        dead = ~alive
        _, sums = function(np.asarray(seen)[dead], self.weights[portion][dead], self.places[portion][dead])
        slopes = slopes.copy()
        slopes[dead] = np.asarray(sums)
        alive = _lives(slopes)
        return _finite(slopes), alive

    def _apart(self, image: ImageParametrisation, seen: Any, gradient: Any) -> NDArray[np.float32]:
        """The gradient less that of the pictures' likeness, each of length 1 before."""
        _, alike = repulsion_of(self.model, self.objectives[0], self.on, image)(seen)
        return _unit(np.asarray(gradient)) - self.settings.diversity * _unit(np.asarray(alike))

    def frame(self, state: State) -> AscentFrame:
        """A glimpse."""
        pixels = self.recipe.shown(self.recipe.values(self.context(state.octave), state.variables))
        count = len(self.objectives)
        scores = state.curve[-1] if len(state.curve) else np.full(count, np.nan, np.float32)
        return AscentFrame(tuple(range(count)), state.step, self.steps, self._pictures(pixels), scores, state)

    def _pictures(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        """Each picture as H×W or H×W×3 (of other numbers of channels the first); a cross for the dead."""
        flat = _flat(pixels)
        return tuple(
            _cross(picture) if dead else picture for picture, dead in zip(flat, self.dead, strict=True)
        )

    def patterns(self, state: State, task: Task, scored: bool) -> tuple[Pattern, ...]:
        """The pictures with their scores, plain and moved."""
        values = self.recipe.values(self.context(state.octave), state.variables)
        pixels = self._pictures(self.recipe.shown(values))
        values = np.where(self.numb[:, None, None, None], np.float32(GRAY), values)
        image = self.octaves[state.octave]
        shaken = np.full(len(values), np.nan)
        plain = state.curve[-1].astype(np.float64) if len(state.curve) else shaken.copy()
        measure = measure_of(self.model, self.objectives[0], self.on, image)
        moves = min(MOST_MOVES, max(MOVES, MOVES * MOVES_SIZE // (image.height * image.width)))
        for portion in self.portions if scored else ():
            tables = self.weights[portion], self.places[portion]
            task.check()
            shaken[portion] = 0
            plain[portion] = measure(image.to_network(values[portion]), *tables).numpy()
            for number in range(moves):
                task.check()
                chance = np.random.default_rng([self.settings.seed, number, 2])
                elsewhere = moved(values[portion], drawn(chance, image, while_judged(image)))
                shaken[portion] += measure(image.to_network(elsewhere), *tables).numpy() / moves
        return tuple(
            Pattern(
                objective,
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
            for number, objective in enumerate(self.objectives)
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


def _dead(model: OpenedModel, objectives: Sequence[Objective]) -> tuple[str, ...]:
    """Why each objective is dead, "" for those that are not.

    From filters with next to no weights any ascent grows but noise. The same rule tells which maps and
    kernels are dead (`dead_channels`).
    """
    first = objectives[0]
    slot = model.head.logits if first.kind == "class" else model.slot(first.path)
    found = dead_channels(model, slot)
    if found is None or not found.count:
        return ("",) * len(objectives)
    if first.kind == "layer":
        return ("" if found.count < len(found.mask) else found.why(0),) * len(objectives)
    # A way between two filters is dead where both are.
    table = channel_weights(model, objectives)
    return tuple(
        found.why(int(used[0])) if len(used) and found.mask[used].all() else ""
        for used in (np.flatnonzero(row) for row in table)
    )
