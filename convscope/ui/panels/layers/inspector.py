"""The right column: the chosen map large, the image under it, and what there is to know about both."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.seeing.activation_sum import ActivationSum
from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.frame import Frame
from convscope.ui.panels.layers.kernel_page import KernelPage
from convscope.ui.panels.layers.kernel_pictures import KernelPictures
from convscope.ui.panels.layers.sum_page import SumPage
from convscope.ui.panels.layers.top_page import TopPage
from convscope.ui.panels.layers.values_page import ValuesPage
from convscope.ui.widgets.form import as_panel, row, segmented
from convscope.ui.widgets.image_view import ImageView
from convscope.ui.widgets.slider_row import SliderRow

WIDTH = 356
_PAGES = (
    ("sum", "Sum", "How one value of the map is made"),
    ("kernel", "Kernel", "The weights of the map's filter"),
    ("values", "Values", "Statistics and histogram of the map"),
    ("top", "Top images", "The images of the data set that excite it most"),
)


class Inspector(QWidget):
    """One map.

    Signals:
        opacity_changed: how much of the map lies over the image, 0–1.
        hovered: (row, column) of the map under the pointer, or None.
        clicked: row and column of the map.
        page_changed: the page on show.
    """

    opacity_changed = Signal(float)
    hovered = Signal(object)
    clicked = Signal(int, int)
    page_changed = Signal(str)

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers.inspector")
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.detail: Detail | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.title = theme.label("", "title")
        self.title.setObjectName("layers.map_title")
        column.addWidget(self.title)
        self.map = ImageView()
        self.map.setObjectName("layers.map")
        self.map.setAccessibleName("The chosen map")
        self.image = ImageView()
        self.image.setObjectName("layers.image")
        self.image.setAccessibleName("The image as the network sees it")
        self.map.hovered.connect(self.hovered)
        self.map.clicked.connect(self.clicked)
        self.views = QWidget()
        across = row(self.map, self.image, spacing=theme.GRID)
        self.views.setLayout(across)
        column.addWidget(self.views, 2)
        self._column, self._place = column, column.indexOf(self.views)
        self.opacity = SliderRow("layers.opacity", "Map over it", 0, 100, 1, 50, "%")
        self.opacity.changed.connect(lambda percent: self.opacity_changed.emit(percent / 100))
        column.addWidget(self.opacity)
        self.page = segmented("layers.tab", "About the map", _PAGES, wide=True)
        self.page.changed.connect(self.show_page)
        column.addLayout(row(self.page))
        self.sum = SumPage()
        self.kernel = KernelPage()
        self.values = ValuesPage()
        self.top = TopPage(context)
        self.stack = QStackedWidget()
        for page in (self.sum, self.kernel, self.values, self.top):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(page)
            # The column's own colour, not the window's.
            for ground in (area.viewport(), page):
                ground.setAutoFillBackground(False)
            self.stack.addWidget(area)
        column.addWidget(self.stack, 5)
        self.show_detail(None, None)

    def lend_views(self, to: QBoxLayout | None) -> None:
        """Let the map and the image stand somewhere larger; None: take them back."""
        if to is None:
            self._column.insertWidget(self._place, self.views, 2)
        else:
            to.addWidget(self.views)
        self.views.setVisible(self.detail is not None)

    def show_page(self, name: str) -> None:
        """Sum, kernel, values or top images."""
        self.page.set_value(name)
        self.stack.setCurrentIndex([key for key, _title, _says in _PAGES].index(name))
        self.page_changed.emit(name)

    def show_detail(self, frame: Frame | None, detail: Detail | None) -> None:
        """Show the chosen map of a frame; None: nothing is chosen."""
        self.detail = detail
        shown = frame is not None and detail is not None
        for widget in (self.views, self.opacity, self.page, self.stack):
            widget.setVisible(shown)
        if frame is None or detail is None:
            self.title.setText("Choose a map")
            return
        side = frame.sides[detail.side]
        maps, vector = side.maps, side.maps.form == "values"
        noun = "number" if vector else "map"
        of = f", {side.subject.title}" if len(frame.sides) > 1 else ""
        number = f"{noun} {detail.channel} of {maps.count:,}" if maps.form != "table" else "table"
        self.title.setText(f"{number}{of}")
        self.map.setVisible(not vector)
        self.opacity.setVisible(maps.form == "maps")
        self.map.set_pixels(detail.pixels, detail.values)
        blank = ", blank" if maps.form == "maps" and maps.statistics.blank[detail.channel] else ""
        self.map.set_caption(f"{maps.height} × {maps.width}{blank}")
        self.show_over(frame, detail)
        self.values.show_detail(frame, detail)

    def show_over(self, frame: Frame, detail: Detail) -> None:
        """The image with the map over it."""
        self.image.set_pixels(detail.over)
        height, width = detail.over.shape[:2]
        name = frame.sides[detail.side].subject.image.name
        self.image.set_caption(f"{name}, {height} × {width}")

    def show_sum(self, found: ActivationSum | str | None) -> None:
        """Explain a value."""
        self.sum.show_sum(found)
        if isinstance(found, ActivationSum):
            self.map.set_box(found.row, found.column, 1, 1)
        else:
            self.map.clear_box()

    def show_kernels(self, shown: KernelPictures | None, channel: int) -> None:
        """The kernels of the chosen map's filter."""
        self.kernel.show_kernels(shown, channel)

    def mark(self, box: tuple[int, int, int, int] | None) -> None:
        """Frame what a value sees on the image: top, left, bottom, right."""
        if box is None:
            self.image.clear_box()
        else:
            top, left, bottom, right = box
            self.image.set_box(top, left, bottom - top, right - left)
