"""Is it true: does the score follow the map, does the map follow the weights, do the methods agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.interpret.attribution.picture import picture
from convscope.engine.interpret.attribution.result import Attribution
from convscope.engine.interpret.attribution.sanity_checks.agreement import Agreement, agreement, each_once
from convscope.imaging.numerals import decimal
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import caption, hairline, row, scrolling
from convscope.ui.panels.explain.agreement_table import AgreementTable
from convscope.ui.panels.explain.desk import Desk
from convscope.ui.plots.plot import Plot
from convscope.ui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.sanity_checks.curves import Curves
    from convscope.engine.interpret.attribution.sanity_checks.randomised import RandomisedCheck

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
AGREEMENT_ABOUT = "Rank correlation of the maps on the wall: 1 for the same order of the places, 0 for none."

MOST_COMPARED = 12
TOO_FEW = "Put two to twelve maps on the wall to compare them."
TOO_MANY = "There are {} maps on the wall: leave two to twelve of them to compare."


class TruthView(QWidget):
    """Three checks of the map that is looked at."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.curves: Curves | None = None
        self.randomised: RandomisedCheck | None = None
        self.agreement: Agreement | None = None
        self._of: object = None
        self._compared: tuple[Attribution, ...] = ()
        self._build()
        desk.selected.connect(lambda _request: self._subject_changed())
        desk.arrived.connect(lambda _made: self._subject_changed())
        desk.begun.connect(lambda _begun: self._subject_changed())
        desk.outdated_changed.connect(self._subject_changed)
        desk.style_changed.connect(lambda _style: self._show_randomised())
        self._subject_changed()

    def shutdown(self) -> None:
        """Cancel what is checked."""
        for key in ("explain.curves", "explain.randomised"):
            self._desk.context.jobs.cancel_key(key)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self._paint_plot()
            self._show_agreement()
            self._show_curves()

    # -- what is checked -------------------------------------------------------------------------------------

    def _subject_changed(self) -> None:
        self.veil.set_words(self._desk.outdated)
        one = self._desk.attribution()
        ready = one is not None and one.done >= 1
        self.run_curves.setEnabled(ready)
        self.run_randomised.setEnabled(ready)
        of = (self._desk.look, one.request.key if one is not None else None)
        if of != self._of:
            self._of = of
            self.shutdown()
            self.curves = self.randomised = None
            words = f"{one.title}: {one.target_words}" if one is not None else "no map"
            self.title.setText(words)
            self._show_curves()
            self._show_randomised()
        self._compare()

    def showEvent(self, event: QShowEvent) -> None:
        """Maps are compared only while somebody looks."""
        super().showEvent(event)
        self._compare()

    def check_curves(self) -> None:
        """Deletion and insertion."""
        one, look = self._desk.attribution(), self._desk.look
        if one is None or look is None:
            return

        def work(task: Task) -> Curves:
            from convscope.engine.interpret.attribution.sanity_checks.curves import curves

            return curves(look, one, task=task)

        def show(made: Curves) -> None:
            self.curves = made
            self._show_curves()

        self._desk.in_job("curves", "Deletion and insertion", work, show, show)

    def check_weights(self) -> None:
        """Randomised weights."""
        one, look = self._desk.attribution(), self._desk.look
        if one is None or look is None:
            return

        def work(task: Task) -> RandomisedCheck:
            from convscope.engine.interpret.attribution.sanity_checks.randomised import randomised

            return randomised(look, one.request, task=task)

        def show(made: RandomisedCheck) -> None:
            self.randomised = made
            self._show_randomised()

        self._desk.in_job("randomised", "Randomised weights", work, show, show)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show_curves(self) -> None:
        made = self.curves
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
        made = self.randomised
        self.maps.setVisible(made is not None)
        self.verdict.setVisible(made is not None)
        if made is None:
            return
        style = replace(self._desk.style, threshold=None)
        tiles = [picture(one, style) for one in (made.original, *(step.attribution for step in made.steps))]
        words = ["as learned"]
        # The number first: the names of layers are long.
        words += [f"{decimal(step.rank, 2)}  {step.title}" for step in made.steps]
        self.maps.set_maps(tiles, words, max(7, len(tiles)))
        self.verdict.setText(made.verdict)

    def _compare(self) -> None:
        """How far the maps on the wall agree, off the GUI thread."""
        maps = each_once(self._desk.maps)
        if not self.isVisible() or maps == self._compared:
            return
        self._compared = maps
        if not 2 <= len(maps) <= MOST_COMPARED:
            self._agreed(None)
            return

        def work(task: Task) -> Agreement | None:
            try:
                return agreement(maps)
            except UserError:
                return None

        self._desk.context.jobs.submit(
            "view",
            work,
            title="Comparing maps",
            key="explain.agreement",
            supersede="finish",
            quiet=True,
            on_done=self._agreed,
        )

    def _agreed(self, made: Agreement | None) -> None:
        self.agreement = made
        self._show_agreement()

    def _show_agreement(self) -> None:
        made = self.agreement
        self.table.setVisible(made is not None)
        self.alone.setVisible(made is None)
        if made is None:
            many = len(self._compared) > MOST_COMPARED
            self.alone.setText(TOO_MANY.format(len(self._compared)) if many else TOO_FEW)
            return
        self.table.show_agreement(made)

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.GAP, 0)
        column.setSpacing(theme.GAP)
        self.title = theme.label("", "title")
        self.title.setObjectName("explain.truth.title")
        # A class may be called like markup.
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        self.run_curves = self._button("explain.truth.curves", "Take the hottest pixels away")
        self.run_curves.clicked.connect(lambda: self.check_curves())
        self.areas = QLabel()
        self.areas.setObjectName("explain.truth.areas")
        self.areas.setWordWrap(True)
        self.plot = Plot("explain.truth.plot", "Probability as pixels go and come back")
        self._prepare_plot()
        column.addWidget(_beside(_question("Does the score follow the map?"), self.run_curves))
        column.addWidget(caption("", CURVES_ABOUT))
        column.addWidget(self.plot)
        column.addWidget(self.areas)
        column.addWidget(hairline())
        self.run_randomised = self._button("explain.truth.randomised", "Shuffle the weights of a copy")
        self.run_randomised.clicked.connect(lambda: self.check_weights())
        self.maps = MosaicView()
        self.maps.setObjectName("explain.truth.maps")
        self.maps.setFixedHeight(theme.scaled(126))
        self.verdict = QLabel()
        self.verdict.setObjectName("explain.truth.verdict")
        self.verdict.setWordWrap(True)
        column.addWidget(_beside(_question("Does the map follow the weights?"), self.run_randomised))
        column.addWidget(caption("", RANDOM_ABOUT))
        column.addWidget(self.maps)
        column.addWidget(self.verdict)
        column.addWidget(hairline())
        column.addLayout(row(_question("Do the methods agree?"), None))
        column.addWidget(caption("", AGREEMENT_ABOUT))
        self.alone = caption("explain.truth.alone", TOO_FEW)
        column.addWidget(self.alone)
        self.table = AgreementTable()
        self.table.setObjectName("explain.truth.agreement")
        self.table.setAccessibleName("Agreement of the maps")
        column.addWidget(self.table)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(inside))
        self.veil = Veil(self, "explain.truth.veil")

    @staticmethod
    def _button(name: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAccessibleName(text)
        return button

    def _prepare_plot(self) -> None:
        self.plot.setObjectName("explain.truth.plot")
        self.plot.setFixedHeight(theme.scaled(180))
        self.plot.show_whole((-0.02, 1.02), (-0.02, 1.02))
        self.plot.moved.connect(self._read)
        self.deletion, self.insertion = self.plot.plot(), self.plot.plot()
        self._paint_plot()

    def _read(self, position: QPointF | None) -> None:
        """Both probabilities at the share of pixels under the pointer."""
        made, x = self.curves, self.plot.x_at(position)
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
