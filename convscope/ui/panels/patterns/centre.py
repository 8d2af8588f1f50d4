"""The centre column: what is shown in words, the controls, and the grid or the contact sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QPushButton, QStackedWidget, QToolButton, QWidget

from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import as_panel, fold_button, row, text_line, vertical
from convscope.ui.layout.title_line import TitleLine
from convscope.ui.panels.patterns.controls import PatternControls
from convscope.ui.panels.patterns.view_model import Grid, PatternsViewModel

BLANK = 32


class PatternsCentre(QWidget):
    """Title, controls, problem, and the grid or the contact sheet.

    Args:
        save: the button that saves.
        fold: shows or hides the large picture.
        unfold: shows it where it was folded away for want of room.
    """

    def __init__(
        self,
        view_model: PatternsViewModel,
        save: QToolButton,
        fold: Callable[[], None],
        unfold: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._unfold = view_model, unfold
        as_panel(self)
        column = vertical(self, margins=(theme.GROUP_GAP, theme.GAP))
        self.head = TitleLine("patterns.title", "patterns.facts")
        self.fold = fold_button("patterns.fold", "Show or hide the large pattern", fold)
        head = row((self.head, 1))
        self.go_on = QPushButton("Grow the rest")
        self.go_on.setObjectName("patterns.go_on")
        self.go_on.setToolTip("It was stopped: go on where it stood")
        self.go_on.setIcon(theme.icon("step-forward"))
        self.go_on.hide()
        head.addWidget(self.go_on)
        head.addWidget(save)
        head.addWidget(self.fold)
        column.addLayout(head)
        self.controls = PatternControls(view_model)
        column.addWidget(self.controls)
        self.problem = text_line("patterns.problem", "warning")
        self.problem.hide()
        column.addWidget(self.problem)
        self.grid = naming.give(MosaicView(photographs=True), "patterns.grid", "Patterns")
        self.sheet = naming.give(ImageView(), "patterns.sheet", "Contact sheet")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.sheet)
        column.addWidget(self.stack, 1)

        growth = view_model.growth
        self.go_on.clicked.connect(growth.go_on)
        growth.held.connect(self._show_held)
        self.grid.chosen.connect(self._choose)
        self.sheet.clicked.connect(view_model.choose_on_sheet)
        view_model.problem_changed.connect(self._show_problem)
        view_model.grid_changed.connect(self._show_grid)
        view_model.facts_changed.connect(self.head.say_facts)
        view_model.tile_changed.connect(self.grid.set_map)
        view_model.selected_changed.connect(self.grid.select)
        view_model.sheet_changed.connect(self._show_sheet)

    def _choose(self, tile: int) -> None:
        self._unfold()
        self._model.choose_tile(tile)

    def _show_held(self, held: bool) -> None:
        self.go_on.setVisible(held)

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _show_grid(self, grid: Grid) -> None:
        """Gray tiles that patterns will grow on."""
        if grid.title:
            self.head.say(grid.title, grid.facts)
        self.stack.setCurrentIndex(1 if grid.sheet else 0)
        if not grid.sheet:
            tile = np.full((max(1, round(BLANK * grid.proportion)), BLANK), 127, np.uint8)
            self.grid.set_maps([tile] * len(grid.captions), grid.captions)
            self.grid.select(self._model.selected if grid.captions else None)

    def _show_sheet(self, picture: NDArray[np.uint8] | None, count: int, whole: int) -> None:
        self.sheet.set_pixels(picture if picture is not None else np.full((BLANK, BLANK), 127, np.uint8))
        self.sheet.set_caption(f"{count} of {whole} layers")
