"""The one training that runs: started, steered and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.task import Task
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.train.plan import FinishedTraining, PreparedTraining, TrainingPlan

if TYPE_CHECKING:
    from convscope.engine.training.control import Control, Watch
    from convscope.engine.training.record import Recorder

TrainerState = Literal["idle", "preparing", "running", "paused", "stopping"]


class Trainer:
    """Runs a plan in the "training" lane, one at a time. GUI thread only.

    Signals:
        told: the job has said how far it is.
        began: a `TrainingPlan` was started.
        prepared: its `PreparedTraining` has come.
        looked: a `NetworkSnapshot` has come.
        state_changed: see `state`.
        finished: a `FinishedTraining`.
        failed: the exception that ended it.
        cancelled: it was cancelled, from the status bar or with the window.

    Attributes:
        plan, control, recorder, job: of the training that runs, or ran last.
        ready: its `PreparedTraining`, once it has come.
    """

    told = Signal()
    began = Signal(object)
    prepared = Signal(object)
    looked = Signal(object)
    state_changed = Signal(str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._state: TrainerState = "idle"
        self.plan: TrainingPlan | None = None
        self.ready: PreparedTraining | None = None
        self.control: Control | None = None
        self.recorder: Recorder | None = None
        self.job: Job | None = None
        context.listen(context.jobs.changed, self._job_changed)
        context.ending.call(self._leave)

    @property
    def state(self) -> TrainerState:
        return self._state

    @property
    def active(self) -> bool:
        return self._state != "idle"

    def start(self, plan: TrainingPlan) -> None:
        if self.active:
            return
        from convscope.engine.training.control import Control
        from convscope.engine.training.record import Recorder

        control, recorder = Control(), Recorder()
        self.plan, self.ready, self.control, self.recorder = plan, None, control, recorder

        def work(task: Task) -> Any:
            return plan.function(control, recorder, task)

        self._set("preparing")
        self.began.emit(plan)
        self.job = self._context.submit(
            "training",
            work,
            f"Training {plan.name}",
            on_partial=self._take,
            on_done=self._done,
            on_failed=self._failed,
            on_cancelled=self._cancelled,
        )

    def pause(self) -> None:
        """Stand still after this step."""
        if self.control is not None and self._state in ("preparing", "running"):
            self.control.pause()
            self._set("paused")

    def resume(self) -> None:
        if self.control is not None and self._state == "paused":
            self.control.resume()
            self._set("running")

    def toggle(self) -> None:
        if self._state == "paused":
            self.resume()
        else:
            self.pause()

    def step(self) -> None:
        """Make one step, look, and stand still again."""
        if self.control is not None and self._state in ("preparing", "running", "paused"):
            self.control.step()
            self._set("paused")

    def stop(self) -> None:
        if self.control is not None and self.active:
            self.control.stop()
            self._set("stopping")

    def set_rate(self, rate: float) -> None:
        if self.control is not None and self.active:
            self.control.set_learning_rate(rate)

    def watch(self, watch: Watch) -> None:
        if self.control is not None and self.active:
            self.control.watch(watch)

    def _leave(self) -> None:
        """The window closes, and its jobs are cancelled; the next start offers to go on."""
        if self.control is not None and self.job is not None and not self.job.finished:
            self.control.leave()
            self._context.jobs.cancel(self.job)

    def _job_changed(self, job: object) -> None:
        if job is self.job and self.active:
            self.told.emit()

    def _set(self, state: TrainerState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _take(self, value: object) -> None:
        if isinstance(value, PreparedTraining):
            self.ready = value
            self.prepared.emit(value)
            if self._state == "preparing":
                self._set("running")
        else:
            self.looked.emit(value)

    def _done(self, trained: Any) -> None:
        self._set("idle")
        assert self.plan is not None and self.ready is not None
        self.finished.emit(FinishedTraining(self.plan.name, trained, self.ready.dataset, self.ready.settings))

    def _failed(self, error: BaseException) -> None:
        self._set("idle")
        self.failed.emit(error)

    def _cancelled(self) -> None:
        self._set("idle")
        self.cancelled.emit()
