"""The page "Network": the whole network at once, a line that says what is lit, and the choices above it."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from convscope.core.words import counted, percent
from convscope.engine.interpret.network.cost import ColumnCost
from convscope.engine.interpret.network.flow import MadeOf
from convscope.engine.interpret.network.mute import Ablation
from convscope.engine.interpret.network.relevance import ClassPath
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.canvas.gestures import MenuEntry, context_menu
from convscope.ui.export.exporter import Export, Exporter
from convscope.ui.forms.form import as_panel, choose, combo, horizontal, text_line, tool, under_captions
from convscope.ui.panels.layers.network.figure_dialog import FigureDialog
from convscope.ui.panels.layers.network.parts import FigureSettings, MapInNetwork, MutedMaps, NetworkSettings
from convscope.ui.panels.layers.network.unfolded_page import UnfoldedPage
from convscope.ui.panels.layers.network.unfolding import UnfoldedFrame, UnfoldingViewModel
from convscope.ui.panels.layers.network.view import NetworkCanvas
from convscope.ui.panels.layers.network.view_model import NetworkFrame, NetworkViewModel
from convscope.ui.panels.layers.network.words import TINTS, lit_words

FIGURES = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG", ".tex": "TikZ"}
BY = (("class", "For the class"), ("largest", "Largest"), ("index", "By index"))


class NetworkPage(QWidget):
    """The picture and what one does with it.

    Signals:
        opened: path of a layer and channel of one of its maps: its own page is wanted.
        sum_opened: the same with row and column: the exact sum of that value is.
    """

    opened = Signal(str, int)
    sum_opened = Signal(str, int, int, int)

    def __init__(self, view_model: NetworkViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_model = model = view_model
        as_panel(self)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        rows.setSpacing(theme.GAP)
        self.slot = QHBoxLayout()
        self.by = combo("layers.network.by", "Which maps are shown where not all fit", BY)
        self.tint = combo("layers.network.tint", "What the colour over each layer stands for", TINTS)
        self.all_on = tool("layers.network.all_on", "Let all maps speak again", "undo-2", text="All maps on")
        self.rank = tool(
            "layers.network.rank",
            "Mute each map of the held one's layer alone: which does the class need most?",
            "search",
            text="Which maps matter?",
        )
        self.save = tool(
            "layers.network.save",
            "Save the network as a figure for papers and slides: SVG, PDF, PNG or TikZ",
            "save",
            self.set_up_figure,
        )
        figure = Export("figure", "The network as a figure…", FIGURES, model.save_figure, lane="engine")
        self.export = Exporter(model.context, "layers.network", lambda _name: self._stem(), (figure,), self)
        for box, letters in ((self.by, 12), (self.tint, 14)):
            box.setMinimumContentsLength(letters)
        head = horizontal()
        head.addLayout(self.slot)
        head.addLayout(
            under_captions(("maps where not all fit", self.by), ("colour over a layer", self.tint))
        )
        for button in (self.rank, self.all_on, self.save):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        head.addStretch()
        rows.addLayout(head)
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("layers.network.problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        rows.addWidget(self.problem)
        self.canvas = NetworkCanvas()
        area = QScrollArea()
        area.setObjectName("layers.network.area")
        area.setWidget(self.canvas)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QWidget()
        inside = QVBoxLayout(whole)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.GAP)
        inside.addWidget(area, 1)
        self.said = text_line("layers.network.said", "caption")
        self.said.setMinimumHeight(theme.scaled(32))
        inside.addWidget(self.said)
        self.unfolding = UnfoldingViewModel(model)
        self.between = UnfoldedPage(self.unfolding)
        self.stack = QStackedWidget()
        self.stack.addWidget(whole)
        self.stack.addWidget(self.between)
        rows.addWidget(self.stack, 1)
        self._bind(model)
        self._show_settings(model.settings.value)
        self._show_muted(model.muted.value)
        self.save.setEnabled(model.view is not None)

    def _bind(self, model: NetworkViewModel) -> None:
        listen, canvas = model.context.listen, self.canvas
        listen(model.view_changed, self._show_view)
        listen(model.problem_changed, self._show_problem)
        listen(model.lit, self._show_lit)
        listen(model.costs_changed, self._show_costs)
        listen(model.ranked, self._show_ranking)
        listen(model.settings.changed, self._show_settings)
        listen(model.muted.changed, self._show_muted)
        listen(model.selection.changed, self._show_held)
        self.by.activated.connect(lambda _n: model.choose_by(self.by.currentData()))
        self.tint.activated.connect(lambda _n: model.tint_by(self.tint.currentData()))
        self.all_on.clicked.connect(model.all_on)
        self.rank.clicked.connect(lambda: model.rank(model.selection.value.column))
        canvas.resized.connect(model.set_size)
        canvas.pointed.connect(lambda column, channel: model.point(column or None, channel))
        canvas.chosen.connect(self._hold)
        canvas.class_chosen.connect(model.choose_class)
        canvas.opened.connect(self._open)
        canvas.toggled.connect(model.toggle)
        canvas.muting.connect(lambda column, channel: model.switch(column, (channel,)))
        canvas.menu.connect(self._menu)
        canvas.between.connect(self.unfolding.open)
        listen(self.unfolding.frame_changed, self._show_unfolded)
        listen(self.unfolding.problem_changed, self._tell_problem)
        self.between.sum_opened.connect(self.sum_opened)
        self.between.toggled.connect(self._unfold_block)

    def command(self) -> Command:
        """Saving the figure, for the command palette."""
        title = "Save: the network as a figure…"
        ready = self.view_model.view is not None
        return Command("layers.network.save", title, self.set_up_figure, "", "Layers", ready)

    def set_up_figure(self) -> None:
        """Ask how the figure shall be, then where it shall go."""
        model, view = self.view_model, self.view_model.view
        if view is None:
            return
        dialog = FigureDialog(view.columns, model.figure.value, view.request.model.id, self)
        dialog.accepted_as.connect(self._save_figure)
        dialog.open()

    def _save_figure(self, settings: FigureSettings) -> None:
        self.view_model.set_up_figure(settings)
        self.export.choose("figure")

    def _stem(self) -> str:
        view = self.view_model.view
        return re.sub(r"[^\w.-]+", "-", view.request.model.name).strip("-.") if view is not None else ""

    def _hold(self, column: str, channel: int) -> None:
        if column:
            self.view_model.select(column, channel)
        else:
            self.view_model.release()

    def _open(self, column: str, channel: int) -> None:
        view = self.canvas.shown
        found = view.column(column) if view is not None else None
        if found is not None:
            self.opened.emit(found.path, channel)

    def _menu(self, column: str, channel: int, at: QPoint) -> None:
        view, model = self.canvas.shown, self.view_model
        found = view.column(column) if view is not None else None
        if found is None:
            return
        whole = model.is_off(found, -1)
        entries: list[MenuEntry | None] = []
        if channel >= 0:
            off = model.is_off(found, channel)
            entries += [
                MenuEntry("open", "Open this map", lambda: self._open(column, channel)),
                MenuEntry(
                    "mute",
                    "Let this map speak again" if off else "Mute this map",
                    lambda: model.switch(column, (channel,)),
                    possible=not whole,
                ),
            ]
        entries += [
            MenuEntry(
                "mute_layer",
                "Let the layer speak again" if whole else "Mute the whole layer",
                lambda: model.switch(column, (-1,)),
            ),
            MenuEntry("rank", "Which maps does the class need most?", lambda: model.rank(column)),
        ]
        context_menu(self.canvas, "layers.network", entries).popup(at)

    def _unfold_block(self, block: str) -> None:
        self.unfolding.close()
        self.view_model.toggle(block)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show_unfolded(self, frame: UnfoldedFrame | None) -> None:
        self.stack.setCurrentIndex(0 if frame is None else 1)
        if frame is None:
            self.canvas.setFocus()
        else:
            self.between.canvas.setFocus()

    def _show_view(self, view: NetworkFrame) -> None:
        self.canvas.show_view(view)
        self.save.setEnabled(True)
        self._show_held(self.view_model.selection.value)

    def _tell_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _show_problem(self, sentence: str) -> None:
        self._tell_problem(sentence)
        if sentence:
            self.canvas.show_view(None)
            self.save.setEnabled(False)

    def _show_lit(self, lit: MadeOf | ClassPath | None) -> None:
        self.canvas.show_lit(lit)
        view, shown = self.view_model.view, self.view_model.shown_map
        if view is None or shown is None:
            self.said.setText(
                "Point at a map: what it is made of lights up. Click: hold it. Double click: its exact sum. "
                "Right click: mute it."
            )
        else:
            self.said.setText(lit_words(view, lit, shown[1]))

    def _show_costs(self, costs: tuple[ColumnCost, ...]) -> None:
        self.canvas.show_costs(costs, self.view_model.settings.value.tint)

    def _show_ranking(self, told: Ablation) -> None:
        view = self.view_model.view
        name = view.found.model.name_of(told.target.index) if view is not None else ""
        first = ", ".join(f"map {one.channel} (−{numeral(one.drop, 3)})" for one in told.maps[:10])
        self.said.setText(
            f"{name} needs of {told.path} most: {first}. In brackets by how much its score falls without it; "
            f"now {numeral(told.logit, 4)}, {percent(told.probability, fixed=True)}."
        )

    def _show_settings(self, settings: NetworkSettings) -> None:
        choose(self.by, settings.by)
        choose(self.tint, settings.tint)
        self.canvas.show_costs(self.view_model.costs, settings.tint)

    def _show_muted(self, muted: MutedMaps) -> None:
        model = self.view_model.context.workspace.model
        off = muted.of(model.id) if model is not None else ()
        self.all_on.setVisible(bool(off))
        self.all_on.setText(f"{counted(len(off), 'map')} off: all on" if off else "")
        self.canvas.show_off(off)

    def _show_held(self, held: MapInNetwork) -> None:
        model = self.view_model.context.workspace.model
        own = model is not None and held.model == model.id and bool(held.column)
        self.canvas.show_held((held.column, held.channel) if own else None)
        self.rank.setEnabled(own)
