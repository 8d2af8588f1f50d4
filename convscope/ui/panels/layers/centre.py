"""The centre column: what layer it is, how its maps are shown, the maps, and the blank ones over depth."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from convscope.ui import naming, theme
from convscope.ui.forms.form import as_panel, combo, hairline, row, text_line, tool, vertical
from convscope.ui.layout.title_line import TitleLine
from convscope.ui.panels.layers.controls import MapControls
from convscope.ui.panels.layers.depth_chart import DepthChart
from convscope.ui.panels.layers.stage import Stage
from convscope.ui.panels.layers.training_bar import TrainingBar
from convscope.ui.tables.layer_items import shape_text


class Centre(QWidget):
    """A column with the mosaic as its largest part."""

    def __init__(self, save: QToolButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        column = vertical(self, margins=(theme.GROUP_GAP, theme.GAP))
        self.head = TitleLine("layers.title", "layers.facts")
        self.fold = tool("layers.fold", "Show or hide the chosen map", "panel-right")
        self.fold.setCheckable(True)
        self.output = combo("layers.output", "Which of the layer's outputs", [])
        self.output.setMinimumContentsLength(18)
        self.output.hide()
        head = row(self.head, self.output, save, self.fold)
        head.setStretch(0, 1)
        column.addLayout(head)
        self.controls = MapControls()
        column.addWidget(self.controls)
        self.training = TrainingBar()
        column.addWidget(self.training)
        self.problem = self._sentence("layers.problem")
        column.addWidget(self.problem)
        self.reset = tool("layers.reset", "Back to the network's own weights", "undo-2", text="Reset")
        self.edits = self._sentence("layers.edit_words")
        self.banner = naming.give(QWidget(), "layers.edits")
        inside = QHBoxLayout(self.banner)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.edits, 1)
        # Not before: a widget without a parent is shown as a window of its own.
        self.edits.show()
        inside.addWidget(self.reset)
        self.banner.hide()
        column.addWidget(self.banner)
        self.stage = Stage()
        column.addWidget(self.stage, 1)
        column.addWidget(hairline())
        self.chart = naming.give(DepthChart(), "layers.depth")
        column.addWidget(self.chart)

    def say(self, sentence: str) -> None:
        """Why there is nothing to see; "" when there is."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def set_outputs(self, shapes: Sequence[tuple[int | None, ...]], chosen: int) -> None:
        """Let one of a layer's outputs be chosen, where it has several; numbers from 1."""
        with QSignalBlocker(self.output):
            self.output.clear()
            for number, shape in enumerate(shapes, 1):
                self.output.addItem(f"Output {number}: {shape_text(shape)}", number)
            self.output.setCurrentIndex(chosen - 1)
        self.output.setVisible(len(shapes) > 1)

    def tell_edits(self, words: str) -> None:
        """What a copy with other weights says; "" when the model's own are on show."""
        self.edits.setText(words)
        self.banner.setVisible(bool(words))

    @staticmethod
    def _sentence(name: str) -> QLabel:
        made = text_line(name, "warning")
        made.hide()
        return made
