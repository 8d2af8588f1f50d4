"""What came of a training: accuracy, the confusion matrix, each class, and the mistakes to look at."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import NotDownloadedError, UserError
from convscope.core.task import Task
from convscope.core.words import percent
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, heading, row, segmented, tool
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.results.class_accuracy import ClassAccuracy
from convscope.ui.panels.train.results.confusion import ConfusionView
from convscope.ui.panels.train.results.evaluating import Outcome, Source, outcome_of
from convscope.ui.panels.train.settings.plan import Finished

if TYPE_CHECKING:
    from convscope.engine.data.dataset import SplitName

KEY, IMAGES_KEY = "train.result", "train.result.images"
SIDE = 128  # pixels of a thumbnail
TILE = 104  # design pixels of an image with its caption
MOST = 240  # thumbnails of one cell; nobody looks at more
WORST = 30
PARTS: tuple[tuple[SplitName, str, str], ...] = (
    ("test", "Test", "Images that the training has never seen"),
    ("validation", "Validation", "Images that chose the best epoch"),
    ("train", "Training", "Images that it learned from"),
)


class ResultView(QWidget):
    """One network on one part of its data. Click a cell of the matrix to see its images."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.result")
        self._desk = desk
        self._source: Source | None = None
        self._outcome: Outcome | None = None
        self._shown: NDArray[np.int64] = np.zeros(0, np.int64)
        # The training whose result was shown by itself last.
        self._met: Finished | None = None
        self._build()
        self._say("No training has ended yet. Train a network, or choose a run.")

    @property
    def _has_network(self) -> bool:
        return self._outcome is not None and self._outcome.model is not None

    @property
    def outcome(self) -> Outcome | None:
        """What is on show."""
        return self._outcome

    def showEvent(self, event: QShowEvent) -> None:
        """A training that has ended since is what one comes for, if it has learned anything."""
        super().showEvent(event)
        finished = self._desk.finished
        if finished is None or finished is self._met:
            return
        self._met = finished
        fitted = finished.trained.fitted
        if fitted.outcome != "diverged" or fitted.best is not None:
            self.show_result(finished)

    def show_result(self, source: Source) -> None:
        """Show what came of a training, on its test images if there are some."""
        self._source, self._outcome = source, None
        self.parts.set_value("test")
        self._evaluate("test")

    def shutdown(self) -> None:
        """Nothing is listened to but the own widgets."""
        self._desk.context.jobs.cancel_key(KEY)
        self._desk.context.jobs.cancel_key(IMAGES_KEY)

    # -- the evaluation --------------------------------------------------------------------------------------

    def _evaluate(self, split: str) -> None:
        source = self._source
        if source is None:
            return
        part = next(name for name, *_ in PARTS if name == split)
        known = self._outcome if self._outcome is not None and self._outcome.source is source else None

        def work(task: Task) -> Outcome:
            return outcome_of(source, part, known, task)

        if self._outcome is None:
            self._say("Looking at the images…")
        self._desk.context.jobs.submit(
            "engine",
            work,
            title="Evaluating",
            key=KEY,
            on_done=self._show,
            on_failed=self._failed,
            on_cancelled=self._cancelled,
        )

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self._say(error.message)
            if isinstance(error, NotDownloadedError):
                # With the button that downloads it.
                self._desk.context.report(error)
        else:
            self._desk.context.report(error)
            self._say("The network could not be evaluated.")

    def _cancelled(self) -> None:
        if self._outcome is not None:
            self.parts.set_value(self._outcome.evaluation.split)
        elif self._source is not None:
            self._say("The evaluation was cancelled.")

    def _show(self, outcome: Outcome) -> None:
        self._outcome = outcome
        evaluation = outcome.evaluation
        wrong = evaluation.images - int(np.trace(evaluation.confusion))
        self.title.setText(outcome.name)
        self.title.setToolTip(outcome.name)
        self.accuracy.setText(percent(evaluation.accuracy, 2, fixed=True))
        loss = "" if math.isnan(evaluation.loss) else f" · loss {evaluation.loss:.4f}"
        right = evaluation.images - wrong
        self.facts.setText(f"{right:,} of {evaluation.images:,} images right · {wrong:,} wrong{loss}")
        self.matrix.set_confusion(evaluation.confusion, evaluation.classes)
        confusion = evaluation.confusion
        self.by_class.set_values(confusion.diagonal(), confusion.sum(axis=1), evaluation.classes)
        self.parts.set_value(evaluation.split)
        self.stack.setCurrentWidget(self.body)
        self._show_worst()

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self.stack.setCurrentWidget(self.empty)

    # -- the images ------------------------------------------------------------------------------------------

    def _show_worst(self) -> None:
        if self._outcome is None:
            # A key may still reach what another evaluation has just hidden.
            return
        self.matrix.select(None)
        self.by_class.select(None)
        mistakes = self._outcome.evaluation.worst(WORST)
        self._show_images(
            "The worst mistakes: the most confident first" if mistakes else "There is no mistake.",
            np.array([mistake.index for mistake in mistakes], np.int64),
        )

    def _show_cell(self, true: int, predicted: int) -> None:
        if self._outcome is None:
            return
        self.by_class.select(None)
        self._show_images(
            self.matrix.words((true, predicted)), self._outcome.evaluation.cell(true, predicted)
        )

    def _show_class(self, true: int) -> None:
        if self._outcome is None:
            return
        evaluation = self._outcome.evaluation
        self.matrix.select(None)
        own = np.flatnonzero((evaluation.true == true) & (evaluation.predicted != true))
        order = own[np.argsort(-evaluation.confidence[own], kind="stable")]
        name = evaluation.classes[true]
        words = f"{name}, taken for something else: {len(own):,}" if len(own) else f"{name}: no mistake"
        self._show_images(words, evaluation.indices[order])

    def _show_images(self, words: str, indices: NDArray[np.int64]) -> None:
        assert self._outcome is not None
        outcome, chosen = self._outcome, indices[:MOST]
        more = f" (the first {MOST})" if len(indices) > MOST else ""
        self.images_title.setText(words + more)
        self.images_title.setToolTip(words + more)
        self._shown = chosen
        self._chosen_changed(None)
        blank = np.zeros((SIDE, SIDE), np.uint8)
        captions = [self._caption(int(index)) for index in chosen]
        # The images' own size; the thumbnails' would be taken for it.
        size = outcome.dataset.image_size or ()
        self.images.set_maps([blank] * len(chosen), captions, sizes=[size] * len(captions))
        self.images.select(None)
        if not len(chosen):
            self._desk.context.jobs.cancel_key(IMAGES_KEY)
            return

        def work(task: Task) -> None:
            from convscope.engine.data.resize import Target

            step = 24
            for start in range(0, len(chosen), step):
                task.check()
                part = chosen[start : start + step]
                pixels, _ = outcome.dataset.images.load(part, Target(SIDE, SIDE, 3, "pad"))
                task.partial((start, pixels))

        self._desk.context.jobs.submit(
            "view",
            work,
            title="Thumbnails",
            key=IMAGES_KEY,
            quiet=True,
            on_partial=self._images_came,
        )

    def _images_came(self, part: tuple[int, NDArray[np.uint8]]) -> None:
        start, pixels = part
        for offset, picture in enumerate(pixels):
            self.images.set_map(start + offset, picture)

    def _caption(self, index: int) -> str:
        assert self._outcome is not None
        evaluation = self._outcome.evaluation
        at = int(np.searchsorted(evaluation.indices, index))
        if at >= len(evaluation.indices) or evaluation.indices[at] != index:
            at = int(np.flatnonzero(evaluation.indices == index)[0])
        true, predicted = int(evaluation.true[at]), int(evaluation.predicted[at])
        sure = percent(float(evaluation.confidence[at]))
        names = evaluation.classes
        if true == predicted:
            return f"{names[true]} {sure}"
        return f"{names[true]} → {names[predicted]} {sure}"

    def _chosen_changed(self, index: int | None) -> None:
        self.use.setEnabled(index is not None)
        # Where a network looked can be asked of a network only.
        self.explain.setEnabled(index is not None and self._has_network)

    def _open_image(self, then: str = "") -> None:
        selected, outcome = self.images.selected, self._outcome
        if selected is None or outcome is None:
            return
        context, index = self._desk.context, int(self._shown[selected])

        def work(task: Task) -> object:
            from convscope.engine.data.as_image import as_image

            return as_image(outcome.dataset, index)

        def done(image: object) -> None:
            context.workspace.add_images([image])  # type: ignore[list-item]
            if then and outcome.model is not None:
                context.workspace.add_model(outcome.model)
                context.show_panel(then)

        context.jobs.submit("view", work, title="Opening the image", on_done=done, on_failed=context.report)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.stack = QStackedWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stack)
        self.empty, self.body = QWidget(), QWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.body)
        self._build_empty()
        self.title = theme.label("", "title")
        self.title.setObjectName("train.result.title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.parts = segmented("train.result.part", "Images", PARTS)
        self.parts.changed.connect(self._evaluate)
        self.accuracy = theme.label("", "title")
        self.accuracy.setObjectName("train.result.accuracy")
        self.accuracy.setAccessibleName("Accuracy")
        self.facts = theme.label("", "caption")
        self.facts.setObjectName("train.result.facts")
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        head = row(self.title, self.parts)
        head.setStretch(0, 1)
        column.addLayout(head)
        column.addLayout(row(self.accuracy, self.facts, None))
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("train.result.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._build_numbers())
        self.splitter.addWidget(self._build_images())
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 4)
        column.addWidget(self.splitter, 1)

    def _build_empty(self) -> None:
        self.words = caption("train.result.words")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        live = tool("train.result.live", "Train a network", "play", self._go("live"), "Train a network")
        runs = tool("train.result.runs", "Choose a run", "list", self._go("runs"), "Choose a run")
        column = QVBoxLayout(self.empty)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addLayout(row(None, live, runs, None))
        column.addStretch(1)

    def _go(self, view: str) -> partial[None]:
        return partial(self._desk.view_requested.emit, view)

    def _build_numbers(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, theme.GAP, 0)
        column.setSpacing(theme.GRID)
        self.matrix = ConfusionView()
        self.matrix.setObjectName("train.result.matrix")
        self.matrix.chosen.connect(self._show_cell)
        self.by_class = ClassAccuracy()
        self.by_class.setObjectName("train.result.classes")
        self.by_class.chosen.connect(self._show_class)
        column.addWidget(self.matrix, 3)
        column.addWidget(heading("Accuracy by class"))
        column.addWidget(self.by_class, 1)
        return side

    def _build_images(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.GAP, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self.images_title = caption("train.result.images_title")
        self.worst = tool(
            "train.result.worst", "The worst mistakes", "triangle-alert", self._show_worst, "Worst mistakes"
        )
        self.use = tool(
            "train.result.use", "Make it the current image", "image", self._open_image, "Use this image"
        )
        self.explain = tool(
            "train.result.explain",
            "See where the network looked",
            "lightbulb",
            partial(self._open_image, "explain"),
            "Why?",
        )
        # So large that what an image is and what it was taken for can be read under it.
        self.images = MosaicView(photographs=True, caption_lines=3, least=TILE)
        self.images.setObjectName("train.result.images")
        self.images.setAccessibleName("Images")
        self.images.chosen.connect(self._chosen_changed)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        for button in (self.worst, self.use, self.explain):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self.images_title)
        column.addWidget(self.images, 1)
        return side
