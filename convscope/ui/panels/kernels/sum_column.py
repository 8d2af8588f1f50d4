"""One output pixel explained: the patch, the kernel, the products, and the whole sum written out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget

from convscope.imaging.lab.pixel_sum import PixelSum, explain
from convscope.imaging.lab.size import output_size
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.formula import FormulaLabel
from convscope.ui.forms.form import as_panel, caption, hairline, heading, row, segmented, tool, vertical
from convscope.ui.layout.scroll_column import ScrollColumn
from convscope.ui.panels.kernels.view_models.frame import Box, LabFrame, LabRefused, PicturePlace, Taps
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.plots.histogram import HistogramView
from convscope.ui.tables.sum_tables import Letters, SumTables

WIDTH = 288
# So low that the whole sum of a 7×7 kernel is in view with them, in the window as designed.
HISTOGRAMS = 156
TERMS = 81
HINT = "Point at a picture to read a sum; click to hold it."
# What a value of a picture of bytes is, and how long the others' numbers may be.
BYTES = (0.0, 255.0)
ANY_NUMBER = Letters(4, 6)


class SumColumn(ScrollColumn):
    """The right column; follows the pointer.

    Signals:
        told: the place in hand in words, and what its sum gives; "" where there is none.
    """

    told = Signal(str, str)

    def __init__(self, model: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__("kernels.inspector", WIDTH, parent)
        self._frame: LabFrame | None = None
        self.sum_of: PixelSum | None = None
        self._at = (0, 0)
        self._pinned = False
        holder = QWidget()
        as_panel(holder)
        column = vertical(holder, margins=theme.GROUP_GAP)
        self.place = naming.give(theme.with_figures(theme.label("", "title")), "kernels.place")
        self.pin = tool("kernels.unpin", "Let this place go", "lock", model.release)
        self.copy = tool("kernels.copy_sum", "Copy the sum", "copy", self.copy_sum)
        column.addLayout(row(self.place, None, self.pin, self.copy))
        self.hint = caption("kernels.hint", HINT)
        column.addWidget(self.hint)
        self.body = QWidget()
        inside = vertical(self.body)
        self.channel = segmented(
            "kernels.sum_channel",
            "Channel of the sum",
            [
                (str(index), name, f"The sum in {name.lower()}")
                for index, name in enumerate(("Red", "Green", "Blue"))
            ],
            wide=True,
        )
        self.channel.changed.connect(lambda value: model.sum_channel.set(int(value)))
        inside.addWidget(self.channel)
        titles = {"patch": "patch", "kernel": "× kernel", "products": "= products"}
        self.tables = SumTables(
            {name: (f"kernels.{name}", title) for name, title in titles.items()}, "kernels.table"
        )
        inside.addWidget(self.tables)
        self.sum = naming.give(QPlainTextEdit(), "kernels.sum", "The sum written out")
        self.sum.setReadOnly(True)
        self.sum.setFont(theme.font(12, mono=True))
        self.sum.setFixedHeight(theme.scaled(72))
        inside.addWidget(self.sum)
        # Below the terms, which scroll where there are many of them.
        self.total = naming.give(QLabel(), "kernels.total", "What the sum gives")
        self.total.setFont(theme.font(15, weight=QFont.Weight.DemiBold, mono=True))
        self.total.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside.addWidget(self.total)
        column.addWidget(self.body)
        line = hairline()
        column.addWidget(line)
        column.addWidget(heading("Output size"))
        self.formula = FormulaLabel("kernels.formula", "Output size, written out")
        column.addWidget(self.formula)
        column.addWidget(heading("Histogram"))
        self.histogram = naming.give(HistogramView(), "kernels.histogram", "Histogram of source and result")
        self.histogram.setMaximumHeight(theme.scaled(HISTOGRAMS))
        column.addWidget(self.histogram)
        column.addStretch(1)
        self.setWidget(holder)
        self.set_pinned(model.held.value is not None)
        self._show_channel(model.sum_channel.value)
        self.show_place(None, None)
        model.context.listen(model.held.changed, lambda held: self.set_pinned(held is not None))
        model.context.listen(model.sum_channel.changed, self._show_channel)
        model.context.listen(model.histograms_ready, self.histogram.set_histograms)

    def show_frame(self, frame: LabFrame) -> None:
        """The formula of a new result."""
        self.hint.show()
        self._frame = frame
        source, stage = frame.result.source, frame.result.operation
        size = output_size(stage, source.values.shape)
        self.formula.set_formula(
            size.text if stage.enabled else "This stage is switched off: its input goes on as it is."
        )
        several = source.channels == 3 and stage.channels != "gray" and stage.enabled
        self.channel.setVisible(several)

    def _show_channel(self, index: int) -> None:
        self.channel.set_value(str(index % 3))
        if self.sum_of is not None:
            self._explain()

    def show_refused(self, refused: LabRefused) -> None:
        """No result: the formula tells why, and there is no sum."""
        self.formula.set_formula(refused.formula or refused.sentence)
        self.channel.hide()
        self.show_place(None, None)
        self._tell("No result")
        self.hint.hide()

    def show_place(
        self, frame: LabFrame | None, place: PicturePlace | None
    ) -> tuple[Box, Box, Taps | None] | None:
        """Explain a place; None goes back to the hint.

        Returns:
            The window on the source, the pixel on the result, and the taps of a kernel that has gaps.
        """
        self._frame = frame
        shown = frame is not None and place is not None and frame.whole
        self.body.setVisible(shown)
        self.copy.setVisible(shown)
        if not shown or frame is None or place is None:
            self.sum_of = None
            self._tell("The sum")
            return None
        at = frame.output_of(place)
        if at is None:
            self.sum_of = None
            self.body.hide()
            self.copy.hide()
            self._tell("No output here")
            return None
        self._at = at
        self._explain()
        if self.sum_of is None:
            return None
        window = self.sum_of.window
        return (
            (window.top, window.left, window.height, window.width),
            (*at, 1, 1),
            taps_of(self.sum_of, frame),
        )

    def _explain(self) -> None:
        if self._frame is None:
            return
        result, index = self._frame.result, int(self.channel.value)
        is_filter = result.operation.channels == "filter"
        one = is_filter or result.values.ndim == 2
        found = self.sum_of = explain(result.source, result.operation, *self._at, 0 if one else index)
        part = found.channels[index if is_filter else 0]
        over = "" if part.divisor == 1 else f" ÷ {numeral(part.divisor)}"
        self.tables.set_titles(kernel=f"× kernel{over}")
        letters = letters_of(part.weights, result.source.values.dtype == np.uint8)
        self.tables.show_tables(part.patch, part.weights, part.products, letters, signed=False)
        self.sum.setPlainText(found.text if self._pinned else shortened(found))
        self._tell(f"row {self._at[0]}, column {self._at[1]}", f"= {numeral(found.value)}")

    def _tell(self, place: str, total: str = "") -> None:
        self.place.setText(place)
        self.total.setText(total)
        self.told.emit(place, total)

    def set_pinned(self, pinned: bool) -> None:
        """Show whether the place is held."""
        self.pin.setVisible(pinned)
        self._pinned = pinned
        if pinned and self.sum_of is not None:
            self.sum.setPlainText(self.sum_of.text)

    def copy_sum(self) -> None:
        """The whole sum as text on the clipboard."""
        if self.sum_of is not None:
            QGuiApplication.clipboard().setText(self.sum_of.text)


def taps_of(found: PixelSum, frame: LabFrame) -> Taps | None:
    """Which rows and columns of its window a sum reads; None where it reads all of them."""
    operation, taken = frame.result.operation, found.taken
    if operation.dilation == 1 or not operation.enabled:
        return None
    return (
        tuple(range(taken.top, taken.bottom, operation.dilation)),
        tuple(range(taken.left, taken.right, operation.dilation)),
    )


def letters_of(weights: NDArray[np.float64], of_bytes: bool) -> tuple[Letters, Letters, Letters]:
    """How long the numbers of patch, kernel and products may become anywhere on the picture.

    Args:
        weights: the kernel.
        of_bytes: the picture holds whole numbers from 0 to 255.
    """
    low, high = float(weights.min()), float(weights.max())
    whole = bool((weights == np.rint(weights)).all())
    kernel = Letters.of(low, high, whole=whole)
    if not of_bytes:
        return ANY_NUMBER, kernel, ANY_NUMBER
    products = Letters.of(BYTES[1] * min(low, 0), BYTES[1] * max(high, 0), whole=whole)
    return Letters.of(*BYTES, whole=True), kernel, products


def shortened(found: PixelSum) -> str:
    """The arithmetic with at most `TERMS` terms a sum: writing 961 of them would hold the pointer up."""
    if found.channels[0].patch.size <= TERMS:
        return found.text
    rows = max(1, TERMS // found.channels[0].patch.shape[1])
    return found.written(rows=rows, more="… (click to hold and read all)")


class SumNote(QWidget):
    """Stands in for the sum where there is no room for it: its place, its total, and the way to it.

    Args:
        show_sum: brings the sum on show.
    """

    def __init__(self, show_sum: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels.note")
        self.place = naming.give(theme.with_figures(theme.label("", "caption")), "kernels.note.place")
        self.total = naming.give(theme.label("", "caption"), "kernels.note.total")
        self.total.setFont(theme.font(13, weight=QFont.Weight.DemiBold, mono=True))
        self.button = QPushButton("Show the sum")
        self.button.setObjectName("kernels.note.show")
        self.button.setAccessibleName("Show the sum in place of the controls")
        self.button.setToolTip("The sum takes the place of the controls: there is no room for both")
        self.button.clicked.connect(lambda: show_sum())
        column = vertical(self, None, spacing=2, margins=(theme.GRID, 0, 0, 0))
        for widget in (self.place, self.total, self.button):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)

    def tell(self, place: str, total: str) -> None:
        """The place in hand and what its sum gives; "" where there is none."""
        self.place.setText(place)
        self.total.setText(total)
        self.total.setVisible(bool(total))
