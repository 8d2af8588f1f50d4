"""What an ascent gives: finished pictures, glimpses on the way, and the state to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.goals import Goal
from convscope.engine.interpret.feature_visualization.recipes.base import Variables


@dataclass(frozen=True, eq=False)
class State:
    """Where an ascent stands: what `climb` needs to go on as if it had never stopped.

    Attributes:
        step: steps done.
        octave: the size that is climbed now, 0 for the first.
        since: steps done at this size.
        variables: the recipe's arrays, one entry a picture.
        curve: the objective at each step, steps × pictures, float32.
        alive: per picture, whether any gradient was ever met.
    """

    step: int
    octave: int
    since: int
    variables: tuple[NDArray[np.float32], ...]
    curve: NDArray[np.float32]
    alive: NDArray[np.bool_]

    def only(self, number: int) -> State:
        """The state of one of the pictures, as if it had been climbed alone."""
        one = slice(number, number + 1)
        variables = tuple(variable[one] for variable in self.variables)
        return State(self.step, self.octave, self.since, variables, self.curve[:, one], self.alive[one])


def joined(states: Sequence[State]) -> State | None:
    """Several pictures' states as one batch's; None where they do not stand at the same step."""
    first = states[0]
    if any((one.step, one.octave, one.since) != (first.step, first.octave, first.since) for one in states):
        return None
    return State(
        first.step,
        first.octave,
        first.since,
        concatenated([one.variables for one in states]),
        np.concatenate([one.curve for one in states], axis=1),
        np.concatenate([one.alive for one in states]),
    )


@dataclass(frozen=True, eq=False)
class Pattern:
    """A finished picture.

    Attributes:
        goal: what it excites.
        pixels: as shown, uint8, H×W (gray) or H×W×3.
        values: the picture that was climbed, float32, H×W×C, in pixels 0–255 (maybe beyond).
        score: the objective of `values`, in the layer's own unit.
        moved: its mean over small shifts, turns and scalings of the picture.
        curve: the objective at each step.
        flat: nothing that was tried moved it: no gradient was met, or the objective never rose.
        dead: why there is nothing to climb to, its filter having next to no weights; "" where there is. The
            picture is then a cross on gray.
    """

    goal: Goal
    pixels: NDArray[np.uint8]
    values: NDArray[np.float32]
    score: float
    moved: float
    curve: NDArray[np.float32]
    flat: bool
    dead: str = ""

    @property
    def kept(self) -> float | None:
        """Which share of the score survives being moved; None where the score is not positive."""
        return self.moved / self.score if self.score > 0 else None


@dataclass(frozen=True, eq=False)
class Frame:
    """A glimpse of an ascent under way.

    Attributes:
        numbers: which of the goals these pictures are for.
        step, steps: how far they are.
        pixels: as shown, one a picture.
        scores: the objectives at this step; NaN before the first.
        state: to go on from here.
        patterns: the finished pictures, once they are.
    """

    numbers: tuple[int, ...]
    step: int
    steps: int
    pixels: tuple[NDArray[np.uint8], ...]
    scores: NDArray[np.float32]
    state: State | None = None
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, eq=False)
class Climb:
    """What `climb` returns: the pictures, and the state to go on from."""

    patterns: tuple[Pattern, ...]
    state: State


def concatenated(parts: Sequence[Variables]) -> Variables:
    """Several batches' variables as one batch's."""
    if len(parts) == 1:
        return parts[0]
    return tuple(np.concatenate([np.asarray(part) for part in column]) for column in zip(*parts, strict=True))
