"""The kernel lab: controls on the left, the pictures in the middle, the exact sum on the right."""

from __future__ import annotations

import importlib
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from convscope.imaging.image import Image
from convscope.imaging.lab.peak import Peak
from convscope.imaging.lab.pixel_sum import CHANNEL_NAMES
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.canvas.late import Late
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import as_panel, fold_button, row, segmented
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.kernels.controller import Controller
from convscope.ui.panels.kernels.controls import WIDTH, Controls
from convscope.ui.panels.kernels.frame import Frame, Place, Refused
from convscope.ui.panels.kernels.inspector import WIDTH as SUM_WIDTH
from convscope.ui.panels.kernels.inspector import Inspector, output_of
from convscope.ui.panels.kernels.output import Output
from convscope.ui.panels.kernels.stages import StageSection
from convscope.ui.panels.kernels.sum_note import SumNote
from convscope.ui.panels.kernels.views.display_foot import DisplayFoot
from convscope.ui.panels.kernels.views.view import View
from convscope.ui.widgets.drawer import Drawer

# (name, title, what it is, class); a view's module is imported when it is first shown.
VIEWS = (
    ("picture", "Picture", "Source and result, as two pictures or under a divider", "PictureView"),
    ("scan", "Scan", "The window slides, the output fills in", "ScanView"),
    ("bank", "Bank", "Several kernels on one image, one map each", "BankView"),
    ("gradient", "Gradient", "Gx, Gy, magnitude and angle", "GradientView"),
    ("rgb", "RGB", "Three kernels, three products, a sum and a bias", "RgbView"),
    ("spectrum", "Spectrum", "Frequencies of image, kernel and result", "SpectrumView"),
    ("sequence", "1-D", "A sequence and weights as bars", "SequenceView"),
    ("matrix", "Matrix", "A typed matrix as the image, in numbers", "MatrixView"),
)


class KernelsPanel(Panel):
    """Everything that one does with a kernel and a picture."""

    name = "kernels"

    document = "lab"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        context = self.context
        self._views: dict[str, View] = {}
        self._frame: Frame | None = None
        self._refused: Refused | None = None
        self._peak: Peak | None = None
        self._pinned: Place | None = None
        self._place: Place | None = None
        self._compact = False
        self._wants_sum = True
        self.controller = Controller(context, self)
        self.output = Output(context, self)
        self._build()
        self.controller.region_in_view = lambda: self.view.region_in_view()
        self.controller.frame_ready.connect(self._show_frame)
        self.controller.refused.connect(self._show_refused)
        self.controller.histograms_ready.connect(self.inspector.histogram.set_histograms)
        self.controller.pictures_ready.connect(self.strip.show_pictures)
        self.controller.peak_ready.connect(self._show_peak)
        context.workspace.lab_changed.connect(self._show_lab)
        context.workspace.image_changed.connect(self._image_changed)
        self.show_view("picture")
        self._show_lab()

    def show_view(self, name: str) -> None:
        """Show one of `VIEWS`, making it first if need be."""
        if name not in self._views:
            class_name = next(class_name for key, _t, _s, class_name in VIEWS if key == name)
            module = importlib.import_module(f"convscope.ui.panels.kernels.views.{name}")
            view: View = getattr(module, class_name)(self.context)
            view.hovered.connect(self._hover)
            view.clicked.connect(self._click)
            view.rescaled.connect(self._show_scale)
            self._views[name] = view
            self.stack.addWidget(view)
            if view.controls is not None:
                self.left.addWidget(view.controls)
        self.switch.set_value(name)
        self._place = None
        self._pin(None)
        self.stack.setCurrentWidget(self._views[name])
        if self.isVisible():
            self.context.workspace.scope = self.scope
        if self._frame is not None:
            self.view.show_frame(self._frame)
            self.view.surround(self._frame)
            self._mark_peak()
        elif self._refused is not None:
            self.view.show_refused(self._refused)
            self.view.surround(None)
        self.late.set_keys(self.view.jobs)
        self._offer_output()
        self._show_problem()
        self._show_scale()
        # The scan has told its own place by now.
        self._inspect(self._place)
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
    def frame(self) -> Frame | None:
        """What is on show, once the first computation is done."""
        return self._frame

    def commands(self) -> list[Command]:
        """What the command palette lists while this panel is shown."""
        views = [
            Command(f"kernels.view.{name}", f"View: {title}", partial(self.show_view, name), "", "Kernel lab")
            for name, title, _says, _class in VIEWS
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
        if compact != self._compact:
            self._compact = compact
            self._wants_sum = not compact
            self._fold()
        self._fit_head()

    def go_to_peak(self) -> None:
        """Hold the largest value of the result: its place, its sum."""
        peak = self._peak
        if peak is None or not self.view.explains:
            return
        if peak.channel or self._several:
            self.inspector.set_channel(peak.channel)
        self._pin(None)
        self.view.look_at(peak.row, peak.column)
        self._click(Place("result", peak.row, peak.column))

    def toggle_inspector(self) -> None:
        """Show the sum beside the pictures, or give them the room."""
        self._wants_sum = not self._wants_sum
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns, and the line of views and tools, fit what there is."""
        super().resizeEvent(event)
        self._fold()

    def shutdown(self) -> None:
        """Stop timers and take no more events."""
        workspace = self.context.workspace
        workspace.lab_changed.disconnect(self._show_lab)
        workspace.image_changed.disconnect(self._image_changed)
        self.late.shutdown()
        for view in self._views.values():
            view.shutdown()
        super().shutdown()

    def _build(self) -> None:
        across = self.across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(1)
        self.controls = Controls(self.context)
        self.left = QStackedWidget()
        self.left.setFixedWidth(self.controls.width())
        self.left.addWidget(self.controls)
        across.addWidget(self.left)
        self.centre = QWidget()
        as_panel(self.centre)
        column = QVBoxLayout(self.centre)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.switch = segmented(
            "kernels.view", "View", [(name, title, says) for name, title, says, _ in VIEWS], wraps=True
        )
        self.switch.changed.connect(self.show_view)
        self.fold = fold_button("kernels.fold", "Show or hide the sum", self.toggle_inspector)
        self.drawer = Drawer(
            WIDTH, "kernels.drawer", "Show or hide the kernel and its operation", "Kernel", self._fold
        )
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.drawer.button, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.switch, 1)
        for button in (*self.output.buttons, self.fold):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self.problem = theme.label("", "warning")
        self.problem.setObjectName("kernels.problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        self.late = Late(self.context.jobs, Veil(self.stack, "kernels.veil"))
        self.foot = DisplayFoot(self.context)
        self.foot.peak_wanted.connect(self.go_to_peak)
        column.addWidget(self.foot)
        self.line = QFrame()
        self.line.setProperty("role", "line")
        column.addWidget(self.line)
        self.strip = StageSection(self.context)
        self.note = SumNote(self.toggle_inspector)
        chain = row(self.strip, self.note)
        chain.setStretch(0, 1)
        column.addLayout(chain)
        across.addWidget(self.centre, 1)
        self.inspector = Inspector()
        self.inspector.unpinned.connect(lambda: self._pin(None))
        self.inspector.told.connect(self.note.tell)
        across.addWidget(self.inspector)

    def _show_lab(self, *_: object) -> None:
        lab = self.context.workspace.lab
        if lab.channel in CHANNEL_NAMES:
            self.inspector.set_channel(CHANNEL_NAMES.index(lab.channel))
        self.controls.show_lab(lab)
        self.strip.show_lab(lab)
        self.controller.request()

    def _image_changed(self, image: Image) -> None:
        # A new frame of the same source (a camera, a stroke) keeps the place that a person holds.
        if self._frame is None or self._frame.image.values.shape != image.values.shape:
            self._pin(None)
            self._place = None
        self.controller.request()

    def _show_frame(self, frame: Frame) -> None:
        if not frame.whole:
            self._show_peak(None)
            self.view.show_frame(frame)
            self.view.surround(frame)
            self.late.answer()
            return
        self._frame, self._refused = frame, None
        self._offer_output()
        self._show_problem()
        self._show_peak(None)
        self.view.show_frame(frame)
        self.view.surround(frame)
        self.inspector.show_frame(frame)
        self._inspect(self._pinned or self._place)

    def _show_refused(self, refused: Refused) -> None:
        """These settings give no result: what the last ones gave is nowhere left standing."""
        self._frame, self._refused = None, refused
        self._offer_output()
        self._show_problem()
        self._show_peak(None)
        self.view.show_refused(refused)
        self.view.surround(None)
        self._show_scale()
        self.inspector.show_refused(refused)
        self.view.mark(None, None)

    def _show_problem(self) -> None:
        """Why these settings give no result, where that is seen."""
        sentence = self._refused.sentence if self._refused is not None and self.view.has_chain else ""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _offer_output(self) -> None:
        """What is saved and copied is a result that is on show."""
        self.output.frame = self._frame if self.view.has_chain else None

    def _show_scale(self) -> None:
        """How the results of the view on show are drawn."""
        workspace = self.context.workspace
        shown = self._frame
        several = shown is not None and 3 in (shown.source.ndim, shown.result.values.ndim)
        self.foot.show_channels(workspace.lab.channel, several and self.view.explains)
        scale = self.view.scale
        if scale is not None and (self._refused is None or not self.view.explains):
            self.foot.show_scale(*scale)
        else:
            workspace = self.context.workspace
            self.foot.show_choice(workspace.lab.display_on(workspace.image))

    def _show_peak(self, peak: Peak | None) -> None:
        """Where the result on show is largest."""
        self._peak = peak
        self._mark_peak()

    def _mark_peak(self) -> None:
        shown = self._peak if self.view.explains else None
        self.view.mark_peak(shown)
        self.foot.show_peak(shown, self.view.explains)

    @property
    def _several(self) -> bool:
        """Whether the result on show has a value a channel."""
        return self._frame is not None and self._frame.result_seen.ndim == 3

    def _hover(self, place: Place | None) -> None:
        # When the pointer leaves, the last sum stays to be read.
        self._place = place or self._place
        if self._pinned is None:
            self._inspect(self._place)

    def _click(self, place: Place) -> None:
        self._pin(None if self._pinned is not None else place)
        self._inspect(place)

    def _pin(self, place: Place | None) -> None:
        self._pinned = place
        self.inspector.set_pinned(place is not None)

    def _inspect(self, place: Place | None) -> None:
        gone = self._pinned is None and place is not None and not self._exists(place)
        if self._frame is not None and (place is None or gone):
            # Before anybody has pointed at anything, the middle shows what there is to see.
            rows, columns = self._frame.result.shape[:2]
            place = Place("result", rows // 2, columns // 2)
        if self._refused is not None:
            return
        boxes = self.inspector.show_place(self._frame, place)
        if boxes is None:
            self.view.mark(None, None)
        else:
            self.view.mark(*boxes)

    def _exists(self, place: Place) -> bool:
        """Whether the place still has an output under the settings in force."""
        return self._frame is not None and output_of(self._frame, place) is not None

    def _fold(self) -> None:
        self.left.setCurrentWidget(self.view.controls or self.controls)
        self.foot.setVisible(self.view.shows_result)
        for widget in (self.line, self.strip):
            widget.setVisible(self.view.has_chain)
        self.inspector.setVisible(self._wants_sum and self.view.explains)
        sum_shown = self._wants_sum and self.view.explains
        self.drawer.fit(
            self.width(), SUM_WIDTH if self.view.explains else 0, docked=sum_shown and not self._compact
        )
        # Where there is no room for three columns, the sum takes the place of the controls.
        self.left.setVisible(self.drawer.shown and not (self._compact and sum_shown))
        # Folded away for want of room, the sum is not gone.
        self.note.setVisible(self._compact and not self._wants_sum and self.view.explains)
        self._fit_head()
        self.fold.setEnabled(self.view.explains)
        self.fold.setChecked(self._wants_sum and self.view.explains)

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
