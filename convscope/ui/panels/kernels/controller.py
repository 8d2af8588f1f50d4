"""From the workspace's events to finished pictures, without work on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import sizes
from convscope.imaging.image import Image
from convscope.imaging.lab import stage
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.display import Displayed, Scale, one_channel, show, to_bytes
from convscope.imaging.lab.histogram import Histogram, histogram
from convscope.imaging.lab.operation import DisplayMode, Operation, ShownChannel
from convscope.imaging.lab.peak import Peak, peak_of
from convscope.imaging.lab.ring import ring_of
from convscope.imaging.lab.size import attempted_size, chain_sizes, output_size, problem
from convscope.imaging.lab.suited import is_table
from convscope.imaging.region import Region
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Refused
from convscope.workspace.lab import Lab

# From this many pixels on, the part in view comes first.
LARGE = 2_000_000
THUMBNAIL = 64
BINS = 128
PHOTOGRAPH = Scale(0.0, 255.0, "0 to 255")
# A range so many times as wide as the other's leaves nothing of it to see.
FAR_APART = 16.0
# The largest share of the result that is worth computing first.
WORTH = 0.4


Range = tuple[float, float]


class Controller(QObject):
    """Asks for the result of the lab on the current image, the latest one only.

    Signals:
        frame_ready: a `Frame`; for a large image first one with the part in view alone.
        refused: a `Refused`: these settings give no result.
        peak_ready: the `Peak` of the result that is shown, or None where there is none.
        histograms_ready: the `Histogram` of the source and of the result, or None where there is none.
        pictures_ready: a small picture of each stage (uint8), and each one's size in words.
    """

    frame_ready = Signal(object)
    refused = Signal(object)
    pictures_ready = Signal(object, object)
    histograms_ready = Signal(object, object)
    peak_ready = Signal(object)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.region_in_view: Callable[[], Region | None] = lambda: None
        self._runner = ChainRunner()
        self._frame: Frame | None = None

    def request(self) -> None:
        """Compute what the workspace says now."""
        image, lab = self.context.workspace.image, self.context.workspace.lab
        runner, before = self._runner, self._frame
        region = self.region_in_view() if image.height * image.width > LARGE else None
        self.context.jobs.cancel_key("kernels.pictures")
        self.context.jobs.submit(
            "imaging",
            lambda task: compute(runner, image, lab, region, before, task),
            title="Filtering",
            key="kernels.result",
            supersede="finish",
            quiet=True,
            on_partial=self.frame_ready.emit,
            on_done=self._show,
            on_failed=self._failed,
        )

    def _show(self, found: Frame | Refused) -> None:
        if isinstance(found, Refused):
            self._refuse(found)
            return
        self._frame = found
        self.frame_ready.emit(found)
        if found.peak is not None:
            self.peak_ready.emit(found.peak)
        self._request_histograms(found.source_seen, found.result_seen)
        self._request_pictures(found)

    def _refuse(self, refused: Refused) -> None:
        self._frame = None
        self.refused.emit(refused)
        # Of the last result nothing stays.
        self.histograms_ready.emit(None, None)
        self.peak_ready.emit(None)
        self.pictures_ready.emit([], [])
        self._request_histograms(refused.source, None)

    def _failed(self, error: BaseException) -> None:
        workspace = self.context.workspace
        self._refuse(Refused(workspace.image, workspace.lab, str(error), "", None, None, None))
        self.context.report(error)

    def _request_histograms(self, source: NDArray[Any] | None, result: NDArray[Any] | None) -> None:
        def work(task: Task) -> tuple[Histogram | None, Histogram | None, Peak | None]:
            peak = None if result is None else peak_of(result)
            task.check()
            before = None if source is None else histogram(source, BINS)
            task.check()
            return before, None if result is None else histogram(result, BINS), peak

        def done(found: tuple[Histogram | None, Histogram | None, Peak | None]) -> None:
            self.histograms_ready.emit(*found[:2])
            self.peak_ready.emit(found[2])

        self.context.jobs.submit(
            "view",
            work,
            title="Counting values",
            key="kernels.histograms",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self.context.report,
        )

    def _request_pictures(self, frame: Frame) -> None:
        lab, image, runner = frame.lab, frame.image, self._runner
        if len(lab.stages) == 1:
            self.pictures_ready.emit([_small(frame.shown.pixels)], [sizes(frame.result.values.shape)])
            return

        def work(task: Task) -> tuple[list[NDArray[np.uint8]], list[str]]:
            stages = lab.stages
            # A stage that cannot be is not drawn; choosing it says why.
            while len(stages) > lab.selected + 1 and not possible(image, stages):
                stages = stages[:-1]
            results = runner.run(image, stages, task=task)
            shown = (show(result, frame.display, channel=lab.channel) for result in results)
            pictures = [_small(each.pixels) for each in shown]
            return pictures, [sizes(result.values.shape) for result in results]

        # On the same lane: a runner serves one thread, and an edit cancels this.
        self.context.jobs.submit(
            "imaging",
            work,
            title="Drawing the stages",
            key="kernels.pictures",
            supersede="cancel",
            quiet=True,
            on_done=lambda found: self.pictures_ready.emit(*found),
            on_failed=self.context.report,
        )


def possible(image: Image, stages: tuple[Operation, ...]) -> bool:
    """Whether every stage fits what the one before it leaves."""
    try:
        chain_sizes(stages, image.values.shape)
    except UserError:
        return False
    return True


def compute(
    runner: ChainRunner, image: Image, lab: Lab, region: Region | None, before: Frame | None, task: Task
) -> Frame | Refused:
    """The chain up to the selected stage.

    Args:
        runner: keeps the stages that have not changed.
        image: the chain's input.
        lab: the settings.
        region: the part of the result in view, to be handed out first; None to do all at once.
        before: the frame on show; where only a part is done, the rest of its picture stays.
        task: told of the part in view by `partial`.

    Returns:
        Where a stage cannot be, why not; the sentence names which where there are several.
    """
    try:
        return _compute(runner, image, lab, region, before, task)
    except UserError as error:
        return _refused(runner, image, lab, error, task)


def _refused(runner: ChainRunner, image: Image, lab: Lab, error: UserError, task: Task) -> Refused:
    """What there is to say and to show where no result is: what goes in, if the stages before can be."""
    given = None
    try:
        earlier = lab.stages[: lab.selected]
        chain_sizes(earlier, image.values.shape)
        given = runner.run(image, earlier, task=task)[-1].image if earlier else image
    except UserError:
        return Refused(image, lab, error.message, "", None, None, None)
    seen = _seen(given, lab)
    small = problem(lab.stage, given.values.shape) is not None
    formula = attempted_size(lab.stage, given.values.shape).text if small else ""
    pixels, _scale = picture_of(seen, lab, lab.display_on(image), None)
    return Refused(image, lab, error.message, formula, given, seen.values, pixels)


def _compute(
    runner: ChainRunner, image: Image, lab: Lab, region: Region | None, before: Frame | None, task: Task
) -> Frame:
    stages = lab.stages[: lab.selected + 1]
    chain_sizes(stages, image.values.shape)
    if region is not None:
        source = runner.run(image, stages[:-1], task=task)[-1].image if lab.selected else image
        known = None if before is None else before.result
        rows, columns = output_size(lab.stage, source.values.shape).shape[:2]
        part = region.clipped(rows, columns)
        changed = known is None or known.source is not source or known.operation != lab.stage
        # Where nearly all is in view, the part would only make all of it later.
        if changed and 0 < part.height * part.width < rows * columns * WORTH:
            task.partial(_part(image, lab, source, region, before))
    result = runner.run(image, stages, task=task)[-1]
    return _frame(image, lab, result.source, result, None)


def _part(image: Image, lab: Lab, source: Image, region: Region, before: Frame | None) -> Frame:
    result = stage.run(source, lab.stage, region=region)
    shape = output_size(lab.stage, source.values.shape).shape
    shown = show(result, lab.display_on(image), channel=lab.channel)
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
    return _frame(image, lab, source, whole, replace(shown, pixels=pixels))


def _seen(source: Image, lab: Lab) -> Image:
    """What the selected stage works on."""
    return source.gray if lab.stage.channels == "gray" and lab.stage.enabled else source


def _frame(image: Image, lab: Lab, source: Image, result: stage.Result, shown: Displayed | None) -> Frame:
    seen, display = _seen(source, lab), lab.display_on(image)
    ranges = table_ranges(seen, result) if is_table(seen) and result.values.size else (None, None)
    picked = channel_of(seen, lab.channel)
    pixels, scale = picture_of(picked, lab, display, ranges[0])
    seen_result = one_channel(result.values, lab.channel)
    shown_result = shown or show(result, display, ranges[1], lab.channel)
    return Frame(
        image,
        lab,
        result,
        shown_result,
        display,
        seen.values,
        pixels,
        scale,
        picked.values,
        seen_result,
        ring_of(lab.stage, picked.values, pixels, zero_pixel(pixels, scale, display)),
        peak_of(seen_result) if shown is None and seen_result.size <= LARGE else None,
        whole=shown is None,
    )


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


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = max(1, max(pixels.shape[:2]) // THUMBNAIL)
    return np.ascontiguousarray(pixels[::step, ::step])
