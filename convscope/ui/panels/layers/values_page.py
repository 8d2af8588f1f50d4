"""The chosen map in numbers: statistics and histogram."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from convscope.core.words import share
from convscope.imaging.numerals import numeral
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, vertical
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.words import blank_note
from convscope.ui.plots.histogram import HistogramView

_ROWS = (
    ("mean", "mean"),
    ("deviation", "standard deviation"),
    ("minimum", "smallest"),
    ("maximum", "largest"),
    ("zeros", "zeros"),
)


NO_NUMBERS = (
    "Values of it are no numbers (NaN or infinite): the network overflows on this image, or its training"
    " diverged."
)


class ValuesPage(QWidget):
    """Five numbers and a histogram."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = vertical(self)
        self.numbers: dict[str, QLabel] = {}
        form = QFormLayout()
        form.setVerticalSpacing(2)
        for name, words in _ROWS:
            label = naming.give(QLabel(), f"layers.{name}", words)
            label.setFont(theme.font(12, mono=True))
            form.addRow(theme.label(words, "caption"), label)
            self.numbers[name] = label
        column.addLayout(form)
        self.histogram = naming.give(HistogramView(), "layers.histogram", "Histogram of the map")
        column.addWidget(self.histogram)
        self.note = caption("layers.blank_note")
        column.addWidget(self.note)
        column.addStretch(1)

    def show_detail(self, detail: Detail) -> None:
        """Show the chosen map's numbers."""
        maps = detail.maps.sides[detail.side].maps
        found = maps.statistics
        # Of a vector those of all of its numbers.
        among = maps.tiles if maps.form == "values" else detail.values
        zeros = int((among == 0).sum())
        counts = detail.counts
        for name in ("mean", "deviation", "minimum", "maximum"):
            self.numbers[name].setText("–" if counts is None else numeral(getattr(counts, name), 5))
        self.numbers["zeros"].setText(share(zeros, among.size))
        self.histogram.set_histograms(None, counts)
        if found.broken[detail.channel]:
            self.note.setText(f"{NO_NUMBERS} What is told here is of the others, if there are any.")
        elif maps.form == "values":
            value = float(detail.values[0, 0])
            place = 1 + int((maps.tiles > value).sum())
            self.note.setText(
                f"Of all {maps.count:,} numbers of the layer; this one, {numeral(value, 5)}, is number"
                f" {place:,} from the top. {blank_note(detail)}".rstrip()
            )
        else:
            self.note.setText(blank_note(detail))
