"""What is on screen as a short Python script that needs NumPy, OpenCV and Pillow alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.image import Image, NoteKind
from convscope.imaging.io.heif import heif_lines
from convscope.imaging.io.profile import script_lines
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import CorrelationPlan, plan, suits_one_call
from convscope.imaging.lab.operation import Border, DisplayMode, Operation, ShownChannel
from convscope.imaging.lab.size import AxisSize, OutputSize, chain_sizes
from convscope.imaging.lab.stage import sliding_kernels

# Up to so many values a picture without a file is written out.
_LITERAL_VALUES = 64 * 64
_NUMPY_BORDERS: dict[Border, str] = {
    "zero": "constant",
    "same": "constant",
    "full": "constant",
    "replicate": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}
_OPENCV_NAMES: dict[Border, str] = {
    "zero": "cv2.BORDER_CONSTANT",
    "replicate": "cv2.BORDER_REPLICATE",
    "reflect": "cv2.BORDER_REFLECT_101",
    "same": "cv2.BORDER_CONSTANT",
    "valid": "cv2.BORDER_REPLICATE",
    "full": "cv2.BORDER_REPLICATE",
    "wrap": "cv2.BORDER_REPLICATE",
}
# What tells the three kinds of zeros from each other.
BORDER_WORDS: dict[Border, str] = {
    "same": "border same as Keras's: zeros for ⌈size/stride⌉ outputs",
    "zero": "zeros, half of K − 1 on each side",
    "full": "border full: K − 1 zeros on each side",
}
_ACTIVATIONS = {
    "relu": ("x = np.maximum(x, 0)",),
    "tanh": ("x = np.tanh(x)",),
    "sigmoid": (
        "decay = np.exp(-np.abs(x))",
        "x = np.where(x < 0, decay, np.float32(1)) / (1 + decay)",
    ),
}
_DISPLAYS: dict[DisplayMode, tuple[str, ...]] = {
    "clip": ("pixels = np.clip(np.rint(x), 0, 255).astype(np.uint8)",),
    "abs": ("pixels = np.clip(np.rint(np.abs(x)), 0, 255).astype(np.uint8)",),
    "stretch": (
        "low, high = float(x.min()), float(x.max())",
        "pixels = cv2.convertScaleAbs(x - np.float32(low), alpha=255 / ((high - low) or 1.0))",
    ),
    "signed": (
        "largest = float(np.abs(x).max()) or 1.0",
        "pixels = cv2.convertScaleAbs(x, alpha=127 / largest, beta=128)  # 128 is 0",
    ),
}
_CHANNEL: dict[ShownChannel, str] = {
    "red": "x = np.ascontiguousarray(result[:, :, 0])",
    "green": "x = np.ascontiguousarray(result[:, :, 1])",
    "blue": "x = np.ascontiguousarray(result[:, :, 2])",
    "luma": "x = result @ np.array([0.299, 0.587, 0.114], np.float32)",
}
_DIVERGING = (
    "steps = np.arange(256)[:, None] - 127.5  # blue - white - orange",
    "position = np.sign(steps) * (np.abs(steps) - 0.5) / 127",
    "ends = np.where(position < 0, (0x21, 0x66, 0xAC), (0xC2, 0x41, 0x0C))",
    "pixels = np.rint(255 + (ends - 255.0) * np.abs(position)).astype(np.uint8)[pixels]",
)


def to_python(
    image: Image,
    operations: tuple[Operation, ...],
    display: DisplayMode,
    save_as: str = "result.png",
    extremes: tuple[float, float] | None = None,
    channel: ShownChannel = "all",
) -> str:
    """A script that computes what a chain makes of an image and shows it the same way.

    It leaves the exact result in `result` (float32) and the picture in `pixels` (uint8), and saves the
    picture. Small images (see `convolve.DOUBLE_VALUES`) come out equal; in larger ones, where OpenCV sums in
    float32 in an order of its own, the last bits may differ.

    Args:
        image: the input; the script opens its file. A picture without one is written out if it is small.
        operations: the chain; stages switched off are left out.
        display: how the result becomes a picture.
        save_as: the file that the script writes.
        extremes: the range that a stretched or signed picture is drawn in; None for the result's own.
        channel: which of three channels the picture shows.

    Raises:
        UserError: a stage is impossible, or the image has no file that a short script could open.
    """
    sizes = chain_sizes(operations, image.values.shape)
    source = _load(image)
    body: list[str] = []
    shape, dtype = image.values.shape, image.values.dtype
    for number, (operation, size) in enumerate(zip(operations, sizes, strict=True), start=1):
        if not operation.enabled:
            continue
        body += ["", f"# Stage {number}: {_words(operation)}", *_stage(operation, size, shape, dtype)]
        shape, dtype = size.shape, np.dtype(np.float32)
    body += ["", "result = x.astype(np.float32)", "", f"# Display: {display}", "x = result"]
    if channel != "all" and len(shape) == 3:
        body[-1] = _CHANNEL[channel]
        shape = shape[:2]
    lines = _DISPLAYS[display]
    if extremes is not None and display in ("stretch", "signed"):
        low, high = extremes
        shared = f"low, high = {low!r}, {high!r}"
        if display == "signed":
            shared = f"largest = {max(abs(low), abs(high)) or 1.0!r}"
        lines = (f"{shared}  # the source is drawn in the same range", *lines[1:])
    body += lines
    if display == "signed" and len(shape) == 2:
        body += _DIVERGING
    body.append(f"Image.fromarray(pixels).save({save_as!r})")
    text = "\n".join([*source, *body])
    imports = ["import io", ""] if "io.BytesIO" in text else []
    imports += ["import cv2"] if "cv2." in text else []
    pillow = ", ".join(name for name in ("Image", "ImageCms", "ImageOps") if f"{name}." in text)
    return "\n".join([*imports, "import numpy as np", f"from PIL import {pillow}", "", text, ""])


def _words(operation: Operation) -> str:
    kernel = operation.kernel
    rows, columns = kernel.shape
    words = [f"{kernel.name} {rows}×{columns}" if operation.channels != "filter" else "RGB filter"]
    words.append("correlation" if operation.mode == "correlate" else "convolution: the kernel is flipped")
    words.append(BORDER_WORDS.get(operation.border, f"border {operation.border}"))
    if operation.stride > 1:
        words.append(f"stride {operation.stride}")
    if operation.dilation > 1:
        words.append(f"dilation {operation.dilation}")
    # A name may hold anything, and must stay inside its comment.
    return " ".join(", ".join(words).split())


def _load(image: Image) -> list[str]:
    path = image.path
    if path is not None and path.suffix.lower() == ".npy" and not image.notes:
        shape = ", ".join(map(str, image.values.shape))
        return [f"x = np.load({_quoted(path)}).reshape({shape}).astype(np.{image.values.dtype})"]
    if path is not None and path.suffix.lower() not in (".npy", ".csv", ".tsv"):
        lines = _open(image, path)
        if lines is not None:
            return lines
    if image.values.size <= _LITERAL_VALUES:
        return [f"x = {_array(image.values, f'np.{image.values.dtype}')}"]
    if path is None:
        raise UserError(
            f"{image.name} has no file that a script could open: save it first, and open it from there."
        )
    raise UserError(
        f"{image.name} was converted on opening ({'; '.join(image.notes) or 'a table of numbers'}), which "
        f"takes more than a short script: save it as PNG or .npy first, and open that."
    )


def _open(image: Image, path: Path) -> list[str] | None:
    """Opening a picture with Pillow and what had to be converted; None where that takes more."""
    mode = "L" if image.channels == 1 else "RGB"
    kinds = image.conversions
    transparent, converted = NoteKind.TRANSPARENCY in kinds, NoteKind.PROFILE in kinds
    upright, tiff = NoteKind.UPRIGHT in kinds, path.suffix.lower() in (".tif", ".tiff")
    # TIFF is turned by Pillow itself, but not what Pillow cannot open.
    if NoteKind.MORE in kinds or (transparent and converted) or (upright and tiff):
        return None
    lines = [*(heif_lines() if NoteKind.HEIC in kinds else ()), f"picture = Image.open({_quoted(path)})"]
    if upright:
        lines.append("picture = ImageOps.exif_transpose(picture)")
    if converted:
        lines += script_lines(mode)
    if transparent:
        lines += [
            f'picture = picture.convert("{"LA" if mode == "L" else "RGBA"}")',
            f'white = Image.new("{mode}", picture.size, "white")',
            f'white.paste(picture.convert("{mode}"), mask=picture.getchannel("A"))',
            "x = np.asarray(white)",
        ]
    else:
        lines.append(f'x = np.asarray(picture.convert("{mode}"))')
    return lines


def _stage(operation: Operation, size: OutputSize, shape: tuple[int, ...], dtype: np.dtype[Any]) -> list[str]:
    lines: list[str] = []
    if operation.channels == "gray" and len(shape) == 3:
        shape = shape[:2]
        if dtype == np.uint8:
            lines.append('x = np.asarray(Image.fromarray(x).convert("L"))')
        else:
            lines.append("x = x @ np.array([0.299, 0.587, 0.114], np.float32)")
    kernels = sliding_kernels(operation)
    if operation.channels == "filter":
        weights_of: dict[str, str] = {}
        lines += ["channels = [x, x, x]" if len(shape) == 2 else "channels = cv2.split(x)", "maps = []"]
        for channel, kernel in enumerate(kernels):
            lines.append(f"x = channels[{channel}]")
            for line in (*_slide(kernel.numerators, operation, size, shape[:2], dtype), *_divide(kernel)):
                # Weights that still stand from the channel before are not written again.
                name = line.partition(" = ")[0]
                if name not in weights_of or weights_of[name] != line:
                    lines.append(line)
                if name in ("kernel", "column", "row"):
                    weights_of[name] = line
            lines.append("maps.append(x)")
        lines.append("x = maps[0] + maps[1] + maps[2]")
    else:
        lines += [*_slide(kernels[0].numerators, operation, size, shape, dtype), *_divide(kernels[0])]
    if operation.bias:
        lines.append(f"x = x + np.float32({operation.bias!r})")
    lines += _ACTIVATIONS.get(operation.activation, ())
    if operation.pool != "none":
        tile = operation.pool_size
        height, width = (length - tile + 1 for length in size.convolved)
        call = (
            f"cv2.dilate(x, np.ones(({tile}, {tile}), np.uint8), anchor=(0, 0))"
            if operation.pool == "max"
            else f"cv2.blur(x, ({tile}, {tile}), anchor=(0, 0))"
        )
        lines.append(f"x = {call}{_cut(0, height, 0, width, operation.pool_stride)}")
    return lines


def _divide(kernel: Kernel) -> list[str]:
    """The division that a kernel is written with."""
    return [] if kernel.divisor == 1 else [f"x = x / np.float32({_number(kernel.divisor)})"]


def _slide(
    kernel: NDArray[np.float64],
    operation: Operation,
    size: OutputSize,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
) -> list[str]:
    """Sliding one kernel over `x`, as `convolve.correlate` does it."""
    way = plan(shape, kernel)
    if way.precise:
        return _exact(kernel, operation, size, len(shape))
    if operation.dilation == 1 and suits_one_call(int(np.prod(shape)), way):
        return _one_call(way, operation, size, len(shape), dtype)
    return _padded(way, operation, size, len(shape), dtype)


def _exact(kernel: NDArray[np.float64], operation: Operation, size: OutputSize, ndim: int) -> list[str]:
    covered = f"({size.height.covered}, {size.width.covered})"
    stride, dilation = operation.stride, operation.dilation
    lines = [f"kernel = {_array(kernel, 'np.float64')}", *_pad(operation.border, size, ndim)]
    view = "windows = np.lib.stride_tricks.sliding_window_view"
    lines.append(f"{view}(x.astype(np.float64), {covered}, axis=(0, 1))")
    if stride > 1:
        lines.append(f"windows = windows[::{stride}, ::{stride}]")
    if dilation > 1:
        lines.append(f"windows = windows[..., ::{dilation}, ::{dilation}]")
    lines.append('x = np.einsum("...ij,ij->...", windows, kernel).astype(np.float32)')
    return lines


def _one_call(
    way: CorrelationPlan, operation: Operation, size: OutputSize, ndim: int, dtype: np.dtype[Any]
) -> list[str]:
    rows, columns = way.kernel.shape
    top, left = (rows - 1) // 2, (columns - 1) // 2
    lines, call = _filter(way, dtype)
    padded = operation.border in ("wrap", "full")
    if padded:
        lines += _pad(operation.border, size, ndim)
    lines.append(f"x = {call}, anchor=({left}, {top}), borderType={_OPENCV_NAMES[operation.border]})")
    if operation.border == "valid" or padded:
        height, width = _valid(size.height), _valid(size.width)
        lines[-1] += _cut(top, height, left, width, operation.stride)
    elif operation.stride > 1:
        first = [middle - axis.padded[0] for middle, axis in ((top, size.height), (left, size.width))]
        across = ", ".join(f"{start or ''}::{operation.stride}" for start in first)
        lines[-1] += f"[{across}]"
    return lines


def _padded(
    way: CorrelationPlan, operation: Operation, size: OutputSize, ndim: int, dtype: np.dtype[Any]
) -> list[str]:
    lines, call = _filter(way, dtype)
    lines += _pad(operation.border, size, ndim)
    dilation = operation.dilation
    rows, columns = way.kernel.shape
    top, left = dilation * (rows // 2), dilation * (columns // 2)
    height, width = _valid(size.height), _valid(size.width)
    if dilation == 1:
        lines.append(f"x = {call}){_cut(top, height, left, width, operation.stride)}")
        return lines
    # Neighbouring taps are so many pixels apart: each grid of such pixels is an image by itself.
    lines += [
        "padded, slid = x, np.empty(x.shape, np.float32)",
        f"for i in range({dilation}):",
        f"    for j in range({dilation}):",
        f"        x = np.ascontiguousarray(padded[i::{dilation}, j::{dilation}])",
        f"        slid[i::{dilation}, j::{dilation}] = {call})",
        f"x = slid{_cut(top, height, left, width, operation.stride)}",
    ]
    return lines


def _filter(way: CorrelationPlan, dtype: np.dtype[Any]) -> tuple[list[str], str]:
    """The weights' definition, and an OpenCV call on `x` that lacks its closing bracket."""
    if way.factors is not None:
        column, row = way.factors
        lines = [
            f"column = np.array({_numbers(column)}, np.float64)",
            f"row = np.array({_numbers(row)}, np.float64)",
        ]
        return lines, "cv2.sepFilter2D(x, cv2.CV_32F, row, column"
    lines = [f"kernel = {_array(way.kernel, 'np.float64')}"]
    source = "x" if dtype == np.float32 else "x.astype(np.float32)"
    return lines, f"cv2.filter2D({source}, cv2.CV_32F, kernel"


def _pad(border: Border, size: OutputSize, ndim: int) -> list[str]:
    pads = [axis.padded for axis in (size.height, size.width)]
    if not any(sum(pad) for pad in pads):
        return []
    widths = ", ".join(f"({before}, {after})" for before, after in [*pads, (0, 0)][:ndim])
    return [f'x = np.pad(x, ({widths}), mode="{_NUMPY_BORDERS[border]}")']


def _valid(axis: AxisSize) -> int:
    """Outputs at stride 1."""
    return axis.length + sum(axis.padded) - axis.covered + 1


def _cut(top: int, height: int, left: int, width: int, stride: int) -> str:
    step = f":{stride}" if stride > 1 else ""
    rows = f"{top or ''}:{top + height}{step}"
    columns = f"{left or ''}:{left + width}{step}"
    return f"[{rows}, {columns}]"


def _quoted(path: Path) -> str:
    return repr(str(path))


def _array(values: NDArray[Any], dtype: str) -> str:
    rows = ",\n    ".join(_nested(row) for row in values)
    return f"np.array([\n    {rows},\n], {dtype})"


def _nested(values: NDArray[Any]) -> str:
    if values.ndim == 1:
        return _numbers(values)
    return "[" + ", ".join(_nested(part) for part in values) + "]"


def _numbers(values: NDArray[Any]) -> str:
    return "[" + ", ".join(_number(value) for value in values.tolist()) + "]"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
