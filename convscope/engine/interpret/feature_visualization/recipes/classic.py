"""The lectures' recipe: gray noise, plain steps along the gradient divided by its RMS, contrast at the end.

After F. Chollet, "Deep Learning with Python", chapter 5.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.penalties import penalty_gradient
from convscope.engine.interpret.feature_visualization.recipes.base import Recipe, RecipeContext, Variables

STEP = 1.0
SMALL = 1e-5


class Classic(Recipe):
    """x = uniform·20 + 128; forty times x += g / (√mean(g²) + 1e-5), g = ∂ mean activation / ∂ input.

    Shown as clip((x − mean) / (std + 1e-5) · 0.1 + 0.5), 0–1. The picture is in pixels 0–255 and goes through
    the network's own preprocessing; a filter that is dead, its gradient exactly zero, ascends on its weighted
    sum until it wakes (by the formula it would stay noise for ever).
    """

    name = "classic"
    title = "Classic"
    about = "The lectures' recipe: gray noise, 40 plain steps along the gradient. Fast, but noisy texture."
    steps, small_steps = 40, 40
    on = "activation"

    def begin(
        self, context: RecipeContext, seeds: Sequence[Sequence[int]], pixels: NDArray[np.float32] | None
    ) -> Variables:
        """Noise between 128 and 148, or the picture."""
        if pixels is not None:
            return (pixels.astype(np.float32),)
        image = context.image
        shape = (image.height, image.width, image.channels)
        noise = [np.random.default_rng(seed).random(shape, np.float32) * 20 + 128 for seed in seeds]
        return (np.stack(noise),)

    def look(
        self, context: RecipeContext, variables: Variables, chance: np.random.Generator
    ) -> tuple[Any, Any]:
        """The picture as it is."""
        return context.image.to_network(variables[0]), None

    def move(
        self, context: RecipeContext, variables: Variables, seen: Any, gradient: Any, step: int
    ) -> Variables:
        """One step of one gray level in the mean."""
        (x,) = variables
        slope = context.image.gradient_to_pixels(np.asarray(gradient, np.float32))
        slope = slope / (np.sqrt(np.mean(np.square(slope), axis=(1, 2, 3), keepdims=True)) + SMALL)
        if any(context.penalties):
            slope = slope - penalty_gradient(x / 255, context.penalties)
        return (x + STEP * slope,)

    def values(self, context: RecipeContext, variables: Variables) -> NDArray[np.float32]:
        """The picture."""
        return np.asarray(variables[0], np.float32)

    def shown(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Centred, standard deviation 0.1, around the middle gray."""
        axes = (1, 2, 3)
        centred = values - values.mean(axis=axes, keepdims=True)
        centred = centred / (centred.std(axis=axes, keepdims=True) + SMALL)
        return (np.clip(centred * 0.1 + 0.5, 0, 1) * 255).astype(np.uint8)
