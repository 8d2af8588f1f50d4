"""One output pixel taken apart: patch, kernel, products, and the whole sum written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, tanh

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.lab import padding
from convscope.imaging.lab.equation import DIGITS, added, as_shown, equation, products
from convscope.imaging.lab.operation import Activation, Operation
from convscope.imaging.lab.size import output_size
from convscope.imaging.lab.stage import activate, before_pooling, run, sliding_kernels, source_values
from convscope.imaging.lab.window import source_window
from convscope.imaging.numerals import bracketed, numeral
from convscope.imaging.region import Region

CHANNEL_NAMES = ("red", "green", "blue")
_ACTIVATION_WORDS: dict[str, tuple[str, Callable[[float], float]]] = {
    "relu": ("ReLU", lambda x: max(x, 0.0)),
    "tanh": ("tanh", tanh),
    "sigmoid": ("sigmoid", lambda x: (1 + tanh(x / 2)) / 2 if x > -30 else exp(x)),
}


@dataclass(frozen=True, eq=False)
class ChannelSum:
    """One kernel on one channel; all arrays kh×kw.

    Attributes:
        name: "red", "green", "blue", or "" for a gray image.
        patch: float64, the pixels under the taps, padding included.
        inside: bool, False where the border's padding stands.
        weights: float64, the kernel as it is written and slides: flipped already for a convolution.
        products: float64, patch·weights.
        sum: of the products.
        divisor: what the kernel is written over.
        total: sum/divisor.
    """

    name: str
    patch: NDArray[np.float64]
    inside: NDArray[np.bool_]
    weights: NDArray[np.float64]
    products: NDArray[np.float64]
    sum: float
    divisor: float = 1.0

    @property
    def total(self) -> float:
        """What the channel gives."""
        return self.sum / self.divisor

    def written(self, *, zeros: bool = False, rows: int | None = None, more: str = "") -> str:
        """The sum with all its terms, "105·5 + 102·(−1) + 103·(−1) = 320"; a divisor has a line of its own.

        Args:
            zeros: also the terms whose weight or padded pixel is 0.
            rows: of the kernel, whose terms are written; None: all.
            more: what stands for those of the other rows.
        """
        some = self.patch.shape[0] if rows is None else rows
        pairs = zip(
            self.patch[:some].ravel().tolist(),
            self.weights[:some].ravel().tolist(),
            self.inside[:some].ravel().tolist(),
            strict=True,
        )
        told = [pair for pair in pairs if zeros or (pair[1] and (pair[2] or pair[0]))]
        text, shown = products([value for value, *_ in told], [weight for _, weight, _ in told], DIGITS)
        if some < self.patch.shape[0]:
            text, shown = f"{text} + {more}", shown + float(self.products[some:].sum())
        written = equation(lambda _digits: (text or "0", shown), self.sum, most=DIGITS)
        if self.divisor != 1:
            over = equation(
                lambda digits: (
                    f"{numeral(self.sum, digits)}/{numeral(self.divisor, digits)}",
                    as_shown(self.sum, digits) / as_shown(self.divisor, digits),
                ),
                self.total,
            )
            written += f"\n{over}"
        return written


@dataclass(frozen=True, eq=False)
class Tile:
    """The values that one pooled output is made from.

    Attributes:
        kind: "max" or "avg".
        region: the outputs before pooling that it holds.
        values: float32, size×size.
        chosen: (row, column) within it of the output that the sum explains; the largest for "max".
    """

    kind: str
    region: Region
    values: NDArray[np.float32]
    chosen: tuple[int, int]


@dataclass(frozen=True, eq=False)
class PixelSum:
    """How one output pixel came about.

    Attributes:
        row, column, channel: the output pixel, after pooling if there is any; channel is 0 for one channel.
        window: all source pixels that it depends on; it may reach over the image's edges.
        taken: the source pixels under the kernel for the sum below (a part of `window` when pooling).
        channels: one sum for each channel that goes in: three for an RGB filter, else one.
        bias: added to the sums.
        total: sums and bias, before the activation.
        activation: "none", "relu", "tanh" or "sigmoid".
        activated: the total after the activation.
        tile: what was pooled, or None.
        value: the output, equal to the result's to rounding.
    """

    row: int
    column: int
    channel: int
    window: Region
    taken: Region
    channels: tuple[ChannelSum, ...]
    bias: float
    total: float
    activation: Activation
    activated: float
    tile: Tile | None
    value: float

    @cached_property
    def text(self) -> str:
        """The whole arithmetic, terms with a zero left out; a line a step."""
        return self.written()

    def written(self, *, zeros: bool = False, rows: int | None = None, more: str = "") -> str:
        """The whole arithmetic, a line a step: products, sum of channels, bias, activation, pooling.

        Args:
            zeros: also write the terms whose weight or padded pixel is 0.
            rows: of the kernel, whose terms are written; None: all.
            more: what stands for those of the other rows.
        """
        several = len(self.channels) > 1
        names = [f"{channel.name}: " if several else "" for channel in self.channels]
        lines = [
            name + channel.written(zeros=zeros, rows=rows, more=more)
            for name, channel in zip(names, self.channels, strict=True)
        ]
        if several or self.bias:
            lines.append(equation(self._added, self.total))
        if self.activation != "none":
            lines.append(equation(self._activated, self.activated))
        if self.tile is not None:
            values = self.tile.values.ravel().tolist()
            if self.tile.kind == "max":
                lines.append(f"max({', '.join(map(numeral, values))}) = {numeral(self.value)}")
            else:
                lines.append(equation(self._averaged, self.value))
        return "\n".join(lines)

    def _added(self, digits: int) -> tuple[str, float]:
        text, shown = added([channel.total for channel in self.channels], digits)
        if not self.bias:
            return text, shown
        return f"{text} + {bracketed(self.bias, digits)} (bias)", shown + as_shown(self.bias, digits)

    def _activated(self, digits: int) -> tuple[str, float]:
        name, function = _ACTIVATION_WORDS[self.activation]
        return f"{name}({numeral(self.total, digits)})", function(as_shown(self.total, digits))

    def _averaged(self, digits: int) -> tuple[str, float]:
        assert self.tile is not None
        values = self.tile.values.ravel().tolist()
        text, shown = added(values, digits)
        return f"({text})/{len(values)}", shown / len(values)


def explain(
    image: Image,
    operation: Operation,
    row: int,
    column: int,
    channel: int = 0,
    *,
    within: tuple[int, int] | None = None,
) -> PixelSum:
    """Take one output pixel of a stage apart.

    Args:
        image: the stage's input.
        operation: the stage.
        row, column: of the output, after pooling if there is any.
        channel: of the output: 0–2 where each channel is filtered on its own.
        within: with pooling, which value of the tile the sum explains, (row, column) from its top left;
            by default the largest for max pooling and the first for average pooling.

    Raises:
        UserError: no such output, or the stage cannot work on this image.
    """
    if not operation.enabled:
        operation = Operation()
    size = output_size(operation, image.values.shape)
    if not (0 <= row < size.shape[0] and 0 <= column < size.shape[1] and 0 <= channel < size.channels):
        raise UserError(
            f"There is no output ({row}, {column}) in channel {channel}: the result is "
            f"{size.shape[0]}×{size.shape[1]} with {size.channels} channel(s)."
        )
    tile = None
    place = (row, column)
    if operation.pool != "none":
        tile = _tile(image, operation, row, column, channel, within)
        place = (tile.region.top + tile.chosen[0], tile.region.left + tile.chosen[1])
    unpooled = replace(operation, pool="none")
    channels = _channels(image, operation, place, channel)
    total = sum(part.total for part in channels) + operation.bias
    activated = total
    if operation.activation != "none":
        activated = float(activate(np.array([total], np.float32), operation.activation)[0])
    value = activated
    if tile is not None:
        value = float(tile.values.max() if tile.kind == "max" else tile.values.mean(dtype=np.float64))
    return PixelSum(
        row,
        column,
        channel,
        source_window(operation, image.values.shape, row, column),
        source_window(unpooled, image.values.shape, *place),
        channels,
        operation.bias,
        total,
        operation.activation,
        activated,
        tile,
        value,
    )


def _tile(
    image: Image,
    operation: Operation,
    row: int,
    column: int,
    channel: int,
    within: tuple[int, int] | None,
) -> Tile:
    region = before_pooling(operation, Region(row, column, row + 1, column + 1))
    values = run(image, replace(operation, pool="none"), region=region).values
    if values.ndim == 3:
        values = values[:, :, channel]
    if within is None and operation.pool == "max":
        chosen = divmod(int(np.argmax(values)), values.shape[1])
    else:
        chosen = within or (0, 0)
    if not (0 <= chosen[0] < region.height and 0 <= chosen[1] < region.width):
        raise UserError(f"There is no value {chosen} in a {region.height}×{region.width} pooling tile.")
    return Tile(operation.pool, region, values, chosen)


def _channels(
    image: Image, operation: Operation, place: tuple[int, int], channel: int
) -> tuple[ChannelSum, ...]:
    values = source_values(image, operation)
    height, width = values.shape[:2]
    indices: list[NDArray[np.intp]] = []
    inside: list[NDArray[np.bool_]] = []
    window = source_window(replace(operation, pool="none"), values.shape, *place)
    for start, stop, length in ((window.top, window.bottom, height), (window.left, window.right, width)):
        taps = np.arange(start, stop, operation.dilation)
        indices.append(padding.source_indices(start, stop, length, operation.border)[:: operation.dilation])
        inside.append((taps >= 0) & (taps < length))
    shown = np.outer(indices[0] >= 0, indices[1] >= 0)
    within_image = np.outer(inside[0], inside[1])
    patches = values[np.ix_(*indices)].astype(np.float64)
    kernels = sliding_kernels(operation)
    if operation.channels == "filter":
        picked = [(name, patches[:, :, number]) for number, name in enumerate(CHANNEL_NAMES)]
    elif values.ndim == 3:
        picked = [(CHANNEL_NAMES[channel], patches[:, :, channel])]
    else:
        picked = [("", patches)]
    sums = []
    for (name, patch), kernel in zip(picked, kernels, strict=True):
        patch = np.where(shown, patch, 0.0)
        weights = kernel.numerators
        products = patch * weights
        found = float(products.sum())
        sums.append(ChannelSum(name, patch, within_image, weights, products, found, kernel.divisor))
    return tuple(sums)
