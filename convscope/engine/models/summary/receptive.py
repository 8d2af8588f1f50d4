"""Receptive fields: which pixels of the image one value of a feature map depends on.

Two answers that belong together. Far from any border, the field of the value at row r is the pixel rows
`low + r·stride` to `high + r·stride`, both included, where pixels outside the image are padding; layers in a
row compose, branches that meet are united (the largest field over all paths), after Araujo, Norris and Sim,
"Computing Receptive Fields of Convolutional Neural Networks", Distill 2019. That is the published size.

And exactly, for an image of a known size: the set of rows and the set of columns that each value sees. A
window of padding sees less than its size, strides and dilation skip pixels, and where a window does not fit
once more, the last rows and columns are seen by nothing at all: after 2×2 pooling of 11×11 maps to 5×5, a
dense layer sees 26×26 of 28×28 pixels, not the whole image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from math import ceil, floor
from operator import or_

from convscope.engine.models.layer_specs.base import POINTWISE, Shape, Window

LONGEST = 4096
"""Pixels of an image's side up to which the exact sets are kept: those of all values of a layer."""

Bits = int
"""A set of rows or columns: bit n is row n."""


@dataclass(frozen=True)
class Axis:
    """One axis of a field, in pixels of the image: that of the first value, and the step to the next one.

    Attributes:
        low, high, stride: of a value far from any border.
        length: pixels of the image; None where its size is free.
        seen: what each value along the axis sees, a set of pixels; None where the size is free.
    """

    low: float = 0.0
    high: float = 0.0
    stride: float = 1.0
    length: int | None = None
    seen: tuple[Bits, ...] | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        return ceil(self.high) - floor(self.low) + 1

    @property
    def together(self) -> Bits | None:
        """What all values see together."""
        return None if self.seen is None else reduce(or_, self.seen, 0)

    def at(self, place: int, length: int) -> Bits:
        """What the value at a place sees of an image of so many pixels."""
        if self.seen is not None and length == self.length and 0 <= place < len(self.seen):
            return self.seen[place]
        first, last = floor(self.low + place * self.stride), ceil(self.high + place * self.stride)
        return _run(max(first, 0), min(last + 1, length))


@dataclass(frozen=True)
class Seen:
    """The pixels that one value, or a whole layer, depends on: these rows at these columns.

    Attributes:
        rows, columns: sets, bit n is row n.
        height, width: of the image.
    """

    rows: Bits
    columns: Bits
    height: int
    width: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right; the last two excluded. All 0 where nothing is seen but padding."""
        if not self.rows or not self.columns:
            return 0, 0, 0, 0
        return _first(self.rows), _first(self.columns), self.rows.bit_length(), self.columns.bit_length()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the box."""
        top, left, bottom, right = self.box
        return bottom - top, right - left

    @property
    def counts(self) -> tuple[int, int]:
        """How many rows and columns are seen; fewer than `size` where a stride or dilation skips some."""
        return self.rows.bit_count(), self.columns.bit_count()

    @property
    def skips(self) -> bool:
        """Whether pixels inside of the box are not seen."""
        return bool(self.rows and self.columns) and self.counts != self.size

    @property
    def whole(self) -> bool:
        """Whether it is every pixel of the image."""
        return self.counts == (self.height, self.width)


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of every value of a map.

    Attributes:
        rows, columns: along height and width.
        whole: each value depends on all that the layer's inputs see (dense layers, global pooling), or they
            lie in a row as `flat` tells; `low`, `high` and `stride` then mean nothing.
        flat: height, width and channels of the maps that were laid out in a row, so that value n still
            belongs to one place of them; None elsewhere.
        gated: besides this field, the image acts through a gate (squeeze-and-excitation) or through the
            statistics of whole maps (group normalisation).
        gate: the rows and the columns that do so; None without, and where the image's size is free.
    """

    rows: Axis = Axis()
    columns: Axis = Axis()
    whole: bool = False
    gated: bool = False
    flat: tuple[int, int, int] | None = None
    gate: tuple[Bits, Bits] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, of a value far from any border."""
        return self.rows.size, self.columns.size

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels from one value's field to its neighbour's, down and across."""
        return self.rows.stride, self.columns.stride

    @property
    def offset(self) -> tuple[int, int]:
        """The first value's first pixel, row and column; negative where it begins in the padding."""
        return floor(self.rows.low), floor(self.columns.low)

    @property
    def image(self) -> tuple[int, int] | None:
        """Height and width of the image that the exact sets are of; None where a size is free."""
        if self.rows.length is None or self.columns.length is None:
            return None
        return self.rows.length, self.columns.length

    def at(self, row: int, column: int, height: int, width: int, channel: int = 0) -> Seen:
        """What one value sees.

        Args:
            row, column: the value's place on its map; 0 in a vector.
            height, width: the image's size.
            channel: of a vector, which of its numbers.
        """
        if self.flat is not None:
            row, column = divmod(channel // self.flat[2], self.flat[1])
        elif self.whole:
            return self.together(height, width)
        return Seen(self.rows.at(row, height), self.columns.at(column, width), height, width)

    def together(self, height: int, width: int) -> Seen:
        """What all values see together, gates included: all of the image where that is not known."""
        rows, columns = self.rows.together, self.columns.together
        if rows is None or columns is None or self.image != (height, width):
            return Seen(_run(0, height), _run(0, width), height, width)
        gate = self.gate or (0, 0)
        return Seen(rows | gate[0], columns | gate[1], height, width)

    def box(
        self, row: int, column: int, height: int, width: int, channel: int = 0
    ) -> tuple[int, int, int, int]:
        """The pixels that the value at (row, column) sees: top, left, bottom, right; the last two excluded.

        Args:
            row, column: the value's place on its map; 0 in a vector.
            height, width: the image's size, to which the box is clipped.
            channel: of a vector, which of its numbers.
        """
        return self.at(row, column, height, width, channel).box


def of_image(shape: Shape) -> ReceptiveField | None:
    """The field of an input: each pixel sees itself; None for what is no image."""
    if len(shape) != 3:
        return None
    height, width = shape[:2]
    rows = _itself(height)
    return ReceptiveField(rows, rows if width == height else _itself(width))


def _itself(length: int | None) -> Axis:
    if length is None or length > LONGEST:
        return Axis()
    return Axis(length=length, seen=tuple(1 << n for n in range(length)))


def follow(before: ReceptiveField, window: Window, shape: Shape = ()) -> ReceptiveField:
    """The field after one more layer that looks through `window`, and puts out `shape` without the batch."""
    if window.laid_out and not before.whole and len(shape) == 1:
        return replace(before, whole=True, flat=_layout(before, shape))
    if window == POINTWISE and before.whole:
        return before
    if window.everything or before.whole:
        return _everything(before)
    sizes = (*shape[:2], None, None)
    rows = _looked(before.rows, window, 0, sizes[0])
    same = before.rows == before.columns and sizes[0] == sizes[1] and window.square
    columns = rows if same else _looked(before.columns, window, 1, sizes[1])
    gate = before.gate
    if window.gate:
        all_of_it = _everything(before)
        down, across = all_of_it.rows.together, all_of_it.columns.together
        gate = None if down is None or across is None else (down, across)
    return ReceptiveField(rows, columns, gated=before.gated or window.gate, gate=gate)


def _layout(before: ReceptiveField, shape: Shape) -> tuple[int, int, int] | None:
    """Height, width and channels of the maps that become a row of this shape."""
    if before.rows.seen is None or before.columns.seen is None or shape[0] is None:
        return None
    height, width = len(before.rows.seen), len(before.columns.seen)
    channels, left = divmod(shape[0], height * width)
    return None if left or not channels else (height, width, channels)


def _everything(before: ReceptiveField) -> ReceptiveField:
    """Each value sees all that the values before see together."""
    gate = before.gate or (0, 0)
    axes = []
    for axis, also in zip((before.rows, before.columns), gate, strict=True):
        together = axis.together
        # What acts through a gate of an unknown reach is not known either.
        known = together is not None and (not before.gated or before.gate is not None)
        axes.append(
            Axis(length=axis.length, seen=(together | also,)) if known and together is not None else Axis()
        )
    return ReceptiveField(axes[0], axes[1], whole=True)


def _looked(before: Axis, window: Window, number: int, count: int | None) -> Axis:
    """One axis after a layer that puts out so many values along it."""
    kernel, step = window.kernel[number], window.stride[number]
    ahead, apart = window.before[number], window.dilation[number]
    if window.upsample:
        # Output o receives from the inputs (o + ahead − kernel + 1)/step, rounded up, to (o + ahead)/step,
        # rounded down; unrounded, the field covers every output's.
        low = before.low + before.stride * (ahead - kernel + 1) / step
        high = before.high + before.stride * ahead / step
        stride = before.stride / step
    else:
        low = before.low - ahead * before.stride
        high = before.high + (kernel - 1 - ahead) * before.stride
        stride = before.stride * step
    seen = before.seen
    if seen is None or count is None:
        return Axis(low, high, stride)
    if (kernel, step, ahead, window.upsample) == (1, 1, 0, False) and count == len(seen):
        return replace(before, low=low, high=high, stride=stride)
    taps: Iterable[slice]
    if window.blend:
        taps = (_blended(place, step, len(seen)) for place in range(count))
    elif window.upsample:
        taps = (_reaching(place + ahead, kernel, step, apart) for place in range(count))
    else:
        taps = (_under(place * step - ahead, kernel, apart) for place in range(count))
    return Axis(low, high, stride, before.length, tuple(reduce(or_, seen[tap], 0) for tap in taps))


def _under(start: int, kernel: int, apart: int) -> slice:
    """The inputs under a window that begins at `start`, maybe outside."""
    first = start if start >= 0 else start + -(start // apart) * apart
    return slice(first, max(start + kernel, 0), apart)


def _reaching(place: int, kernel: int, step: int, apart: int) -> slice:
    """The inputs whose weights reach an output of a transposed layer: those with (place − n·step) in it."""
    numbers = range(max(0, -((kernel - 1 - place) // step)), place // step + 1)
    reached = [n for n in numbers if 0 <= place - n * step < kernel and (place - n * step) % apart == 0]
    if not reached:
        return slice(0, 0)
    # Weights `apart` from each other meet inputs that are equally far from each other.
    between = reached[1] - reached[0] if len(reached) > 1 else 1
    return slice(reached[0], reached[-1] + 1, between)


def _blended(place: int, by: int, count: int) -> slice:
    """The two inputs between which an enlarged value lies, or the one that it lies on."""
    # In units of 1/(2·by) of an input: the middle of the output less half an input.
    twice = 2 * place + 1 - by
    first = twice // (2 * by)
    last = first + (twice % (2 * by) != 0)
    return slice(max(first, 0), min(last, count - 1) + 1)


def join(fields: Sequence[ReceptiveField | None]) -> ReceptiveField | None:
    """The field where branches meet: the union; a branch in which all is seen at once gates the others."""
    known = [each for each in fields if each is not None]
    if not known:
        return None
    if len(known) == 1:
        # Behind one that is not known, a number's place in the row is not known either.
        return known[0] if len(fields) == 1 or known[0].flat is None else _everything(known[0])
    local = [each for each in known if not each.whole]
    if not local:
        all_of_them = [_everything(each) for each in known]
        down = _union([each.rows for each in all_of_them])
        return ReceptiveField(down, _union([each.columns for each in all_of_them]), whole=True)
    gated = any(each.gated for each in local) or len(local) < len(known)
    rows = _union([each.rows for each in local])
    columns = _union([each.columns for each in local])
    return ReceptiveField(rows, columns, gated=gated, gate=_gates(known))


def _gates(known: Sequence[ReceptiveField]) -> tuple[Bits, Bits] | None:
    """What acts through gates where branches meet; None where there is none, or its reach is not known."""
    down = across = 0
    for each in known:
        if each.whole:
            rows, columns = each.rows.together, each.columns.together
            if rows is None or columns is None:
                return None
            down, across = down | rows, across | columns
        elif each.gated:
            if each.gate is None:
                return None
            down, across = down | each.gate[0], across | each.gate[1]
    return (down, across) if down or across else None


def _union(axes: Sequence[Axis]) -> Axis:
    low, high = min(axis.low for axis in axes), max(axis.high for axis in axes)
    stride, length = max(axis.stride for axis in axes), axes[0].length
    if all(axis == axes[0] for axis in axes):
        return axes[0]
    sets = [axis.seen for axis in axes if axis.seen is not None]
    count = max((len(each) for each in sets), default=0)
    # One value is spread over all of the others.
    fits = len(sets) == len(axes) and all(len(each) in (1, count) for each in sets)
    if not fits or any(axis.length != length for axis in axes):
        return Axis(low, high, stride)
    spread = [each * count if len(each) == 1 else each for each in sets]
    return Axis(low, high, stride, length, tuple(reduce(or_, each, 0) for each in zip(*spread, strict=True)))


def _run(first: int, end: int) -> Bits:
    """The set of `first` to `end`, the last excluded."""
    return ((1 << (end - first)) - 1) << first if end > first else 0


def _first(bits: Bits) -> int:
    return (bits & -bits).bit_length() - 1
