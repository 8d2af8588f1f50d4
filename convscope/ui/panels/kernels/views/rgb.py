"""An RGB filter drawn out: three kernels, three products, a sum and a bias (curriculum 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from convscope.core.task import Task
from convscope.imaging.lab.display import Scale, to_bytes
from convscope.imaging.lab.equation import as_shown, equation
from convscope.imaging.lab.operation import DisplayMode
from convscope.imaging.lab.stage import Result, sliding_kernels, source_values
from convscope.imaging.numerals import bracketed, numeral
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.frame import Frame, Refused, range_words
from convscope.ui.panels.kernels.views.view import View
from convscope.ui.tables.number_grid import NumberGrid

NAMES = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class Maps:
    """What one computation gives: channels and products as pictures with their values, and the sum.

    The products share a scale; the sum, which may be three times as large, has its own.
    """

    channels: tuple[NDArray[np.uint8], ...]
    products: tuple[NDArray[np.float32], ...]
    pictures: tuple[NDArray[np.uint8], ...]
    total: NDArray[np.float32]
    picture: NDArray[np.uint8]
    display: DisplayMode
    product_scale: Scale
    scale: Scale


class RgbView(View):
    """A row a channel: channel × kernel = product; beside them the sum with the bias."""

    name = "rgb"
    shows_result = True

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._asked: tuple[Result, DisplayMode] | None = None
        self._maps: Maps | None = None
        self._bias = 0.0
        self.ask = QPushButton("Make it an RGB filter")
        self.ask.setObjectName("kernels.rgb.ask")
        self.ask.setProperty("role", "primary")
        self.ask.clicked.connect(self._make_filter)
        self.words = QLabel("Each channel has the same kernel now. An RGB filter has one kernel a channel.")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty = QWidget()
        empty = QVBoxLayout(self.empty)
        empty.addStretch(1)
        empty.addWidget(self.words)
        empty.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignCenter)
        empty.addStretch(1)
        self.column.addWidget(self.empty, 1)
        self.drawing = QWidget()
        grid = QGridLayout(self.drawing)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.GAP)
        self.channels: list[ImageView] = []
        self.kernels: list[NumberGrid] = []
        self.products: list[ImageView] = []
        self.equals: list[QLabel] = []
        for index, name in enumerate(NAMES):
            channel = self._picture(f"channel_{index}", name)
            kernel = NumberGrid()
            kernel.setObjectName(f"kernels.rgb.kernel_{index}")
            kernel.setAccessibleName(f"Kernel of {name}")
            product = self._picture(f"product_{index}", f"{name} product")
            product.hovered.connect(self._show_sum)
            equals = _sign("=")
            for column, widget in enumerate((channel, _sign("×"), kernel, equals, product)):
                grid.addWidget(widget, index, column)
            self.equals.append(equals)
            self.channels.append(channel)
            self.kernels.append(kernel)
            self.products.append(product)
        grid.addWidget(_sign("+"), 0, 5, 3, 1)
        self.total = self._picture("total", "sum of the three, plus bias")
        self.total.hovered.connect(self._show_sum)
        grid.addWidget(self.total, 0, 6, 3, 1)
        for column, stretch in ((0, 3), (2, 2), (4, 3), (6, 5)):
            grid.setColumnStretch(column, stretch)
        self.products[0].link(*self.products[1:], self.total)
        self.column.addWidget(self.drawing, 1)
        self.sum = QLabel()
        self.sum.setObjectName("kernels.rgb.sum")
        self.sum.setAccessibleName("The sum over the channels")
        self.sum.setFont(theme.font(13, mono=True))
        self.sum.setWordWrap(True)
        self.sum.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.sum)
        self.column.addWidget(self.message)

    def show_frame(self, frame: Frame) -> None:
        """The three products of the selected stage."""
        stage = frame.lab.stage
        is_filter = stage.channels == "filter" and stage.enabled
        self.empty.setVisible(not is_filter)
        self.drawing.setVisible(is_filter)
        self.sum.setVisible(is_filter)
        # Until a person chooses, in colours that tell what a product adds from what it takes away.
        display: DisplayMode = frame.lab.display if frame.lab.chosen else "signed"
        if not is_filter:
            self.stop_work()
            self.clear()
            return
        same = self._asked is not None and self._asked[0] is frame.result and self._asked[1] == display
        if not frame.whole or same:
            return
        result = frame.result
        self._asked = (result, display)
        self._bias = stage.bias
        for grid, equals, kernel in zip(self.kernels, self.equals, sliding_kernels(stage), strict=True):
            grid.set_values(kernel.numerators)
            equals.setText("=" if kernel.divisor == 1 else f"÷ {numeral(kernel.divisor)} =")

        def compute(task: Task) -> Maps:
            source = source_values(result.source, stage)
            products = result.products
            task.check()
            total = result.steps[1 if stage.bias else 0].values
            ends = [float(end) for each in products for end in (each.min(), each.max())]
            drawn = [to_bytes(each, display, extremes=(min(ends), max(ends))) for each in products]
            picture, scale = to_bytes(total, display)
            channels = tuple(_levels(source[:, :, channel]) for channel in range(3))
            pictures = tuple(pixels for pixels, _scale in drawn)
            return Maps(channels, products, pictures, total, picture, display, drawn[0][1], scale)

        self.work(compute, self._show)

    def show_refused(self, refused: Refused) -> None:
        """No products."""
        is_filter = refused.lab.stage.channels == "filter" and refused.lab.stage.enabled
        self.empty.setVisible(not is_filter)
        self.drawing.setVisible(is_filter)
        self.sum.setVisible(is_filter)
        self.stop_work()
        self.clear()

    def clear(self) -> None:
        """Nothing of the last result."""
        self._asked = self._maps = self.scale = None
        for view in (*self.channels, *self.products, self.total):
            view.show_nothing()
        self.sum.setText("")
        self.rescaled.emit()

    def _picture(self, name: str, title: str) -> ImageView:
        view = ImageView()
        view.setObjectName(f"kernels.rgb.{name}")
        view.setAccessibleName(title)
        view.set_caption(title)
        return view

    def _make_filter(self) -> None:
        workspace = self.context.workspace
        kernels = workspace.lab.stage.kernels
        workspace.edit_lab(
            workspace.lab.with_stage(
                channels="filter", kernels=kernels * 3 if len(kernels) == 1 else kernels
            ),
            "Change channels",
        )

    def _show(self, maps: Maps) -> None:
        self._maps = maps
        self.set_scale(maps.display, maps.scale.low, maps.scale.high)
        for index in range(3):
            self.channels[index].set_pixels(maps.channels[index])
            self.products[index].set_pixels(maps.pictures[index], maps.products[index])
            self.products[index].set_caption(f"{NAMES[index]} product · {range_words(maps.product_scale)}")
        self.total.set_pixels(maps.picture, maps.total)
        self.total.set_caption(f"sum of the three, plus bias · {range_words(maps.scale)}")
        self._show_sum((maps.total.shape[0] // 2, maps.total.shape[1] // 2))

    def _show_sum(self, place: Any) -> None:
        if self._maps is None or place is None:
            return
        row, column = place
        parts = [float(product[row, column]) for product in self._maps.products]
        total = float(self._maps.total[row, column])

        def left(digits: int) -> tuple[str, float]:
            told = [f"{name} {bracketed(value, digits)}" for name, value in zip(NAMES, parts, strict=True)]
            shown = sum(as_shown(value, digits) for value in (*parts, self._bias))
            return "  +  ".join([*told, f"bias {bracketed(self._bias, digits)}"]), shown

        terms, sign, result = equation(left, total).rsplit(" ", 2)
        self.sum.setText(f"row {row}, column {column}:  {terms}  {sign}  {result}")


def _sign(text: str) -> QLabel:
    made = theme.label(text, "title")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made


def _levels(channel: NDArray[Any]) -> NDArray[np.uint8]:
    channel = np.ascontiguousarray(channel)
    return channel if channel.dtype == np.uint8 else to_bytes(channel, "clip")[0]
