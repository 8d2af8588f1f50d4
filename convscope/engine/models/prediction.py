"""What a network says about an image: classes with probabilities and logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScore:
    """One class.

    Attributes:
        index: in the network's output; for a single sigmoid unit 0 and 1.
        name: of the class; "class 7" where names are not known.
        probability: 0–1.
        logit: the score before softmax or sigmoid.
    """

    index: int
    name: str
    probability: float
    logit: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """All classes of one image.

    Attributes:
        classes: the most probable first.
        probabilities, logits: float32, by index.
        notes: what had to be assumed, one sentence each.
    """

    classes: tuple[ClassScore, ...]
    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    notes: tuple[str, ...] = ()

    def top(self, count: int = 5) -> tuple[ClassScore, ...]:
        """The first classes."""
        return self.classes[:count]


def ranked(
    logits: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    names: tuple[str, ...],
    notes: tuple[str, ...] = (),
) -> Prediction:
    """The classes of one image, most probable first; of equal ones, that with the lower index."""
    order = np.argsort(-logits if _monotone(probabilities, logits) else -probabilities, kind="stable")
    classes = tuple(
        ClassScore(int(i), class_name(names, int(i)), float(probabilities[i]), float(logits[i]))
        for i in order
    )
    return Prediction(classes, probabilities, logits, notes)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits, N×classes; of infinite ones the limit: those share the whole equally."""
    top = logits.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore"):
        shares = np.exp(np.where(logits == top, 0, logits - top), dtype=np.float32)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def class_name(names: tuple[str, ...], index: int) -> str:
    """The name of a class, "class 7" where it has none."""
    return names[index] if index < len(names) and names[index] else f"class {index}"


def _monotone(probabilities: NDArray[np.float32], logits: NDArray[np.float32]) -> bool:
    # Logits tell classes apart where probabilities have rounded to zero.
    order = np.argsort(-logits, kind="stable")
    return bool(np.all(np.diff(probabilities[order]) <= 0))
