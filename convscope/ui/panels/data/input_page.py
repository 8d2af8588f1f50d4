"""How images reach a network: size, colours, labels, and how many a second."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import (
    caption,
    choose,
    combo,
    hairline,
    heading,
    named,
    row,
    scrolling,
    segmented,
    spin,
    tool,
    under_captions,
)
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.preview import UNKNOWN_SIDE

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.pipeline import PipelineSettings
    from convscope.engine.data.throughput import Throughput

FIT_WORDS = (
    ("stretch", "Stretch: proportions change"),
    ("crop", "Crop: the longer side is cut"),
    ("pad", "Pad: black at the sides"),
)
COLOUR_WORDS = ((None, "As they are"), (1, "Gray"), (3, "RGB"))
LABEL_WORDS = (
    ("sparse", "Sparse", "The number of the class"),
    ("categorical", "Categorical", "A vector with a 1 at the class"),
    ("binary", "Binary", "0 or 1, for two classes"),
)
OWN = "As they are"
MEASURED_SECONDS = 2.0
_LONGEST_VECTOR = 12
_IMAGE = 168  # pixels that the image keeps in a low window
_TWO_LINES = 28


class InputPage(QWidget):
    """What a batch looks like, on one image; and the pipeline's speed.

    Signals:
        changed: the `PipelineSettings` in force.
        measured: the pipeline has read for a while.
    """

    changed = Signal(object)
    measured = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._dataset: Dataset | None = None
        self._index = 0
        self._stale = False
        self._told = self.settings
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        # In a low window the image keeps its height, and the page scrolls.
        whole.addWidget(scrolling(inside))
        self.sizing = segmented(
            "data.input.size",
            "Size",
            (
                ("own", OWN, ""),
                ("set", "Bring to", "Every image is brought to one size"),
            ),
            wide=True,
        )
        self.sizing.changed.connect(self._size_chosen)
        self.height_ = spin("data.input.height", "Height in pixels", 1, 4096)
        self.width_ = spin("data.input.width", "Width in pixels", 1, 4096)
        self.batch = spin("data.input.batch", "Images in a batch", 1, 65_536)
        for box in (self.height_, self.width_):
            box.valueChanged.connect(self._typed)
        self.batch.valueChanged.connect(
            lambda value: self._edit("Change the batch", "batch", batch_size=value)
        )
        self.fit = combo("data.input.fit", "How they come to that size", FIT_WORDS)
        self.fit.currentIndexChanged.connect(lambda _index: self._set(None, fit=self.fit.currentData()))
        self.colours = combo(
            "data.input.colours", "Colours", [(str(value or 0), words) for value, words in COLOUR_WORDS]
        )
        self.colours.currentIndexChanged.connect(
            lambda _index: self._set(None, channels=int(self.colours.currentData()) or None)
        )
        self.labels = segmented("data.input.labels", "Labels", LABEL_WORDS, wide=True)
        self.labels.changed.connect(lambda value: self._edit("Change the labels", None, labels=value))
        self.view = ImageView()
        self.view.setObjectName("data.input.view")
        self.view.setAccessibleName("The image as the network gets it")
        self.view.setMinimumHeight(theme.scaled(_IMAGE))
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.tensor = QLabel()
        self.tensor.setObjectName("data.input.tensor")
        self.tensor.setFont(theme.font(11, mono=True))
        self.tensor.setWordWrap(True)
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("data.input.problem")
        self.problem.setWordWrap(True)
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.problem.hide()
        self.measure = tool(
            "data.throughput",
            "Read batches for two seconds, augmented as set, without training",
            "gauge",
            self.measure_throughput,
            "Measure throughput",
        )
        self.speed = caption("data.throughput.words", "Images a second that the pipeline delivers.")
        column.addWidget(self.sizing)
        column.addLayout(under_captions(("Height", self.height_), ("Width", self.width_)))
        column.addLayout(named("Fit", self.fit))
        column.addLayout(named("Colours", self.colours))
        column.addWidget(caption("", "Training brings its images to the same."))
        column.addWidget(hairline())
        column.addWidget(self.view, 1)
        column.addWidget(self.problem, 1)
        column.addWidget(hairline())
        column.addLayout(row(heading("A batch of"), self.batch, None))
        column.addWidget(self.labels)
        column.addWidget(self.tensor)
        elsewhere = caption("", "In Train a run has its own batch size, and its loss chooses the labels.")
        for text in (elsewhere, self.speed):
            # A scroll area does not ask for the second line of a text that wraps.
            text.setMinimumHeight(theme.scaled(_TWO_LINES))
            text.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(elsewhere)
        column.addLayout(row(self.measure, None))
        column.addWidget(self.speed)
        context.listen(context.workspace.data_settings_changed, self._settings_changed)
        context.listen(context.workspace.model_changed, self._model_changed)

    @property
    def settings(self) -> PipelineSettings:
        """In force: images of different sizes come to the network's size where no other is set."""
        from convscope.engine.data.pipeline import PipelineSettings

        workspace, own = self._context.workspace, self._context.workspace.data_settings
        # A folder may have got a third class.
        binary = own.labels == "binary" and self._dataset is not None and len(self._dataset.classes) != 2
        labels = "sparse" if binary else own.labels
        settings = PipelineSettings(batch_size=own.batch_size, label_mode=labels)
        settings = settings.with_input(workspace.input)
        if settings.size is None and self._dataset is not None and self._dataset.image_size is None:
            settings = replace(settings, size=self._network_size())
        return settings

    def show_dataset(self, dataset: Dataset, index: int) -> None:
        """Show this image of this data set as the network would get it."""
        if self._dataset is None or self._dataset.images is not dataset.images:
            self._context.jobs.cancel_key("data.throughput")
            self._adapt(dataset)
        self._dataset, self._index = dataset, index
        self._show()

    def measure_throughput(self) -> None:
        """Read the training part for a while, in the engine's lane."""
        dataset = self._dataset
        if dataset is None:
            return
        settings = replace(self.settings, augmentation=self._context.workspace.augmentation)

        def work(task: Task) -> Throughput:
            from convscope.engine import runtime
            from convscope.engine.data.pipeline import Stream
            from convscope.engine.data.throughput import measure_throughput

            task.progress(None, "Starting")
            runtime.start()
            return measure_throughput(Stream(dataset, "train", settings), MEASURED_SECONDS, task)

        def done(found: Throughput) -> None:
            self.measure.setEnabled(True)
            self.measured.emit()
            augmented = "augmented" if settings.augmentation else "not augmented"
            self.speed.setText(
                f"{found.images_per_second:,.0f} images a second  ·  "
                f"{found.images:,} in {found.seconds:.1f} s, {augmented}, batches of {settings.batch_size}"
            )

        def ended(error: BaseException | None = None) -> None:
            self.measure.setEnabled(True)
            if isinstance(error, UserError):
                self.speed.setText(error.message)
            elif error is not None:
                self._context.report(error)
            else:
                self.speed.setText("Stopped.")

        self.measure.setEnabled(False)
        self.speed.setText("Measuring…")
        self._context.jobs.submit(
            "files",
            work,
            title="Measuring throughput",
            key="data.throughput",
            on_done=done,
            on_failed=ended,
            on_cancelled=ended,
        )

    def showEvent(self, event: object) -> None:
        """Draw what changed while nobody looked."""
        if self._stale:
            self._show()

    def _adapt(self, dataset: Dataset) -> None:
        """What can be chosen for another data set."""
        self.labels.button("binary").setEnabled(len(dataset.classes) == 2)
        own = self.sizing.button("own")
        if dataset.image_size is None:
            own.setText("As the network takes")
            own.setToolTip("The images differ in size: every image is brought to the network's size")
        else:
            own.setText(OWN)
            own.setToolTip("Every image keeps its size")
        self.speed.setText("Images a second that the pipeline delivers.")

    def _size_chosen(self, how: str) -> None:
        self._set(None, size=None if how == "own" else (self.height_.value(), self.width_.value()))

    def _typed(self) -> None:
        self._set("size", size=(self.height_.value(), self.width_.value()))

    def _set(self, merge: str | None, **changes: Any) -> None:
        """Change what images are brought to, for training too."""
        workspace = self._context.workspace
        workspace.set_input(replace(workspace.input, **changes), merge and f"input.{merge}")

    def _edit(self, label: str, merge: str | None, **changes: Any) -> None:
        """Change the batch that is shown."""
        self._context.workspace.edit_data_settings(label, merge and f"input.{merge}", **changes)

    def _changed(self) -> None:
        self._told = self.settings
        self._show()
        self.changed.emit(self.settings)

    def _settings_changed(self, _settings: object) -> None:
        if self.settings != self._told:
            self._changed()

    def _model_changed(self, _model: object) -> None:
        # Only images of different sizes follow the network.
        if self._dataset is not None and self._dataset.image_size is None:
            self._changed()

    def _network_size(self) -> tuple[int, int] | None:
        model = self._context.workspace.model
        if model is None:
            return None
        height, width, _channels = model.input_shape
        return (height, width) if height and width else None

    def _show(self) -> None:
        dataset, settings = self._dataset, self.settings
        if dataset is None:
            return
        self.sizing.set_value("own" if self._context.workspace.input.size is None else "set")
        height, width = settings.size or dataset.image_size or (UNKNOWN_SIDE, UNKNOWN_SIDE)
        for box, value in ((self.height_, height), (self.width_, width), (self.batch, settings.batch_size)):
            with QSignalBlocker(box):
                box.setValue(value)
        choose(self.fit, settings.fit)
        self.fit.setEnabled(settings.size is not None)
        choose(self.colours, str(settings.channels or 0))
        self.labels.set_value(settings.label_mode)
        self.tensor.setText(_tensor_words(dataset, self._index, settings))
        self._stale = not self.isVisible()
        if not self._stale:
            self._request()

    def _request(self) -> None:
        dataset, index, settings = self._dataset, self._index, self.settings
        if dataset is None:
            return

        try:
            target = settings.target(dataset)
        except UserError as error:
            self._show_problem(error.message)
            return

        def work(task: Task) -> NDArray[np.uint8]:
            from convscope.engine.data.formats.images import load_one

            return load_one(dataset.images, index, target)

        def done(pixels: NDArray[np.uint8]) -> None:
            self._show_problem("")
            self.view.set_pixels(pixels)
            size = f"brought to {pixels.shape[0]} × {pixels.shape[1]}"
            self.view.set_caption(f"{dataset.images.name(index)}  ·  {size}")

        self._context.jobs.submit(
            "imaging",
            work,
            title="Bringing an image to size",
            key="data.input",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=lambda error: self._show_problem(str(error)),
        )

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.view.setHidden(bool(sentence))


def _tensor_words(dataset: Dataset, index: int, settings: PipelineSettings) -> str:
    """The shapes of a batch, and the label of one image as the loss gets it."""
    size = settings.size or dataset.image_size
    sides = f"{size[0]}, {size[1]}" if size else "?, ?"
    n, classes = settings.batch_size, len(dataset.classes)
    label = int(dataset.labels[index])
    if settings.label_mode == "sparse":
        shape, value = f"int32   ({n},)", str(label)
    elif settings.label_mode == "binary":
        shape, value = f"float32 ({n}, 1)", f"[{label}.]"
    else:
        shape = f"float32 ({n}, {classes})"
        if classes <= _LONGEST_VECTOR:
            value = "[" + " ".join("1" if number == label else "0" for number in range(classes)) + "]"
        else:
            value = f"1 at {label}, else 0"
    channels = settings.channels or dataset.channels
    return (
        f"images float32 ({n}, {sides}, {channels})\n"
        f"values {settings.preprocessing.name}\n"
        f"labels {shape}\n"
        f"“{dataset.classes[label]}” → {value}"
    )
