"""The kernel lab: controls on the left, the pictures in the middle, the exact sum on the right."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.canvas.late import Late
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import as_panel, fold_button, hairline, row, segmented, text_line, tool, vertical
from convscope.ui.layout.drawer import Drawer
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.controls.column import WIDTH, LabControls
from convscope.ui.panels.kernels.display_row import DisplayRow
from convscope.ui.panels.kernels.output import LabOutput
from convscope.ui.panels.kernels.stage_row import StageSection
from convscope.ui.panels.kernels.sum_column import WIDTH as SUM_WIDTH
from convscope.ui.panels.kernels.sum_column import SumColumn, SumNote
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused
from convscope.ui.panels.kernels.view_models.kernels import KernelsViewModel
from convscope.ui.panels.kernels.views.registry import VIEWS
from convscope.ui.panels.kernels.views.view import View


class KernelsPanel(Panel):
    """Everything that one does with a kernel and a picture."""

    name = "kernels"

    document = "lab"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self._views: dict[str, View] = {}
        self.model = model = KernelsViewModel(context)
        self.output = LabOutput(context, self)
        self._build()
        model.sight = lambda: self.view.in_sight()
        context.listen(model.frame_ready, self._show_frame)
        context.listen(model.refused_ready, self._show_refused)
        context.listen(model.pictures_ready, self.strip.show_pictures)
        context.listen(model.peak_changed, lambda _peak: self._mark_peak())
        context.listen(model.place_changed, self._inspect)
        context.listen(model.view.changed, lambda _name: self._show_view())
        context.listen(model.sum_shown.changed, lambda _shown: self._fold())
        # After the model, which asks for the result first.
        context.listen(context.workspace.lab_changed, self._show_lab)
        self._show_view()
        self._show_lab()
        model.ask()

    def show_view(self, name: str) -> None:
        """Show one of `VIEWS`."""
        self.model.choose_view(name)

    def _show_view(self) -> None:
        """Show the view that is chosen, making it first if need be."""
        model = self.model
        entry = next((each for each in VIEWS if each.name == model.view.value), VIEWS[0])
        if entry.name not in self._views:
            view = entry.load()(self.context, model)
            view.hovered.connect(model.point)
            view.clicked.connect(model.click)
            view.rescaled.connect(self._show_scale)
            self._views[entry.name] = view
            self.stack.addWidget(view)
            if view.controls is not None:
                self.left.addWidget(view.controls)
        self.switch.set_value(entry.name)
        self.stack.setCurrentWidget(self._views[entry.name])
        if self.isVisible():
            self.context.workspace.scope = self.scope
        if model.frame is not None:
            self.view.show_frame(model.frame)
            self.view.surround(model.frame)
            self._mark_peak()
        elif model.refused is not None:
            self.view.show_refused(model.refused)
            self.view.surround(None)
        self.late.set_keys(self.view.jobs)
        self._offer_output()
        self._show_problem()
        self._show_scale()
        self._inspect()
        self._fold()

    @property
    def view(self) -> View:
        """The view on show."""
        view = self.stack.currentWidget()
        assert isinstance(view, View)
        return view

    @property
    def scope(self) -> str:
        """What is on show, and so what undo acts on."""
        return self.view.scope

    @property
    def frame(self) -> LabFrame | None:
        """What is on show, once the first computation is done."""
        return self.model.frame

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        views = [
            Command(
                f"kernels.view.{each.name}",
                f"View: {each.title}",
                partial(self.show_view, each.name),
                "",
                "Kernel lab",
            )
            for each in VIEWS
        ]
        lab = self.context.workspace.lab
        return [
            *views,
            *self.output.commands(),
            *self.controls.library.commands(),
            Command("kernels.stages.add", "Add a stage", self.strip.insert, "", "Kernel lab"),
            Command(
                "kernels.stages.remove",
                "Remove this stage",
                self.strip.tools["remove"].click,
                "",
                "Kernel lab",
                len(lab.stages) > 1,
            ),
            Command(
                "kernels.maximum",
                "Go to the maximum",
                self.go_to_peak,
                "",
                "Kernel lab",
                self.foot.peak.isEnabled(),
            ),
            Command("kernels.inspector", "Show or hide the sum", self.toggle_inspector, "", "Kernel lab"),
        ]

    def set_compact(self, compact: bool) -> None:
        """Fold the inspector away where there is no room for it."""
        if compact == self.compact:
            self._fit_head()
            return
        super().set_compact(compact)
        if self.model.sum_shown.value == compact:
            # Which folds, too.
            self.model.sum_shown.set(not compact)
        else:
            self._fold()

    def go_to_peak(self) -> None:
        """Hold the largest value of the result: its place, its sum."""
        peak = self.model.hold_peak() if self.view.explains else None
        if peak is not None:
            self.view.look_at(peak.row, peak.column)

    def toggle_inspector(self) -> None:
        """Show the sum beside the pictures, or give them the room."""
        self.model.sum_shown.set(not self.model.sum_shown.value)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _build(self) -> None:
        across = self.across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        self.controls = LabControls(self.model)
        self.left = QStackedWidget()
        self.left.setFixedWidth(self.controls.width())
        self.left.addWidget(self.controls)
        across.addWidget(self.left)
        self.centre = QWidget()
        as_panel(self.centre)
        column = vertical(self.centre, margins=theme.GAP)
        self.switch = segmented(
            "kernels.view",
            "View",
            [(each.name, each.title, each.sentence) for each in VIEWS],
            wraps=True,
        )
        self.switch.changed.connect(self.show_view)
        self.fold = fold_button("kernels.fold", "Show or hide the sum", self.toggle_inspector)
        self.drawer = Drawer(
            self.context.workspace,
            self.context.ending,
            tool("kernels.drawer", "Show or hide the kernel and its operation", "panel-left", text="Kernel"),
            WIDTH,
            self._fold,
        )
        head = row(spacing=theme.GRID)
        head.addWidget(self.drawer.button, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.switch, 1)
        for button in (*self.output.buttons, self.fold):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self.problem = text_line("kernels.problem", "warning")
        self.problem.hide()
        column.addWidget(self.problem)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        self.late = Late(self.context.jobs, Veil(self.stack, "kernels.veil"), self.context.ending)
        self.foot = DisplayRow(self.context)
        self.foot.peak_wanted.connect(self.go_to_peak)
        column.addWidget(self.foot)
        self.line = hairline()
        column.addWidget(self.line)
        self.strip = StageSection(self.model)
        self.note = SumNote(self.toggle_inspector)
        chain = row(self.strip, self.note)
        chain.setStretch(0, 1)
        column.addLayout(chain)
        across.addWidget(self.centre, 1)
        self.inspector = SumColumn(self.model)
        self.inspector.told.connect(self.note.tell)
        across.addWidget(self.inspector)

    def _show_lab(self, *_: object) -> None:
        self.controls.show_lab(self.model.lab)
        self.strip.show_lab(self.model.lab)

    def _show_frame(self, frame: LabFrame) -> None:
        self.view.show_frame(frame)
        self.view.surround(frame)
        if not frame.whole:
            self.late.answer()
            return
        # The picture first: all that follows from it can be a moment later.
        for picture in self.view.results:
            picture.repaint()
        self._offer_output()
        self._show_problem()
        self.inspector.show_frame(frame)
        self._inspect()

    def _show_refused(self, refused: LabRefused) -> None:
        """These settings give no result: what the last ones gave is nowhere left standing."""
        self._offer_output()
        self._show_problem()
        self.view.show_refused(refused)
        self.view.surround(None)
        self._show_scale()
        self.inspector.show_refused(refused)
        self.view.mark(None, None)

    def _show_problem(self) -> None:
        """Why these settings give no result, where that is seen."""
        refused = self.model.refused
        sentence = refused.sentence if refused is not None and self.view.has_chain else ""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _offer_output(self) -> None:
        """What is saved and copied is a result that is on show."""
        self.output.frame = self.model.frame if self.view.has_chain else None

    def _show_scale(self) -> None:
        """How the results of the view on show are drawn."""
        shown, lab = self.model.frame, self.model.lab
        several = shown is not None and 3 in (shown.source.ndim, shown.result.values.ndim)
        self.foot.show_channels(lab.channel, several and self.view.explains)
        scale = self.view.scale
        if scale is not None and (self.model.refused is None or not self.view.explains):
            self.foot.show_scale(*scale)
        else:
            self.foot.show_choice(lab.display_on(self.context.workspace.image))

    def _mark_peak(self) -> None:
        """Where the result on show is largest."""
        shown = self.model.peak if self.view.explains else None
        self.view.mark_peak(shown)
        self.foot.show_peak(shown, self.view.explains)

    def _inspect(self) -> None:
        """The sum of the place in hand."""
        if self.model.refused is not None:
            return
        boxes = self.inspector.show_place(self.model.frame, self.model.place)
        if boxes is None:
            self.view.mark(None, None)
        else:
            self.view.mark(*boxes)

    def _fold(self) -> None:
        self.left.setCurrentWidget(self.view.controls or self.controls)
        self.foot.setVisible(self.view.shows_result)
        for widget in (self.line, self.strip):
            widget.setVisible(self.view.has_chain)
        self.inspector.setVisible(self.model.sum_shown.value and self.view.explains)
        sum_shown = self.model.sum_shown.value and self.view.explains
        self.drawer.fit(
            self.width(), SUM_WIDTH if self.view.explains else 0, docked=sum_shown and not self.compact
        )
        # Where there is no room for three columns, the sum takes the place of the controls.
        self.left.setVisible(self.drawer.shown and not (self.compact and sum_shown))
        # Folded away for want of room, the sum is not gone.
        self.note.setVisible(self.compact and not self.model.sum_shown.value and self.view.explains)
        self._fit_head()
        self.fold.setEnabled(self.view.explains)
        self.fold.setChecked(self.model.sum_shown.value and self.view.explains)

    def _fit_head(self) -> None:
        """All views in one line if that takes no more than the tools in a menu; in two where it does."""
        self.across.activate()
        room = self.centre.width() - 2 * theme.GAP
        self.output.set_compact(False)
        tools = [*self.output.buttons, self.fold]
        if not self.drawer.button.isHidden():
            tools.append(self.drawer.button)
        wide = self.switch.line_width() + sum(tool.sizeHint().width() + theme.GRID for tool in tools)
        self.output.set_compact(wide > room)
