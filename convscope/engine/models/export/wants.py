"""What a copy takes and gives, in words: whoever uses it has no app that prepares images for it."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.core.errors import UserError
from convscope.engine.models.opened import OpenedModel

_RESIZED = {
    "crop": "the middle of the image, at the network's size",
    "pad": "the whole image at the network's size, with a border",
    "stretch": "the whole image, stretched to the network's size",
}


def tensor_words(name: str, dtype: str, shape: Sequence[int | None]) -> str:
    """An input or output: "image: float32, N × 224 × 224 × 3"."""
    first = "N" if shape[0] is None else str(shape[0])
    sizes = " × ".join([first, *("any" if size is None else str(size) for size in shape[1:])])
    return f"{name}: {dtype}, {sizes}" if name else f"{dtype}, {sizes}"


def gives_words(model: OpenedModel, position: int, name: str, dtype: str, shape: Sequence[int | None]) -> str:
    """An output, and what its numbers are where the network tells classes there."""
    words = tensor_words(name, dtype, shape)
    slot = model.program.outputs[position]
    answer = next(one for one in model.answers if one.slot == slot)
    head = answer.head
    if head is None or answer.kind == "maps":
        return words
    if answer.kind == "values":
        return f"{words}: {'numbers' if answer.count > 1 else 'a number'}, no classes"
    one = head.units == 1
    meant = {
        "softmax": "the probability of each class",
        "log_softmax": "the logarithm of each class's probability",
        "sigmoid": "the probability of class 1" if one else "a probability for each label",
        "logits": "a score, above 0 for class 1" if one else "a score for each label, without sigmoid",
        "linear": "a score for each class, without softmax",
    }.get(head.kind, "")
    return f"{words}: {meant}" if meant else words


def pixel_words(model: OpenedModel) -> str:
    """How the pixels of an image become the network's input; "" where it takes none."""
    try:
        channels = model.input_shape[2]
    except UserError:
        return ""
    how = model.preprocessing
    colours = {1: "gray", 3: how.order.upper()}.get(channels, f"{channels} channels")
    scale, offset = (_one(numbers) for numbers in (how.scale, how.offset))
    formula = "as they are, 0–255" if (scale, offset) == ("1", "0") else f"pixel (0–255) · {scale}"
    if offset != "0":
        formula += f" − {offset[1:]}" if offset.startswith("-") else f" + {offset}"
    name = f" (“{how.name}”)" if how.name and formula[0] == "p" else ""
    guessed = model.is_assumed and model.source.kind == "file"
    guess = "; a guess, the network's file does not say it" if guessed else ""
    return f"{colours}; {formula}{name}; {_RESIZED[how.resize]}{guess}"


def _one(numbers: Sequence[float]) -> str:
    """One number, or one a channel."""
    told = [f"{number:.6g}" for number in numbers]
    return told[0] if len(set(told)) == 1 else f"({', '.join(told)})"
