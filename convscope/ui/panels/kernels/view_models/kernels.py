"""The kernel lab as a whole: from the document to finished pictures, without work on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import sizes
from convscope.imaging.image import Image
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.display import show
from convscope.imaging.lab.histogram import Histogram, histogram
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.peak import Peak
from convscope.imaging.lab.pixel_sum import CHANNEL_NAMES
from convscope.imaging.lab.size import chain_sizes
from convscope.ui.panels.kernels.view_models.frame import (
    InSight,
    LabFrame,
    LabRefused,
    LabRequest,
    PicturePlace,
    compute,
)
from convscope.workspace.document import Part
from convscope.workspace.lab import Lab

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

FIRST_VIEW = "picture"
THUMBNAIL = 64
BINS = 128


class KernelsViewModel:
    """Asks for the result of the lab on the current image, the latest one only, and holds what is read of it.

    Attributes:
        view: which view is on show, by its name.
        held: the place that a person holds, so that the pointer does not change the sum.
        sum_channel: the channel that the sum is told of, 0–2.
        kernel_channel: the channel of an RGB filter whose kernel the controls show, 0–2.
        sum_shown: whether the sum is on show beside the pictures.
        frame, refused: what the settings give, or why they give nothing; neither before the first answer.
        peak: the largest value of the result on show, if it stands out.
        histograms: of the source and of the result that were counted last.
        sight: tells what is seen of the result.

    Signals:
        frame_ready: a `LabFrame`; for a large image first one with the part in view alone.
        refused_ready: a `LabRefused`: these settings give no result.
        peak_changed: `peak` is another one.
        histograms_ready: the `Histogram` of the source and of the result, or None where there is none.
        pictures_ready: a small picture of each stage (uint8), and each one's size in words.
        place_changed: the place to explain may be another one.
    """

    frame_ready = Signal(object)
    refused_ready = Signal(object)
    peak_changed = Signal(object)
    histograms_ready = Signal(object, object)
    pictures_ready = Signal(object, object)
    place_changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self.sight: Callable[[], InSight | None] = lambda: None
        self.frame: LabFrame | None = None
        self.refused: LabRefused | None = None
        self.peak: Peak | None = None
        self.histograms: tuple[Histogram | None, Histogram | None] = (None, None)
        self._pointed: PicturePlace | None = None
        self._runner = ChainRunner()
        self._counted: tuple[NDArray[Any], Histogram] | None = None
        part = context.workspace.part
        self.view = part("kernels.view", FIRST_VIEW, "kernels")
        self.held: Part[PicturePlace | None] = part("kernels.held", None, "kernels", kind=PicturePlace | None)
        self.sum_channel = part("kernels.sum_channel", 0, "kernels")
        self.kernel_channel = part("kernels.kernel_channel", 0, "kernels")
        self.sum_shown = part("kernels.sum_shown", True, "kernels")
        context.listen(context.workspace.lab_changed, self._lab_changed)
        context.listen(context.workspace.image_changed, self._image_changed)
        context.listen(self.held.changed, lambda _held: self.place_changed.emit())

    # -- the lab ---------------------------------------------------------------------------------------------

    @property
    def lab(self) -> Lab:
        """The lab as it is now."""
        return self.context.workspace.lab

    def edit(self, label: str, change: Callable[[Lab], Lab], merge: str | None = None) -> bool:
        """One undoable step; what cannot be is said, and nothing changes."""
        try:
            lab = change(self.lab)
        except UserError as error:
            self.context.report(error)
            return False
        self.context.workspace.edit_lab(lab, label, merge)
        return True

    def make_filter(self) -> None:
        """An RGB filter has a kernel a channel."""
        kernels = self.lab.stage.kernels
        self.edit(
            "Change channels",
            lambda lab: lab.with_stage(
                channels="filter", kernels=kernels * 3 if len(kernels) == 1 else kernels
            ),
        )

    # -- the result ------------------------------------------------------------------------------------------

    @property
    def request(self) -> LabRequest:
        """What is asked now."""
        return LabRequest(self.context.workspace.image, self.lab, self.sight())

    def ask(self) -> None:
        """Compute what the workspace says now."""
        request, runner, before = self.request, self._runner, self.frame
        self.context.jobs.cancel_key("kernels.pictures")
        self.context.jobs.submit(
            "imaging",
            lambda task: compute(runner, request, before, task),
            title="Filtering",
            key="kernels.result",
            supersede="finish",
            quiet=True,
            on_partial=self._show_part,
            on_done=self._show,
            on_failed=self._failed,
        )

    def _lab_changed(self, lab: Lab) -> None:
        # First of all: what follows on the GUI thread takes as long as a small result does.
        self.ask()
        if lab.channel in CHANNEL_NAMES:
            self.sum_channel.set(CHANNEL_NAMES.index(lab.channel))

    def _image_changed(self, image: Image) -> None:
        # A new frame of the same source (a camera, a stroke) keeps the place that a person holds.
        shown = self.frame or self.refused
        if shown is not None and (self.frame is None or shown.image.values.shape != image.values.shape):
            self.let_go()
        self.ask()

    def _show_part(self, frame: LabFrame) -> None:
        self._set_peak(None)
        self.frame_ready.emit(frame)

    def _show(self, found: LabFrame | LabRefused) -> None:
        if isinstance(found, LabRefused):
            self._refuse(found)
            return
        self.frame, self.refused = found, None
        self.frame_ready.emit(found)
        self._set_peak(found.peak)
        self._ask_statistics(found.source_seen, found.result_seen, found)
        if len(found.lab.stages) > 1:
            self._ask_pictures(found)

    def _refuse(self, refused: LabRefused) -> None:
        self.frame, self.refused = None, refused
        self.refused_ready.emit(refused)
        # Of the last result nothing stays.
        self._set_histograms(None, None)
        self._set_peak(None)
        self.pictures_ready.emit([], [])
        self._ask_statistics(refused.source, None, None)

    def _failed(self, error: BaseException) -> None:
        self._refuse(LabRefused(self.context.workspace.image, self.lab, str(error)))
        self.context.report(error)

    def _set_histograms(self, source: Histogram | None, result: Histogram | None) -> None:
        self.histograms = (source, result)
        self.histograms_ready.emit(source, result)

    def _set_peak(self, peak: Peak | None) -> None:
        if peak != self.peak:
            self.peak = peak
            self.peak_changed.emit(peak)

    def _ask_statistics(
        self, source: NDArray[Any] | None, result: NDArray[Any] | None, frame: LabFrame | None
    ) -> None:
        """What is told beside the picture, once that is there."""

        def work(task: Task) -> tuple[Histogram | None, Histogram | None, NDArray[np.uint8] | None]:
            before = None if source is None else self._count_source(source, task)
            after = None if result is None or not result.size else histogram(result, BINS, task)
            return before, after, None if frame is None else small_picture(frame.shown.pixels)

        def done(found: tuple[Histogram | None, Histogram | None, NDArray[np.uint8] | None]) -> None:
            before, after, picture = found
            self._set_histograms(before, after)
            self._set_peak(after.peak if after is not None else None)
            if frame is not None and picture is not None and len(frame.lab.stages) == 1:
                self.pictures_ready.emit([picture], [sizes(frame.result.values.shape)])

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

    def _count_source(self, values: NDArray[Any], task: Task) -> Histogram:
        """The histogram of a source, which stays the same while its kernel is edited."""
        if self._counted is None or self._counted[0] is not values:
            self._counted = (values, histogram(values, BINS, task))
        return self._counted[1]

    def _ask_pictures(self, frame: LabFrame) -> None:
        lab, image, runner = frame.lab, frame.image, self._runner

        def work(task: Task) -> tuple[list[NDArray[np.uint8]], list[str]]:
            stages = lab.stages
            # A stage that cannot be is not drawn; choosing it says why.
            while len(stages) > lab.selected + 1 and not possible(image, stages):
                stages = stages[:-1]
            results = runner.run(image, stages, task=task)
            shown = (show(result, frame.display, channel=lab.channel) for result in results)
            pictures = [small_picture(each.pixels) for each in shown]
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

    # -- the place whose sum is told -------------------------------------------------------------------------

    @property
    def place(self) -> PicturePlace | None:
        """The place to explain: the one that is held, or was pointed at last, or the middle; None: no result.

        A held place may have no output under the settings in force, which is said then.
        """
        frame = self.frame
        if frame is None:
            return None
        place = self.held.value or self._pointed
        if self.held.value is None and place is not None and frame.output_of(place) is None:
            place = None
        if place is None:
            # Before anybody has pointed at anything, the middle shows what there is to see.
            rows, columns = frame.result.shape[:2]
            place = PicturePlace("result", rows // 2, columns // 2)
        return place

    def point(self, place: PicturePlace | None) -> None:
        """The pointer is there; when it leaves, the last sum stays to be read."""
        self._pointed = place or self._pointed
        if self.held.value is None:
            self.place_changed.emit()

    def click(self, place: PicturePlace) -> None:
        """Hold a place, or let the one that is held go."""
        self._pointed = place
        self.held.set(None if self.held.value is not None else place)

    def release(self) -> None:
        """Hold the place no longer; its sum stays until one points at another."""
        self._pointed = self.held.value or self._pointed
        self.held.set(None)

    def let_go(self) -> None:
        """No place is held, and none was pointed at."""
        self._pointed = None
        self.held.set(None)

    def choose_view(self, name: str) -> None:
        """Another view, on which nothing is held yet."""
        if name != self.view.value:
            self.let_go()
            self.view.set(name)

    def hold_peak(self) -> Peak | None:
        """Hold the largest value of the result, and tell its sum."""
        peak, frame = self.peak, self.frame
        if peak is None or frame is None:
            return None
        if peak.channel or frame.result_seen.ndim == 3:
            self.sum_channel.set(peak.channel)
        self._pointed = place = PicturePlace("result", peak.row, peak.column)
        self.held.set(place)
        return peak


def possible(image: Image, stages: tuple[Operation, ...]) -> bool:
    """Whether every stage fits what the one before it leaves."""
    try:
        chain_sizes(stages, image.values.shape)
    except UserError:
        return False
    return True


def small_picture(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every so many pixels of it: a thumbnail."""
    step = max(1, max(pixels.shape[:2]) // THUMBNAIL)
    return np.ascontiguousarray(pixels[::step, ::step])
