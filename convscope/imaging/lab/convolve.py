"""Sliding a kernel over an image: exact float32 results, as fast as OpenCV can be made to go."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.lab import padding
from convscope.imaging.lab.operation import Border
from convscope.imaging.parts import in_parts, pool, threads
from convscope.imaging.region import Region

# Up to this many values the sums are taken in float64: it costs little there, and a typed matrix or a digit
# then has exactly the numbers that one works out by hand.
DOUBLE_VALUES = 1 << 19

# From this many weights on OpenCV's filter2D goes through a DFT, in one thread, over the whole array.
_DFT_WEIGHTS = 130
_DFT_WEIGHTS_DOUBLE = 50
# So few weights are slid over all of an image as quickly as over bands of it, where one thread does it.
FEW_WEIGHTS = 12
_BAND_BYTES = 3 << 20
# Fewer values are not worth a second thread.
_MANY = 1 << 20
# More values take so long that one wants to cancel in between.
_LONG = 1 << 25
_KEPT_FLOATS = 64 << 20

OPENCV_BORDERS: dict[Border, int] = {
    "zero": cv2.BORDER_CONSTANT,
    "same": cv2.BORDER_CONSTANT,
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    # These are cut off afterwards, so that anything may stand there.
    "valid": cv2.BORDER_REPLICATE,
    "full": cv2.BORDER_REPLICATE,
    "wrap": cv2.BORDER_REPLICATE,
}


@dataclass(frozen=True, eq=False)
class CorrelationPlan:
    """How a correlation is computed; `script.py` writes out the same.

    Attributes:
        precise: sums in float64 (small images), else in float32.
        kernel: the kernel, float64 kh×kw.
        factors: (column, row) of a rank-1 kernel, kernel = column ⊗ row; None when the rank is higher.
    """

    precise: bool
    kernel: NDArray[np.float64]
    factors: tuple[NDArray[np.float64], NDArray[np.float64]] | None


def plan(shape: tuple[int, ...], kernel: NDArray[np.float64]) -> CorrelationPlan:
    """How `correlate` will treat an image of this shape under this kernel."""
    precise = int(np.prod(shape)) <= DOUBLE_VALUES
    factors = separate(kernel, 1e-13 if precise else 1e-6) if kernel.size > 1 else None
    return CorrelationPlan(precise, kernel, factors)


def separate(
    kernel: NDArray[np.float64], tolerance: float = 1e-6
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """A rank-1 kernel as (column, row) with kernel = column ⊗ row, or None for a higher rank.

    The rank is judged by the singular values, σ2/σ1 ≤ tolerance. The factors are a column of the kernel and
    the row that goes with it, in whole numbers where the kernel has only those (Sobel stays (1, 2, 1) and
    (−1, 0, 1)), so that sums over bytes stay exact.
    """
    sigma = np.linalg.svd(kernel, compute_uv=False)
    if sigma.size > 1 and sigma[1] > tolerance * sigma[0]:
        return None
    top, left = np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)
    column = kernel[:, left].copy()
    if column[top] == 0:
        return (column, np.zeros(kernel.shape[1]))
    if np.array_equal(kernel, np.rint(kernel)) and abs(column[top]) < 2**31:
        # A whole rank-1 matrix is a primitive whole column times a whole row.
        column /= np.gcd.reduce(column.astype(np.int64))
    return (column, kernel[top] / column[top])


def output_shape(
    shape: tuple[int, ...], kernel_shape: tuple[int, int], border: Border, stride: int, dilation: int
) -> tuple[int, int]:
    """Rows and columns of the result: ⌊(n − K_eff + padding)/stride⌋ + 1; 0 or less when nothing fits."""
    sizes = []
    for n, k in zip(shape[:2], kernel_shape, strict=True):
        covered = dilation * (k - 1) + 1
        sizes.append((n - covered + sum(padding.amounts(covered, border, n, stride))) // stride + 1)
    return (sizes[0], sizes[1])


def correlate(
    values: NDArray[np.uint8] | NDArray[np.float32],
    kernel: NDArray[np.float64],
    border: Border = "zero",
    stride: int = 1,
    dilation: int = 1,
    *,
    region: Region | None = None,
    task: Task | None = None,
) -> NDArray[np.float32]:
    """The cross-correlation Σ values[stride·r − before + dilation·i, …]·kernel[i, j] of every channel.

    Rank-1 kernels take the separable path, others OpenCV's `filter2D`. A dilated kernel stays dense: the
    pixels of one phase of the dilation are made neighbours instead, by reshaping alone. Rows are done in
    bands on all cores.

    Args:
        values: H×W or H×W×C, uint8 or float32.
        kernel: float64, kh×kw; it is not flipped here.
        border: what stands beyond the edges.
        stride: keep every stride-th output of both axes, starting with the first.
        dilation: distance between neighbouring taps.
        region: compute only these outputs (in the result's own coordinates); the values are those that the
            whole result has there.
        task: asked before every band whether the result is still wanted.

    Returns:
        float32, h×w or h×w×C, contiguous; off by 1e-6 of (largest pixel)·Σ|weights| at the most.

    Raises:
        UserError: nothing fits (a valid border and a kernel larger than the image).
    """
    task = task or Task()
    rows, columns = output_shape(values.shape, (kernel.shape[0], kernel.shape[1]), border, stride, dilation)
    if rows < 1 or columns < 1:
        raise UserError("The kernel is larger than the image, and a valid border adds no padding.")
    part = (region or Region(0, 0, rows, columns)).clipped(rows, columns)
    way = plan(values.shape, kernel)
    if part == Region(0, 0, rows, columns) and dilation == 1:
        if stride == 1 and _suits_parts(values, way, border):
            return _in_parts(values, way, border, task)
        if suits_one_call(values.size, way):
            return _whole(values, way, border, stride)
    out = np.empty((part.height, part.width, *values.shape[2:]), np.float32)

    def band(first: int) -> None:
        task.check()
        bottom = min(first + height, part.bottom)
        rows = slice(first - part.top, bottom - part.top)
        _band(values, way, border, stride, dilation, replace(part, top=first, bottom=bottom), out[rows])

    height = _band_height(part, out, way, stride, dilation)
    starts = range(part.top, part.bottom, height)
    if len(starts) > 1:
        for _ in pool().map(band, starts):
            pass
    elif len(starts) == 1 and part.width:
        band(part.top)
    return out


def suits_one_call(count: int, way: CorrelationPlan) -> bool:
    """True where one plain OpenCV call is the quickest: separable or small, and not too long to cancel."""
    if way.precise or count > _LONG:
        return False
    return way.factors is not None or way.kernel.size <= (_DFT_WEIGHTS - 1 if count <= _MANY else FEW_WEIGHTS)


def _whole(values: NDArray[Any], way: CorrelationPlan, border: Border, stride: int) -> NDArray[np.float32]:
    """The whole result by one OpenCV call that does the padding as well."""
    anchors = [(taps - 1) // 2 for taps in way.kernel.shape]
    anchor = (anchors[1], anchors[0])
    sizes = output_shape(values.shape, (way.kernel.shape[0], way.kernel.shape[1]), border, stride, 1)
    pads = [
        padding.amounts(taps, border, length, stride)
        for taps, length in zip(way.kernel.shape, values.shape[:2], strict=True)
    ]
    if border in ("wrap", "full"):
        rows, columns = (
            (-before, length + after) for (before, after), length in zip(pads, values.shape[:2], strict=True)
        )
        values = padding.window(values, rows, columns, border)
        pads = [(0, 0), (0, 0)]
    side = OPENCV_BORDERS[border]
    if way.factors is None:
        result = cv2.filter2D(_floats(values), cv2.CV_32F, way.kernel, anchor=anchor, borderType=side)
    else:
        column, row = way.factors
        result = cv2.sepFilter2D(values, cv2.CV_32F, row, column, anchor=anchor, borderType=side)
    # OpenCV tells of every pixel under the anchor; the first window wanted starts `before` the image.
    rows_, columns_ = (
        slice(middle - before, middle - before + (size - 1) * stride + 1, stride)
        for middle, (before, _after), size in zip(anchors, pads, sizes, strict=True)
    )
    return np.ascontiguousarray(result[rows_, columns_])


def _suits_parts(values: NDArray[Any], way: CorrelationPlan, border: Border) -> bool:
    """Where a thread a part is the quickest: nothing that OpenCV does not pad itself, all of one size."""
    if way.precise or way.factors is not None or not _MANY < values.size <= _LONG:
        return False
    high_enough = values.shape[0] >= 8 * way.kernel.shape[0] * threads()
    return high_enough and border in ("zero", "same", "replicate", "reflect")


def _in_parts(values: NDArray[Any], way: CorrelationPlan, border: Border, task: Task) -> NDArray[np.float32]:
    """Large parts of the rows, one a thread, each written where it belongs without another copy.

    A part begins and ends so many rows beyond its own that the wrong values, which stand at the edges where
    one part meets the next, lie in a strip that is then computed by itself.
    """
    floats, kernel, height = _floats(values), way.kernel, values.shape[0]
    more = kernel.shape[0] // 2 + 1
    anchor = ((kernel.shape[1] - 1) // 2, (kernel.shape[0] - 1) // 2)
    side = OPENCV_BORDERS[border]
    out = np.empty(values.shape, np.float32)
    cuts = _cuts(height, kernel, more)

    def part(first: int, last: int) -> None:
        task.check()
        rows = slice(max(0, first - more), min(height, last + more))
        cv2.filter2D(floats[rows], cv2.CV_32F, kernel, dst=out[rows], anchor=anchor, borderType=side)

    in_parts(cuts, part)
    for cut in cuts[1:-1]:
        around = floats[cut - 2 * more : cut + 2 * more]
        strip = cv2.filter2D(around, cv2.CV_32F, kernel, anchor=anchor, borderType=side)
        out[cut - more : cut + more] = strip[more:-more]
    return out


def _cuts(height: int, kernel: NDArray[np.float64], more: int) -> list[int]:
    """Where one part ends and the next begins, so that the threads have as much to do."""
    count, taps = threads(), kernel.shape[0]
    if kernel.size < _DFT_WEIGHTS:
        # Twice as many where a seam costs next to nothing: while one processor is busy with something else,
        # such as the window, the others do more of them.
        count *= 2 if kernel.size <= FEW_WEIGHTS else 1
        return [height * part // count for part in range(count + 1)]
    # OpenCV's DFT goes over blocks of so many rows, and one that is begun costs as much as a whole one.
    block = cv2.getOptimalDFTSize(max(round(4.5 * taps), 257 - taps) + taps - 1) - taps + 1
    each = block * -(-height // (block * count))
    inside = [end - more for end in range(each, height, each) if end + 3 * more < height]
    return [0, *inside, height]


_last_floats: tuple[weakref.ref[NDArray[Any]], NDArray[np.float32]] | None = None


def _floats(values: NDArray[Any]) -> NDArray[np.float32]:
    """Bytes as float32, kept for as long as the kernel over the same picture is edited."""
    global _last_floats
    if values.dtype == np.float32:
        return values
    known = _last_floats
    if known is not None and known[0]() is values:
        return known[1]
    floats = values.astype(np.float32)
    # What can be written to may be another picture the next time.
    if not values.flags.writeable and floats.nbytes <= _KEPT_FLOATS:
        _last_floats = (weakref.ref(values, _forget_floats), floats)
    return floats


def _forget_floats(gone: weakref.ref[NDArray[Any]]) -> None:
    global _last_floats
    if _last_floats is not None and _last_floats[0] is gone:
        _last_floats = None


def _band_height(
    part: Region, out: NDArray[np.float32], way: CorrelationPlan, stride: int, dilation: int
) -> int:
    """Output rows that one thread computes at a time."""
    if way.precise:
        return max(1, part.height)
    covered = dilation * (way.kernel.shape[0] - 1) + 1
    if way.factors is None and way.kernel.size >= _DFT_WEIGHTS:
        # A DFT wants long bands; four bands a thread on very large images, so that cancelling is prompt.
        height = max(-(-part.height // threads()), covered)
        return min(height, max(1024, 4 * covered)) if stride == 1 else max(1, height)
    # Bands that stay in the cache, but are long against the rows that two neighbours both read.
    row_bytes = max(1, out[:1].nbytes * stride * stride)
    rows = max(_BAND_BYTES // row_bytes, 64, 8 * covered)
    return max(1, rows // stride)


def _band(
    values: NDArray[Any],
    way: CorrelationPlan,
    border: Border,
    stride: int,
    dilation: int,
    part: Region,
    out: NDArray[np.float32],
) -> None:
    """Compute the outputs of `part` into `out`."""
    ranges: list[tuple[int, int]] = []
    for first, last, taps, length in (
        (part.top, part.bottom, way.kernel.shape[0], values.shape[0]),
        (part.left, part.right, way.kernel.shape[1], values.shape[1]),
    ):
        covered = dilation * (taps - 1) + 1
        before = padding.amounts(covered, border, length, stride)[0]
        ranges.append((first * stride - before, (last - 1) * stride - before + covered))
    source = padding.window(values, ranges[0], ranges[1], border)
    # sepFilter2D is quickest from bytes; filter2D is quicker from float than from bytes.
    if way.precise:
        source = source.astype(np.float64)
    elif way.factors is None or source.dtype != np.uint8:
        source = source.astype(np.float32, copy=False)
    phases = _phases(source, dilation)
    depth = cv2.CV_64F if way.precise else cv2.CV_32F
    if way.factors is None:
        result = cv2.filter2D(phases, depth, way.kernel, borderType=cv2.BORDER_REPLICATE)
        if way.precise and way.kernel.size >= _DFT_WEIGHTS_DOUBLE:
            # A DFT leaves 1e-14 where the sum is 0, and 0 is what one expects to read there.
            largest = float(np.abs(way.kernel).max()) * float(np.abs(source).max())
            result[np.abs(result) < 1e-13 * way.kernel.size * largest] = 0
    else:
        column, row = way.factors
        result = cv2.sepFilter2D(phases, depth, row, column, borderType=cv2.BORDER_REPLICATE)
    if dilation > 1:
        result = result.reshape(phases.shape[0] * dilation, -1, *source.shape[2:])
    # OpenCV puts the result at the kernel's middle tap; the first whole window's is the first one wanted.
    top, left = (dilation * (taps // 2) for taps in way.kernel.shape)
    rows = slice(top, top + (part.height - 1) * stride + 1, stride)
    columns = slice(left, left + (part.width - 1) * stride + 1, stride)
    with np.errstate(over="ignore"):
        # Sums beyond float32 become infinite here; `stage.run` says so in words.
        out[...] = result[rows, columns]


def _phases(source: NDArray[Any], dilation: int) -> NDArray[Any]:
    """An array in which the taps of a dilated kernel are neighbours.

    A row of W·C values is also a row of W/d pixels with d·C channels; d rows of the image, laid end to end,
    are one long row. What a kernel reads across such a joint lies beyond the valid results of that row.
    """
    if dilation == 1:
        return source
    height, width = source.shape[:2]
    more = (-height % dilation, -width % dilation)
    if any(more):
        source = np.pad(source, ((0, more[0]), (0, more[1]), *((0, 0),) * (source.ndim - 2)))
    rows, columns = source.shape[0] // dilation, source.shape[1] // dilation
    channels = source.shape[2] if source.ndim == 3 else 1
    return np.ascontiguousarray(source).reshape(rows, dilation * columns, dilation * channels)
