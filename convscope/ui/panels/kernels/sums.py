"""The sum behind one output pixel, ready to be shown: patch, kernel, products and every term in writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.imaging import padding
from convscope.imaging.numerals import bracketed, numeral
from convscope.imaging.region import Region
from convscope.imaging.size import output_size
from convscope.imaging.stage import activate, before_pooling, sliding_weights, source_values
from convscope.ui.panels.kernels.frame import Frame

MOST_TERMS = 400


@dataclass(frozen=True, eq=False)
class PixelSum:
    """One output of the kernel, and what follows.

    Attributes:
        row, column: of the kernel's output (before pooling).
        patch, kernel, products: float64, kh×kw, of the chosen channel.
        text: the whole sum: "105·5 + 102·(−1) + … = 320".
        after: bias, activation and pooling with their numbers, a line each; "" when there are none.
    """

    row: int
    column: int
    patch: NDArray[np.float64]
    kernel: NDArray[np.float64]
    products: NDArray[np.float64]
    text: str
    after: str


def explain(frame: Frame, row: int, column: int, channel: int) -> PixelSum:
    """The sum behind the output pixel (row, column); of one colour channel where there are three."""
    stage, source = frame.result.operation, frame.result.source
    values, weights = source_values(source, stage), sliding_weights(stage)
    size = output_size(stage, source.values.shape)
    tile = before_pooling(stage, Region(row, column, row + 1, column + 1))
    is_filter = len(weights) == 3
    outputs = np.array(
        [
            [
                sum(
                    float((patch * weight).sum())
                    for patch, weight in zip(
                        _patches(values, size, stage, r, c, channel), weights, strict=True
                    )
                )
                for c in range(tile.left, tile.right)
            ]
            for r in range(tile.top, tile.bottom)
        ]
    )
    activated = activate((outputs + stage.bias).astype(np.float32), stage.activation)
    at = np.unravel_index(int(np.argmax(activated)) if stage.pool == "max" else 0, outputs.shape)
    place = (tile.top + int(at[0]), tile.left + int(at[1]))
    patches = _patches(values, size, stage, *place, channel)
    shown = channel if is_filter else 0
    lines = []
    for index, (patch, weight) in enumerate(zip(patches, weights, strict=True)):
        name = f"{('red', 'green', 'blue')[index]}: " if is_filter else ""
        lines.append(f"{name}{_terms(patch, weight)} = {numeral(float((patch * weight).sum()))}")
    total = float(outputs[at])
    if is_filter:
        parts = " + ".join(
            bracketed(float((patch * weight).sum())) for patch, weight in zip(patches, weights, strict=True)
        )
        lines.append(f"{parts} = {numeral(total)}")
    return PixelSum(
        *place,
        patches[shown],
        weights[shown],
        patches[shown] * weights[shown],
        "\n".join(lines),
        _after(stage, total, activated, at),
    )


def _patches(
    values: NDArray[Any], size: Any, stage: Any, row: int, column: int, channel: int
) -> list[NDArray[np.float64]]:
    """The pixels under the kernel: three patches for an RGB filter, else that of one channel."""
    ranges = []
    for at, axis in ((row, size.height), (column, size.width)):
        start = at * axis.stride - axis.padded[0]
        ranges.append((start, start + axis.covered))
    step = stage.dilation
    patch = padding.window(values, ranges[0], ranges[1], stage.border)[::step, ::step].astype(np.float64)
    if patch.ndim == 2:
        return [patch]
    if stage.channels == "filter":
        return [patch[:, :, index] for index in range(3)]
    return [patch[:, :, channel]]


def _terms(patch: NDArray[np.float64], weights: NDArray[np.float64]) -> str:
    pairs = list(zip(patch.ravel().tolist(), weights.ravel().tolist(), strict=True))
    # Where the weight is 0 the pixel has no say; a sum of nothing but zeros is still written out.
    kept = [pair for pair in pairs if pair[1] != 0] or pairs[:1]
    terms = [f"{numeral(value)}·{bracketed(weight)}" for value, weight in kept[:MOST_TERMS]]
    more = [f"… ({len(kept) - MOST_TERMS} more)"] if len(kept) > MOST_TERMS else []
    return " + ".join([*terms, *more])


def _after(stage: Any, total: float, activated: NDArray[np.float32], at: Any) -> str:
    lines = []
    value = total
    if stage.bias:
        value = total + stage.bias
        lines.append(f"+ bias: {numeral(total)} + {bracketed(stage.bias)} = {numeral(value)}")
    if stage.activation != "none":
        name = "ReLU" if stage.activation == "relu" else stage.activation
        lines.append(f"{name}({numeral(value)}) = {numeral(float(activated[at]))}")
    if stage.pool != "none":
        tile = ", ".join(numeral(float(one)) for one in activated.ravel()[:64])
        pooled = float(activated.max() if stage.pool == "max" else activated.mean())
        name = "max" if stage.pool == "max" else "mean"
        lines.append(f"{name}({tile}) = {numeral(pooled)}")
    return "\n".join(lines)
