"""What a person sets for a pattern."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from convscope.core.errors import UserError
from convscope.core.parameter import parameters_of, setting
from convscope.engine.interpret.feature_visualization.image_parametrisation import (
    LARGEST_SIZE,
    SMALLEST_SIZE,
    is_small,
)
from convscope.engine.interpret.feature_visualization.recipes import RECIPES

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel


def _weight(title: str, said: str, about: str) -> Any:
    return setting(0.0, title, minimum=0.0, maximum=2.0, step=0.1, said=f"weight of {said}", about=about)


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
    steps: int | None = setting(
        None, "Steps", "whole", minimum=1, maximum=10_000, step=16, nothing="auto", said="number of steps"
    )
    size: int | None = setting(
        None,
        "Size of the large picture",
        "whole",
        minimum=SMALLEST_SIZE,
        maximum=LARGEST_SIZE,
        step=32,
        nothing="auto",
        said="size",
    )
    seed: int = setting(0, "Seed", minimum=0, maximum=2**31 - 1)
    variation: float = _weight(
        "variation", "the total variation", "Takes the total variation off: smoother pictures"
    )
    l2: float = _weight("L2", "L2", "Takes the distance from gray off: paler pictures")
    blur: float = _weight(
        "blur", "the blur", "Takes the distance from a blurred copy off: fewer fine details"
    )
    octaves: int = setting(
        1,
        "Octaves",
        minimum=1,
        maximum=6,
        said="number of octaves",
        about="Sizes one after the other, from small to full: large forms first",
    )
    diversity: float = _weight("diversity", "the diversity", "")

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise UserError(f"There is no recipe {self.recipe}: choose {' or '.join(RECIPES)}.")
        for name, parameter in parameters_of(PatternSettings).items():
            parameter.checked(getattr(self, name))

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
