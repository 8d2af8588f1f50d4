"""One finished computation of the lab: what went in, what came out, and how both look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.lab import stage
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.display import Displayed, Scale, one_channel, show, to_bytes
from convscope.imaging.lab.operation import DisplayMode, ShownChannel
from convscope.imaging.lab.peak import Peak, peak_of
from convscope.imaging.lab.ring import Ring, ring_of
from convscope.imaging.lab.size import attempted_size, chain_sizes, output_size, problem
from convscope.imaging.lab.suited import is_table
from convscope.imaging.lab.window import output_at
from convscope.imaging.numerals import numeral
from convscope.imaging.region import Region
from convscope.imaging.shrink import shrink
from convscope.workspace.lab import Lab

# From this many values on, the part in view comes first, and the largest value is looked for afterwards.
LARGE = 2_000_000
PHOTOGRAPH = Scale(0.0, 255.0, "0 to 255")
# A range so many times as wide as the other's leaves nothing of it to see.
FAR_APART = 16.0
# The largest share of the result that is worth computing first.
WORTH = 0.4

Range = tuple[float, float]
Side = Literal["source", "result"]
Box = tuple[float, float, float, float]
Taps = tuple[tuple[int, ...], tuple[int, ...]]
"""The rows and the columns of a source that a kernel with gaps reads: every row with every column."""


@dataclass(frozen=True)
class PicturePlace:
    """A pixel of one of the two pictures.

    Attributes:
        side: which picture.
        row, column: in that picture's own pixels.
    """

    side: Side
    row: int
    column: int


@dataclass(frozen=True)
class InSight:
    """What the view shows of the result.

    Attributes:
        region: the part that is in view.
        shape: rows and columns of the picture that the rest is told of.
        reduced: (height, width) that all of it is averaged down to; None where it is not.
    """

    region: Region
    shape: tuple[int, int]
    reduced: tuple[int, int] | None


@dataclass(frozen=True)
class LabRequest:
    """All that a frame follows from.

    Attributes:
        image: the chain's input.
        lab: the settings.
        sight: what of the result is looked at, to be made first; None: nothing, or nobody knows.
    """

    image: Image
    lab: Lab
    sight: InSight | None = None


@dataclass(frozen=True, eq=False)
class LabFrame:
    """The selected stage: what went in, what came out, and how that looks.

    Attributes:
        image: the current image; the chain's input.
        lab: the settings that made this.
        result: the exact output of the selected stage.
        shown: the result as a picture, with its scale and exact values.
        display: how the result is shown: as a person chose, or as suits kernels and image.
        source: what the stage works on, exactly: H×W or H×W×3; luma when it works on gray.
        source_pixels: the same as a picture: uint8 H×W or H×W×3.
        source_scale: what the ends of that picture stand for.
        source_seen: the numbers of that picture: of all channels, or of the one that is shown.
        ring: what the stage pads around its source, or None.
        peak: where the result shown is largest; None also where finding it would take long.
        small: `shown.pixels` averaged down to what the view shows of it; None where it is not reduced.
        whole: False while only the part in view is computed.
    """

    image: Image
    lab: Lab
    result: stage.Result
    shown: Displayed
    display: DisplayMode
    source: NDArray[Any]
    source_pixels: NDArray[np.uint8]
    source_scale: Scale
    source_seen: NDArray[Any]
    ring: Ring | None = None
    peak: Peak | None = None
    small: NDArray[np.uint8] | None = None
    whole: bool = True

    @property
    def result_seen(self) -> NDArray[Any]:
        """The numbers of the result's picture."""
        return self.shown.values

    def same_source(self, other: LabFrame | None) -> bool:
        """Whether another frame's source looks the same."""
        return (
            other is not None
            and other.source is self.source
            and (other.source_scale, other.display) == (self.source_scale, self.display)
            and other.lab.channel == self.lab.channel
        )

    def output_of(self, place: PicturePlace) -> tuple[int, int] | None:
        """The output pixel (row, column) for a place of either picture, or None where there is none."""
        if place.side == "result":
            rows, columns = self.result.shape[:2]
            return (place.row, place.column) if place.row < rows and place.column < columns else None
        shape = self.result.source.values.shape
        if place.row >= shape[0] or place.column >= shape[1]:
            return None
        return output_at(self.result.operation, shape, place.row, place.column)


@dataclass(frozen=True, eq=False)
class LabRefused:
    """Settings that give no result.

    Attributes:
        image, lab: as of a `LabFrame`.
        sentence: why not.
        formula: the output size with its numbers, which tell why; "" where the kernel is not the reason.
        given: what goes into the selected stage, or None where a stage before it is to blame.
        source: the same exactly, as of a `LabFrame`.
        source_pixels: and as a picture.
    """

    image: Image
    lab: Lab
    sentence: str
    formula: str = ""
    given: Image | None = None
    source: NDArray[Any] | None = None
    source_pixels: NDArray[np.uint8] | None = None


def range_words(scale: Scale) -> str:
    """What the ends of a picture's scale stand for: "0 to 255", "±830"."""
    if scale.low == -scale.high and scale.high:
        return f"±{numeral(scale.high, 4)}"
    return f"{numeral(scale.low, 4)} to {numeral(scale.high, 4)}"


def compute(
    runner: ChainRunner, request: LabRequest, before: LabFrame | None, task: Task
) -> LabFrame | LabRefused:
    """The chain up to the selected stage.

    Args:
        runner: keeps the stages that have not changed.
        request: what is asked.
        before: the frame on show; where only a part is done, the rest of its picture stays.
        task: told of the part in view by `partial`, where the image is large.

    Returns:
        Where a stage cannot be, why not; the sentence names which where there are several.
    """
    try:
        return _compute(runner, request, before, task)
    except UserError as error:
        return _refused(runner, request, error, task)


def _refused(runner: ChainRunner, request: LabRequest, error: UserError, task: Task) -> LabRefused:
    """What there is to say and to show where no result is: what goes in, if the stages before can be."""
    image, lab = request.image, request.lab
    try:
        earlier = lab.stages[: lab.selected]
        chain_sizes(earlier, image.values.shape)
        given = runner.run(image, earlier, task=task)[-1].image if earlier else image
    except UserError:
        return LabRefused(image, lab, error.message)
    seen = _seen(given, lab)
    small = problem(lab.stage, given.values.shape) is not None
    formula = attempted_size(lab.stage, given.values.shape).text if small else ""
    pixels, _scale = picture_of(seen, lab, lab.display_on(image), None)
    return LabRefused(image, lab, error.message, formula, given, seen.values, pixels)


def _compute(runner: ChainRunner, request: LabRequest, before: LabFrame | None, task: Task) -> LabFrame:
    image, lab, sight = request.image, request.lab, request.sight
    stages = lab.stages[: lab.selected + 1]
    chain_sizes(stages, image.values.shape)
    if sight is not None and image.height * image.width > LARGE:
        source = runner.run(image, stages[:-1], task=task)[-1].image if lab.selected else image
        known = None if before is None else before.result
        rows, columns = output_size(lab.stage, source.values.shape).shape[:2]
        part = sight.region.clipped(rows, columns)
        changed = known is None or known.source is not source or known.operation != lab.stage
        # Where nearly all is in view, the part would only make all of it later.
        if changed and 0 < part.height * part.width < rows * columns * WORTH:
            task.partial(_part(request, source, part, before))
    result = runner.run(image, stages, task=task)[-1]
    return _frame(request, result, None, before)


def _part(request: LabRequest, source: Image, region: Region, before: LabFrame | None) -> LabFrame:
    lab = request.lab
    result = stage.run(source, lab.stage, region=region)
    shape = output_size(lab.stage, source.values.shape).shape
    shown = show(result, lab.display_on(request.image), channel=lab.channel)
    old = None if before is None else before.shown.pixels
    picture_shape = (*shape[:2], *shown.pixels.shape[2:])
    pixels = (
        old.copy() if old is not None and old.shape == picture_shape else np.zeros(picture_shape, np.uint8)
    )
    values = np.zeros(shape, np.float32)
    assert result.region is not None
    pixels[result.region.slices] = shown.pixels
    values[result.region.slices] = result.values
    whole = replace(result, values=values)
    seen = one_channel(values, lab.channel)
    return _frame(request, whole, replace(shown, pixels=pixels, values=seen), before)


def _seen(source: Image, lab: Lab) -> Image:
    """What the selected stage works on."""
    return source.gray if lab.stage.channels == "gray" and lab.stage.enabled else source


def _frame(
    request: LabRequest, result: stage.Result, part: Displayed | None, before: LabFrame | None
) -> LabFrame:
    """The frame of a whole result, or of one of which only a part is there."""
    image, lab = request.image, request.lab
    seen, display = _seen(result.source, lab), lab.display_on(image)
    ranges = table_ranges(seen, result) if is_table(seen) and result.values.size else (None, None)
    picked = channel_of(seen, lab.channel)
    pixels, scale = picture_of(picked, lab, display, ranges[0])
    shown = part or show(result, display, ranges[1], lab.channel)
    if before is not None and _as_before(before, lab, picked, pixels):
        # By being the same object it is known, and not painted anew.
        ring = before.ring
    else:
        ring = ring_of(lab.stage, picked.values, pixels, zero_pixel(pixels, scale, display))
    return LabFrame(
        image,
        lab,
        result,
        shown,
        display,
        seen.values,
        pixels,
        scale,
        picked.values,
        ring,
        peak_of(shown.values) if part is None and shown.values.size <= LARGE else None,
        None if part is not None else _small(shown.pixels, request.sight),
        whole=part is None,
    )


def _as_before(before: LabFrame, lab: Lab, picked: Image, pixels: NDArray[np.uint8]) -> bool:
    """Whether the same source is padded in the same way."""
    if before.source_pixels is not pixels or before.source_seen is not picked.values:
        return False
    old, new = before.lab.stage, lab.stage
    return (old.border, old.effective_shape, old.stride, old.enabled) == (
        new.border,
        new.effective_shape,
        new.stride,
        new.enabled,
    )


def _small(pixels: NDArray[np.uint8], sight: InSight | None) -> NDArray[np.uint8] | None:
    if sight is None or sight.reduced is None or pixels.shape[:2] != sight.shape:
        return None
    return shrink(pixels, *sight.reduced)


@lru_cache(maxsize=1)
def channel_of(image: Image, channel: ShownChannel) -> Image:
    """One channel of an image as an image by itself, kept while it is looked at."""
    if image.channels == 1 or channel == "all":
        return image
    if channel == "luma":
        return image.gray
    return Image(one_channel(image.values, channel), image.name, image.path)


def zero_pixel(pixels: NDArray[np.uint8], scale: Scale, display: DisplayMode) -> NDArray[np.uint8]:
    """How a 0 is drawn in a picture of this scale: one pixel of it."""
    if scale is PHOTOGRAPH:
        return np.zeros(pixels.shape[2:], np.uint8)
    level = min(max(0.0, scale.low), scale.high)
    drawn, _scale = to_bytes(np.full((1, 1), level, np.float32), display, extremes=(scale.low, scale.high))
    return np.broadcast_to(drawn[0, 0], pixels.shape[2:])


def table_ranges(source: Image, result: stage.Result) -> tuple[Range, Range]:
    """The ranges in which a table and its result are drawn: one for both, so that 1 is as bright in both.

    Where one would vanish in the other's range each has its own, from 0 on; the views say so.
    """
    first = (float(source.values.min()), float(source.values.max()))
    second = (result.minimum, result.maximum)
    spans = sorted(max(abs(low), abs(high)) for low, high in (first, second))
    if spans[0] and spans[1] > FAR_APART * spans[0]:
        return (min(0.0, first[0]), max(0.0, first[1])), (min(0.0, second[0]), max(0.0, second[1]))
    both = (min(first[0], second[0]), max(first[1], second[1]))
    return both, both


def picture_of(
    source: Image, lab: Lab, display: DisplayMode, extremes: Range | None
) -> tuple[NDArray[np.uint8], Scale]:
    """A stage's input as a picture, and its scale: a photograph as it is, numbers as the result is shown.

    Args:
        extremes: the range to draw it in; None for its own.
    """
    if is_table(source) or (lab.selected > 0 and source.values.dtype != np.uint8):
        return to_bytes(source.values, display, extremes=extremes)
    return source.pixels, PHOTOGRAPH
