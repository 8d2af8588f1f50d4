"""A layer's kernels: as numbers, and as pictures (curriculum 31)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.blank import nothing
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import ProgramStep

_PLAIN = ("Conv1D", "Conv2D")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose")

# What treats every map for itself.
CHANNEL_KEEPING = (
    "Activation",
    "BatchNormalization",
    "Dropout",
    "ELU",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    *(
        f"{kind}{size}"
        for size in ("1D", "2D")
        for kind in (
            "AveragePooling",
            "Cropping",
            "GlobalAveragePooling",
            "GlobalMaxPooling",
            "MaxPooling",
            "SpatialDropout",
            "UpSampling",
            "ZeroPadding",
        )
    ),
)


@dataclass(frozen=True, eq=False)
class Kernels:
    """The weights of one convolution, all filters.

    Attributes:
        path, kind: of the layer.
        weights: float32, kh×kw×inputs×filters; what a filter does to each of its input channels. A depthwise
            filter has one input; of a separable convolution it is the product of both of its steps; a 1-D
            convolution has kh = 1.
        bias: float32 (filters,), zeros without one.
        first: int64 (filters,), the input channel that a filter's first kernel lies on.
        colours: the inputs are the network's own red, green and blue (or blue, green, red: "bgr"), else "".
        editable: the name of the weight that can be edited kernel by kernel; "" for a separable one.
    """

    path: str
    kind: str
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    first: NDArray[np.int64]
    colours: str = ""
    editable: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a kernel."""
        return int(self.weights.shape[0]), int(self.weights.shape[1])

    @property
    def inputs(self) -> int:
        """Kernels of one filter."""
        return int(self.weights.shape[2])

    @property
    def filters(self) -> int:
        """How many filters, hence maps."""
        return int(self.weights.shape[3])

    @property
    def sizes(self) -> NDArray[np.float64]:
        """The size of each filter's largest weight, (filters,)."""
        return _largest(self.weights)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Which filters have next to no weights beside the others of the layer."""
        return nothing(self.sizes)

    def kernel(self, channel: int, index: int) -> NDArray[np.float32]:
        """One kernel kh×kw: that of a filter (its map's channel) on its `index`-th input."""
        return np.ascontiguousarray(self.weights[:, :, index, channel])


def has_kernels(kind: str) -> bool:
    """Whether a kind of layer has kernels that slide."""
    return kind in (*_PLAIN, *_DEPTHWISE, *_SEPARABLE, *_TRANSPOSED)


def depthwise(kind: str) -> bool:
    """Whether each of its filters looks at one channel only."""
    return kind in _DEPTHWISE


def kernel_layer(model: OpenedModel, path: str) -> str | None:
    """The convolution whose filters a layer's maps stand for, channel for channel.

    That is the layer itself, or what it normalises, activates, pools or pads; None when there is none.
    """
    program = model.program
    if path not in program.slots:
        return None
    slot = program.slots[path][0]
    channels = program.shapes[slot][-1]
    while (step := program.producer(slot)) is not None and program.shapes[slot][-1] == channels:
        if has_kernels(step.kind):
            return step.path
        if step.kind not in CHANNEL_KEEPING or len(step.inputs) != 1:
            return None
        slot = step.inputs[0]
    return None


def kernels_of(model: OpenedModel, path: str) -> Kernels:
    """The kernels of a convolution as they are now.

    Raises:
        UserError: no such layer, or one without kernels.
    """
    step = step_of(model, path)
    if not has_kernels(step.kind):
        raise UserError(f"{path} is a {step.kind}: it has no kernels that slide.")
    layer, weights = step.layer, _weights(step)
    filters = weights.shape[3]
    bias = None if layer.bias is None else array(layer.bias)
    first, colours = np.zeros(filters, np.int64), _colours(model, step)
    if depthwise(step.kind):
        inputs = int(layer.kernel.shape[-2])
        return _made(path, step.kind, weights, bias, np.arange(filters) // (filters // inputs), "", "kernel")
    if step.kind in _SEPARABLE:
        return _made(path, step.kind, weights, bias, first, colours, "")
    groups = getattr(layer, "groups", 1)
    if groups > 1:
        first, colours = np.arange(filters) // (filters // groups) * weights.shape[2], ""
    return _made(path, step.kind, weights, bias, first, colours, "kernel")


def _weights(step: ProgramStep) -> NDArray[np.float32]:
    """What each filter does to its inputs, kh×kw×inputs×filters."""
    layer = step.layer
    if step.kind in _SEPARABLE:
        depth, point = _flat_rows(array(layer.depthwise_kernel)), array(layer.pointwise_kernel)
        inputs, multiplier = depth.shape[2:]
        point = point.reshape(inputs, multiplier, -1)
        return np.asarray(np.einsum("ijcm,cmf->ijcf", depth, point, optimize=True), np.float32)
    weights = _flat_rows(array(layer.kernel))
    if depthwise(step.kind):
        return weights.reshape(*weights.shape[:2], 1, -1)
    return weights.swapaxes(2, 3) if step.kind in _TRANSPOSED else weights


def largest_weights(step: ProgramStep) -> NDArray[np.float64]:
    """The size of the largest weight of each filter of a convolution, (filters,)."""
    return _largest(_weights(step))


def _largest(weights: NDArray[np.float32]) -> NDArray[np.float64]:
    axes = (0, 1, 2)
    # Without a copy of all sizes.
    return np.maximum(weights.max(axis=axes), -weights.min(axis=axes)).astype(np.float64)


def picture(kernels: Kernels, channel: int) -> NDArray[np.uint8]:
    """A filter on colours as one small colour picture: uint8, kh×kw×3; middle gray is 0.

    Raises:
        UserError: its inputs are no colours.
    """
    return pictures(kernels)[channel]


def pictures(kernels: Kernels) -> NDArray[np.uint8]:
    """Every filter on colours as a picture, uint8, filters×kh×kw×3: 128 + 127·weight / its largest weight.

    Filters with few weights (under a twentieth of the layer's largest) are paler, dead ones gray.

    Raises:
        UserError: the layer's inputs are no colours.
    """
    if not kernels.colours:
        raise UserError(f"The kernels of {kernels.path} do not lie on colours: each is a picture of its own.")
    weights = kernels.weights.transpose(3, 0, 1, 2)
    weights = np.where(np.isfinite(weights), weights, np.float32(0))
    if kernels.colours == "bgr":
        weights = weights[..., ::-1]
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    floor = max(float(largest.max()) / 20, 1e-30)
    weights = np.where(kernels.dead[:, None, None, None], np.float32(0), weights)
    return np.ascontiguousarray(signed_levels(weights / np.maximum(largest, floor), 1.0))


def signed_levels(weights: NDArray[Any], limit: float | None = None) -> NDArray[np.uint8]:
    """Weights as levels for the diverging colours: 128 is 0, 1 and 255 are ∓ the largest (or `limit`).

    What is no number is 0.
    """
    weights = np.where(np.isfinite(weights), weights, 0)
    largest = float(np.abs(weights).max()) if limit is None else limit
    return np.rint(128 + np.clip(weights * (127 / (largest or 1.0)), -127, 127)).astype(np.uint8)


def step_of(model: OpenedModel, path: str) -> ProgramStep:
    """The step that computes a layer (its weighted sum, if it ends in an activation).

    Raises:
        UserError: no such layer, or it is an input.
    """
    for step in model.program.steps:
        if step.path == path:
            return step
    if path in model.program.slots:
        raise UserError(f"{path} is the network's input: it computes nothing.")
    raise UserError(f"{model.name} has no layer {path}.")


def array(variable: Any) -> NDArray[np.float32]:
    """A weight's numbers as they are now, float32."""
    return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable, np.float32)


def _flat_rows(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A 1-D kernel as one row."""
    return weights[None] if weights.ndim == 3 else weights


def _made(
    path: str,
    kind: str,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    first: NDArray[np.int64],
    colours: str,
    editable: str,
) -> Kernels:
    zeros = np.zeros(weights.shape[3], np.float32)
    return Kernels(path, kind, weights, zeros if bias is None else bias, first, colours, editable)


# What stands between the image and the first convolution without mixing its channels.
_COLOUR_KEEPING = ("Rescaling", "Normalization", "ZeroPadding2D", "Dropout", "Identity", "Resizing")


def _colours(model: OpenedModel, step: ProgramStep) -> str:
    slot = step.inputs[0]
    producer = model.program.producer(slot)
    while producer is not None and producer.kind in _COLOUR_KEEPING:
        slot = producer.inputs[0]
        producer = model.program.producer(slot)
    shape = model.program.shapes[slot]
    return model.preprocessing.order if producer is None and len(shape) == 4 and shape[3] == 3 else ""
