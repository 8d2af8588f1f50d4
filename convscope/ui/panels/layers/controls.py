"""The row over the maps: how they are normalised, coloured, sorted, and what they are compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import choose, combo, segmented, spin, vertical
from convscope.ui.panels.layers.feature_maps import MapDisplay
from convscope.ui.panels.layers.words import PAGES

NORMALISATIONS = (
    ("lectures", "Standardised"),
    ("map", "Per map"),
    ("layer", "Per layer"),
    ("none", "None"),
)
_EXPLAINED = (
    "Standardised: each map less its mean, over its standard deviation, × 64 + 128, clipped to 0–255",
    "Per map: from the smallest to the largest value of each map",
    "Per layer: from the smallest to the largest value of all maps",
    "None: the values as they are; 0 is the first colour, 1 and more the last",
)
COLORMAPS = (
    ("viridis", "Viridis"),
    ("magma", "Magma"),
    ("gray", "Gray"),
    ("diverging", "Blue – orange"),
)
ORDERS = (
    ("index", "By index"),
    ("mean", "By mean"),
    ("maximum", "By maximum"),
    ("zeros", "By zeros"),
)
# A narrower column has no room for all in one row.
ONE_ROW = 720
# Offered while there are two to compare.
_DIFFERENCE = ("By difference", "difference")


class MapControls(QWidget):
    """One row of choices.

    Signals:
        display_changed: a `MapDisplay`, and what was done in words.
        comparison_changed: what to compare with: as `MapSettings.compared_with`.
        page_changed: "maps", "kernels" or "map", the chosen one alone.
        input_changed: which input channel's kernels are shown.
    """

    display_changed = Signal(object, str)
    comparison_changed = Signal(str)
    page_changed = Signal(str)
    input_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = MapDisplay()
        self._listed: tuple[tuple[str, str], ...] = ()
        self.page = segmented(
            "layers.page",
            "What is shown",
            PAGES,
        )
        self.normalisation = combo("layers.normalisation", "Normalisation of the maps", NORMALISATIONS)
        for place, says in enumerate(_EXPLAINED):
            self.normalisation.setItemData(place, says, Qt.ItemDataRole.ToolTipRole)
        self.normalisation.setToolTip("How values become colours:\n" + "\n".join(_EXPLAINED))
        self.colormap = combo("layers.colormap", "Colours", COLORMAPS)
        self.sort = combo("layers.sort", "Order of the maps", ORDERS)
        self.beside = combo("layers.beside", "Compare with", [])
        self.input = spin("layers.input", "Input channel of the kernels", 0, 0)
        self.input.setPrefix("input ")
        named = (
            ("scale of the colours", self.normalisation),
            ("colours", self.colormap),
            ("order", self.sort),
            ("compare with", self.beside),
        )
        self._boxes = tuple(_under(text, box) for text, box in named)
        rows = vertical(self)
        self._rows = QHBoxLayout(), QHBoxLayout()
        for across in self._rows:
            across.setSpacing(theme.GAP)
            rows.addLayout(across)
        # The switch is lent to the page of the whole network while that is on show.
        self.slot = QHBoxLayout()
        self.slot.addWidget(self.page, 0, Qt.AlignmentFlag.AlignBottom)
        self._rows[0].addLayout(self.slot)
        self._rows[0].addWidget(self.input)
        self._rows[0].addStretch()
        for _text, box in named:
            box.setMinimumContentsLength(3)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            box.setMaximumWidth(theme.scaled(168))
        self._narrow: bool | None = None
        self._arrange(narrow=False)
        self.page.changed.connect(self.page_changed)
        self.normalisation.activated.connect(
            lambda _n: self._pick("Change the normalisation", normalisation=_data(self.normalisation))
        )
        self.colormap.activated.connect(
            lambda _n: self._pick("Change the colours", colormap=_data(self.colormap))
        )
        self.sort.activated.connect(lambda _n: self._pick("Change the order", sort=_data(self.sort)))
        self.beside.activated.connect(lambda _n: self.comparison_changed.emit(_data(self.beside)))
        self.input.valueChanged.connect(self.input_changed)
        self.set_page("maps")

    def resizeEvent(self, event: QResizeEvent) -> None:
        # In a narrow column the choices stand in a row of their own, where their words can be read.
        super().resizeEvent(event)
        self._arrange(narrow=event.size().width() < theme.scaled(ONE_ROW))

    def _arrange(self, *, narrow: bool) -> None:
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for place, box in enumerate(self._boxes):
            if narrow:
                self._rows[1].insertWidget(place, box, 1)
            else:
                self._rows[0].insertWidget(place + 1, box, 1)

    def set_page(self, page: str) -> None:
        """Show the choices of maps or of kernels."""
        self.page.set_value(page)
        for box in self._boxes:
            box.setVisible(page != "kernels")
        self.input.setVisible(page == "kernels" and self.input.maximum() > 0)

    def set_inputs(self, count: int, chosen: int) -> None:
        """How many input channels there are to choose from; 0 hides the choice."""
        with QSignalBlocker(self.input):
            self.input.setRange(0, max(0, count - 1))
            self.input.setSuffix(f" of {count}" if count else "")
            self.input.setValue(chosen)
        self.set_page(self.page.value)

    def set_kernels_possible(self, possible: bool) -> None:
        """Only a convolution has kernels."""
        self.page.button("kernels").setEnabled(possible)

    def set_comparisons(self, listed: tuple[tuple[str, str], ...], chosen: str) -> None:
        """List what maps can be compared with, by what it is told apart by and its words."""
        if listed != self._listed:
            self._listed = listed
            with QSignalBlocker(self.beside):
                self.beside.clear()
                for whom, words in listed:
                    self.beside.addItem(words, whom)
        choose(self.beside, chosen)
        self._allow_difference(bool(chosen))

    def show_display(self, display: MapDisplay) -> None:
        """Show how the maps are shown: by a choice here, or by what was taken back."""
        self._display = display
        choose(self.normalisation, display.normalisation)
        choose(self.colormap, display.colormap)
        choose(self.sort, display.sort)

    def _allow_difference(self, possible: bool) -> None:
        index = self.sort.findData("difference")
        if possible and index < 0:
            self.sort.addItem(*_DIFFERENCE)
        if not possible and index >= 0:
            with QSignalBlocker(self.sort):
                self.sort.removeItem(index)

    def _pick(self, what: str, **changes: Any) -> None:
        self._display = replace(self._display, **changes)
        self.display_changed.emit(self._display, what)


def _data(box: QComboBox) -> Any:
    return box.currentData()


def _under(text: str, box: QComboBox) -> QWidget:
    """A choice under its name."""
    made = QWidget()
    column = vertical(made, spacing=2)
    label = theme.label(text, "caption")
    label.setBuddy(box)
    column.addWidget(label)
    column.addWidget(box)
    return made
