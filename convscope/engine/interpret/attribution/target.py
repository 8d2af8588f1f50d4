"""What is explained: the logit of a class, or of one class minus another's; a number, up or down."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.models.answers.answer import VALUE
from convscope.engine.models.answers.head import AnswerHead
from convscope.engine.models.opened import OpenedModel

# So many classes can be told in a sentence.
_FEW = 12


@dataclass(frozen=True)
class ScoreTarget:
    """A class, or the difference of two: what speaks for one rather than for the other.

    Attributes:
        index: of the class; 0 and 1 for a single sigmoid unit.
        minus: of the class taken off, or None.
        down: what makes it smaller, not larger; of numbers that are no classes.
    """

    index: int
    minus: int | None = None
    down: bool = False

    def words(self, model: OpenedModel) -> str:
        """ "espresso", or "espresso − cup"; of a number "what pushes age up"."""
        first = model.name_of(self.index)
        words = first if self.minus is None else f"{first} − {model.name_of(self.minus)}"
        if words == VALUE:
            words = f"the {words}"
        if self.down:
            return f"what pulls {words} down"
        return words if model.has_classes else f"what pushes {words} up"

    def check(self, model: OpenedModel) -> None:
        """Raise `UserError` where the model has no such class, or the two are one."""
        count = model.head.classes
        if self.down and model.has_classes:
            raise UserError(
                f"{model.name} tells classes: only a number that is none is asked what pulls it down; "
                "of a class, ask for it minus another one."
            )
        for index in (self.index,) if self.minus is None else (self.index, self.minus):
            if not 0 <= index < count:
                many = f"{plural(model)} 0 to {count - 1}" if count > 1 else f"one {model.answer.noun}, 0"
                raise UserError(f"{model.name} has {many}: there is no {model.answer.noun} {index}.")
        if self.index == self.minus:
            what = "class" if model.has_classes else "value"
            raise UserError(f"A {what} minus itself is 0 everywhere: choose two different ones.")

    def weights(self, head: AnswerHead) -> NDArray[np.float32]:
        """What the numbers of the head are multiplied by to make the score: float32, one a unit."""
        by_class = np.zeros(head.classes, np.float32)
        by_class[self.index] = 1
        if self.minus is not None:
            by_class[self.minus] = -1
        by_class *= self._sign
        if head.classes == head.units:
            return by_class
        # One sigmoid unit: its logit speaks for class 1, the negative of it for class 0.
        return by_class[1:] - by_class[:1]

    def score(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores for logits by class, N×classes → N."""
        scores = logits[:, self.index]
        return self._sign * (scores if self.minus is None else scores - logits[:, self.minus])

    def probability(
        self, logits: NDArray[np.float32], probabilities: NDArray[np.float32], *, values: bool = False
    ) -> NDArray[np.float32]:
        """The class's probability, N; of a difference the first class's if only these two were there.

        Args:
            values: they are numbers and no classes: the score is all that there is.
        """
        if values:
            return self.score(logits)
        if self.minus is None:
            return probabilities[:, self.index]
        return np.asarray(1 / (1 + np.exp(-np.clip(self.score(logits), -80, 80))), np.float32)

    @property
    def _sign(self) -> float:
        return -1.0 if self.down else 1.0


def plural(model: OpenedModel) -> str:
    """What the numbers of a network's answer are called: "classes", or "values"."""
    return "classes" if model.has_classes else "values"


def find_class(model: OpenedModel, text: str) -> int:
    """The class that a person means by its number, its name, or a part that only one name has.

    Raises:
        UserError: none, or several.
    """
    count = model.head.classes
    text = text.strip()
    if not text:
        raise UserError(f"Name a {model.answer.noun} of {model.name}, or give its number: 0 to {count - 1}.")
    if re.fullmatch(r"-?\d+", text):
        ScoreTarget(int(text)).check(model)
        return int(text)
    names = [model.name_of(index) for index in range(count)]
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
            raise UserError(
                f"Several {plural(model)} are called like {text}: choose one of {some} by its number."
            )
    close = difflib.get_close_matches(wanted, lower, 3)
    hint = f" (did you mean {', '.join(close)}?)" if close else ""
    if not close and count <= _FEW:
        hint = f": it has {', '.join(names)}"
    raise UserError(f"{model.name} has no {model.answer.noun} called {text}{hint}.")
