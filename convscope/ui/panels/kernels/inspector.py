"""One output pixel explained: the patch, the kernel, the products, and the whole sum written out."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from convscope.imaging.numerals import numeral
from convscope.imaging.pixel_sum import PixelSum, explain
from convscope.imaging.size import output_size
from convscope.imaging.window import output_at
from convscope.ui import theme
from convscope.ui.panels.kernels.frame import Box, Frame, Place, Refused
from convscope.ui.widgets.form import as_panel, caption, heading, row, segmented, tool
from convscope.ui.widgets.histogram import HistogramView
from convscope.ui.widgets.number_grid import NumberGrid

WIDTH = 288
TERMS = 81
# (columns of the kernel at most, tables beside each other, their height at most): as many as leave room for
# the numbers, and so low that formula and histograms are in view below them in the window as designed.
ACROSS = ((3, 3, 176), (5, 2, 84), (31, 1, 136))
HINT = "Point at either picture to see how a pixel is made; click to hold it."


class Inspector(QScrollArea):
    """The right column; follows the pointer.

    Signals:
        unpinned: a person lets a held place go.
    """

    unpinned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels.inspector")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedWidth(theme.scaled(WIDTH))
        self._frame: Frame | None = None
        self._place: Place | None = None
        self.sum_of: PixelSum | None = None
        self._at = (0, 0)
        self._pinned = False
        holder = QWidget()
        as_panel(holder)
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP)
        column.setSpacing(theme.GAP)
        self.place = theme.with_figures(theme.label("", "title"))
        self.place.setObjectName("kernels.place")
        self.pin = tool("kernels.unpin", "Let this place go", "lock", self.unpinned.emit)
        self.copy = tool("kernels.copy_sum", "Copy the sum", "copy", self.copy_sum)
        column.addLayout(row(self.place, None, self.pin, self.copy))
        self.hint = caption("kernels.hint", HINT)
        column.addWidget(self.hint)
        self.body = QWidget()
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.GAP)
        self.channel = segmented(
            "kernels.sum_channel",
            "Channel of the sum",
            [
                (str(index), name, f"The sum in {name.lower()}")
                for index, name in enumerate(("Red", "Green", "Blue"))
            ],
            wide=True,
        )
        self.channel.set_value("0")
        self.channel.changed.connect(lambda _value: self._explain())
        inside.addWidget(self.channel)
        self.grids: dict[str, NumberGrid] = {}
        self._titles: dict[str, QLabel] = {}
        self._across = 0
        self._tables = QGridLayout()
        self._tables.setSpacing(theme.GRID)
        for name, title in (("patch", "patch"), ("kernel", "× kernel"), ("products", "= products")):
            numbers = NumberGrid()
            numbers.setObjectName(f"kernels.{name}")
            numbers.setAccessibleName(title)
            self._titles[name], self.grids[name] = theme.label(title, "caption"), numbers
        self._lay_out(columns=1)
        inside.addLayout(self._tables)
        self.sum = QPlainTextEdit()
        self.sum.setObjectName("kernels.sum")
        self.sum.setAccessibleName("The sum written out")
        self.sum.setReadOnly(True)
        self.sum.setFont(theme.font(12, mono=True))
        self.sum.setFixedHeight(theme.scaled(72))
        inside.addWidget(self.sum)
        column.addWidget(self.body)
        line = QFrame()
        line.setProperty("role", "line")
        column.addWidget(line)
        column.addWidget(heading("Output size"))
        self.formula = QLabel()
        self.formula.setObjectName("kernels.formula")
        self.formula.setAccessibleName("Output size, written out")
        self.formula.setFont(theme.font(11, mono=True))
        self.formula.setWordWrap(True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.formula)
        column.addWidget(heading("Histogram"))
        self.histogram = HistogramView()
        self.histogram.setObjectName("kernels.histogram")
        self.histogram.setAccessibleName("Histogram of source and result")
        column.addWidget(self.histogram)
        column.addStretch(1)
        self.setWidget(holder)
        self.set_pinned(False)
        self.show_place(None, None)

    def show_frame(self, frame: Frame) -> None:
        """The formula of a new result."""
        self.hint.show()
        self._frame = frame
        source, stage = frame.result.source, frame.result.operation
        size = output_size(stage, source.values.shape)
        self.formula.setText(
            size.text if stage.enabled else "This stage is switched off: its input goes on as it is."
        )
        several = source.channels == 3 and stage.channels != "gray" and stage.enabled
        self.channel.setVisible(several)

    def show_refused(self, refused: Refused) -> None:
        """No result: the formula tells why, and there is no sum."""
        self.formula.setText(refused.formula or refused.sentence)
        self.channel.hide()
        self.show_place(None, None)
        self.place.setText("No result")
        self.hint.hide()

    def show_place(self, frame: Frame | None, place: Place | None) -> tuple[Box, Box] | None:
        """Explain a place; None goes back to the hint.

        Returns:
            The window on the source and the pixel on the result.
        """
        self._frame, self._place = frame, place
        shown = frame is not None and place is not None and frame.whole
        self.body.setVisible(shown)
        self.copy.setVisible(shown)
        if not shown or frame is None or place is None:
            self.sum_of = None
            self.place.setText("The sum")
            return None
        at = output_of(frame, place)
        if at is None:
            self.sum_of = None
            self.body.hide()
            self.copy.hide()
            self.place.setText("No output here")
            return None
        self._at = at
        self._explain()
        if self.sum_of is None:
            return None
        window = self.sum_of.window
        return (window.top, window.left, window.height, window.width), (*at, 1, 1)

    def _explain(self) -> None:
        if self._frame is None or self._place is None:
            return
        result, index = self._frame.result, int(self.channel.value)
        is_filter = result.operation.channels == "filter"
        one = is_filter or result.values.ndim == 2
        found = self.sum_of = explain(result.source, result.operation, *self._at, 0 if one else index)
        part = found.channels[index if is_filter else 0]
        self.place.setText(f"row {self._at[0]}, column {self._at[1]}")
        self._lay_out(part.patch.shape[1])
        self.grids["patch"].set_values(part.patch, signed=False)
        self.grids["kernel"].set_values(part.weights)
        self.grids["products"].set_values(part.products)
        self.sum.setPlainText(found.text if self._pinned else shortened(found))

    def _lay_out(self, columns: int) -> None:
        """Put as many of the three tables beside each other as a kernel with so many columns allows."""
        across, height = next((across, height) for most, across, height in ACROSS if columns <= most)
        if across == self._across:
            return
        self._across = across
        for index, name in enumerate(self.grids):
            line, column = divmod(index, across)
            wide = across if index == len(self.grids) - 1 and not column else 1
            self._tables.addWidget(self._titles[name], 2 * line, column, 1, wide)
            self._tables.addWidget(self.grids[name], 2 * line + 1, column, 1, wide)
            self.grids[name].setMaximumHeight(theme.scaled(height))
        for column in range(len(self.grids)):
            self._tables.setColumnStretch(column, int(column < across))

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


def shortened(found: PixelSum) -> str:
    """The arithmetic with at most `TERMS` terms a sum: writing 961 of them would hold the pointer up."""
    if found.channels[0].patch.size <= TERMS:
        return found.text
    parts = []
    for channel in found.channels:
        rows = max(1, TERMS // channel.patch.shape[1])
        parts.append(
            replace(
                channel,
                patch=channel.patch[:rows],
                inside=channel.inside[:rows],
                weights=channel.weights[:rows],
                products=channel.products[:rows],
            )
        )
    text = replace(found, channels=tuple(parts)).text
    for channel in found.channels:
        total = f" = {numeral(channel.sum)}"
        text = text.replace(total, f" + … (click to hold and read all){total}", 1)
    return text


def output_of(frame: Frame, place: Place) -> tuple[int, int] | None:
    """The output pixel (row, column) for a place of either picture, or None where there is none."""
    if place.side == "result":
        rows, columns = frame.result.shape[:2]
        return (place.row, place.column) if place.row < rows and place.column < columns else None
    shape = frame.result.source.values.shape
    if place.row >= shape[0] or place.column >= shape[1]:
        return None
    return output_at(frame.result.operation, shape, place.row, place.column)
