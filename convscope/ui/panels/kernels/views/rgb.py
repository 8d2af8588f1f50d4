"""An RGB filter drawn out: three kernels, three products, a sum and a bias (curriculum 14)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from convscope.imaging.lab.stage import sliding_kernels
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import push_button
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused, range_words
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.view_models.rgb import NAMES, ChannelMaps, RgbViewModel
from convscope.ui.panels.kernels.views.view import View
from convscope.ui.tables.number_grid import NumberGrid


class RgbView(View):
    """A row a channel: channel × kernel = product; beside them the sum with the bias."""

    name = "rgb"
    shows_result = True

    def __init__(self, context: PanelContext, lab: KernelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(context, lab, parent)
        self.model = RgbViewModel(context)
        self.ask = push_button(
            "kernels.rgb.ask", "Make it an RGB filter", lambda: lab.make_filter(), primary=True
        )
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
            kernel = naming.give(NumberGrid(), f"kernels.rgb.kernel_{index}", f"Kernel of {name}")
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
        self.sum = naming.give(QLabel(), "kernels.rgb.sum", "The sum over the channels")
        self.sum.setFont(theme.font(13, mono=True))
        self.sum.setWordWrap(True)
        self.sum.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.sum)
        self.column.addWidget(self.message)
        context.listen(self.model.answered, self._show)
        context.listen(self.model.said, self.say)

    def show_frame(self, frame: LabFrame) -> None:
        """The three products of the selected stage."""
        self.model.show(frame)
        self._show_drawing()
        if self.model.is_filter and frame.whole:
            kernels = sliding_kernels(frame.lab.stage)
            for grid, equals, kernel in zip(self.kernels, self.equals, kernels, strict=True):
                grid.set_values(kernel.numerators)
                equals.setText("=" if kernel.divisor == 1 else f"÷ {numeral(kernel.divisor)} =")

    def show_refused(self, refused: LabRefused) -> None:
        self.model.show(refused)
        self._show_drawing()

    def _show_drawing(self) -> None:
        """The drawing, or the way to it."""
        self.empty.setVisible(not self.model.is_filter)
        for widget in (self.drawing, self.sum):
            widget.setVisible(self.model.is_filter)

    def _picture(self, name: str, title: str) -> ImageView:
        view = naming.give(ImageView(), f"kernels.rgb.{name}", title)
        view.set_caption(title)
        return view

    def _show(self, maps: ChannelMaps | None) -> None:
        if maps is None:
            for view in (*self.channels, *self.products, self.total):
                view.show_nothing()
            self.sum.setText("")
            self.set_no_scale()
            return
        self.set_scale(maps.display, maps.scale.low, maps.scale.high)
        for index in range(3):
            self.channels[index].set_pixels(maps.channels[index])
            self.products[index].set_pixels(maps.pictures[index], maps.products[index])
            self.products[index].set_caption(f"{NAMES[index]} product · {range_words(maps.product_scale)}")
        self.total.set_pixels(maps.picture, maps.total)
        self.total.set_caption(f"sum of the three, plus bias · {range_words(maps.scale)}")
        self._show_sum((maps.total.shape[0] // 2, maps.total.shape[1] // 2))

    def _show_sum(self, place: Any) -> None:
        if self.model.found is not None and place is not None:
            self.sum.setText(self.model.found.sum_words(*place))


def _sign(text: str) -> QLabel:
    made = theme.label(text, "title")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made
