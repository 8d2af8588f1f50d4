"""From the session's events to finished pictures, without work on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from convscope.errors import UserError
from convscope.imaging import stage
from convscope.imaging.chain import ChainRunner
from convscope.imaging.display import Shown, show, to_bytes
from convscope.imaging.histogram import Histogram, histogram
from convscope.imaging.image import Image
from convscope.imaging.operation import Operation
from convscope.imaging.region import Region
from convscope.imaging.size import chain_sizes, output_size
from convscope.session.lab import Lab
from convscope.task import Task
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame

# From this many pixels on, the part in view comes first.
LARGE = 2_000_000
THUMBNAIL = 64
BINS = 128
MATRIX_SIZE = 64 * 64
# The largest share of the result that is worth computing first.
WORTH = 0.4


class Controller(QObject):
    """Asks for the result of the lab on the current image, the latest one only.

    Signals:
        frame_ready: a `Frame`; for a large image first one with the part in view alone.
        problem_changed: why these settings give no result, in a sentence; "" when they do.
        histograms_ready: the `Histogram` of the source and of the result.
        pictures_ready: a small picture of each stage (uint8), and each one's size in words.
    """

    frame_ready = Signal(object)
    problem_changed = Signal(str)
    pictures_ready = Signal(object, object)
    histograms_ready = Signal(object, object)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.region_in_view: Callable[[], Region | None] = lambda: None
        self._runner = ChainRunner()
        self._frame: Frame | None = None

    def request(self) -> None:
        """Compute what the session says now."""
        image, lab = self.context.session.image, self.context.session.lab
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

    def _show(self, frame: Frame) -> None:
        self._frame = frame
        self.problem_changed.emit("")
        self.frame_ready.emit(frame)
        self._request_histograms(frame)
        self._request_pictures(frame)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.problem_changed.emit(error.message)
        else:
            self.context.report(error)

    def _request_histograms(self, frame: Frame) -> None:
        def work(task: Task) -> tuple[Histogram, Histogram]:
            before = histogram(frame.source, BINS)
            task.check()
            return before, histogram(frame.result.values, BINS)

        self.context.jobs.submit(
            "view",
            work,
            title="Counting values",
            key="kernels.histograms",
            supersede="finish",
            quiet=True,
            on_done=lambda pair: self.histograms_ready.emit(*pair),
            on_failed=self.context.report,
        )

    def _request_pictures(self, frame: Frame) -> None:
        lab, image, runner = frame.lab, frame.image, self._runner
        if len(lab.stages) == 1:
            self.pictures_ready.emit([_small(frame.shown.pixels)], [_words(frame.result.values.shape)])
            return

        def work(task: Task) -> tuple[list[NDArray[np.uint8]], list[str]]:
            stages = lab.stages
            # A stage that cannot be is not drawn; choosing it says why.
            while len(stages) > lab.selected + 1 and not possible(image, stages):
                stages = stages[:-1]
            results = runner.run(image, stages, task=task)
            pictures = [_small(show(result, lab.display).pixels) for result in results]
            return pictures, [_words(result.values.shape) for result in results]

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
) -> Frame:
    """The chain up to the selected stage.

    Args:
        runner: keeps the stages that have not changed.
        image: the chain's input.
        lab: the settings.
        region: the part of the result in view, to be handed out first; None to do all at once.
        before: the frame on show; where only a part is done, the rest of its picture stays.
        task: told of the part in view by `partial`.

    Raises:
        UserError: a stage cannot be; the sentence names which where there are several.
    """
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
    shown = show(result, lab.display)
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


def _frame(image: Image, lab: Lab, source: Image, result: stage.Result, shown: Shown | None) -> Frame:
    seen = source.gray if lab.stage.channels == "gray" and lab.stage.enabled else source
    return Frame(
        image,
        lab,
        result,
        shown or show(result, lab.display),
        seen.values,
        picture_of(seen, image, lab),
        whole=shown is None,
    )


def picture_of(source: Image, image: Image, lab: Lab) -> NDArray[np.uint8]:
    """A stage's input as a picture: a photograph as it is, numbers in the lab's display."""
    small = source.values.ndim == 2 and source.values.size <= MATRIX_SIZE
    if lab.selected > 0 and source.values.dtype != np.uint8:
        return to_bytes(source.values, lab.display)[0]
    if source.path is None and small:
        # A typed matrix of zeros and ones would be black on black.
        low, high = float(source.values.min()), float(source.values.max())
        return to_bytes(source.values, "stretch")[0] if high <= 64 or low < 0 or high > 255 else source.pixels
    return source.pixels


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = max(1, max(pixels.shape[:2]) // THUMBNAIL)
    return np.ascontiguousarray(pixels[::step, ::step])


def _words(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
