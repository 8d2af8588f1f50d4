"""Training as a person sets it up: what the next run is, and the one that is on now."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.train.plan import (
    FinishedTraining,
    PreparedTraining,
    Rerun,
    SettingsCheck,
    TrainingPlan,
    open_rerun,
    plan_rerun,
    plan_resuming,
)
from convscope.ui.panels.train.trainer import Trainer
from convscope.ui.panels.train.words import augmentation_words, base_words, input_words, next_name, used_words
from convscope.workspace.document import Part

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.checks import Finding, Fix
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings

TrainPage = Literal["live", "runs", "result", "transfer"]
StartFrom = Literal["initial", "trained"]
FIRST_PAGE: TrainPage = "live"
INITIALLY: StartFrom = "trained"
SCOPE = "train"  # where what is set here is seen, and undone
EXAMPLE_MODEL, EXAMPLE_DATA = "mnist-convnet", "digits"


def open_example(data: str, task: Task) -> tuple[OpenedModel, Dataset]:
    """The lectures' first network with new weights, and a data set that fits it; for a job."""
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.library.catalogue import open_model

    model = open_model(EXAMPLE_MODEL, task=task)
    # Its arithmetic takes longer than a frame, and every panel asks for it.
    _ = model.summary
    return model, open_dataset(data, task)


class TrainViewModel:
    """The training panel's state, which its pages share. GUI thread only.

    Signals:
        settings_changed: the `TrainingSettings` of the next run.
        subject_changed: the model to train or the data set is another one.
        base_changed: see `base`.
        checked: a `SettingsCheck`; None while model, data and settings are being checked, or one is missing.
        runs_changed: the folder of runs has changed: a run began, ended, was renamed or deleted.
        result_requested: show what came of a `results.view_model.ResultSource`.

    Attributes:
        context: the panel's.
        page: the part that says which page is on show.
        named: the part with the name of the next run, as typed; "" means: make one up.
        open_sections: the part with the names of the sections of settings that a person has unfolded.
        looks_shown: the part that says whether the looks into the network stand beside the charts.
        trainer: the one training that runs.
        finished: the training of this workspace that ended last, or None.
        last_check: what `checked` told last.
        watched: the panel is on show, which says by itself how a run has ended.
    """

    settings_changed = Signal(object)
    subject_changed = Signal()
    base_changed = Signal()
    checked = Signal(object)
    runs_changed = Signal()
    result_requested = Signal(object)

    def __init__(self, context: PanelContext) -> None:
        from convscope.engine.training.settings import TrainingSettings

        self.context = context
        self.trainer = Trainer(context)
        self.finished: FinishedTraining | None = None
        self.last_check: SettingsCheck | None = None
        self.watched = False
        workspace, listen = context.workspace, context.listen
        # Those that the left column sets; input and augmentation are the workspace's own.
        self._own = workspace.part("train.settings", TrainingSettings(), SCOPE)
        self._start = workspace.part("train.start_from", INITIALLY, SCOPE, kind=StartFrom)
        self.named = workspace.part("train.name", "", SCOPE)
        self.page: Part[TrainPage] = workspace.part("train.page", FIRST_PAGE, SCOPE, kind=TrainPage)
        self.open_sections: Part[tuple[str, ...]] = workspace.part(
            "train.sections", (), SCOPE, kind=tuple[str, ...]
        )
        self.looks_shown = workspace.part("train.looks", True, SCOPE)
        self._initial: OpenedModel | None = None
        # Whether the initial weights are those of the training that was started last.
        self._from_plan = False
        # How a run that is to begin again has used a base.
        self._rerun: Rerun | None = None
        # What the last run has made of it; the window's current model stays what it was.
        self._trained: OpenedModel | None = None
        self._start_when_checked = False
        self._last: tuple[str, TrainingSettings] | None = None
        self._used: set[str] = set()
        # Of a run that goes on with data that is being opened.
        self._for_its_data: TrainingSettings | None = None
        listen(self._own.changed, self._given_changed)
        listen(self._start.changed, self._subject_changed)
        listen(self.page.changed, lambda _page: self.base_changed.emit())
        listen(workspace.model_changed, self._model_changed)
        listen(workspace.dataset_changed, self._subject_changed)
        listen(workspace.augmentation_changed, self._given_changed)
        listen(workspace.input_changed, self._given_changed)
        trainer = self.trainer
        listen(trainer.prepared, self._prepared)
        listen(trainer.finished, self._finished)
        listen(trainer.failed, lambda _error: self.runs_changed.emit())
        listen(trainer.cancelled, lambda: self.runs_changed.emit())
        listen(self.runs_changed, context.runs_changed)

    def show(self, page: TrainPage) -> None:
        self.page.set(page)

    def note_fold(self, section: str, is_open: bool) -> None:
        """A person has unfolded a section of the settings, or folded it."""
        others = tuple(name for name in self.open_sections.value if name != section)
        self.open_sections.set((*others, section) if is_open else others)

    @property
    def settings(self) -> TrainingSettings:
        """Of the next run, with the augmentation and the input that the data panel says."""
        workspace = self.context.workspace
        augmentation = workspace.augmentation
        if augmentation is not None and augmentation.does_nothing:
            augmentation = None
        return replace(self._own.value.with_input(workspace.input), augmentation=augmentation)

    def set_settings(
        self, settings: TrainingSettings, label: str = "training settings", merge: Hashable | None = None
    ) -> None:
        """Change them, which is a step of undo.

        What images are brought to changes for the data panel too, augmentation does not.

        Args:
            label: what is changed, as a menu says it.
            merge: joins the steps of typing and of a drag.
        """
        workspace = self.context.workspace
        kept = replace(settings.with_input(self._own.value.input), augmentation=None)
        changes: dict[Part[Any], Any] = {self._own: kept}
        if settings.input != workspace.input:
            changes[workspace.data_part] = replace(workspace.data_settings, input=settings.input)
        workspace.edit(changes, label, merge)

    def edit(
        self,
        change: Callable[[TrainingSettings], TrainingSettings],
        label: str = "training settings",
        merge: Hashable | None = None,
    ) -> bool:
        """Change some of them; what cannot be is told, and nothing changes."""
        try:
            settings = change(self.settings)
        except UserError as error:
            self.context.report(error)
            self.settings_changed.emit(self.settings)
            return False
        self.set_settings(settings, label, merge)
        return True

    @property
    def model(self) -> OpenedModel | None:
        """The network that will be trained: the current one; after a run what came out, or what went in."""
        if self.start_from == "initial" and self._initial is not None:
            return self._initial
        return self._trained if self._trained is not None else self.context.workspace.model

    @property
    def dataset(self) -> Dataset | None:
        return self.context.workspace.dataset

    @property
    def base(self) -> OpenedModel | None:
        """The network that is used as a base on the page on show; None: networks are trained as they are."""
        return self.context.workspace.model if self.page.value == "transfer" else None

    @property
    def data_words(self) -> str:
        """The data set in a line, and its parts as soon as they are known."""
        data, check = self.dataset, self.last_check
        if data is None:
            return "None yet"
        words = f"{data.title} · {len(data.classes)} classes"
        if check is None:
            return words
        names = ("to train", "to validate", "to test")
        counts = " · ".join(f"{n:,} {part}" for n, part in zip(check.images, names, strict=True) if n)
        return f"{words}\n{counts}"

    @property
    def base_in_use(self) -> OpenedModel | None:
        """The network that gets a new classifier: on the page on show, or in a training that begins."""
        if self.trainer.active:
            return self.trainer.plan.base if self.trainer.plan is not None else None
        return self.base

    @property
    def model_words(self) -> str:
        """The network in a line: as the run that is on, or the next, really has it."""
        running, base = self._running, self.base_in_use
        model = running.model if running is not None else base or self.model
        if model is None:
            return "None yet"
        words = f"{model.name} · {model.keras.count_params():,} parameters"
        return words if running is not None or base is None else words + "\nas a base, with a new classifier"

    @property
    def input_words(self) -> str:
        """What images are brought to: as the run that is on, or the next, really does it."""
        running, base, given = self._running, self.base_in_use, self.settings.input
        if running is not None:
            return used_words(running.input, self.dataset)
        if base is not None:
            return base_words(given, self.dataset, base)
        return input_words(given, self.dataset, self.model)

    @property
    def augmentation_words(self) -> str:
        """What training does to images: as the run that is on, or the next, really does it."""
        if self._running is not None:
            return augmentation_words(self._running.settings.augmentation)
        augmentation = self.settings.augmentation
        words = augmentation_words(augmentation)
        if self.base_in_use is not None and augmentation is not None:
            words += "; none where features are extracted once"
        return words

    @property
    def _running(self) -> PreparedTraining | None:
        """What the training that is on really uses; None while nothing is trained."""
        return self.trainer.ready if self.trainer.active else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        if self.last_check is None or self.trainer.active or self.new_classifier:
            return ()
        return self.last_check.findings

    @property
    def can_start(self) -> bool:
        """Whether the next run can begin, here or at the place of its own."""
        if self.trainer.active:
            return False
        check = self.last_check
        fits = check is not None and not any(finding.severity == "error" for finding in check.findings)
        return self.new_classifier or fits

    @property
    def can_start_over(self) -> bool:
        return self._initial is not None

    @property
    def new_classifier(self) -> bool:
        """Whether what would start again is a new classifier on a base: that starts at a place of its own."""
        plan = self.trainer.plan
        return self._from_plan and self.start_from == "initial" and plan is not None and plan.new_classifier

    @property
    def start_from(self) -> StartFrom:
        """Whether the next run starts from the last one's initial weights, or from the current model's."""
        return self._start.value

    def set_start_from(self, choice: StartFrom) -> None:
        self._start.edit(choice, "weights to start from")

    def suggested_name(self) -> str:
        model, dataset = self.model, self.dataset
        if model is None or dataset is None:
            return ""
        return next_name(f"{model.name} on {dataset.title}", self.settings, self._last, self._used)

    def check(self) -> None:
        model, dataset, settings = self.model, self.dataset, self.settings
        self._checked(None)
        if model is None or dataset is None:
            self.context.jobs.cancel_key("train.check")
            return

        def work(_task: Task) -> SettingsCheck:
            from convscope.engine.training.checks import check, unreadable
            from convscope.engine.training.data import split_for
            from convscope.engine.training.loss import loss_for

            split = split_for(dataset, settings)[0]
            images = len(split.indices("train")), len(split.indices("validation")), len(split.indices("test"))
            goal = loss_for(model, settings) if model.has_head else None
            return SettingsCheck(check(model, split, settings), goal, images, len(unreadable(split)))

        self.context.submit(
            "imaging",
            work,
            "Checking the settings",
            key="train.check",
            quiet=True,
            on_done=self._checked,
            on_failed=self._not_checked,
        )

    def check_files(self) -> None:
        """Check anew if more files have turned out to be unreadable meanwhile: damage shows in decoding."""
        from convscope.engine.training.checks import unreadable

        dataset, last = self.dataset, self.last_check
        if dataset is not None and last is not None and len(unreadable(dataset)) != last.unreadable:
            self.check()

    def fix(self, fix: Fix) -> None:
        """Do what a finding offers; not while the settings that it was found with are being checked anew."""
        if self.last_check is None:
            return
        if fix.settings is not None:
            self.set_settings(fix.settings, fix.text)
        model, change = self.model, fix.model
        if change is not None and model is not None:
            self.context.submit(
                "engine",
                lambda _task: change(model),
                fix.text,
                key="train.fix",
                on_done=self.context.workspace.add_model,
            )

    def start(self) -> None:
        model, dataset = self.model, self.dataset
        if model is None or dataset is None or self.trainer.active:
            return
        rerun = self._rerun if self.start_from == "initial" else None
        name = self.named.value or self.suggested_name()
        try:
            self.begin(plan_rerun(model, dataset, self.settings, name, rerun))
        except UserError as error:
            self.context.report(error)

    def train_example(self, data: str = EXAMPLE_DATA, epochs: int | None = None) -> None:
        """Open the lectures' first network and data for it, and start: from whatever stands here now."""
        if self.trainer.active:
            return
        workspace = self.context.workspace

        def done(opened: tuple[OpenedModel, Dataset]) -> None:
            from convscope.engine.data.resize import InputSettings

            if self.trainer.active:
                return
            model, dataset = opened
            workspace.add_model(model)
            workspace.set_dataset(dataset)
            own = {"loss": "auto", "epochs": epochs or self.settings.epochs}
            settings = replace(self.settings.with_input(InputSettings()), **own)  # type: ignore[arg-type]
            self.set_settings(settings, "settings of the example")
            self._start_when_checked = True
            self.check()

        self.context.submit(
            "engine",
            lambda task: open_example(data, task),
            f"Opening {EXAMPLE_MODEL} and its data",
            key="train.example",
            on_done=done,
        )

    def begin(self, plan: TrainingPlan) -> None:
        if self.trainer.active:
            self.context.notify("A training is running: stop it first.")
            return
        self._used.add(plan.name)
        self.named.set("")
        self._for_its_data = None
        self.show("live")
        self.trainer.start(plan)

    def resume(self, run: Run, epochs: int | None = None) -> None:
        """Go on with a run, and show it live; `epochs` for more than was planned."""
        try:
            plan = plan_resuming(run, epochs)
        except UserError as error:
            self.context.report(error)
            return
        workspace, settings = self.context.workspace, plan.settings
        here = workspace.dataset is not None and workspace.dataset.reference == run.details.data.reference
        if self.trainer.active:
            self.begin(plan)  # which refuses
            return
        label = f"settings of {plan.name}"
        self.set_settings(settings if here else settings.with_input(workspace.input), label)
        if here:
            workspace.set_augmentation(settings.augmentation)
        self.begin(plan)
        # What is done to its images belongs to its data, which may have to be opened first.
        self._for_its_data = None if here else settings

    def start_over(self, run: Run) -> None:

        def done(begun: tuple[PreparedTraining, Rerun | None]) -> None:
            prepared, rerun = begun
            self._last = (run.details.name, prepared.settings)
            self._take_over(prepared, rerun)
            self.set_settings(prepared.settings, f"settings of {run.details.name}")
            self.context.workspace.set_augmentation(prepared.settings.augmentation)
            self.show("live")

        self.context.submit(
            "engine",
            lambda task: open_rerun(run, task),
            f"Opening {run.details.name}",
            key="train.rerun",
            on_done=done,
        )

    def note_names(self, names: Iterable[str]) -> None:
        self._used |= set(names)

    def use_trained(self) -> None:
        """Make what the last run has made the current model, in all panels."""
        if self._trained is not None:
            self.context.workspace.add_model(self._trained)

    def show_result(self, source: object) -> None:
        """Show what came of a training: accuracy, confusion, mistakes."""
        self.show("result")
        self.result_requested.emit(source)

    def _model_changed(self, _model: object) -> None:
        # Somebody has chosen a network: that one is meant. What a run has made is no other than the run's.
        current = self.context.workspace.model
        if current is None or self._trained is None or current.id != self._trained.id:
            self._initial, self._rerun, self._trained = None, None, None
            self._start.set("trained")
        self._subject_changed()

    def _subject_changed(self, _what: object = None) -> None:
        # What was found of another network or other data is not told of this one.
        self.check()
        self.subject_changed.emit()

    def _given_changed(self, _given: object) -> None:
        self.settings_changed.emit(self.settings)
        self.check()

    def _checked(self, checked: SettingsCheck | None) -> None:
        self.last_check = checked
        self.checked.emit(checked)
        if checked is not None and self._start_when_checked:
            self._start_when_checked = False
            if self.can_start:
                self.start()

    def _not_checked(self, error: BaseException) -> None:
        """A network that takes no images, and the like: that is a finding, too."""
        from convscope.engine.training.checks import Finding

        if isinstance(error, UserError):
            self._checked(SettingsCheck((Finding("error", "model", error.message),), None, (0, 0, 0)))
        else:
            self.context.report(error)

    def _prepared(self, prepared: PreparedTraining) -> None:
        assert self.trainer.plan is not None
        self._last = (self.trainer.plan.name, prepared.settings)
        self._take_over(prepared, self.trainer.plan.rerun, from_plan=True)
        settings, self._for_its_data = self._for_its_data, None
        if settings is not None:
            self.set_settings(settings)
            self.context.workspace.set_augmentation(settings.augmentation)
        self.runs_changed.emit()

    def _take_over(self, prepared: PreparedTraining, rerun: Rerun | None, *, from_plan: bool = False) -> None:
        """Make a run's initial weights and its data those of the next one."""
        self._initial, self._from_plan = prepared.model, from_plan
        self._rerun = rerun
        self._start.set("initial")
        self.context.workspace.set_dataset(prepared.dataset, as_split=True)
        self._subject_changed()

    def _finished(self, finished: FinishedTraining) -> None:
        self.finished = finished
        self.check_files()
        ready, plan = self.trainer.ready, self.trainer.plan
        if ready is not None and plan is not None:
            # Another model may have been looked at meanwhile.
            self._initial, self._from_plan = ready.model, True
            self._start.set("initial")
            self._rerun = plan.rerun
        fitted = finished.trained.fitted
        if fitted.outcome != "diverged" or fitted.best is not None:
            self._trained = finished.model
            self.subject_changed.emit()
            if not self.watched:
                self.context.offer(f"{finished.name} has ended.", "Use this network", self.use_trained)
        self.runs_changed.emit()
