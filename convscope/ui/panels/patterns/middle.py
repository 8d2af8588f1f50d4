"""The middle column: what is shown in words, the controls, and the grid or the contact sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import as_panel, tool
from convscope.ui.panels.patterns.controls import Controls
from convscope.ui.panels.patterns.wish import Wish
from convscope.ui.widgets.title_line import TitleLine
from convscope.workspace.document import Part

BLANK = 32


class Middle(QWidget):
    """Title, controls, problem, grid.

    Args:
        wish: what is set on this panel.
        save: the button that saves.
        fold: shows or hides the large picture.
    """

    def __init__(
        self,
        wish: Part[Wish],
        save: QToolButton,
        fold: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        as_panel(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.head = TitleLine("patterns.title", "patterns.facts")
        self.fold = tool("patterns.fold", "Show or hide the large pattern", "panel-right", fold)
        self.fold.setCheckable(True)
        self.fold.setChecked(True)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.addWidget(self.head, 1)
        self.go_on = QPushButton("Grow the rest")
        self.go_on.setObjectName("patterns.go_on")
        self.go_on.setToolTip("It was stopped: go on where it stood")
        self.go_on.setIcon(theme.icon("step-forward"))
        self.go_on.hide()
        head.addWidget(self.go_on)
        head.addWidget(save)
        head.addWidget(self.fold)
        column.addLayout(head)
        self.controls = Controls(wish)
        column.addWidget(self.controls)
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("patterns.problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.grid = MosaicView(photographs=True)
        self.grid.setObjectName("patterns.grid")
        self.grid.setAccessibleName("Patterns")
        self.sheet = ImageView()
        self.sheet.setObjectName("patterns.sheet")
        self.sheet.setAccessibleName("Contact sheet")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.sheet)
        column.addWidget(self.stack, 1)

    def show_problem(self, sentence: str) -> None:
        """Why there is nothing to see; "" when there is."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def show_head(self, title: str, facts: str) -> None:
        """Whose patterns these are, and how many there would be."""
        self.head.say(title, facts)

    def begin_grid(self, captions: Sequence[str], selected: int, proportion: float = 1.0) -> None:
        """Gray tiles that patterns will grow on; `proportion` is their height by their width."""
        tile = np.full((max(1, round(BLANK * proportion)), BLANK), 127, np.uint8)
        self.grid.set_maps([tile] * len(captions), captions)
        self.grid.select(selected if captions else None)

    def begin_sheet(self, whole: int) -> None:
        """Nothing of a contact sheet yet."""
        self.show_sheet(np.full((BLANK, BLANK), 127, np.uint8), 0, whole)

    def show_sheet(self, picture: NDArray[np.uint8], count: int, whole: int) -> None:
        """The contact sheet so far."""
        self.sheet.set_pixels(picture)
        self.sheet.set_caption(f"{count} of {whole} layers")
