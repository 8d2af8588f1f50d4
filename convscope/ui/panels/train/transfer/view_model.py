"""Using a pretrained network: what is chosen, what each way would cost, what is fitted and trained. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.training.transfer.svm import TITLE, SupportVectorMachine, fit_machine
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.train.plan import plan_transfer
from convscope.ui.panels.train.runs.view_model import RunEntry, RunsRead, read_runs
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.transfer.costs import Cost, Counted, Timing
    from convscope.engine.training.transfer.transfer_model import TransferSettings, TransferStrategy

KEY, RUNS_KEY, SVM_KEY = "train.transfer.cost", "train.transfer.runs", "train.transfer.svm"
SCOPE = "train.transfer"
TIMING, NOT_TIMED = "timing a batch…", "not timed"
WAYS: tuple[tuple[TransferStrategy, str, str], ...] = (
    (
        "features",
        "Extract features",
        "Each image goes through the base once; a small classifier learns from what comes out. Quickest.",
    ),
    (
        "frozen",
        "Frozen base",
        "The images, augmented anew each epoch, go through the unchanged base; only the classifier learns.",
    ),
    (
        "finetune",
        "Fine-tune",
        "First the classifier learns, then the base's last layers go on learning with it, at a low rate.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class TransferChoice:
    """The new classifier, how the base is fine-tuned, and the machine beside them.

    Attributes:
        pooling, units, dropout: of the classifier; see `engine.training.transfer_model.TransferSettings`.
        from_layer: the first layer of the base that is fine-tuned; "": the last stage.
        head_epochs: of the classifier alone before that.
        fine_rate: the learning rate of fine-tuning.
        kernel, c: of the support vector machine.
    """

    pooling: Literal["average", "flatten"] = "average"
    units: int = 0
    dropout: float = 0.0
    from_layer: str = ""
    head_epochs: int = 5
    fine_rate: float = 1e-5
    kernel: Literal["linear", "rbf"] = "linear"
    c: float = 1.0


@dataclass(frozen=True, eq=False)
class CostRequest:
    """What the costs are wanted of.

    Attributes:
        base, dataset, settings: of the trainings.
        ways: how the base would be used.
    """

    base: OpenedModel
    dataset: Dataset
    settings: TrainingSettings
    ways: tuple[TransferSettings, ...]

    @property
    def composition(self) -> tuple[object, ...]:
        """What the network and its speed follow from; neither the epochs nor the rates."""
        how, settings = self.ways[0], self.settings
        data = (self.dataset.reference, self.dataset.classes, self.dataset.image_size)
        batch = min(settings.batch_size, 32)
        return (id(self.base), *data, settings.input, batch, settings.loss, how.pooling, how.units)


class TransferCosts:
    """Counts and times a base with a new classifier in a worker, and works out each way's cost. GUI thread.

    Signals:
        told: a way, its `Cost` or None, and a sentence about the time.
    """

    told = Signal(str, object, str)

    def __init__(self, context: PanelContext) -> None:
        self._context = context
        self._asked: CostRequest | None = None
        # Of which composition the two are, and for which a job is under way.
        self._of: tuple[object, ...] | None = None
        self._underway: tuple[object, ...] | None = None
        self._base: OpenedModel | None = None
        self._counted: Counted | None = None
        self._timing: Timing | None = None
        self._without = TIMING

    def ask(self, asked: CostRequest) -> None:
        self._asked = asked
        wanted = asked.composition
        if self._of != wanted:
            self._counted = self._timing = None
            self._of, self._base, self._without = wanted, asked.base, TIMING
        self._tell()
        if self._timing is None and self._underway != wanted:
            self._work(asked, wanted)

    def _work(self, asked: CostRequest, wanted: tuple[object, ...]) -> None:
        self._underway = wanted

        def work(task: Task) -> Timing:
            from convscope.engine.training.transfer.costs import composed_for, count, time_batch

            composed = composed_for(asked.base, asked.dataset, asked.settings, asked.ways[0])
            task.check()
            # Nothing has to run for this.
            task.partial(count(composed))
            task.progress(None, "Running one")
            return time_batch(composed, asked.dataset, asked.settings)

        self._context.submit(
            "engine",
            work,
            "Timing a batch",
            key=KEY,
            on_partial=self._for(wanted, self._take_count),
            on_done=self._for(wanted, self._take_timing),
            on_failed=self._for(wanted, self._failed),
            on_cancelled=lambda: self._cancelled(wanted),
        )

    def _for(self, wanted: tuple[object, ...], take: Callable[..., None]) -> Callable[..., None]:
        """Take a result only while it is what is asked for."""

        def taken(value: object) -> None:
            if wanted == self._of:
                take(value)

        return taken

    def _take_count(self, counted: Counted) -> None:
        self._counted = counted
        self._tell()

    def _take_timing(self, timing: Timing) -> None:
        self._underway, self._timing = None, timing
        self._tell()

    def _failed(self, error: BaseException) -> None:
        self._without = error.message if isinstance(error, UserError) else "The cost could not be told."
        # It would fail again: another composition may not.
        self._tell()
        if not isinstance(error, UserError):
            self._context.report(error)

    def _cancelled(self, wanted: tuple[object, ...]) -> None:
        if self._underway == wanted:
            self._underway = None
        if wanted == self._of and self._timing is None:
            self._without = NOT_TIMED
            self._tell()

    def _tell(self) -> None:
        from convscope.engine.training.transfer.costs import cost

        asked = self._asked
        if asked is None:
            return
        for how in asked.ways:
            found: Cost | None = None
            words = self._without
            if self._counted is not None:
                try:
                    found = cost(how, self._counted, self._timing, asked.dataset, asked.settings)
                except UserError as error:
                    words = error.message
                else:
                    words = found.sentence.split(";")[0] if found.seconds is not None else words
            self.told.emit(how.way, found, words)


def tensor_words(found: Cost | None) -> str:
    """How much of the network learns."""
    if found is None:
        return ""
    return (
        f"{found.tensors} → {found.trainable_tensors} trainable tensors, "
        f"{found.trainable_parameters:,} numbers"
    )


class TransferViewModel:
    """The page of pretrained networks: the current model as a base for the current data.

    Signals:
        subject_changed: the base or the data is another one.
        can_start_changed: see `can_start`.
        cost: a way, its `Cost` or None, and a sentence about the time.
        results_changed: see `last` and `machine`.
        machine_changed: the machine was fitted, is being fitted, or is no answer any more.
        machine_progress: its job has said how far it is.

    Attributes:
        choice: the part that says what is chosen.
        last: by way, its last run on the current data.
        machine: the support vector machine that was fitted to this base and this data, or None.
        watched: the page is on show; nothing is timed for nobody.
    """

    subject_changed = Signal()
    can_start_changed = Signal()
    cost = Signal(str, object, str)
    results_changed = Signal()
    machine_changed = Signal()
    machine_progress = Signal()

    def __init__(self, train: TrainViewModel) -> None:
        self.train, self.context, self.trainer = train, train.context, train.trainer
        workspace, listen = self.context.workspace, self.context.listen
        self.choice = workspace.part("train.transfer", TransferChoice(), SCOPE)
        self.last: Mapping[str, RunEntry] = {}
        self.machine: SupportVectorMachine | None = None
        self.machine_job: Job | None = None
        self.watched = False
        self._read = RunsRead()
        self._queue: list[TransferSettings] = []
        self._queued: tuple[OpenedModel, Dataset] | None = None
        # The base and the data that the machine was fitted to.
        self._fitted_to: tuple[OpenedModel | None, str | None] | None = None
        self._costs = TransferCosts(self.context)
        listen(self._costs.told, lambda way, found, words: self.cost.emit(way, found, words))
        listen(self.choice.changed, self._estimate)
        for signal in (workspace.model_changed, workspace.dataset_changed):
            listen(signal, self._subject_changed)
        for signal in (workspace.augmentation_changed, train.settings_changed):
            listen(signal, self._estimate)
        listen(self.trainer.state_changed, self._state_changed)
        listen(self.trainer.finished, self._next)
        listen(self.trainer.failed, self._give_up)
        listen(self.trainer.cancelled, self._give_up)
        listen(train.runs_changed, self.read_runs)
        listen(self.context.jobs.changed, self._job_changed)
        self.context.ending.call(self._end)

    @property
    def base(self) -> OpenedModel | None:
        return self.context.workspace.model

    @property
    def dataset(self) -> Dataset | None:
        return self.context.workspace.dataset

    @property
    def subject(self) -> tuple[OpenedModel, Dataset] | None:
        base, dataset = self.base, self.dataset
        return (base, dataset) if base is not None and dataset is not None else None

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the base with which fine-tuning may begin, the last first."""
        if self.base is None:
            return ()
        found = reversed(self.base.layers)
        return tuple(info.name for info in found if info.parameters and "Normalization" not in info.kind)

    @property
    def from_layer(self) -> str:
        """The chosen one; one that this base does not have stands for the last stage: ""."""
        wanted = self.choice.value.from_layer
        return wanted if wanted in self.layers else ""

    def choose(self, label: str, merge: str = "", **changed: object) -> None:
        self.choice.edit(replace(self.choice.value, **changed), label, merge or None)  # type: ignore[arg-type]

    def how(self, way: TransferStrategy) -> TransferSettings:
        """The settings of one way, as chosen.

        Raises:
            UserError: they cannot be.
        """
        from convscope.engine.training.transfer.transfer_model import TransferSettings

        choice = self.choice.value
        return TransferSettings(
            way=way,
            from_layer=self.from_layer,
            pooling=choice.pooling,
            units=choice.units,
            dropout=choice.dropout,
            head_epochs=choice.head_epochs,
            fine_rate=choice.fine_rate,
        )

    def set_watched(self, watched: bool) -> None:
        """The page is on show, or not: time a batch, if that has not been done."""
        self.watched = watched
        self._estimate()

    def _subject_changed(self, _what: object = None) -> None:
        base, dataset = self.base, self.dataset
        subject = (base, dataset.reference if dataset is not None else None)
        if self._fitted_to is not None and subject != self._fitted_to:
            self._forget_machine()
        self.subject_changed.emit()
        self.can_start_changed.emit()
        self._estimate()
        self.read_runs()

    def _estimate(self, _what: object = None) -> None:
        subject = self.subject
        if subject is None or not self.watched or self.trainer.active:
            return
        try:
            ways = tuple(self.how(way) for way, _title, _says in WAYS)
        except UserError as error:
            self.context.report(error)
            return
        self._costs.ask(CostRequest(*subject, self.train.settings, ways))

    @property
    def can_start(self) -> bool:
        return self.subject is not None and not self.trainer.active

    def start(self, *ways: TransferStrategy) -> None:
        """Train in these ways, one after the other."""
        subject = self.subject
        if subject is None or self.trainer.active:
            return
        try:
            self._queue = [self.how(way) for way in ways]
        except UserError as error:
            self.context.report(error)
            return
        self._queued = subject
        # The training wants the processors for itself.
        self.context.jobs.cancel_key(KEY)
        self._next()

    def _next(self, _finished: object = None) -> None:
        if not self._queued:
            return
        if not self._queue:
            # The last of them has ended: back to where they are compared.
            self._queued = None
            self.train.show("transfer")
            return
        self.train.begin(plan_transfer(*self._queued, self.train.settings, self._queue.pop(0)))

    def _give_up(self, _error: object = None) -> None:
        self._queue, self._queued = [], None

    def _state_changed(self, _state: object) -> None:
        self.can_start_changed.emit()
        self._estimate()

    def _end(self) -> None:
        self._queue = []
        for key in (KEY, SVM_KEY, RUNS_KEY):
            self.context.jobs.cancel_key(key)

    def fit_machine(self) -> None:
        """Fit a machine to the features of this base, as chosen."""
        if self.subject is None:
            return
        base, dataset = self.subject
        settings, choice = self.train.settings, self.choice.value
        try:
            how = self.how("features")
        except UserError as error:
            self.context.report(error)
            return
        self._fitted_to, self.machine = (base, dataset.reference), None
        self.machine_job = self.context.submit(
            "engine",
            lambda task: fit_machine(base, dataset, settings, how, choice.kernel, choice.c, task),
            TITLE,
            key=SVM_KEY,
            on_done=self._fitted,
            on_failed=self._not_fitted,
            on_cancelled=self._machine_cancelled,
        )
        self.machine_changed.emit()

    def _fitted(self, machine: SupportVectorMachine) -> None:
        self.machine, self.machine_job = machine, None
        self.machine_changed.emit()
        self.read_runs()

    def _not_fitted(self, error: BaseException) -> None:
        self._machine_cancelled()
        self.context.report(error)

    def _machine_cancelled(self) -> None:
        self.machine_job = None
        self.machine_changed.emit()

    def _forget_machine(self) -> None:
        """Another base or other data: what was reached is no answer any more."""
        self.context.jobs.cancel_key(SVM_KEY)
        self._fitted_to = self.machine = self.machine_job = None
        self.machine_changed.emit()

    def _job_changed(self, job: object) -> None:
        mine = self.machine_job
        if job is mine and mine is not None and not mine.finished:
            # The features take the time, not the machine.
            self.machine_progress.emit()

    def read_runs(self) -> None:
        self.context.submit(
            "view",
            read_runs,
            "Reading the runs",
            key=RUNS_KEY,
            supersede="finish",
            quiet=True,
            on_done=self._take_runs,
        )

    def _take_runs(self, read: RunsRead) -> None:
        dataset, known = self.dataset, {way for way, _title, _says in WAYS}
        last: dict[str, RunEntry] = {}
        for entry in read.entries:
            details = entry.details
            way = str((details.transfer or {}).get("way", ""))
            same = dataset is None or details.data.reference == dataset.reference
            if way in known and same and entry.epochs:
                last.setdefault(way, entry)
        self.last = last
        self.results_changed.emit()

    @property
    def level(self) -> float | None:
        """The validation accuracy of the machine, if it is one on this data set."""
        machine, dataset = self.machine, self.dataset
        if machine is None or dataset is None or machine.dataset.reference != dataset.reference:
            return None
        return machine.validation_accuracy
