"""What each output of a network tells. It is decided here, and whatever shows an answer reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from convscope.core.words import counted, shape_words
from convscope.engine.models.answers.head import AnswerHead

Kind = Literal["classes", "labels", "values", "maps"]
Reading = Literal["classes", "values"]

READINGS: tuple[Reading, ...] = ("classes", "values")
"""What a person may say that a row of numbers is."""

VALUE = "value"
"""What a number is called that nobody has named."""

# Words in the name of an output.
_OF_VALUES = re.compile(
    "(^|_)(age|angles?|b?box(es)?|coord(inate)?s?|distance|key_?points?|landmarks?|offsets?|points|pose|price|"
    "reg(ression|ressor)?|steering)(_|$)"
)
_OF_CLASSES = re.compile(
    "(^|_)(categor(y|ies)|class(es)?|classification|classifier|cls|labels?|logits?|predictions|prob(abilitie)?s|"
    "scores|softmax)(_|$)"
)
# Losses by their names, without capitals and underscores.
_LOSSES: dict[str, Reading] = {
    **dict.fromkeys(
        (
            *("mse", "meansquarederror", "mae", "meanabsoluteerror", "mape", "meanabsolutepercentageerror"),
            *("msle", "meansquaredlogarithmicerror", "huber", "huberloss", "logcosh", "poisson"),
            *("cosinesimilarity", "l1", "l2"),
        ),
        "values",
    ),
    **dict.fromkeys(
        (
            *("categoricalcrossentropy", "sparsecategoricalcrossentropy", "binarycrossentropy"),
            *("categoricalfocalcrossentropy", "binaryfocalcrossentropy", "categoricalhinge", "hinge"),
            *("squaredhinge", "bce", "kldivergence", "kullbackleiblerdivergence"),
        ),
        "classes",
    ),
}
# What Keras calls layers that nobody named.
_UNNAMED = re.compile(
    r"(dense|activation|output|outputs|flatten|reshape|dropout|identity|lambda|\w*pooling\w*)[_\d]*"
)
# The order in which an output is preferred.
_RANKS = {"classes": 0, "labels": 2, "values": 3, "maps": 4}


@dataclass(frozen=True)
class Answer:
    """One output of a network, and how it is read.

    Attributes:
        name: by which it is chosen: its key, or the path of the layer.
        slot: of the program.
        shape: without the batch.
        kind: "classes": a distribution over classes; "labels": classes each for itself, several of which may
            hold; "values": numbers, no classes; "maps": anything larger than a row of numbers.
        head: the numbers and the logits before them as they are read; None for maps.
        plain: as the last layers have it, whatever it is read as; None for maps.
        why: what says so: "chosen", "activation", "names", "loss", "name"; "" where nothing does.
    """

    name: str
    slot: int
    shape: tuple[int | None, ...]
    kind: Kind
    head: AnswerHead | None = None
    plain: AnswerHead | None = None
    why: str = ""

    @property
    def count(self) -> int:
        """Classes, labels or numbers; 0 for maps."""
        return 0 if self.head is None else self.head.classes

    @property
    def tells_classes(self) -> bool:
        """Whether shares in percent make sense."""
        return self.kind in ("classes", "labels")

    @property
    def noun(self) -> str:
        """What one of its numbers is called: "class", or "value"."""
        return "class" if self.tells_classes else "value"

    @property
    def own_name(self) -> str:
        """Its name where somebody gave it one; "" where Keras did."""
        last = self.name.rsplit("/", 1)[-1]
        return "" if _UNNAMED.fullmatch(last.lower()) else last

    @property
    def words(self) -> str:
        """ "3 classes", "4 numbers", "8×8×2 maps"."""
        if self.kind == "maps":
            return f"{shape_words(self.shape)} values"
        if self.kind == "labels":
            return f"{counted(self.count, 'label')}, each for itself"
        if self.kind == "values":
            return counted(self.count, "number")
        return counted(self.count, "class", "classes")

    @property
    def rank(self) -> float:
        """The smaller, the rather it is what is asked for."""
        # A softmax of one unit tells nothing apart.
        if self.kind == "classes" and self.count == 1:
            return 2.5
        told = self.plain is not None and self.plain.kind in ("softmax", "log_softmax")
        return _RANKS[self.kind] + (0 if told or self.kind != "classes" else 1)


def value_name(answer: Answer, index: int) -> str:
    """What one of several numbers without a name is called: "value 3"; a single one: the output's name."""
    return f"{VALUE} {index}" if answer.count > 1 else answer.own_name or VALUE


def read_as(
    answer: Answer,
    *,
    chosen: Reading | None = None,
    names: int = 0,
    loss: Reading | None = None,
    is_distribution: bool = False,
) -> Answer:
    """An output as it is read.

    Args:
        answer: with its plain head.
        chosen: what a person says.
        names: how many names of classes are known for it.
        loss: what it was trained for, if a loss tells.
        is_distribution: where the head is unknown, whether its numbers are shares of a whole.
    """
    head = answer.plain
    if head is None:
        return replace(answer, kind="maps", head=None)
    kind, why = _decided(answer.name, head, chosen, names, loss, is_distribution)
    if kind == "values":
        return replace(
            answer, kind="values", head=AnswerHead("linear", head.units, answer.slot, answer.slot), why=why
        )
    if head.kind == "linear" and head.units == 1:
        # As Keras's own examples of two classes end, trained with from_logits=True.
        return replace(answer, kind="classes", head=replace(head, kind="logits"), why=why)
    if head.kind == "sigmoid" and head.units > 1:
        return replace(answer, kind="labels", head=head, why=why)
    return replace(answer, kind="classes", head=head, why=why)


def _decided(
    name: str,
    head: AnswerHead,
    chosen: Reading | None,
    names: int,
    loss: Reading | None,
    is_distribution: bool,
) -> tuple[Reading, str]:
    if chosen is not None:
        return chosen, "chosen"
    if head.kind in ("softmax", "log_softmax"):
        return "classes", "activation"
    if head.units == 1 and head.kind == "unknown":
        return "values", ""
    fits = names > 1 and names in (head.units, head.classes if head.units > 1 else 2)
    if fits:
        return "classes", "names"
    word = re.sub(r"[^a-z]+", "_", name.rsplit("/", 1)[-1].lower())
    if head.kind == "sigmoid":
        # 0 to 1 may be coordinates as well.
        if loss == "values":
            return "values", "loss"
        return ("values", "name") if head.units > 1 and _OF_VALUES.search(word) else ("classes", "activation")
    if loss is not None:
        return loss, "loss"
    if is_distribution:
        return "classes", "activation"
    if head.activation not in ("", "linear"):
        return "values", "activation"
    if _OF_VALUES.search(word):
        return "values", "name"
    if head.units > 1 and _OF_CLASSES.search(word):
        return "classes", "name"
    # One number of a linear unit is a number; several may be logits, but nothing says so.
    return "values", "activation" if head.units == 1 else ""


def loss_reading(loss: Any, name: str, place: int, count: int) -> Reading | None:
    """What an output was trained for, by the loss that was compiled: a name, a description, an object.

    Args:
        loss: of the model: one, or one an output, by name or in a row.
        name: the output's.
        place: its place among the outputs.
        count: how many outputs there are.
    """
    if isinstance(loss, dict) and "class_name" not in loss:
        loss = loss.get(name, loss.get(name.rsplit("/", 1)[-1]))
    elif isinstance(loss, (list, tuple)):
        loss = loss[place] if len(loss) == count else None
    if isinstance(loss, dict):
        inner = loss.get("config")
        function = inner.get("fn") if isinstance(inner, dict) else None
        loss = function if loss.get("class_name") == "LossFunctionWrapper" else loss.get("class_name")
        # Keras writes its functions as {"class_name": "function", "config": "mse"}.
        loss = inner if loss == "function" else loss
    if loss is None:
        return None
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return _LOSSES.get(loss.lower().replace("_", ""))
