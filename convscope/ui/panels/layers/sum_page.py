"""One value of a map written out: patch × kernel for each input channel, the bias, the activation."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from convscope.engine.interpret.breakdown.base import Breakdown
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, row, tool, vertical
from convscope.ui.tables.sum_tables import Letters, SumTables

HINT = "Choose a map; hover it to see what part of the image a value depends on, click to see its sum."
LISTED = 8
# A longer sum stands under what follows from it.
LONG_LINE = 120


class SumPage(QWidget):
    """The arithmetic behind one value.

    Signals:
        followed: the layer, channel, row and column of the input that a person wants explained next.
        turned: to which of the input channels by size.
    """

    followed = Signal(str, int, int, int)
    turned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sum: Breakdown | None = None
        self._part = 0
        column = vertical(self)
        self.place = naming.give(theme.with_figures(theme.label("", "heading")), "layers.place")
        self.copy = tool("layers.copy_sum", "Copy the sum", "copy", self.copy_sum)
        self.back = tool(
            "layers.follow", "Explain its largest input: one layer back", "step-back", self.follow
        )
        column.addLayout(row(self.place, None, self.back, self.copy))
        self.hint = caption("layers.hint", HINT)
        column.addWidget(self.hint)
        self.part = caption("layers.part")
        self.last = tool(
            "layers.part_last", "The input channel with the next larger share", "chevron-left", self._back
        )
        self.next = tool(
            "layers.part_next", "The input channel with the next smaller share", "chevron-right", self._on
        )
        self.parts = QWidget()
        bar = row(self.part, self.last, self.next, spacing=theme.GRID)
        bar.setStretch(0, 1)
        self.parts.setLayout(bar)
        column.addWidget(self.parts)
        self._letters = (Letters(1, 1),) * 3
        self.tables = SumTables(
            {
                "patch": ("layers.patch", "patch"),
                "kernel": ("layers.weights", "× kernel"),
                "products": ("layers.products", "= products"),
            },
            "layers.table",
        )
        column.addWidget(self.tables)
        self.text = naming.give(QPlainTextEdit(), "layers.sum", "The sum written out")
        self.text.setReadOnly(True)
        self.text.setFont(theme.font(12, mono=True))
        self.text.setMinimumHeight(theme.scaled(84))
        column.addWidget(self.text, 1)
        # Without a sum its reason stands at the top.
        column.addStretch()
        self.show_sum(None)

    def show_sum(self, found: Breakdown | str | None, term: int = 0) -> None:
        """Explain a value; a text says why it cannot be, None goes back to the hint.

        Args:
            term: which of the input channels is on show, by size.
        """
        self.sum = found if isinstance(found, Breakdown) else None
        for widget in (self.copy, self.text, self.back):
            widget.setVisible(self.sum is not None)
        self.hint.setVisible(self.sum is None)
        self._part = term
        if self.sum is not None:
            self._letters = letters_of(self.sum)
        if self.sum is None:
            self.hint.setText(found if isinstance(found, str) else HINT)
            self.place.setText("How a value is made")
            self.parts.hide()
            self.tables.hide()
            return
        one = self.sum
        where = f"number {one.channel}" if len(one.at) == 1 else f"row {one.row}, column {one.column}"
        self.place.setText(f"{where}  =  {numeral(one.value, 6)}")
        # A value in a border that was added comes from nowhere.
        leads = bool(one.source(0)) and one.source(0) != one.path and bool(one.inside.any())
        self.back.setVisible(leads)
        self.text.setPlainText(summed_first(one))
        self._show_part()

    def copy_sum(self) -> None:
        """The whole sum on the clipboard."""
        if self.sum is not None:
            QGuiApplication.clipboard().setText(self.sum.text)

    def follow(self) -> None:
        """Go to what the part on show comes from: the value in the middle of its patch, or its largest."""
        one = self.sum
        if one is None or not one.count:
            return
        self.followed.emit(*one.origin(int(one.by_size[self._part])))

    def _back(self) -> None:
        self.turned.emit(self._part - 1)

    def _on(self) -> None:
        self.turned.emit(self._part + 1)

    def show_term(self, term: int) -> None:
        """Show another of the input channels, by size."""
        if self.sum is not None and term != self._part:
            self._part = term
            self._show_part()

    def _show_part(self) -> None:
        one = self.sum
        assert one is not None
        self._part = max(0, min(self._part, one.count - 1))
        listed = one.count > 1 and one.patches[0].size == 1
        self.parts.show()
        self.tables.setVisible(one.rule in ("sum", "largest", "mean"))
        self.last.setVisible(one.count > 1)
        self.next.setVisible(one.count > 1)
        self.last.setEnabled(self._part > 0)
        self.next.setEnabled(self._part + 1 < one.count)
        titles = ("inputs", "× weights") if listed else ("patch", "× kernel")
        self.tables.set_titles(patch=titles[0], kernel=titles[1])
        if listed:
            self._show_list(one)
            return
        index = int(one.by_size[self._part])
        share = f", gives {numeral(float(one.totals[index]), 4)}" if one.weights is not None else ""
        number = f" ({self._part + 1} of {one.count} by size)" if one.count > 1 else ""
        noun = {1: "number", 2: "column"}.get(one.rank, "channel")
        self.part.setText(f"{noun} {one.channels[index]} of {one.source(index)}{share}{number}")
        patch = np.where(one.inside, one.patches[index], 0.0)
        self._show_grids(patch, None if one.weights is None else one.weights[index])

    def _show_list(self, one: Breakdown) -> None:
        """Many inputs with one number each: the largest of them in a row."""
        chosen = one.by_size[:LISTED]
        self.parts.show()
        self.last.hide()
        self.next.hide()
        names = ", ".join(str(one.channels[part]) for part in chosen)
        nouns = {1: "numbers", 2: "columns"}.get(one.rank, "channels")
        if len(one.sources) > 1:
            names = ", ".join(f"{one.source(int(part))}" for part in chosen)
            self.part.setText(names)
        elif one.count > LISTED:
            self.part.setText(f"the {LISTED} largest of {one.count:,} from {one.source(0)}: {nouns} {names}")
        else:
            self.part.setText(f"{nouns} {names} of {one.source(0)}")
        weights = None if one.weights is None else one.weights[chosen, 0, 0][None]
        self._show_grids(one.patches[chosen, 0, 0][None], weights)

    def _show_grids(self, patch: np.ndarray, weights: np.ndarray | None) -> None:
        products = None if weights is None else patch * weights
        self.tables.show_tables(patch, weights, products, self._letters)


def letters_of(one: Breakdown) -> tuple[Letters, Letters, Letters]:
    """How long the numbers of all parts of a sum are: the tables stay where they are from part to part."""

    def of(values: np.ndarray) -> Letters:
        whole = bool((values == np.rint(values)).all())
        return Letters.of(float(values.min()), float(values.max()), whole=whole)

    if one.weights is None or not one.patches.size:
        patch = of(one.patches) if one.patches.size else Letters(1, 1)
        return patch, Letters(1, 1), Letters(1, 1)
    return of(one.patches), of(one.weights), of(one.patches * one.weights)


def summed_first(one: Breakdown) -> str:
    """The arithmetic with its end first: what it all adds up to, then the long sums of each channel."""
    long = [words for words in one.words if words.startswith("channel ") or " more channels" in words]
    if not long and len(one.words) > 1 and len(one.words[0]) > LONG_LINE:
        long = [one.words[0]]
    end = [words for words in one.words if words not in long]
    return "\n".join([*end, *([""] if end and long else []), *long])
