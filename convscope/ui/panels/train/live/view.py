"""The training as it goes: steering, curves, looks into the network, and how it ended."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from convscope.core.errors import NotDownloadedError, NotEnoughMemoryError, UserError
from convscope.core.task import Task
from convscope.core.words import clock
from convscope.ui import theme
from convscope.ui.forms.form import caption
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.empty import Empty
from convscope.ui.panels.train.live.curves_look import Look
from convscope.ui.panels.train.live.looks import Looks
from convscope.ui.panels.train.live.transport import Transport
from convscope.ui.panels.train.settings.form import Choice, Notice
from convscope.ui.panels.train.settings.plan import Finished, Plan, Prepared

if TYPE_CHECKING:
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.runs.unfinished import Unfinished
    from convscope.ui.panels.train.live.charts import Charts


class LiveView(QWidget):
    """What one watches while a network learns.

    Args:
        desk: the panel's state.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.live")
        self.desk = desk
        self._interrupted: list[Unfinished] = []
        self._charts: Charts | None = None
        self._curves = desk.context.workspace.part("train.curves", Look(), "train.live")
        self._build()
        trainer = desk.trainer
        trainer.began.connect(self._began)
        trainer.prepared.connect(self._prepared)
        trainer.finished.connect(self._finished)
        trainer.failed.connect(self._failed)
        trainer.cancelled.connect(self._cancelled)
        self._load_charts()
        # One that was deleted, or gone on with, is offered no more.
        desk.runs_changed.connect(self._look_for_interrupted)
        self._look_for_interrupted()

    @property
    def charts(self) -> Charts:
        """The curves; made when they are first needed."""
        if self._charts is None:
            from convscope.ui.panels.train.live.charts import Charts

            self._charts = Charts()
            self._charts.looked.connect(self._tick)
            self._charts.edited.connect(self._edit_curves)
            self._curves.changed.connect(self._charts.set_look)
            self._charts.set_look(self._curves.value)
            self._left.addWidget(self._charts)
        return self._charts

    @cached_property
    def transport(self) -> Transport:
        """The buttons over the curves."""
        made = Transport(self.desk.trainer, self.charts)
        self._inner.insertWidget(0, made)
        return made

    def shutdown(self) -> None:
        """Stop timers and take no more events."""
        self.desk.runs_changed.disconnect(self._look_for_interrupted)
        if self._charts is not None:
            self._curves.changed.disconnect(self._charts.set_look)
            self._charts.shutdown()
        self.looks.shutdown()
        self.empty.shutdown()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What stands in the middle stays there, whatever is told beside it."""
        super().resizeEvent(event)
        self.empty.set_room(self.height())

    def set_looks_shown(self, shown: bool) -> None:
        """Give the charts all the room, or not."""
        self.looks.setVisible(shown)

    # Inside

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.resuming = Notice("train.interrupted")
        self.notice = Notice("train.notice")
        column.addWidget(self.notice)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        # It comes when the folder of runs is read: no button above it moves.
        column.addWidget(self.resuming)
        self.empty = Empty(self.desk)
        self.stack.addWidget(self.empty)
        page = QWidget()
        self._inner = inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.GAP)
        self.overfitting = caption("train.overfitting")
        self.overfitting.hide()
        inner.addWidget(self.overfitting)
        self.looks = Looks(self.desk)
        self.splitter = QSplitter()
        self.splitter.setObjectName("train.splitter")
        self.splitter.setHandleWidth(theme.GROUP_GAP)
        left = QWidget()
        self._left = QVBoxLayout(left)
        self._left.setContentsMargins(0, 0, 0, 0)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.looks)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([640, 360])
        self.splitter.setChildrenCollapsible(False)
        inner.addWidget(self.splitter, 1)
        self.stack.addWidget(page)
        self._page = page

    def _load_charts(self) -> None:
        """Import what draws them in a worker: that takes a third of a second."""

        def work(_task: Task) -> None:
            import pyqtgraph  # noqa: F401

        self.desk.context.jobs.submit(
            "view",
            work,
            title="Loading the charts",
            quiet=True,
            on_done=lambda _none: self.transport.show_state(),
            on_failed=self.desk.context.report,
        )

    def _began(self, plan: Plan) -> None:
        assert self.desk.trainer.recorder is not None
        self.notice.hide()
        self.resuming.hide()
        self.stack.setCurrentWidget(self._page)
        self.charts.begin(self.desk.trainer.recorder, plan.settings, plan.before)
        self.transport.show()
        self.transport.show_rate(plan.settings.optimizer.learning_rate)
        self._tick()

    def _prepared(self, prepared: Prepared) -> None:
        batches = {name: list(values) for name, values in prepared.batches.items()}
        self.charts.prepared(prepared.steps, batches)

    def _edit_curves(self, look: Look, label: str, merge: str) -> None:
        self._curves.edit(look, label, merge or None)

    def _tick(self) -> None:
        self.transport.say()
        rate = self.charts.follow_rate()
        if rate is not None and not self.transport.rate.hasFocus():
            self.transport.show_rate(rate)
        if self.charts.overfitting != self.overfitting.text():
            self.overfitting.setText(self.charts.overfitting)
            self.overfitting.setVisible(bool(self.charts.overfitting))

    def _ended(self) -> None:
        self.charts.end()
        self.transport.hide()

    def _finished(self, finished: Finished) -> None:
        from convscope.engine.training.checks import unreadable
        from convscope.engine.training.optimizer import gentler

        self._ended()
        fitted, test = finished.trained.fitted, finished.trained.test
        words = fitted.sentence
        whose = fitted.weights_words
        if test is not None:
            within = f", with {whose}" if whose else ""
            words += f" Test accuracy {test.accuracy:.4f} on {test.images:,} images{within}."
        elif whose:
            words += f" The network has {whose}."
        words += f" It took {clock(finished.trained.seconds)}."
        if missing := len(unreadable(finished.dataset)):
            words += f" {missing:,} {'file' if missing == 1 else 'files'} could not be read and had no part."
        choices: list[Choice] = []
        if fitted.outcome == "diverged":
            lower = gentler(finished.settings.optimizer.learning_rate)
            choices.append(("train.notice.rate", f"Learning rate {lower:g}", lambda: self._set_rate(lower)))
            self.notice.say("bad", words, choices)
            return
        choices.append(("train.notice.result", "See the result", lambda: self.desk.show_result(finished)))
        choices.append(("train.notice.use", "Use this network", self.desk.use_trained))
        if finished.trained.run is not None and finished.trained.run.can_resume:
            run = finished.trained.run
            onwards = "Start it again" if run.starts_again else "Go on"
            choices.append(("train.notice.resume", onwards, lambda: self.desk.resume(run)))
        self.notice.say("good" if fitted.outcome != "stopped" else "info", words, choices)

    def _failed(self, error: BaseException) -> None:
        self._ended()
        if not isinstance(error, UserError):
            self.desk.context.report(error)
            self.notice.say("bad", f"The training failed: {error}")
            return
        if isinstance(error, NotDownloadedError):
            # With the button that downloads it.
            self.desk.context.report(error)
        choices: list[Choice] = []
        size = self.desk.settings.batch_size
        if isinstance(error, NotEnoughMemoryError) and size > 1:
            choices.append(
                ("train.notice.batch", f"Batches of {size // 2}", lambda: self._set_batch(size // 2))
            )
        self.notice.say("bad", error.message, choices)

    def _cancelled(self) -> None:
        self._ended()
        control = self.desk.trainer.control
        if control is not None and control.stopping:
            # Features are extracted before the first step.
            self.notice.say("info", "Stopped before the first step: nothing was learned.")
        else:
            words = "The training was cancelled. It can be resumed among the runs."
            self.notice.say("info", words)

    def _set_rate(self, rate: float) -> None:
        self.notice.hide()
        self.desk.edit(
            lambda s: replace(s, optimizer=replace(s.optimizer, learning_rate=rate)), "learning rate"
        )

    def _set_batch(self, size: int) -> None:
        self.notice.hide()
        self.desk.edit(lambda s: replace(s, batch_size=size), "batch size")

    # Runs that were interrupted

    def _look_for_interrupted(self) -> None:
        def work(_task: Task) -> tuple[list[Unfinished], list[str]]:
            from convscope.engine.training.runs.run import list_runs
            from convscope.engine.training.runs.unfinished import unfinished_runs

            names = []
            for run in list_runs():
                with contextlib.suppress(UserError):  # deleted meanwhile
                    names.append(run.details.name)
            return list(unfinished_runs()), names

        def done(found: tuple[list[Unfinished], list[str]]) -> None:
            self.desk.note_names(found[1])
            self._offer(found[0])

        self.desk.context.jobs.submit(
            "view",
            work,
            title="Looking for interrupted runs",
            key="train.interrupted",
            quiet=True,
            on_done=done,
            on_failed=self.desk.context.report,
        )

    def _offer(self, runs: list[Unfinished]) -> None:
        self._interrupted = runs
        if not runs or self.desk.trainer.active:
            self.resuming.hide()
            return
        run, sentence = runs[0].run, runs[0].sentence
        words = f"“{runs[0].name}”: {sentence[:1].lower()}{sentence[1:]}"
        self.resuming.say(
            "warning",
            words,
            [
                (
                    "train.interrupted.resume",
                    "Start it again" if runs[0].starts_again else "Resume",
                    lambda: self.desk.resume(run),
                ),
                ("train.interrupted.leave", "Leave it", lambda: self._leave(run)),
            ],
        )

    def _leave(self, run: Run) -> None:
        """Do not offer it again; among the runs it stays."""
        try:
            run.set_status("stopped", run.sentence)
        except (UserError, OSError) as error:
            self.desk.context.report(error)
        self.desk.runs_changed.emit()
        self._offer(self._interrupted[1:])
