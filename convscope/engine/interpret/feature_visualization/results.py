"""What an ascent gives: finished pictures, glimpses on the way, and the state to go on from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.words import percent
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.recipes.base import Variables

# From these shares of its score on, a pattern survives being moved, or does in part.
SURVIVES, PARTLY = 0.85, 0.5


@dataclass(frozen=True, eq=False)
class State:
    """Where an ascent stands: what `ascend` needs to go on as if it had never stopped.

    Attributes:
        step: steps done.
        octave: the size of now, 0 for the first.
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
        """The state of one of the pictures, as if it had grown alone."""
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
        objective: what it excites.
        pixels: as shown, uint8, H×W (gray) or H×W×3.
        values: the picture that grew, float32, H×W×C, in pixels 0–255 (maybe beyond).
        score: the objective of `values`, in the layer's own unit.
        moved: its mean over small shifts, turns and scalings of the picture.
        curve: the objective at each step.
        flat: nothing that was tried moved it: no gradient was met, or the objective never rose.
        dead: why nothing can grow, its filter having next to no weights; "" where there is. The
            picture is then a cross on gray.
    """

    objective: Objective
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
class AscentFrame:
    """A glimpse of an ascent under way.

    Attributes:
        numbers: which of the objectives these pictures are for.
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
class Ascent:
    """What `ascend` returns: the pictures, and the state to go on from."""

    patterns: tuple[Pattern, ...]
    state: State


def concatenated(parts: Sequence[Variables]) -> Variables:
    """Several batches' variables as one batch's."""
    if len(parts) == 1:
        return parts[0]
    return tuple(np.concatenate([np.asarray(part) for part in column]) for column in zip(*parts, strict=True))


def verdict(pattern: Pattern) -> str:
    """A finished pattern's numbers in a sentence: does it survive being moved, or answer at all?"""
    if pattern.dead:
        return f"It is {pattern.dead}. Nothing excites it."
    if not math.isfinite(pattern.score):
        return "Its score is not a number: the network's weights are none, or its values are too large."
    if pattern.flat:
        return "It stays flat: nothing that was tried excites it more."
    kept = pattern.kept
    if kept is None:
        return "Its score stays below zero: after a ReLU it would be silent."
    if pattern.score <= pattern.curve[0]:
        return "It has not passed what it began with: give it more steps."
    share = percent(kept, 0)
    if kept >= SURVIVES:
        return f"It survives being moved: {share} of the score remains."
    if kept >= PARTLY:
        return f"It survives being moved in part: {share} of the score remains."
    return f"It hardly survives being moved: {share} of the score remains, the rest is made for these pixels."
