"""What a person sets for a pattern."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from convscope.core.errors import UserError
from convscope.engine.interpret.feature_visualization.image_parametrisation import (
    LARGEST_SIZE,
    SMALLEST_SIZE,
    is_small,
)
from convscope.engine.interpret.feature_visualization.recipes import RECIPES

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

MOST_STEPS = 10_000
MOST_OCTAVES = 6


@dataclass(frozen=True)
class PatternSettings:
    """How a pattern grows; the defaults suit every network.

    Raises:
        UserError: one is out of its range, or there is no such recipe.

    Attributes:
        recipe: a name of `RECIPES`.
        steps: of the ascent; None: the recipe's own for the network, see `steps_for`.
        size: of the picture's longer side in pixels; None: what suits the network.
        seed: of the start and of all that is random.
        variation: weight of the total variation that is taken off: smoother pictures; 0–2.
        l2: weight of the squared distance from gray that is taken off: paler pictures; 0–2.
        blur: weight of the squared distance from a blurred copy that is taken off: fewer fine details; 0–2.
        octaves: sizes one after the other, from small to full: large forms first.
        diversity: weight by which the pictures of one batch push each other apart; 0–2.
    """

    recipe: str = "clear"
    steps: int | None = None
    size: int | None = None
    seed: int = 0
    variation: float = 0.0
    l2: float = 0.0
    blur: float = 0.0
    octaves: int = 1
    diversity: float = 0.0

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise UserError(f"There is no recipe {self.recipe}: choose {' or '.join(RECIPES)}.")
        for name, value, low, high in (
            ("number of steps", self.steps, 1, MOST_STEPS),
            ("size", self.size, SMALLEST_SIZE, LARGEST_SIZE),
            ("seed", self.seed, 0, 2**31 - 1),
            ("number of octaves", self.octaves, 1, MOST_OCTAVES),
            ("weight of the total variation", self.variation, 0, 2),
            ("weight of L2", self.l2, 0, 2),
            ("weight of the blur", self.blur, 0, 2),
            ("weight of the diversity", self.diversity, 0, 2),
        ):
            if value is not None and not low <= value <= high:
                raise UserError(f"The {name} goes from {low} to {high}, not {value}.")

    def steps_for(self, model: OpenedModel) -> int:
        """Steps in numbers: those asked for, or the recipe's own for such a network."""

        if self.steps is not None:
            return self.steps
        recipe = RECIPES[self.recipe]
        return recipe.small_steps if is_small(model) else recipe.steps

    @property
    def penalties(self) -> tuple[float, float, float]:
        """Total variation, L2, blur."""
        return self.variation, self.l2, self.blur

    def to_dict(self) -> dict[str, Any]:
        """For a key or a file."""
        return asdict(self)
