"""What came of a training: accuracy, the confusion matrix, each class, and the mistakes to look at."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, heading, row, segmented, text_line, tool, tools, vertical
from convscope.ui.panels.train.results.class_accuracy import ClassAccuracy
from convscope.ui.panels.train.results.confusion import ConfusionView
from convscope.ui.panels.train.results.view_model import (
    NOTHING_YET,
    SIDE,
    ResultViewModel,
    ShownImages,
    TrainingOutcome,
)
from convscope.ui.panels.train.view_model import TrainPage, TrainViewModel

TILE = 104  # design pixels of an image with its caption
PARTS = (
    ("test", "Test", "Images that the training has never seen"),
    ("validation", "Validation", "Images that chose the best epoch"),
    ("train", "Training", "Images that it learned from"),
)


class ResultView(QWidget):
    """One network on one part of its data. Click a cell of the matrix to see its images."""

    def __init__(self, train: TrainViewModel) -> None:
        super().__init__()
        self.setObjectName("train.result")
        self.train = train
        self.view_model = vm = ResultViewModel(train)
        self._build()
        for signal, show in (
            (vm.said, self._say),
            (vm.outcome_changed, self._show),
            (vm.part_changed, self.parts.set_value),
            (vm.images_changed, self._show_images),
            (vm.pictures, self._pictures_came),
            (vm.selected, self._show_selected),
        ):
            train.context.listen(signal, show)
        self._say(NOTHING_YET)
        vm.begin()

    @property
    def outcome(self) -> TrainingOutcome | None:
        return self.view_model.outcome

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view_model.arrive()

    def _show(self, outcome: TrainingOutcome) -> None:
        evaluation, confusion = outcome.evaluation, outcome.evaluation.confusion
        self.title.setText(outcome.name)
        self.title.setToolTip(outcome.name)
        accuracy, facts = self.view_model.facts
        self.accuracy.setText(accuracy)
        self.facts.setText(facts)
        self.matrix.set_confusion(confusion, evaluation.classes)
        self.by_class.set_values(confusion.diagonal(), confusion.sum(axis=1), evaluation.classes)
        self.parts.set_value(evaluation.split)
        self.stack.setCurrentWidget(self.body)

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self.stack.setCurrentWidget(self.empty)

    def _show_images(self, shown: ShownImages) -> None:
        choice = self.view_model.choice.value
        self.matrix.select(choice.cell)
        self.by_class.select(choice.true_class)
        self.images_title.setText(shown.words)
        self.images_title.setToolTip(shown.words)
        blank, count = np.zeros((SIDE, SIDE), np.uint8), len(shown.captions)
        self.images.set_maps([blank] * count, list(shown.captions), sizes=[shown.size] * count)

    def _pictures_came(self, part: tuple[int, NDArray[np.uint8]]) -> None:
        start, pixels = part
        for offset, picture in enumerate(pixels):
            self.images.set_map(start + offset, picture)

    def _show_selected(self) -> None:
        selected = self.view_model.selection
        if self.images.selected != selected:
            self.images.select(selected)
        self.use.setEnabled(selected is not None)
        # Where a network looked can be asked of a network only.
        self.explain.setEnabled(selected is not None and self.view_model.has_network)

    def _build(self) -> None:
        self.stack = QStackedWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.stack)
        self.empty, self.body = QWidget(), QWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.body)
        self._build_empty()
        self.title = text_line("train.result.title", "title", wraps=False)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.parts = segmented("train.result.part", "Images", PARTS)
        self.parts.changed.connect(self.view_model.show_part)
        self.accuracy = text_line("train.result.accuracy", "title", wraps=False)
        self.accuracy.setAccessibleName("Accuracy")
        self.facts = text_line("train.result.facts", "caption", wraps=False)
        head = row(self.title, self.parts)
        head.setStretch(0, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("train.result.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._build_numbers())
        self.splitter.addWidget(self._build_images())
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 4)
        vertical(self.body, head, row(self.accuracy, self.facts, None), (self.splitter, 1))

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

    def _go(self, page: TrainPage) -> partial[None]:
        return partial(self.train.show, page)

    def _build_numbers(self) -> QWidget:
        side = QWidget()
        self.matrix = ConfusionView()
        self.matrix.setObjectName("train.result.matrix")
        self.matrix.chosen.connect(self.view_model.show_cell)
        self.by_class = ClassAccuracy()
        self.by_class.setObjectName("train.result.classes")
        self.by_class.chosen.connect(self.view_model.show_class)
        column = vertical(side, (self.matrix, 3), spacing=theme.GRID, margins=(0, 0, theme.GAP, 0))
        column.addWidget(heading("Accuracy by class"))
        column.addWidget(self.by_class, 1)
        return side

    def _build_images(self) -> QWidget:
        vm = self.view_model
        side = QWidget()
        self.images_title = caption("train.result.images_title")
        explain = partial(vm.open_selected, "explain")
        buttons = tools(
            "train.result",
            ("worst", "The worst mistakes", "triangle-alert", vm.show_worst, "Worst mistakes"),
            ("use", "Make it the current image", "image", vm.open_selected, "Use this image"),
            ("explain", "See where the network looked", "lightbulb", explain, "Why?"),
        )
        self.worst, self.use, self.explain = buttons.values()
        # So large that what an image is and what it was taken for can be read under it.
        self.images = MosaicView(photographs=True, caption_lines=3, least=TILE)
        self.images.setObjectName("train.result.images")
        self.images.setAccessibleName("Images")
        self.images.chosen.connect(self.view_model.select)
        head = row(*buttons.values(), None, spacing=theme.GRID)
        vertical(
            side, head, self.images_title, (self.images, 1), spacing=theme.GRID, margins=(theme.GAP, 0, 0, 0)
        )
        return side
