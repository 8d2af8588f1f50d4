"""What a network says about an image: classes with probabilities and logits, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.answers.answer import Answer


@dataclass(frozen=True)
class ClassScore:
    """One class, or one of the numbers that a network puts out instead.

    Attributes:
        index: in the network's output; for a single sigmoid unit 0 and 1.
        name: of the class; "class 7" where names are not known.
        probability: 0–1; NaN for a number that is none.
        logit: the score before softmax or sigmoid; the number itself where it is no class.
    """

    index: int
    name: str
    probability: float
    logit: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """All classes of one image, or all numbers.

    Attributes:
        classes: the most probable first; numbers in their own order.
        probabilities, logits: float32, by index; of numbers both are these.
        notes: what had to be assumed, one sentence each.
        answer: the output that says it; None where only classes are known.
    """

    classes: tuple[ClassScore, ...]
    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    answer: Answer | None = None

    @property
    def is_values(self) -> bool:
        """Whether these are numbers, not classes: never to be shown in percent."""
        return self.answer is not None and not self.answer.tells_classes

    def top(self, count: int = 5) -> tuple[ClassScore, ...]:
        return self.classes[:count]


def ranked(
    logits: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    names: Sequence[str],
    notes: tuple[str, ...] = (),
    answer: Answer | None = None,
) -> Prediction:
    """The classes of one image, most probable first; of equal ones, that with the lower index.

    Numbers that are no classes stay in their order.
    """
    made = Prediction((), probabilities, logits, notes, answer)
    if made.is_values:
        order = np.arange(len(logits))
        probabilities = np.full_like(logits, np.nan)
    else:
        order = np.argsort(-logits if _monotone(probabilities, logits) else -probabilities, kind="stable")
    classes = tuple(
        ClassScore(int(i), class_name(names, int(i)), float(probabilities[i]), float(logits[i]))
        for i in order
    )
    return replace(made, classes=classes)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits, each for itself."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))), np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits, N×classes; of infinite ones the limit: those share the whole equally."""
    top = logits.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore"):
        shares = np.exp(np.where(logits == top, 0, logits - top), dtype=np.float32)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def class_name(names: Sequence[str], index: int) -> str:
    """The name of a class, "class 7" where it has none."""
    return names[index] if index < len(names) and names[index] else f"class {index}"


def _monotone(probabilities: NDArray[np.float32], logits: NDArray[np.float32]) -> bool:
    # Logits tell classes apart where probabilities have rounded to zero.
    order = np.argsort(-logits, kind="stable")
    return bool(np.all(np.diff(probabilities[order]) <= 0))
