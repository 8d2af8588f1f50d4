"""What happens between two columns of the network, for one map: its inputs × their kernels, the single
products as maps, their sum, the bias, the activation, the pooling; of a classifier the products as numbers,
and softmax step by step.

The products of a convolution, a dense layer or a sum are computed here, in double precision; what follows is
what the network itself put out. So the two can be compared: products and bias add up to the layer's own sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.words import times
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.breakdown.base import Unit
from convscope.engine.interpret.breakdown.windows import both, window_of
from convscope.engine.interpret.kernels_of import CHANNEL_KEEPING, array
from convscope.engine.interpret.network.flow import source_path
from convscope.engine.models.graph.columns import LayerColumn
from convscope.engine.models.layer_specs.pooling import borders
from convscope.engine.models.program import ProgramStep

Plane = NDArray[np.float64]
Planes = NDArray[np.float64]
Pixel = tuple[int, int]
StageKind = Literal["input", "sum", "bias", "function", "pooling", "softmax", "copy"]

LARGEST = 128 << 20
"""Bytes that the products of one map may take."""

_SOFTMAX = ("softmax", "log_softmax")


@dataclass(frozen=True)
class SlidingWindow:
    """Which values of its input a value of a map looks at.

    Attributes:
        size, stride, rate: rows and columns; the rate is that of dilation.
        before: rows and columns of padding above and to the left.
    """

    size: Pixel = (1, 1)
    stride: Pixel = (1, 1)
    rate: Pixel = (1, 1)
    before: Pixel = (0, 0)

    def taps(self, axis: int, at: int) -> NDArray[np.int64]:
        """The input's rows (axis 0) or columns under the window of an output's row or column."""
        first = at * self.stride[axis] - self.before[axis]
        return first + self.rate[axis] * np.arange(self.size[axis], dtype=np.int64)

    def box(self, at: Pixel) -> tuple[int, int, int, int]:
        """Top, left, height and width of the window of an output's pixel; it may hang over the border."""
        rows, columns = self.taps(0, at[0]), self.taps(1, at[1])
        return (
            int(rows[0]),
            int(columns[0]),
            int(rows[-1] - rows[0]) + 1,
            int(columns[-1] - columns[0]) + 1,
        )

    def over(self, at: Pixel, shape: Sequence[int]) -> Pixel:
        """The output's pixel whose window has its middle nearest to an input's pixel."""
        found = []
        for axis in (0, 1):
            middle = (self.size[axis] - 1) * self.rate[axis] / 2
            place = round((at[axis] + self.before[axis] - middle) / self.stride[axis])
            found.append(min(max(place, 0), shape[axis] - 1))
        return found[0], found[1]


@dataclass(frozen=True, eq=False)
class Products:
    """What a map is a sum of, before the bias.

    Attributes:
        path: of the layer that adds them up.
        sources: the layer that each comes from; one name if it is the same for all.
        channels: int64 (n,), the channel of its source.
        inputs: float64 n×h×w; n×1×1 in a vector.
        kernels: float64 n×kh×kw.
        maps: float64 n×H×W, each input under its kernel.
        window: that slides over the inputs.
    """

    path: str
    sources: tuple[str, ...]
    channels: NDArray[np.int64]
    inputs: Planes
    kernels: Planes
    maps: Planes
    window: SlidingWindow

    @property
    def by_size(self) -> NDArray[np.int64]:
        """Those that give most first, whatever the sign."""
        return np.argsort(-np.abs(self.maps).sum(axis=(1, 2)), kind="stable").astype(np.int64)

    @property
    def are_numbers(self) -> bool:
        """Whether each is one number: of a dense layer."""
        return self.maps.shape[1:] == self.inputs.shape[1:] == (1, 1)

    def source(self, term: int) -> str:
        """The layer that a product comes from."""
        return self.sources[term if len(self.sources) > 1 else 0]


@dataclass(frozen=True, eq=False)
class UnfoldedStage:
    """One map on the way.

    Attributes:
        kind: what makes it.
        title: "Sum", "+ bias 0.12", "relu", "MaxPooling2D 2×2".
        path: of the layer.
        values: float64 h×w; 1×1 of a number.
        window: over the stage before; None: over the products' inputs, or over nothing.
        following: it belongs to the next layer already.
    """

    kind: StageKind
    title: str
    path: str
    values: Plane
    window: SlidingWindow | None = None
    following: bool = False


@dataclass(frozen=True, eq=False)
class FlattenStrip:
    """Which map and place each number of a flattened layer comes from.

    Attributes:
        source: the layer whose maps are laid out in a row.
        maps: float64 H×W×C.
    """

    source: str
    maps: NDArray[np.float64]

    @property
    def values(self) -> NDArray[np.float64]:
        """All numbers in their order."""
        return self.maps.reshape(-1)

    def origin(self, number: int) -> tuple[int, int, int]:
        """Row, column and channel that a number comes from."""
        row, column, channel = np.unravel_index(number, self.maps.shape)
        return int(row), int(column), int(channel)

    def number(self, row: int, column: int, channel: int) -> int:
        """Where a value of the maps stands in the row."""
        return int(np.ravel_multi_index((row, column, channel), self.maps.shape))


@dataclass(frozen=True, eq=False)
class SoftmaxSteps:
    """Softmax step by step: logits → exponentials → their sum → quotients.

    Attributes:
        logits: float64 (classes,).
        largest: of them, which is taken off from each so that no exponential is too large.
        exponentials: e^(logit − largest), (classes,).
        total: their sum.
        probabilities: exponential / total; they add up to 1.
    """

    logits: NDArray[np.float64]
    largest: float
    exponentials: NDArray[np.float64]
    total: float
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Unfolded:
    """Everything between two columns for one map.

    Attributes:
        column: id of the column after the gap.
        channel: of the map.
        products: what it is a sum of; None where nothing is added up.
        stages: each made from the one before; the first from the products, or it is the input itself.
        strip: of a flattened layer.
        softmax: where the last stage is one.
        before: layers of the same block that come before what is shown.
        reason: why the first stage is shown without what it is made of; "" where it is shown.
    """

    column: str
    channel: int
    products: Products | None
    stages: tuple[UnfoldedStage, ...]
    strip: FlattenStrip | None = None
    softmax: SoftmaxSteps | None = None
    before: tuple[str, ...] = ()
    reason: str = ""

    @property
    def grid(self) -> Pixel:
        """Rows and columns of the map on which the held pixel is counted: the first that is computed."""
        rows, columns = self.stages[self.first].values.shape
        return rows, columns

    @property
    def first(self) -> int:
        """The stage of that map."""
        alone = self.products is None and self.stages[0].kind == "input" and len(self.stages) > 1
        return 1 if alone else 0

    def place(self, stage: int, at: Pixel) -> Pixel:
        """Where the held pixel is found on the map of a stage; on one that pools, the value it goes into."""
        if stage < self.first:
            box = (self.stages[self.first].window or SlidingWindow()).box(at)
            shape = self.stages[stage].values.shape
            return _within((box[0] + (box[2] - 1) // 2, box[1] + (box[3] - 1) // 2), shape)
        for one in self.stages[self.first + 1 : stage + 1]:
            window = one.window or SlidingWindow()
            at = window.over(at, one.values.shape)
        return at

    def pixel(self, stage: int, at: Pixel) -> Pixel:
        """The pixel to hold when a pixel of a stage's map is clicked; of a largest value where it stood."""
        if stage < self.first:
            return (self.stages[self.first].window or SlidingWindow()).over(at, self.grid)
        for number in range(stage, self.first, -1):
            window, below = self.stages[number].window, self.stages[number - 1].values
            if window is None or window == SlidingWindow():
                continue
            rows, columns = (
                np.clip(window.taps(axis, at[axis]), 0, below.shape[axis] - 1) for axis in (0, 1)
            )
            patch = below[np.ix_(rows, columns)]
            down, across = np.unravel_index(int(np.argmax(patch)), patch.shape)
            at = int(rows[down]), int(columns[across])
        return _within(at, self.grid)


@dataclass(frozen=True, eq=False)
class HeldPixel:
    """One pixel held through all maps.

    Attributes:
        at: row and column on `Unfolded.grid`.
        term: which product, by its place among the products; −1 without products.
        box: top, left, height and width of the window on the input.
        patch, kernel, products: float64 kh×kw of that term; 0 outside of the map. Empty without products.
        inside: bool kh×kw, False where the window hangs over the border.
        total: the sum of these products.
        places: where it is found on each stage's map, row and column.
        values: the numbers there.
    """

    at: Pixel
    term: int
    box: tuple[int, int, int, int]
    patch: Plane
    kernel: Plane
    products: Plane
    inside: NDArray[np.bool_]
    total: float
    places: tuple[Pixel, ...]
    values: tuple[float, ...]


def hold(unfolded: Unfolded, at: Pixel, term: int | None = None) -> HeldPixel:
    """A pixel in all maps, with the numbers of one product.

    Args:
        at: row and column on `Unfolded.grid`; a place outside is moved to the nearest there is.
        term: which product; None: the one that gives most at this place.
    """
    at = _within(at, unfolded.grid)
    places = tuple(unfolded.place(number, at) for number in range(len(unfolded.stages)))
    values = tuple(float(one.values[place]) for one, place in zip(unfolded.stages, places, strict=True))
    made = unfolded.products
    if made is None:
        window = unfolded.stages[unfolded.first].window or SlidingWindow()
        below = unfolded.stages[0].values
        patch, inside = _patch(below, window, at)
        none = np.zeros((0, 0))
        return HeldPixel(at, -1, window.box(at), patch, none, none, inside, values[0], places, values)
    count = len(made.channels)
    if term is None or not 0 <= term < count:
        term = int(np.abs(made.maps[:, at[0], at[1]]).argmax())
    patch, inside = _patch(made.inputs[term], made.window, at)
    kernel = made.kernels[term]
    return HeldPixel(
        at,
        term,
        made.window.box(at),
        patch,
        kernel,
        patch * kernel,
        inside,
        float(made.maps[term, at[0], at[1]]),
        places,
        values,
    )


def unfold(found: Activations, columns: Sequence[LayerColumn], column: LayerColumn, channel: int) -> Unfolded:
    """What happens between a column and those before it, for one of its maps.

    Args:
        found: what the layers make of an image.
        columns: all of the picture.
        column: one of them, not the input.
        channel: of its map or number.

    Raises:
        UserError: the input, no such channel, or a layer that puts out neither maps nor a row of numbers.
    """
    if not column.inputs:
        raise UserError(f"{column.title} is the image itself: nothing comes before it.")
    program = found.model.program
    slot = found.model.slot(column.path)
    shape = tuple(int(n) for n in found.tensor(slot).shape[1:])
    if len(shape) not in (1, 3):
        raise UserError(f"{column.title} puts out {times(shape)}: neither maps nor a row of numbers.")
    if not 0 <= channel < shape[-1]:
        raise UserError(f"{column.title} has channels 0 to {shape[-1] - 1}, not {channel}.")
    inside, kept = set(column.layers), list[ProgramStep]()
    step = program.producer(slot)
    start: ProgramStep | None = None
    at = slot
    while step is not None and step.path in inside:
        if not _keeps(step):
            start = step
            break
        kept.append(step)
        at = step.inputs[0]
        step = program.producer(at)
    kept.reverse()
    products: Products | None = None
    strip: FlattenStrip | None = None
    stages: list[UnfoldedStage] = []
    reason = ""
    if start is None:
        stages.append(_stage_of(found, "input", source_path(found.model, at), at, channel, "Input"))
    elif start.kind == "Flatten" and found.tensor(start.inputs[0]).shape.rank == 4:
        source = source_path(found.model, start.inputs[0])
        strip = FlattenStrip(source, np.asarray(found.slot_value(start.inputs[0]), np.float64))
        stages.append(_stage_of(found, "copy", start.path, start.outputs[0], channel, "Number"))
    else:
        products = _products(found, start, channel)
        if products is None:
            reason = f"{start.kind} cannot be drawn as products of maps with kernels"
            stages.append(_stage_of(found, "copy", start.path, start.outputs[0], channel, start.kind))
        else:
            stages += _summed(start, products, channel)
    softmax = None
    for one in kept:
        stages.append(_kept_stage(found, one, channel))
        if stages[-1].kind == "softmax":
            softmax = softmax_steps(np.asarray(found.slot_value(one.inputs[0]), np.float64))
    after = _pooled_next(found, slot)
    if after is not None and len(shape) == 3:
        stages.append(_kept_stage(found, after, channel, following=True))
    shown = {one.path for one in (*kept, *(() if start is None else (start,)))}
    before = tuple(path for path in column.layers if path not in shown)
    return Unfolded(column.id, channel, products, tuple(stages), strip, softmax, before, reason)


def softmax_steps(logits: NDArray[np.float64]) -> SoftmaxSteps:
    """Softmax of a row of numbers, with all that is computed on the way."""
    largest = float(logits.max())
    exponentials = np.exp(logits - largest)
    total = float(exponentials.sum())
    return SoftmaxSteps(logits, largest, exponentials, total, exponentials / total)


# -- the parts -----------------------------------------------------------------------------------------------


def _keeps(step: ProgramStep) -> bool:
    """Whether each of its maps is made of the map with the same number alone (softmax: told apart later)."""
    if len(step.inputs) != 1:
        return False
    if step.activation in _SOFTMAX or step.kind == "Softmax":
        return True
    return step.part == "activation" or (step.kind in CHANNEL_KEEPING and not step.kind.endswith("1D"))


def _plane(found: Activations, slot: int, channel: int) -> Plane:
    """A channel's map, or its number as 1×1."""
    tensor = found.tensor(slot)
    if tensor.shape.rank == 4:
        return np.asarray(tensor[0, :, :, channel].numpy(), np.float64)
    return np.asarray(tensor[0].numpy(), np.float64).reshape(-1)[channel].reshape(1, 1)


def _stage_of(
    found: Activations, kind: StageKind, path: str, slot: int, channel: int, title: str
) -> UnfoldedStage:
    return UnfoldedStage(kind, title, path, _plane(found, slot, channel))


def _kept_stage(
    found: Activations, step: ProgramStep, channel: int, *, following: bool = False
) -> UnfoldedStage:
    values = _plane(found, step.outputs[0], channel)
    kind: StageKind = "function"
    title = step.activation if step.part == "activation" else step.kind
    if step.activation in _SOFTMAX or step.kind == "Softmax":
        kind = "softmax"
    elif "Pooling" in step.kind:
        kind = "pooling"
        if not step.kind.startswith("Global"):
            title = f"{step.kind} {times(step.layer.pool_size)}"
    return UnfoldedStage(kind, title, step.path, values, _window(found, step), following)


def _window(found: Activations, step: ProgramStep) -> SlidingWindow:
    """That of a layer which treats each map for itself."""
    shape = tuple(int(n) for n in found.tensor(step.inputs[0]).shape[1:])
    if step.kind.startswith("Global") and len(shape) == 3:
        return SlidingWindow((shape[0], shape[1]), (shape[0], shape[1]))
    if "Pooling" in step.kind:
        return _sliding(found, step, step.layer.pool_size, 1)
    if step.kind.startswith(("ZeroPadding", "Cropping")):
        border: Any = step.layer.padding if "Padding" in step.kind else step.layer.cropping
        (top, _), (left, _) = borders(border)
        sign = 1 if "Padding" in step.kind else -1
        return SlidingWindow(before=(sign * top, sign * left))
    return SlidingWindow()


def _sliding(found: Activations, step: ProgramStep, size: Any, rate: Any) -> SlidingWindow:
    """As the exact sum of the first value has it."""
    given = (found.slot_value(step.inputs[0]),)
    unit = Unit(found, step, step.outputs[0], given, ("",), (0, 0, 0))
    rows, columns = window_of(unit, size, step.layer.strides, rate, step.layer.padding)
    return SlidingWindow(
        both(unit, size),
        both(unit, step.layer.strides),
        both(unit, rate),
        (-int(rows[0]), -int(columns[0])),
    )


def _pooled_next(found: Activations, slot: int) -> ProgramStep | None:
    """The pooling layer that a map goes into next, if it goes nowhere else."""
    after = [step for step in found.model.program.steps if slot in step.inputs]
    if len(after) == 1 and "Pooling2D" in after[0].kind and not after[0].kind.startswith("Global"):
        return after[0]
    return None


def _products(found: Activations, step: ProgramStep, channel: int) -> Products | None:
    layer, sources = step.layer, tuple(source_path(found.model, slot) for slot in step.inputs)
    given = [np.asarray(found.slot_value(slot)) for slot in step.inputs]
    if step.kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D") and given[0].ndim == 3:
        if layer.data_format != "channels_last":
            return None
        first, kernels = _kernels(step, channel)
        window = _sliding(found, step, layer.kernel_size, layer.dilation_rate)
        inputs = given[0][:, :, first : first + len(kernels)].astype(np.float64)
        rows, columns = (int(n) for n in found.tensor(step.outputs[0]).shape[1:3])
        if 8 * rows * columns * len(kernels) > LARGEST:
            return None
        maps = _under_kernels(inputs, kernels, window, (rows, columns))
        channels = np.arange(first, first + len(kernels), dtype=np.int64)
        return Products(step.path, sources[:1], channels, np.moveaxis(inputs, 2, 0), kernels, maps, window)
    if step.kind == "Dense" and given[0].ndim == 1:
        weights = array(layer.kernel)[:, channel].astype(np.float64)[:, None, None]
        numbers = given[0].astype(np.float64)[:, None, None]
        channels = np.arange(len(numbers), dtype=np.int64)
        return Products(
            step.path, sources[:1], channels, numbers, weights, numbers * weights, SlidingWindow()
        )
    factors = {"Add": [1.0] * len(given), "Subtract": [1.0, -1.0], "Average": [1 / len(given)] * len(given)}
    if step.kind in factors and all(one.shape == given[0].shape for one in given):
        planes = np.stack([_plane(found, slot, channel) for slot in step.inputs])
        weights = np.asarray(factors[step.kind])[:, None, None]
        channels = np.full(len(given), channel, np.int64)
        return Products(step.path, sources, channels, planes, weights, planes * weights, SlidingWindow())
    return None


def _kernels(step: ProgramStep, channel: int) -> tuple[int, Planes]:
    """The first input channel of a filter, and its kernels n×kh×kw, as the exact sum has them."""
    layer = step.layer
    if step.kind == "DepthwiseConv2D":
        kernel = array(layer.kernel)
        first, copy = divmod(channel, kernel.shape[3])
        return first, kernel[None, :, :, first, copy].astype(np.float64)
    if step.kind == "SeparableConv2D":
        depth, point = array(layer.depthwise_kernel), array(layer.pointwise_kernel)
        share = point.reshape(*depth.shape[2:], -1)[:, :, channel].astype(np.float64)
        return 0, np.einsum("ijcm,cm->cij", depth.astype(np.float64), share)
    kernel = array(layer.kernel)
    inputs, filters = kernel.shape[2:]
    first = channel // (filters // layer.groups) * inputs
    return first, kernel[:, :, :, channel].transpose(2, 0, 1).astype(np.float64)


def _under_kernels(
    inputs: NDArray[np.float64], kernels: Planes, window: SlidingWindow, shape: Pixel
) -> Planes:
    """Each input map under its kernel, without adding them up."""
    height, width, count = inputs.shape
    maps = np.zeros((*shape, count))
    spans = [
        [window.before[axis] - offset * window.rate[axis] for offset in range(window.size[axis])]
        for axis in (0, 1)
    ]
    for down, above in enumerate(spans[0]):
        rows = _reached(above, window.stride[0], height, shape[0])
        for across, left in enumerate(spans[1]):
            columns = _reached(left, window.stride[1], width, shape[1])
            some = inputs[rows[1], columns[1]]
            maps[rows[0], columns[0]] += some * kernels[:, down, across]
    return np.ascontiguousarray(np.moveaxis(maps, 2, 0))


def _reached(before: int, stride: int, size: int, count: int) -> tuple[slice, slice]:
    """The output's places at which a tap is inside of the input, and the input's places that it reads."""
    first = max(0, -(-before // stride))
    last = min(count - 1, (size - 1 + before) // stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = first * stride - before
    return slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)


def _summed(step: ProgramStep, made: Products, channel: int) -> list[UnfoldedStage]:
    total = made.maps.sum(axis=0)
    stages = [UnfoldedStage("sum", "Sum", step.path, total)]
    bias = getattr(step.layer, "bias", None)
    if bias is not None:
        number = float(array(bias)[channel])
        stages.append(UnfoldedStage("bias", "+ bias", step.path, total + number, SlidingWindow()))
    return stages


def _patch(plane: Plane, window: SlidingWindow, at: Pixel) -> tuple[Plane, NDArray[np.bool_]]:
    rows, columns = window.taps(0, at[0]), window.taps(1, at[1])
    height, width = plane.shape
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    picked = plane[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))]
    return np.where(inside, picked, 0.0), inside


def _within(at: Pixel, shape: Sequence[int]) -> Pixel:
    return min(max(at[0], 0), shape[0] - 1), min(max(at[1], 0), shape[1] - 1)
