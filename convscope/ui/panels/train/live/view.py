"""The training as it goes: steering, curves, looks into the network, and how it ended."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from convscope.core.task import Task
from convscope.ui import theme
from convscope.ui.forms.form import caption, push_button, row, text_line, vertical
from convscope.ui.layout.placed import Placed
from convscope.ui.panels.train.live.network_view import NetworkView
from convscope.ui.panels.train.live.notice import Notice
from convscope.ui.panels.train.live.transport import Transport
from convscope.ui.panels.train.live.view_model import Announcement, KeptCurves, LiveViewModel
from convscope.ui.panels.train.plan import PreparedTraining, SettingsCheck, TrainingPlan
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.ui.panels.train.live.curves_view import CurvesView


class LiveView(QWidget):
    def __init__(self, train: TrainViewModel) -> None:
        super().__init__()
        self.setObjectName("train.live")
        self.train, self.context = train, train.context
        self.view_model = LiveViewModel(train)
        self._charts: CurvesView | None = None
        self._build()
        listen, trainer = self.context.listen, train.trainer
        listen(trainer.began, self._began)
        listen(trainer.prepared, self._prepared)
        for ended in (trainer.finished, trainer.failed, trainer.cancelled):
            listen(ended, self._ended)
        listen(self.view_model.told, lambda said: self._say(said))
        listen(self.view_model.interrupted_changed, lambda: self._say(self.view_model.offered, self.resuming))
        listen(self.view_model.kept_curves, self._show_kept)
        self._load_charts()
        self.view_model.show_run()

    @property
    def charts(self) -> CurvesView:
        if self._charts is None:
            from convscope.ui.panels.train.live.curves_view import CurvesView

            curves = self.view_model.curves
            self._charts = charts = CurvesView()
            charts.looked.connect(self._tick)
            charts.edited.connect(lambda shown, label, merge: curves.edit(shown, label, merge or None))
            self.context.listen(curves.changed, charts.set_shown)
            self.context.ending.call(charts.stop)
            charts.set_shown(curves.value)
            self._left.addWidget(charts)
        return self._charts

    @cached_property
    def transport(self) -> Transport:
        made = Transport(self.train, self.charts)
        self._inner.insertWidget(0, made)
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # What stands in the middle stays there, whatever is told beside it.
        self.empty.set_room(self.height())

    def set_looks_shown(self, shown: bool) -> None:
        self.looks.setVisible(shown)

    def _build(self) -> None:
        self.resuming = Notice("train.interrupted")
        self.notice = Notice("train.notice")
        self.stack = QStackedWidget()
        column = vertical(self, self.notice, (self.stack, 1))
        # It comes when the folder of runs is read: no button above it moves.
        column.addWidget(self.resuming)
        self.empty = NoTrainingYet(self.train)
        self.stack.addWidget(self.empty)
        page = QWidget()
        self.overfitting = caption("train.overfitting")
        self.overfitting.hide()
        self.looks = NetworkView(self.view_model)
        self.splitter = QSplitter()
        self.splitter.setObjectName("train.splitter")
        self.splitter.setHandleWidth(theme.GROUP_GAP)
        left = QWidget()
        self._left = vertical(left)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.looks)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([640, 360])
        self.splitter.setChildrenCollapsible(False)
        self._inner = vertical(page, self.overfitting, (self.splitter, 1))
        self.stack.addWidget(page)
        self._page = page

    def _load_charts(self) -> None:
        """Import what draws them in a worker: that takes a third of a second."""

        def work(_task: Task) -> None:
            import pyqtgraph  # noqa: F401

        self.context.submit(
            "view", work, "Loading the charts", quiet=True, on_done=lambda _none: self.transport.show_state()
        )

    def _began(self, plan: TrainingPlan) -> None:
        recorder = self.train.trainer.recorder
        assert recorder is not None
        self.resuming.hide()
        self.stack.setCurrentWidget(self._page)
        self.charts.begin(recorder, plan.settings, plan.head_epochs)
        self.transport.show()
        self.transport.show_rate(plan.settings.optimizer.learning_rate)
        self._tick()

    def _prepared(self, prepared: PreparedTraining) -> None:
        self.charts.prepared(prepared.steps, prepared.batches)

    def _show_kept(self, kept: KeptCurves) -> None:
        from convscope.engine.training.record import Recorder

        recorder = Recorder()
        recorder.start_at(0, kept.epochs)
        self.stack.setCurrentWidget(self._page)
        self.transport.hide()
        self.charts.begin(recorder, kept.settings, kept.head_epochs)
        self.charts.prepared(kept.steps, kept.batches)
        self.charts.end()

    def _tick(self) -> None:
        self.transport.say()
        rate = self.charts.follow_rate()
        if rate is not None and not self.transport.rate.hasFocus():
            self.transport.show_rate(rate)
        if self.charts.overfitting != self.overfitting.text():
            self.overfitting.setText(self.charts.overfitting)
            self.overfitting.setVisible(bool(self.charts.overfitting))

    def _ended(self, _how: object = None) -> None:
        self.charts.end()
        self.transport.hide()

    def _say(self, said: Announcement | None, notice: Notice | None = None) -> None:
        notice = notice or self.notice
        if said is None:
            notice.hide()
        else:
            notice.say(said.kind, said.words, said.offers)


class NoTrainingYet(QWidget):
    """Before the first run."""

    def __init__(self, view_model: TrainViewModel) -> None:
        super().__init__()
        self.setObjectName("train.empty")
        self.view_model = view_model
        self.title = text_line("train.empty.title", "title", wraps=False)
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = caption()
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        digits, base = "Train a convnet on handwritten digits", "Put a new classifier on it"
        show_panel = view_model.context.show_panel
        self.digits = push_button("train.empty.digits", digits, self._digits, primary=True)
        self.model = push_button("train.empty.model", "Choose a model", partial(show_panel, "model"))
        self.data = push_button("train.empty.data", "Choose data", partial(show_panel, "data"))
        self.base = push_button("train.empty.transfer", base, partial(view_model.show, "transfer"))
        self.start = push_button("train.empty.start", "Start", view_model.start, primary=True)
        self._placed = column = Placed(self, 2 / 5)
        column.setSpacing(theme.GROUP_GAP)
        column.addWidget(self.title)
        column.addWidget(self.words)
        # Two lines, which have room in the smallest window too.
        column.addLayout(row(None, self.start, self.digits, None))
        column.addLayout(row(None, self.base, self.model, self.data, None))
        column.addStretch(1)
        # Until it is known what fits, there is nothing to press that could move.
        self._told = False
        for button in (self.start, self.digits, self.base, self.model, self.data):
            button.hide()
        view_model.context.listen(view_model.checked, self._show)
        self._show(view_model.last_check)

    def set_room(self, height: int) -> None:
        """Stand two fifths down in so many pixels, whatever is told beside it."""
        self._placed.set_room(height)

    def _digits(self) -> None:
        self.words.setText("Opening the network and the digits …")
        self.view_model.train_example()

    def _show(self, checked: SettingsCheck | None) -> None:
        model, data = self.view_model.model, self.view_model.dataset
        if model is None or data is None:
            missing = "a network and data" if model is None and data is None else "data"
            title = f"Training needs {missing if model is not None or data is None else 'a network'}"
            words = "Watch the loss fall and the kernels change while a network learns."
        elif checked is None:
            if not self._told:
                self.title.setText(f"{model.name} on {data.title}")
                self.words.setText("Looking whether they fit …")
            return
        elif any(finding.severity == "error" for finding in checked.findings):
            title = f"{model.name} on {data.title}: something does not fit"
            words = "At the left it says what, with a button that fixes it."
        else:
            title, words = f"{model.name} on {data.title}", "All is ready."
        self._told = True
        misfit = model is not None and data is not None and checked is not None
        ready = checked is not None and not any(f.severity == "error" for f in checked.findings)
        self.title.setText(title)
        self.words.setText(words)
        self.start.setVisible(ready)
        self.digits.setVisible(not ready)
        trained = model is not None and model.source.weights != "random"
        self.base.setVisible(misfit and not ready and trained)
        self.model.setVisible(not ready)
        self.data.setVisible(not ready)
