"""How large a result is, written out with the numbers in force; and why some settings are impossible."""

from __future__ import annotations

from dataclasses import dataclass

from convscope.core.errors import UserError
from convscope.imaging.lab import padding
from convscope.imaging.lab.operation import Border, Operation
from convscope.imaging.numerals import numeral


@dataclass(frozen=True)
class AxisSize:
    """One axis from input to output; all in pixels.

    Attributes:
        symbol: "W" or "H".
        length: the input's.
        taps: the kernel's.
        dilation, stride: of the convolution.
        border: how it is padded.
        pool_size, pool_stride: of the pooling, or 0 without.
    """

    symbol: str
    length: int
    taps: int
    dilation: int
    stride: int
    border: Border
    pool_size: int
    pool_stride: int

    @property
    def covered(self) -> int:
        """K_eff = dilation·(K − 1) + 1: what the kernel covers."""
        return self.dilation * (self.taps - 1) + 1

    @property
    def padded(self) -> tuple[int, int]:
        """Pixels padded before and after."""
        return padding.amounts(self.covered, self.border, self.length, self.stride)

    @property
    def convolved(self) -> int:
        """Outputs of the convolution: ⌊(W − K_eff + P₁ + P₂)/S⌋ + 1; 0 or less where nothing fits."""
        return (self.length - self.covered + sum(self.padded)) // self.stride + 1

    @property
    def output(self) -> int:
        """Outputs after pooling, if there is any."""
        if not self.pool_size:
            return self.convolved
        return (self.convolved - self.pool_size) // self.pool_stride + 1

    @property
    def text(self) -> str:
        """The formula with its numbers, such as "W' = (W − K + 2P)/S + 1 = (300 − 3 + 2)/1 + 1 = 300".

        Beyond stride 1, where Keras's "same" pads otherwise than half of K − 1 on each side, a line says by
        which of the two it goes.
        """
        w, before, after = self.symbol, *self.padded
        name = "K" if self.dilation == 1 else "K_eff"
        lines = []
        if self.dilation > 1:
            lines.append(
                f"K_eff = D·(K − 1) + 1 = {self.dilation}·({self.taps} − 1) + 1 = {self.covered}",
            )
        if self.border == "same" and self.stride > 1:
            lines.append(self._same_pads(name))
        pads = "2P" if before == after else "P₁ + P₂"
        numbers = f"{before + after}" if before == after else f"{before} + {after}"
        lines.append(
            _formula(
                f"{w}'",
                f"{w} − {name} + {pads}",
                f"{self.length} − {self.covered} + {numbers}",
                self.length - self.covered + before + after,
                "S",
                self.stride,
                self.convolved,
            )
        )
        if self.border == "zero":
            keras = padding.amounts(self.covered, "same", self.length, self.stride)
            if keras != (before, after):
                lines.append(
                    f"{before} + {after} zeros; Keras's “same” has {keras[0]} + {keras[1]} along {w}"
                )
        if self.pool_size:
            lines.append(
                _formula(
                    f"{w}''",
                    f"{w}' − T",
                    f"{self.convolved} − {self.pool_size}",
                    self.convolved - self.pool_size,
                    "S_T",
                    self.pool_stride,
                    self.output,
                )
            )
        return "\n".join(lines)

    def _same_pads(self, name: str) -> str:
        """Where the zeros of "same" come from: ⌈W/S⌉ outputs are wanted."""
        outputs = self.convolved
        wanted = (outputs - 1) * self.stride + self.covered - self.length
        terms = f"(⌈{self.symbol}/S⌉ − 1)·S + {name} − {self.symbol}"
        numbers = f"({outputs} − 1)·{self.stride} + {self.covered} − {self.length}"
        if wanted < 0:
            terms, numbers = f"max({terms}, 0)", f"max({numbers}, 0)"
        return f"“same”: P₁ + P₂ = {terms} = {numbers} = {sum(self.padded)}"


@dataclass(frozen=True)
class OutputSize:
    """Both axes and the channels of a stage's output."""

    height: AxisSize
    width: AxisSize
    channels: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's shape: h×w, or h×w×3."""
        size = (self.height.output, self.width.output)
        return size if self.channels == 1 else (*size, self.channels)

    @property
    def convolved(self) -> tuple[int, int]:
        """Rows and columns before pooling."""
        return (self.height.convolved, self.width.convolved)

    @property
    def text(self) -> str:
        """The formula for the width, then for the height, a line each."""
        return f"{self.width.text}\n{self.height.text}"


def output_size(operation: Operation, shape: tuple[int, ...]) -> OutputSize:
    """The size of what a stage makes of an image of this shape (H×W or H×W×3).

    Raises:
        UserError: impossible; the sentence of `problem`.
    """
    why = problem(operation, shape)
    if why is not None:
        raise UserError(why)
    return _sizes(operation, shape)


def attempted_size(operation: Operation, shape: tuple[int, ...]) -> OutputSize:
    """The same where nothing may fit: its text is the formula, with a result of 0 or less."""
    return _sizes(operation, shape)


def problem(operation: Operation, shape: tuple[int, ...]) -> str | None:
    """Why a stage cannot work on an image of this shape, in one sentence; None when it can."""
    if not operation.enabled:
        return None
    size = _sizes(operation, shape)
    rows, columns = operation.kernel.shape
    if min(size.convolved) < 1:
        kernel = f"A {rows}×{columns} kernel"
        remedies = "choose another border or a smaller kernel"
        if operation.dilation > 1:
            kernel += (
                f" with dilation {operation.dilation} covers "
                f"{size.height.covered}×{size.width.covered} pixels, and that"
            )
            remedies = "choose another border, a smaller kernel or less dilation"
        return (
            f"{kernel} does not fit into {shape[0]}×{shape[1]} pixels, and the border "
            f"“valid” adds none: {remedies}."
        )
    if min(size.shape[:2]) < 1:
        tile = operation.pool_size
        return (
            f"A {tile}×{tile} pooling tile does not fit into the {size.convolved[0]}×{size.convolved[1]} "
            f"values that the kernel leaves: choose a smaller tile, a smaller stride or another border."
        )
    return None


def chain_sizes(operations: tuple[Operation, ...], shape: tuple[int, ...]) -> tuple[OutputSize, ...]:
    """The output sizes of all stages of a chain, each working on what the one before leaves.

    Raises:
        UserError: a stage is impossible; the sentence names which.
    """
    sizes = []
    for number, operation in enumerate(operations, start=1):
        why = problem(operation, shape)
        if why is not None:
            raise UserError(f"Stage {number}: {why}" if len(operations) > 1 else why)
        sizes.append(_sizes(operation, shape))
        shape = sizes[-1].shape
    return tuple(sizes)


def _sizes(operation: Operation, shape: tuple[int, ...]) -> OutputSize:
    channels = shape[2] if len(shape) == 3 else 1
    if not operation.enabled:
        operation = Operation()
    elif operation.channels != "each":
        channels = 1
    pooled = operation.pool != "none"
    height, width = (
        AxisSize(
            symbol,
            length,
            taps,
            operation.dilation,
            operation.stride,
            operation.border,
            operation.pool_size if pooled else 0,
            operation.pool_stride if pooled else 0,
        )
        for symbol, length, taps in zip("HW", shape[:2], operation.kernel.shape, strict=True)
    )
    return OutputSize(height, width, channels)


def _formula(name: str, terms: str, numbers: str, dividend: int, step: str, stride: int, size: int) -> str:
    left, right = ("⌊", "⌋") if dividend % stride else ("", "")
    shown = f"{left}({numbers})/{stride}{right} + 1 = {numeral(size)}"
    return f"{name} = {left}({terms})/{step}{right} + 1 = {shown}"
