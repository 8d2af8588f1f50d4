"""What of a data set reaches a network: the settings in force, an image so, and how many a second. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.pipeline import PipelineSettings
    from convscope.engine.data.throughput import Throughput
    from convscope.ui.panel_context import PanelContext

MEASURED_SECONDS = 2.0
UNMEASURED = "Images a second that the pipeline delivers."


class InputViewModel:
    """Follows one image of the data set, what images are brought to, and the network.

    Attributes:
        speed: what was measured, in words.
        measuring: it is being measured.

    Signals:
        settings_changed: the `PipelineSettings` in force.
        image_changed: the image as the network gets it, uint8 H×W or H×W×3, and a caption.
        problem_changed: why there is no such image, in a sentence, or "".
        speed_changed: `speed` or `measuring`.
        measured: the pipeline has read for a while.
    """

    settings_changed = Signal(object)
    image_changed = Signal(object, str)
    problem_changed = Signal(str)
    speed_changed = Signal()
    measured = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self.dataset: Dataset | None = None
        self.index = 0
        self.speed, self.measuring = UNMEASURED, False
        self._told = self.settings
        context.listen(context.workspace.data_settings_changed, self._data_settings_changed)
        context.listen(context.workspace.model_changed, self._model_changed)

    @property
    def settings(self) -> PipelineSettings:
        """In force: images of different sizes come to the network's size where no other is set."""
        from convscope.engine.data.pipeline import PipelineSettings

        workspace = self.context.workspace
        own, dataset = workspace.data_settings, self.dataset
        # A folder may have got a third class.
        binary = own.labels == "binary" and dataset is not None and len(dataset.classes) != 2
        labels = "sparse" if binary else own.labels
        settings = PipelineSettings(batch_size=own.batch_size, label_mode=labels)
        settings = settings.with_input(workspace.input)
        if settings.size is None and dataset is not None and dataset.image_size is None:
            settings = replace(settings, size=self._network_size())
        return settings

    def show(self, dataset: Dataset, index: int) -> None:
        """Follow this image of this data set."""
        if self.dataset is None or self.dataset.images is not dataset.images:
            self.context.jobs.cancel_key("data.throughput")
            self._say_speed(UNMEASURED, False)
        self.dataset, self.index = dataset, index

    def set_input(self, merge: str | None, **changes: Any) -> None:
        """Change what images are brought to, for training too."""
        workspace = self.context.workspace
        workspace.set_input(replace(workspace.input, **changes), merge and f"input.{merge}")

    def set_batch(self, label: str, merge: str | None, **changes: Any) -> None:
        """Change the batch that is shown."""
        self.context.workspace.edit_data_settings(label, merge and f"input.{merge}", **changes)

    def request_image(self) -> None:
        """Have the image brought to what the network gets; the latest request counts."""
        dataset, index, settings = self.dataset, self.index, self.settings
        if dataset is None:
            return
        try:
            target = settings.target(dataset)
        except UserError as error:
            self.problem_changed.emit(error.message)
            return

        def work(task: Task) -> NDArray[np.uint8]:
            from convscope.engine.data.images import load_one

            return load_one(dataset.images, index, target)

        def done(pixels: NDArray[np.uint8]) -> None:
            self.problem_changed.emit("")
            size = f"brought to {pixels.shape[0]} × {pixels.shape[1]}"
            self.image_changed.emit(pixels, f"{dataset.images.name(index)}  ·  {size}")

        self.context.jobs.submit(
            "imaging",
            work,
            title="Bringing an image to size",
            key="data.input",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=lambda error: self.problem_changed.emit(str(error)),
        )

    def measure_throughput(self) -> None:
        """Read the training part for a while, off the GUI thread."""
        dataset = self.dataset
        if dataset is None:
            return
        settings = replace(self.settings, augmentation=self.context.workspace.augmentation)

        def work(task: Task) -> Throughput:
            from convscope.engine import runtime
            from convscope.engine.data.pipeline import Stream
            from convscope.engine.data.throughput import measure_throughput

            task.progress(None, "Starting")
            runtime.start()
            return measure_throughput(Stream(dataset, "train", settings), MEASURED_SECONDS, task)

        def done(found: Throughput) -> None:
            augmented = "augmented" if settings.augmentation else "not augmented"
            self._say_speed(
                f"{found.images_per_second:,.0f} images a second  ·  "
                f"{found.images:,} in {found.seconds:.1f} s, {augmented}, batches of {settings.batch_size}",
                False,
            )
            self.measured.emit()

        def ended(error: BaseException | None = None) -> None:
            if isinstance(error, UserError):
                self._say_speed(error.message, False)
            elif error is not None:
                self._say_speed(self.speed, False)
                self.context.report(error)
            else:
                self._say_speed("Stopped.", False)

        self._say_speed("Measuring…", True)
        self.context.jobs.submit(
            "files",
            work,
            title="Measuring throughput",
            key="data.throughput",
            on_done=done,
            on_failed=ended,
            on_cancelled=ended,
        )

    def _say_speed(self, words: str, measuring: bool) -> None:
        self.speed, self.measuring = words, measuring
        self.speed_changed.emit()

    def _changed(self) -> None:
        self._told = self.settings
        self.settings_changed.emit(self._told)

    def _data_settings_changed(self, _settings: object) -> None:
        if self.settings != self._told:
            self._changed()

    def _model_changed(self, _model: object) -> None:
        # Only images of different sizes follow the network.
        if self.dataset is not None and self.dataset.image_size is None:
            self._changed()

    def _network_size(self) -> tuple[int, int] | None:
        model = self.context.workspace.model
        if model is None:
            return None
        height, width, _channels = model.input_shape
        return (height, width) if height and width else None
