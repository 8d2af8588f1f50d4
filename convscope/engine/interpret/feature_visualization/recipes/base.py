"""What a recipe is: how a picture is written in numbers, seen by the network, and moved uphill."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.feature_visualization.image_parametrisation import ImageParametrisation

Variables = tuple[Any, ...]
"""What a recipe moves, arrays or tensors, one entry a picture along the first axis."""

Keep = Callable[[Hashable, Callable[[], Any]], Any]
"""`OpenedModel.kept`: where compiled functions stay."""


@dataclass(frozen=True)
class RecipeContext:
    """What a recipe works with.

    Attributes:
        image: size and kind of the pictures.
        keep: where compiled functions stay.
        penalties: weights of total variation, L2 and blur.
    """

    image: ImageParametrisation
    keep: Keep
    penalties: tuple[float, float, float] = (0.0, 0.0, 0.0)


class Recipe(ABC):
    """A way of gradient ascent. Recipes keep nothing: all that changes is in the variables.

    Attributes:
        name, title: for scripts and for people.
        about: one sentence.
        steps: how many are enough as a rule.
        small_steps: for networks of small pictures, where a step costs next to nothing.
        on: where the objective is measured: "sum" or "activation".
    """

    name: str
    title: str
    about: str
    steps: int
    small_steps: int
    on: str

    @abstractmethod
    def begin(
        self, context: RecipeContext, seeds: Sequence[Sequence[int]], pixels: NDArray[np.float32] | None
    ) -> Variables:
        """The start: noise by a seed a picture, or pixels 0–255, N×H×W×C."""

    @abstractmethod
    def look(
        self, context: RecipeContext, variables: Variables, chance: np.random.Generator
    ) -> tuple[Any, Any]:
        """What the network sees at this step, N×H×W×C, and what `move` has to know of how it was made."""

    @abstractmethod
    def move(
        self, context: RecipeContext, variables: Variables, seen: Any, gradient: Any, step: int
    ) -> Variables:
        """One step uphill.

        Args:
            context: image and penalties.
            variables: as they are.
            seen: what `look` handed over.
            gradient: of the objective with respect to what the network saw.
            step: 1 for the first of this size.
        """

    @abstractmethod
    def values(self, context: RecipeContext, variables: Variables) -> NDArray[np.float32]:
        """The pictures in pixels 0–255 (not rounded, maybe beyond), N×H×W×C."""

    @abstractmethod
    def shown(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The pictures as they are shown, N×H×W×C."""
