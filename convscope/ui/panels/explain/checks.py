"""Sanity checks: does the score follow the map, does the map follow the weights, do the methods agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from convscope.core.words import percent
from convscope.engine.interpret.attribution.picture import picture
from convscope.imaging.numerals import decimal
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import caption, hairline, row, scrolling, text_line, vertical
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.explain.agreement_table import AgreementTable
from convscope.ui.panels.explain.checks_view_model import MOST_COMPARED, ChecksViewModel
from convscope.ui.panels.explain.view_model import ExplainViewModel
from convscope.ui.plots.plot import Plot

CURVES_ABOUT = (
    "The hottest pixels are taken away first, or given back first. If the map shows what counts, the "
    "probability (of a number that is no class: the score) falls at once in the first case and rises at once "
    "in the second."
)
RANDOM_ABOUT = (
    "The weights of a copy are shuffled, layer by layer from the last one down. A map that does not change "
    "then does not show what the network has learned."
)
DELETION, INSERTION = 5, 0  # colours of the curves, in theme.SERIES
AGREEMENT_ABOUT = "Rank correlation of the maps on the grid: 1 for the same order of the places, 0 for none."
TOO_FEW = "Put two to twelve maps on the grid to compare them."
TOO_MANY = "There are {} maps on the grid: leave two to twelve of them to compare."


class ChecksView(QWidget):
    """Three checks of the map that is looked at."""

    def __init__(self, maps: ExplainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps = maps
        self.view_model = ChecksViewModel(maps)
        self._build()
        self.view_model.subject_changed.connect(self._show_subject)
        self.view_model.curves_changed.connect(self._show_curves)
        self.view_model.randomised_changed.connect(self._show_randomised)
        self.view_model.agreement_changed.connect(self._show_agreement)
        maps.style_changed.connect(self._show_randomised)
        self._show_subject()
        self._show_curves()
        self._show_randomised()
        self._show_agreement()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self._paint_plot()
            self._show_agreement()
            self._show_curves()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view_model.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.view_model.set_active(False)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show_subject(self) -> None:
        self.veil.set_words(self._maps.outdated)
        one = self._maps.attribution()
        for button in (self.run_curves, self.run_randomised):
            button.setEnabled(self.view_model.ready)
        self.title.setText(f"{one.title}: {one.target_words}" if one is not None else "no map")

    def _show_curves(self) -> None:
        made = self.view_model.curves
        self.plot.setVisible(made is not None)
        self.areas.setVisible(made is not None)
        if made is None:
            return
        low, high = made.range
        room = 0.02 * (high - low)
        self.plot.show_whole((-0.02, 1.02), (low - room, high + room))
        for line, values in ((self.deletion, made.deletion), (self.insertion, made.insertion)):
            line.setData(made.fractions[: len(values)], values)
        done = np.isfinite(made.insertion_area)
        words = [
            f'<span style="color:{theme.SERIES[colour]}">━━</span> {says}'
            + (f", area {theme.strong(f'{area:.3f}')} (the {better} the better)" if done else "")
            for colour, says, area, better in (
                (DELETION, f"{made.what} as the hottest go", made.deletion_area, "smaller"),
                (INSERTION, "as they come back", made.insertion_area, "larger"),
            )
        ]
        self.areas.setText("<br>".join(words))

    def _show_randomised(self) -> None:
        made = self.view_model.randomised
        self.maps.setVisible(made is not None)
        self.verdict.setVisible(made is not None)
        if made is None:
            return
        style = replace(self._maps.style, threshold=None)
        tiles = [picture(one, style) for one in (made.original, *(step.attribution for step in made.steps))]
        words = ["as learned"]
        # The number first: the names of layers are long.
        words += [f"{decimal(step.rank, 2)}  {step.title}" for step in made.steps]
        self.maps.set_maps(tiles, words, max(7, len(tiles)))
        self.verdict.setText(made.verdict)

    def _show_agreement(self) -> None:
        made = self.view_model.agreement
        self.table.setVisible(made is not None)
        self.alone.setVisible(made is None)
        if made is None:
            count = len(self.view_model.compared)
            self.alone.setText(TOO_MANY.format(count) if count > MOST_COMPARED else TOO_FEW)
            return
        self.table.show_agreement(made)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        column = vertical(inside, margins=(0, 0, theme.GAP, 0))
        self.title = naming.give(theme.label("", "title"), "explain.truth.title")
        # A class may be called like markup.
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        self.run_curves = self._button("explain.truth.curves", "Take the hottest pixels away")
        self.run_curves.clicked.connect(lambda: self.view_model.check_curves())
        self.areas = text_line("explain.truth.areas")
        self.plot = Plot("explain.truth.plot", "Probability as pixels go and come back")
        self._prepare_plot()
        column.addWidget(_beside(_question("Does the score follow the map?"), self.run_curves))
        column.addWidget(caption("", CURVES_ABOUT))
        column.addWidget(self.plot)
        column.addWidget(self.areas)
        column.addWidget(hairline())
        self.run_randomised = self._button("explain.truth.randomised", "Shuffle the weights of a copy")
        self.run_randomised.clicked.connect(lambda: self.view_model.check_weights())
        self.maps = naming.give(MosaicView(), "explain.truth.maps")
        self.maps.setFixedHeight(theme.scaled(126))
        self.verdict = text_line("explain.truth.verdict")
        column.addWidget(_beside(_question("Does the map follow the weights?"), self.run_randomised))
        column.addWidget(caption("", RANDOM_ABOUT))
        column.addWidget(self.maps)
        column.addWidget(self.verdict)
        column.addWidget(hairline())
        column.addLayout(row(_question("Do the methods agree?"), None))
        column.addWidget(caption("", AGREEMENT_ABOUT))
        self.alone = caption("explain.truth.alone", TOO_FEW)
        column.addWidget(self.alone)
        self.table = naming.give(AgreementTable(), "explain.truth.agreement", "Agreement of the maps")
        column.addWidget(self.table)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(inside, "explain.truth.scroll"))
        self.veil = Veil(self, "explain.truth.veil")

    @staticmethod
    def _button(name: str, text: str) -> QPushButton:
        return naming.give(QPushButton(text), name, text)

    def _prepare_plot(self) -> None:
        self.plot.setObjectName("explain.truth.plot")
        self.plot.setFixedHeight(theme.scaled(180))
        self.plot.show_whole((-0.02, 1.02), (-0.02, 1.02))
        self.plot.moved.connect(self._read)
        self.deletion, self.insertion = self.plot.plot(), self.plot.plot()
        self._paint_plot()

    def _read(self, position: QPointF | None) -> None:
        """Both probabilities at the share of pixels under the pointer."""
        made, x = self.view_model.curves, self.plot.x_at(position)
        if made is None or x is None or not len(made.deletion):
            self.plot.say("")
            return
        at = int(np.argmin(np.abs(made.fractions - x)))
        told = [decimal(values[at], 3) for values in (made.deletion, made.insertion) if at < len(values)]
        self.plot.say(f"{percent(float(made.fractions[at]))} of the pixels   {'   '.join(told)}")

    def _paint_plot(self) -> None:
        self.deletion.setPen(pg.mkPen(theme.SERIES[DELETION], width=2))
        self.insertion.setPen(pg.mkPen(theme.SERIES[INSERTION], width=2))


def _question(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(theme.font(13, weight=theme.font().weight().DemiBold))
    return label


def _beside(question: QLabel, button: QPushButton) -> QWidget:
    """A question and what answers it, on two lines where one is too narrow."""
    made = QWidget()
    # Words in the middle of the button's height.
    question.setMinimumHeight(button.sizeHint().height())
    line = FlowLayout(made, theme.GROUP_GAP, theme.GRID)
    line.addWidget(question)
    line.addWidget(button)
    return made
