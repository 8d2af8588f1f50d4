"""The right column: the chosen map large, the image under it, and what there is to know about both."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from convscope.engine.interpret.breakdown.base import Breakdown
from convscope.ui import naming, theme
from convscope.ui.forms.form import as_panel, caption, row, scrolling, segmented, vertical
from convscope.ui.forms.slider_row import SliderRow
from convscope.ui.panels.layers.detail import OPACITY, Detail
from convscope.ui.panels.layers.kernel_page import KernelPage
from convscope.ui.panels.layers.pair import MapPair
from convscope.ui.panels.layers.sum_page import SumPage
from convscope.ui.panels.layers.top_images import TopImagesViewModel
from convscope.ui.panels.layers.top_page import TopPage
from convscope.ui.panels.layers.values_page import ValuesPage
from convscope.ui.panels.layers.words import seen

WIDTH = 356
_PAGES = (
    ("sum", "Sum", "How one value of the map is made"),
    ("kernel", "Kernel", "The weights of the map's filter"),
    ("values", "Values", "Statistics and histogram of the map"),
    ("top", "Top images", "The images of the data set that excite it most"),
)


class MapInspector(QWidget):
    """One map.

    Signals:
        opacity_changed: how much of the map lies over the image, 0–1.
        hovered: (row, column) of the map under the pointer, or None.
        clicked: row and column of a map, and its side.
        page_changed: "sum", "kernel", "values" or "top".
    """

    opacity_changed = Signal(float)
    hovered = Signal(object)
    clicked = Signal(int, int, int)
    page_changed = Signal(str)

    def __init__(self, top: TopImagesViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers.inspector")
        as_panel(self)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.detail: Detail | None = None
        # Whether the views stand elsewhere, where there is room for both sides of a comparison.
        self.lent = False
        column = vertical(self, margins=(theme.GROUP_GAP, theme.GAP))
        self.title = naming.give(theme.label("", "title"), "layers.map_title")
        column.addWidget(self.title)
        self.pair, self.other = MapPair(), MapPair("_beside")
        for pair in (self.pair, self.other):
            pair.hovered.connect(self.hovered)
            pair.clicked.connect(self.clicked)
        self.pair.map.link(self.other.map)
        self.pair.image.link(self.other.image)
        column.addWidget(self.pair, 2)
        column.addWidget(self.other)
        self._column, self._place = column, column.indexOf(self.pair)
        self.field = caption("layers.field")
        column.addWidget(self.field)
        self.opacity = SliderRow("layers.opacity", "Map over it", 0, 100, 1, 100 * OPACITY, "%")
        self.opacity.changed.connect(lambda percent: self.opacity_changed.emit(percent / 100))
        column.addWidget(self.opacity)
        self.page = segmented("layers.tab", "About the map", _PAGES, wide=True)
        self.page.changed.connect(self.page_changed)
        column.addLayout(row(self.page))
        self.sum = SumPage()
        self.kernel = KernelPage()
        self.values = ValuesPage()
        self.top = TopPage(top)
        self.stack = QStackedWidget()
        pages = (self.sum, self.kernel, self.values, self.top)
        for (name, *_), page in zip(_PAGES, pages, strict=True):
            self.stack.addWidget(scrolling(page, f"layers.{name}.scroll"))
        column.addWidget(self.stack, 5)
        self.show_details(())

    def lend_views(self, to: QBoxLayout | None) -> None:
        """Let the map and the image stand somewhere larger, of both sides; None: take them back."""
        self.lent = to is not None
        if to is None:
            self._column.insertWidget(self._place, self.pair, 2)
            self._column.insertWidget(self._place + 1, self.other)
        else:
            to.addWidget(self.pair, 1)
            to.addWidget(self.other, 1)
        self.pair.setVisible(self.detail is not None)
        self.other.hide()

    def show_page(self, name: str) -> None:
        """Sum, kernel, values or top images."""
        self.page.set_value(name)
        self.stack.setCurrentIndex([key for key, _title, _says in _PAGES].index(name))

    def show_details(self, details: tuple[Detail, ...]) -> None:
        """Show the chosen map, and the other side's where there are two; none: nothing is chosen."""
        self.detail = detail = details[0] if details else None
        for widget in (self.pair, self.page, self.stack):
            widget.setVisible(detail is not None)
        self.field.setVisible(detail is not None)
        self.other.setVisible(self.lent and len(details) > 1)
        if detail is None:
            self.pair.detail = self.other.detail = None
            self.opacity.hide()
            self.title.setText("Choose a map")
            return
        shown = detail.maps
        side = shown.sides[detail.side]
        maps, vector = side.maps, side.maps.form == "values"
        noun = "number" if vector else "map"
        of = f", {side.forward.title}" if len(shown.sides) > 1 else ""
        number = f"{noun} {detail.channel} of {maps.count:,}" if maps.form != "table" else "table"
        names = side.forward.model.classes
        name = f": {names[detail.channel]}" if vector and len(names) == maps.count else ""
        self.title.setText(f"{number}{name}{of}")
        self.opacity.setVisible(maps.form == "maps")
        in_order = sorted(details, key=lambda each: each.side)
        self.other.detail = None
        for pair, one in zip((self.pair, self.other), in_order, strict=False):
            pair.show_detail(one, named=len(details) > 1)
        self.values.show_detail(detail)

    def show_sum(self, found: Breakdown | str | None, term: int) -> None:
        """Explain a value, with one of its input channels on show."""
        self.sum.show_sum(found, term)
        place = (found.row, found.column) if isinstance(found, Breakdown) else None
        for pair in (self.pair, self.other):
            pair.ring(place)

    def mark(self, place: tuple[int, int] | None) -> None:
        """Frame what the value at (row, column) sees on the image, on both sides, and say it."""
        for pair in (self.pair, self.other):
            pair.mark(place)
        self.field.setText(seen(self.detail, place) if self.detail is not None and place is not None else "")
