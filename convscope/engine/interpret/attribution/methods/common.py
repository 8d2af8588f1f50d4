"""What methods on a layer's maps have in common: getting maps and gradients, and what to say about them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.layers import checked_layer
from convscope.engine.interpret.attribution.method import (
    Compute,
    CostFactors,
    Relevance,
    ScriptLines,
    Settings,
)
from convscope.engine.interpret.attribution.target import ScoreTarget

Sum = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""From maps and gradients, both …×h×w×channels, to the heat, …×h×w."""


def of_layer(sum_up: Sum) -> Compute:
    """The method that sums up one layer's maps by their gradients."""

    def compute(
        context: AttributionContext, target: ScoreTarget, layer: str | None, settings: Settings, task: Task
    ) -> Relevance:
        task.check()
        maps, gradients, _ = context.layer_gradient(checked_layer(context.model, layer), target)
        values = sum_up(maps, gradients)
        return Relevance(values, silence(values))

    return compute


def lines(*told: str) -> ScriptLines:
    """A script's lines that depend on nothing."""
    return lambda _inputs: told


def silence(values: NDArray[np.float32]) -> tuple[str, ...]:
    """A note where a map is 0 everywhere."""
    if np.any(values):
        return ()
    return ("The map is 0 everywhere: nothing in this layer speaks for it by this method.",)


SCRIPT_RELU = "heat = np.maximum(heat, 0)"


def relu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(values, 0)


def one_pass(settings: Settings, factors: CostFactors) -> int:
    """One forward pass, and the head's gradient, which costs next to nothing at the last layer."""
    return 1


def there_and_back(settings: Settings, factors: CostFactors) -> int:
    """A forward and a backward pass."""
    return 3
