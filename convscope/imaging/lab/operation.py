"""What a stage does to an image: the settings of one convolution, its activation and its pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.core.errors import UserError
from convscope.imaging.kernels.kernel import Kernel

Mode = Literal["correlate", "convolve"]
Border = Literal["valid", "same", "zero", "full", "replicate", "reflect", "wrap"]
Channels = Literal["gray", "each", "filter"]
Activation = Literal["none", "relu", "tanh", "sigmoid"]
Pool = Literal["none", "max", "avg"]
DisplayMode = Literal["clip", "abs", "stretch", "signed"]
ShownChannel = Literal["all", "red", "green", "blue", "luma"]

MODES: tuple[Mode, ...] = ("correlate", "convolve")
BORDERS: tuple[Border, ...] = ("valid", "same", "zero", "full", "replicate", "reflect", "wrap")
CHANNELS: tuple[Channels, ...] = ("each", "gray", "filter")
ACTIVATIONS: tuple[Activation, ...] = ("none", "relu", "tanh", "sigmoid")
POOLS: tuple[Pool, ...] = ("none", "max", "avg")
DISPLAY_MODES: tuple[DisplayMode, ...] = ("clip", "abs", "stretch", "signed")
SHOWN_CHANNELS: tuple[ShownChannel, ...] = ("all", "red", "green", "blue", "luma")

# Well inside what a float32 holds.
_MOST_BIAS = 1e30

IDENTITY = Kernel([[1.0]], name="identity", preset=None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Operation:
    """One stage: kernel → bias → activation → pooling. A chain is a tuple of them.

    Attributes:
        kernels: one kernel, or three of one size, one per colour channel. Only "filter" uses all three; the
            others use the first.
        mode: "correlate" slides the kernel as it is, which is what a convnet computes; "convolve" flips it
            first.
        border: "valid" uses no padding, so the output shrinks. "same" is Keras's and TensorFlow's: as many
            zeros as ⌈size/stride⌉ outputs need, the smaller half at the top and left. "full" pads K_eff − 1
            zeros on each side, so that every output that a pixel has a part in is there, as "full" of
            numpy.convolve and scipy.signal. The others pad by K_eff − 1 pixels whatever the stride, half on
            each side (the smaller half at the top and left when that is odd): with zeros, the edge pixel
            ("replicate"), the mirrored image without repeating the edge ("reflect", as in numpy.pad and
            PyTorch), or the opposite side ("wrap"). At stride 1, "same" and "zero" are one.
        stride: 1–8, rows and columns alike: keep every stride-th output, starting with the first.
        dilation: 1–8: the distance between neighbouring taps; K_eff = dilation·(K − 1) + 1.
        bias: added to every output.
        channels: "each" filters every channel on its own; "gray" the luma; "filter" is a 3-D RGB filter:
            one kernel per channel, three products, one sum, one bias, one map. A gray image has R = G = B.
        activation, pool, pool_size, pool_stride: what follows. Pooling is valid: no padding.
        enabled: False hands the input on untouched.
    """

    kernels: tuple[Kernel, ...] = (IDENTITY,)
    mode: Mode = "correlate"
    border: Border = "zero"
    stride: int = 1
    dilation: int = 1
    bias: float = 0.0
    channels: Channels = "each"
    activation: Activation = "none"
    pool: Pool = "none"
    pool_size: int = 2
    pool_stride: int = 2
    enabled: bool = True

    def __post_init__(self) -> None:
        if len(self.kernels) not in (1, 3):
            raise UserError("A stage has one kernel, or three: one for each of red, green and blue.")
        if len({kernel.shape for kernel in self.kernels}) != 1:
            raise UserError("The three kernels of an RGB filter must have the same size.")
        if not (1 <= self.stride <= 8 and 1 <= self.dilation <= 8):
            raise UserError("Stride and dilation go from 1 to 8.")
        if not abs(self.bias) < _MOST_BIAS:
            raise UserError(f"The bias must be a finite number below {_MOST_BIAS:.0e}.")
        if not (1 <= self.pool_size <= 64 and 1 <= self.pool_stride <= 64):
            raise UserError("Pooling tiles and strides go from 1 to 64.")
        for value, allowed, what in (
            (self.mode, MODES, "mode"),
            (self.border, BORDERS, "border"),
            (self.channels, CHANNELS, "channels"),
            (self.activation, ACTIVATIONS, "activation"),
            (self.pool, POOLS, "pooling"),
        ):
            if value not in allowed:
                raise UserError(f"There is no {what} called {value!r}: choose one of {', '.join(allowed)}.")

    @property
    def kernel(self) -> Kernel:
        """The first kernel: the only one unless this is an RGB filter."""
        return self.kernels[0]

    @property
    def channel_kernels(self) -> tuple[Kernel, Kernel, Kernel]:
        """The kernel for red, for green and for blue."""
        first, second, third = self.kernels if len(self.kernels) == 3 else self.kernels * 3
        return (first, second, third)

    @property
    def effective_shape(self) -> tuple[int, int]:
        """(rows, columns) that the kernel covers with its dilation: dilation·(K − 1) + 1."""
        rows, columns = self.kernel.shape
        return (self.dilation * (rows - 1) + 1, self.dilation * (columns - 1) + 1)
