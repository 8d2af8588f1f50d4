"""Patch, kernel and products as three tables, placed so that their numbers can be read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.canvas.glyphs import LEGIBLE, text_width
from convscope.ui.forms.form import segmented
from convscope.ui.tables.number_grid import NumberGrid

# Design pixels: a line of words, a row of numbers at the least and at the best, the gaps, the switch.
TITLE, LEAST_ROW, BEST_ROW, GAP, SWITCH = 16, 16, 26, 4, 36
# So high may tables be that stand in one line, in two, in three, and one alone.
HEIGHTS = {3: 192, 2: 208, 1: 200, 0: 176}
# What a cell needs beside its letters.
MARGIN = 5
# A number that is no whole one has so many letters if it must, and if it may.
FEWEST, ENOUGH = 3, 5


@dataclass(frozen=True)
class Letters:
    """How many letters the numbers of a table need: to be read at all, and to be read well."""

    least: int
    wanted: int

    @classmethod
    def of(cls, low: float, high: float, *, whole: bool) -> Letters:
        """For numbers between two bounds."""
        if not math.isfinite(low) or not math.isfinite(high):
            return cls(ENOUGH, ENOUGH)
        sign = int(low < 0)
        before = len(str(int(min(max(abs(low), abs(high)), 1e9)))) + sign
        if whole:
            return cls(before, before)
        return cls(max(FEWEST, before), max(ENOUGH, before))


@dataclass(frozen=True)
class Placement:
    """How the tables stand.

    Attributes:
        across: so many beside each other; 0: one at a time.
        cells: the width of a cell of each table, in screen points.
        row: the height of a row.
    """

    across: int
    cells: tuple[int, int, int]
    row: int


def placement(
    rows: int, columns: int, letters: tuple[Letters, Letters, Letters], width: int, advance: float
) -> Placement:
    """As many tables beside each other as leave room for the numbers.

    Args:
        rows, columns: of each table.
        letters: of patch, kernel and products.
        width: the room across, in screen points.
        advance: the width of a letter.
    """
    gap, title = theme.scaled(GAP), theme.scaled(TITLE)
    for across in (3, 2, 1):
        lines = math.ceil(3 / across)
        row = min(
            theme.scaled(BEST_ROW),
            ((theme.scaled(HEIGHTS[across]) - (lines - 1) * gap) // lines - title - 2) // rows,
        )
        if row < theme.scaled(LEAST_ROW):
            continue
        for wanted in (True, False):
            cells = [
                math.ceil((each.wanted if wanted else each.least) * advance) + theme.scaled(MARGIN)
                for each in letters
            ]
            groups = [cells[start : start + across] for start in range(0, 3, across)]
            spare = [width - (len(g) - 1) * gap - len(g) * 2 - columns * sum(g) for g in groups]
            if min(spare) < 0:
                continue
            # What is left over is shared by all cells of a line.
            more = [rest // (columns * len(g)) for rest, g in zip(spare, groups, strict=True)]
            wide = [cell + more[index // across] for index, cell in enumerate(cells)]
            return Placement(across, (wide[0], wide[1], wide[2]), row)
    cell = (width - 2) // columns
    row = min(theme.scaled(BEST_ROW), (theme.scaled(HEIGHTS[0]) - title - 2) // rows)
    return Placement(0, (cell, cell, cell), max(1, row))


class SumTables(QWidget):
    """Three tables of one size: beside each other, under each other, or one at a time with a switch.

    Args:
        names: for "patch", "kernel" and "products", the object name and the title of the table.
        switch: the switch's object name.
    """

    def __init__(
        self, names: Mapping[str, tuple[str, str]], switch: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.grids: dict[str, NumberGrid] = {}
        self.titles: dict[str, QLabel] = {}
        for key, (name, title) in names.items():
            grid = NumberGrid(self)
            grid.setObjectName(name)
            grid.setAccessibleName(title)
            self.grids[key] = grid
            self.titles[key] = theme.label(title, "caption", self)
        self.switch = segmented(
            switch,
            "Table",
            [(key, key.title(), f"Show the {key}") for key in names],
            wide=True,
        )
        self.switch.setParent(self)
        self.switch.changed.connect(lambda _key: self._place())
        self._letters = (Letters(3, 3),) * 3
        self._shape = (0, 0)
        self._shown = list(names)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._place()

    def show_tables(
        self,
        patch: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        products: NDArray[np.float64] | None,
        letters: tuple[Letters, Letters, Letters],
        *,
        signed: bool = True,
    ) -> None:
        """Show the tables, rows × columns each.

        Args:
            weights, products: None: there is only a patch.
            letters: what the numbers may need, whatever place is pointed at: the tables must not jump.
            signed: the patch in the colours of signed numbers, else in gray.
        """
        self.grids["patch"].set_values(patch, signed=signed)
        self.grids["kernel"].set_values(weights)
        self.grids["products"].set_values(products)
        shown = ["patch", *(["kernel", "products"] if weights is not None else [])]
        shape = (patch.shape[0], patch.shape[1])
        if (shape, letters, shown) != (self._shape, self._letters, self._shown):
            self._shape, self._letters, self._shown = shape, letters, shown
            self._place()

    def set_titles(self, **titles: str) -> None:
        """Other words over the tables."""
        for key, title in titles.items():
            self.titles[key].setText(title)
            self.grids[key].setAccessibleName(title)

    @property
    def now(self) -> Placement:
        """How the tables stand."""
        rows, columns = self._shape
        advance = text_width(theme.font(LEGIBLE, mono=True), "0")
        return placement(max(1, rows), max(1, columns), self._letters, self.width(), advance)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._place()

    def _place(self) -> None:
        now, (rows, columns) = self.now, self._shape
        one = now.across == 0
        self.switch.setVisible(one and len(self._shown) > 1)
        title, gap = theme.scaled(TITLE), theme.scaled(GAP)
        across = max(1, now.across)
        top = left = 0
        if not self.switch.isHidden():
            self.switch.setGeometry(0, 0, self.width(), self.switch.sizeHint().height())
            top = self.switch.height() + gap
        high = rows * now.row + 2
        for index, (key, grid) in enumerate(self.grids.items()):
            label = self.titles[key]
            seen = key in self._shown and (not one or key == self.switch.value or len(self._shown) == 1)
            grid.setVisible(seen)
            label.setVisible(seen and not (one and len(self._shown) > 1))
            if not seen:
                continue
            if not one and index and index % across == 0:
                top, left = top + title + high + gap, 0
            wide = columns * now.cells[index] + 2
            if one or index % across == across - 1 or key == self._shown[-1]:
                wide = max(wide, self.width() - left)
            above = 0 if label.isHidden() else title
            label.setGeometry(QRect(left, top, wide, title))
            grid.setGeometry(QRect(left, top + above, wide, high))
            left += wide + gap
            bottom = top + above + high
        self.setFixedHeight(bottom)
