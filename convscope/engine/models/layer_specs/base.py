"""What the app knows about one kind of layer without building it: shapes, parameters, work, reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from convscope.core.parameter import Parameter, parameter, plain
from convscope.core.task import Task
from convscope.core.words import times

Shape = tuple[int | None, ...]
"""Height, width and channels (or fewer axes), without the batch; None where it is free."""

Config = Mapping[str, Any]
"""A layer's settings under their Keras names; what is missing has the kind's default."""


class ShapeError(Exception):
    """Why a layer cannot follow what comes before it: one clause, to be shown at that layer."""


@dataclass(frozen=True)
class Parameters:
    """A layer's weights counted.

    Attributes:
        trained: how many training changes (while the layer is trainable).
        counted: how many the layer keeps by counting (moving mean and variance).
        formula: the sum written out, "(3·3·1 + 1)·32 = 320"; "0" without weights.
    """

    trained: int = 0
    counted: int = 0
    formula: str = "0"

    @property
    def total(self) -> int:
        return self.trained + self.counted


@dataclass(frozen=True)
class Window:
    """How far a layer looks, on each axis (height, width): the input to the receptive field.

    Attributes:
        kernel: the window in its input's pixels, dilation included.
        stride: input pixels from one output to the next.
        before: how far the first window starts before the first pixel (padding; negative when cropped).
        upsample: True when `stride` is outputs per input pixel instead (transposed convolution).
        gate: True when the whole of its input acts as well, through the statistics of its maps.
        dilation: input pixels from one tap of the window to the next.
        blend: True when an enlarged value lies between two inputs (bilinear), wherever `kernel` reaches.
        everything: True when every output depends on the whole of the input; the rest then means nothing.
        laid_out: True when the maps are laid out in a row, each value for itself.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    upsample: bool = False
    gate: bool = False
    dilation: tuple[int, int] = (1, 1)
    blend: bool = False
    everything: bool = False
    laid_out: bool = False

    @property
    def square(self) -> bool:
        """Whether it looks as far down as across."""
        return all(down == across for down, across in (self.kernel, self.stride, self.before, self.dilation))


POINTWISE = Window()
WHOLE = Window(everything=True)
"""A layer whose every output depends on the whole of its input."""
LAID_OUT = Window(everything=True, laid_out=True)
"""A layer that lays its maps out in a row."""

ShapeRule = Callable[[Config, Sequence[Shape]], Shape]


def same_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    """The output has the input's shape."""
    return shapes[0]


def no_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    """The layer has no weights."""
    return Parameters()


def no_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    """No multiply-adds (only convolutions and matrix products count as such, as in published tables)."""
    return 0


def pointwise(config: Config, shapes: Sequence[Shape]) -> Window:
    """Each output value looks at its own place only."""
    return POINTWISE


def whole(config: Config, shapes: Sequence[Shape]) -> Window:
    """Each output value looks at everything."""
    return WHOLE


@dataclass(frozen=True)
class LayerPlace:
    """Where a layer is made: the shape that feeds it, whether weights may be downloaded, and the task."""

    shape: Shape
    fetch: bool
    task: Task | None


@dataclass(frozen=True)
class LayerKind:
    """One kind of layer, all of it: what a form asks, the arithmetic that needs no TensorFlow, how it is
    drawn, made and written.

    Attributes:
        name: the Keras class.
        category: one of `CATEGORIES`: where the palette shows it, and its colour.
        about: one sentence.
        options: its settings, the most used first.
        shape: input shapes → output shape; raises `ShapeError`.
        parameters: input shapes → weights.
        multiply_adds: input and output shapes → multiply-adds for one image, None where a size is free.
        window: input shapes → how far it looks; None when that is not known before it is built.
        merges: whether it takes two or more inputs.
        in_palette: whether the builder offers it (the others occur in opened models only).
        title: what a person reads; "": its name.
        from_afar: shorter names for the graph seen from afar, and from further away.
        drawn_in: papers draw it as part of the layer before it, or after it, if nothing else reads between.
        drawn_as: the word for it there; "": its activation.
        in_keras2: whether Keras 2 has it, and computes the same.
        build: makes the layer, from its name, its settings and its place; None: its Keras class does.
        code: the lines of a script that make it, from its variable, its name and settings and the shape that
            feeds it; None: a call of its Keras class is enough.
        sum_rule: writes one value of its output as a sum, as those in `interpret.breakdown.rules` do; None:
            one of these, else what holds for any layer.
    """

    name: str
    category: str
    about: str
    options: tuple[Parameter, ...] = ()
    shape: ShapeRule = same_shape
    parameters: Callable[[Config, Sequence[Shape]], Parameters] = no_parameters
    multiply_adds: Callable[[Config, Sequence[Shape], Shape], int | None] = no_work
    window: Callable[[Config, Sequence[Shape]], Window | None] = pointwise
    merges: bool = False
    in_palette: bool = True
    title: str = ""
    from_afar: tuple[str, ...] = ()
    drawn_in: Literal["", "before", "after"] = ""
    drawn_as: str = ""
    in_keras2: bool = True
    build: Callable[[str, Config, LayerPlace], Any] | None = None
    code: Callable[[str, str, Config, Shape], list[str]] | None = None
    sum_rule: Callable[[Any], Any] | None = None

    def filled(self, config: Config) -> dict[str, Any]:
        """`config` with the defaults of every option that it leaves out."""
        return {**{option.name: option.default for option in self.options}, **config}


ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "tanh",
    "sigmoid",
    "softmax",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "hard_sigmoid",
    "hard_silu",
    "leaky_relu",
)

ACTIVATION = parameter("activation", "linear", choices=plain(*ACTIVATIONS))
USE_BIAS = parameter("use_bias", True)
TRAINABLE = parameter("trainable", True)
L2 = parameter(
    "kernel_regularizer", None, "real", title="L2 on the kernel", minimum=0, maximum=10, nothing="none"
)
"""The factor of keras.regularizers.L2 on the kernel; None without."""
PADDING = parameter("padding", "valid", choices=plain("valid", "same"))


def pair(value: Any) -> tuple[int, int]:
    """A size typed as one number or as height and width."""
    if isinstance(value, (list, tuple)):
        return int(value[0]), int(value[-1])
    return int(value), int(value)


def formula(words: str, count: int) -> str:
    """The sum and its value: "(3·3·1 + 1)·32 = 320", with thousands set apart."""
    return f"{words} = {count:,}"


def product(sizes: Sequence[int | None]) -> int | None:
    """The product, or None where a size is free."""
    return None if any(n is None for n in sizes) else prod(n for n in sizes if n is not None)


def need_map(shape: Shape, what: str) -> tuple[int | None, int | None, int]:
    """Height, width and channels of an input that must be a map.

    Raises:
        ShapeError: it is a vector, or its channels are free.
    """
    if len(shape) != 3:
        given = f"{times(shape)} values" if len(shape) == 1 else f"the shape {times(shape)}"
        raise ShapeError(f"{what} needs maps (height × width × channels) but gets {given}")
    if shape[2] is None:
        raise ShapeError(f"{what} needs to know the number of channels before it")
    return shape[0], shape[1], shape[2]


def same_padding(size: int | None, kernel: int, stride: int) -> int:
    """Pixels that TensorFlow's `same` adds before the first; a free size counts as a stride's multiple."""
    remainder = 0 if size is None else size % stride
    total = max(kernel - (remainder or stride), 0)
    return total // 2
