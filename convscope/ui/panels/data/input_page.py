"""How images reach a network: size, colours, labels, and how many a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from convscope.ui import naming, theme
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
    text_line,
    tool,
    under_captions,
    vertical,
)
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.input_view_model import UNMEASURED, InputViewModel
from convscope.ui.panels.data.preview import UNKNOWN_SIDE

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.pipeline import PipelineSettings

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
_LONGEST_VECTOR = 12
_IMAGE = 168  # pixels that the image keeps in a low window
_TWO_LINES = 28


class InputPage(QWidget):
    """What a batch looks like, on one image; and the pipeline's speed."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_model = model = InputViewModel(context)
        self._context = context
        self._stale = False
        inside = QWidget()
        column = vertical(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        # In a low window the image keeps its height, and the page scrolls.
        whole.addWidget(scrolling(inside, "data.input.scroll"))
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
            lambda value: self.view_model.set_batch("Change the batch", "batch", batch_size=value)
        )
        self.fit = combo("data.input.fit", "How they come to that size", FIT_WORDS)
        self.fit.currentIndexChanged.connect(
            lambda _index: self.view_model.set_input(None, fit=self.fit.currentData())
        )
        self.colours = combo(
            "data.input.colours", "Colours", [(str(value or 0), words) for value, words in COLOUR_WORDS]
        )
        self.colours.currentIndexChanged.connect(
            lambda _index: self.view_model.set_input(None, channels=int(self.colours.currentData()) or None)
        )
        self.labels = segmented("data.input.labels", "Labels", LABEL_WORDS, wide=True)
        self.labels.changed.connect(
            lambda value: self.view_model.set_batch("Change the labels", None, labels=value)
        )
        self.view = naming.give(ImageView(), "data.input.view", "The image as the network gets it")
        self.view.setMinimumHeight(theme.scaled(_IMAGE))
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.tensor = text_line("data.input.tensor")
        self.tensor.setFont(theme.font(11, mono=True))
        self.problem = text_line("data.input.problem", "warning")
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.problem.hide()
        self.measure = tool(
            "data.throughput",
            "Read batches for two seconds, augmented as set, without training",
            "gauge",
            model.measure_throughput,
            "Measure throughput",
        )
        self.speed = caption("data.throughput.words", UNMEASURED)
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
        model.settings_changed.connect(self._settings_changed)
        model.image_changed.connect(self._show_image)
        model.problem_changed.connect(self._show_problem)
        model.speed_changed.connect(self._show_speed)

    @property
    def settings(self) -> PipelineSettings:
        return self.view_model.settings

    @property
    def _dataset(self) -> Dataset | None:
        return self.view_model.dataset

    def show_dataset(self, dataset: Dataset, index: int) -> None:
        """Show this image of this data set as the network would get it."""
        before = self._dataset
        self.view_model.show(dataset, index)
        if before is None or before.images is not dataset.images:
            self._adapt(dataset)
        self._show()

    def showEvent(self, event: object) -> None:
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

    def _size_chosen(self, how: str) -> None:
        self.view_model.set_input(
            None, size=None if how == "own" else (self.height_.value(), self.width_.value())
        )

    def _typed(self) -> None:
        self.view_model.set_input("size", size=(self.height_.value(), self.width_.value()))

    def _settings_changed(self, _settings: object) -> None:
        self._show()

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
        self.tensor.setText(_tensor_words(dataset, self.view_model.index, settings))
        self._stale = not self.isVisible()
        if not self._stale:
            self.view_model.request_image()

    def _show_image(self, pixels: NDArray[np.uint8], words: str) -> None:
        self.view.set_pixels(pixels)
        self.view.set_caption(words)

    def _show_speed(self) -> None:
        self.speed.setText(self.view_model.speed)
        self.measure.setEnabled(not self.view_model.measuring)

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
