"""What is explained: the logit of a class, or of one class minus another's."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.head import Head
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.prediction import class_name
from convscope.errors import UserError

# So many classes can be told in a sentence.
_FEW = 12


@dataclass(frozen=True)
class Target:
    """A class, or the difference of two: what speaks for one rather than for the other.

    Attributes:
        index: of the class; 0 and 1 for a single sigmoid unit.
        minus: of the class taken off, or None.
    """

    index: int
    minus: int | None = None

    def words(self, model: OpenedModel) -> str:
        """ "espresso", or "espresso − cup"."""
        first = class_name(model.classes, self.index)
        return first if self.minus is None else f"{first} − {class_name(model.classes, self.minus)}"

    def check(self, model: OpenedModel) -> None:
        """Raise `UserError` where the model has no such class, or the two are one."""
        count = model.head.classes
        for index in (self.index,) if self.minus is None else (self.index, self.minus):
            if not 0 <= index < count:
                raise UserError(f"{model.name} has classes 0 to {count - 1}: there is no class {index}.")
        if self.index == self.minus:
            raise UserError("A class minus itself is 0 everywhere: choose two different classes.")

    def weights(self, head: Head) -> NDArray[np.float32]:
        """What the numbers of the head are multiplied by to make the score: float32, one a unit."""
        by_class = np.zeros(head.classes, np.float32)
        by_class[self.index] = 1
        if self.minus is not None:
            by_class[self.minus] = -1
        if head.classes == head.units:
            return by_class
        # One sigmoid unit: its logit speaks for class 1, the negative of it for class 0.
        return by_class[1:] - by_class[:1]

    def score(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores for logits by class, N×classes → N."""
        scores = logits[:, self.index]
        return scores if self.minus is None else scores - logits[:, self.minus]

    def probability(
        self, logits: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The class's probability, N; of a difference the first class's if only these two were there."""
        if self.minus is None:
            return probabilities[:, self.index]
        return np.asarray(1 / (1 + np.exp(-np.clip(self.score(logits), -80, 80))), np.float32)


def find_class(model: OpenedModel, text: str) -> int:
    """The class that a person means by its number, its name, or a part that only one name has.

    Raises:
        UserError: none, or several.
    """
    count = model.head.classes
    text = text.strip()
    if not text:
        raise UserError(f"Name a class of {model.name}, or give its number: 0 to {count - 1}.")
    if re.fullmatch(r"-?\d+", text):
        Target(int(text)).check(model)
        return int(text)
    names = [class_name(model.classes, index) for index in range(count)]
    lower = [name.lower() for name in names]
    wanted = text.lower().replace("_", " ")
    for found in (
        [index for index, name in enumerate(lower) if name.replace("_", " ") == wanted],
        [index for index, name in enumerate(lower) if wanted in name.replace("_", " ")],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(f"{index} {names[index]}" for index in found[:5])
            raise UserError(f"Several classes are called like {text}: choose one of {some} by its number.")
    close = difflib.get_close_matches(wanted, lower, 3)
    hint = f" (did you mean {', '.join(close)}?)" if close else ""
    if not close and count <= _FEW:
        hint = f": it has {', '.join(names)}"
    raise UserError(f"{model.name} has no class called {text}{hint}.")
