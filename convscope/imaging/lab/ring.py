"""The border that a stage adds around its source, as it can be drawn around the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.lab import padding
from convscope.imaging.lab.operation import Border, Operation
from convscope.imaging.lab.size import output_size

WORDS: dict[Border, str] = {
    "zero": "zeros",
    "same": "zeros",
    "full": "zeros",
    "replicate": "the edge",
    "reflect": "mirrored",
    "wrap": "wrapped round",
}


@dataclass(frozen=True, eq=False)
class Ring:
    """What is padded around a picture.

    Attributes:
        amounts: pixels above, below, on the left and on the right; at least one is not 0.
        pixels: uint8, four strips like the picture: above and below over the whole width with the corners,
            then on the left and on the right.
        values: the numbers of the same strips.
        words: in a few words: "padding 1: zeros".
    """

    amounts: tuple[int, int, int, int]
    pixels: tuple[NDArray[np.uint8], ...]
    values: tuple[NDArray[Any], ...]
    words: str


def ring_of(
    operation: Operation, values: NDArray[Any], pixels: NDArray[np.uint8], zero: NDArray[np.uint8]
) -> Ring | None:
    """The ring that an operation adds; None where it adds none.

    Args:
        operation: a stage that fits the source.
        values, pixels: the source, H×W or H×W×3, and how it is drawn: uint8, H×W or H×W×3.
        zero: how a 0 is drawn: one pixel, shape () or (3,).
    """
    if not operation.enabled or operation.border == "valid":
        return None
    size = output_size(operation, values.shape)
    (top, bottom), (left, right) = size.height.padded, size.width.padded
    if not (top or bottom or left or right):
        return None
    height, width = values.shape[:2]
    across = (-left, width + right)
    places = (
        ((-top, 0), across),
        ((height, height + bottom), across),
        ((0, height), (-left, 0)),
        ((0, height), (width, width + right)),
    )
    border = operation.border
    drawn = []
    for rows, columns in places:
        strip = padding.window(pixels, rows, columns, border)
        if WORDS[border] == "zeros":
            strip = np.broadcast_to(zero, strip.shape).copy()
        drawn.append(np.ascontiguousarray(strip))
    return Ring(
        (top, bottom, left, right),
        tuple(drawn),
        tuple(padding.window(values, rows, columns, border) for rows, columns in places),
        f"padding {_amount_words(top, bottom, left, right)}: {WORDS[border]}",
    )


def _amount_words(*amounts: int) -> str:
    least, most = min(amounts), max(amounts)
    return str(most) if least == most else f"{least} to {most}"
