"""What is watched while a network learns: its curves, one layer's maps of one image, how it ended. No Qt."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import NotDownloadedError, NotEnoughMemoryError, UserError
from convscope.core.task import Task
from convscope.core.words import clock
from convscope.ui.panels.train.live.curves import CurvesShown
from convscope.ui.panels.train.plan import FinishedTraining, PreparedTraining
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.control import Watch
    from convscope.engine.training.record import EpochRecord
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.runs.unfinished import Unfinished
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.snapshots import NetworkSnapshot

CURRENT = -1  # the number of the current image among those whose maps can be shown; samples count from 0
SCOPE = "train.live"
# A button's object name, its words, and what it does.
Offer = tuple[str, str, Callable[[], object]]


@dataclass(frozen=True, eq=False)
class Announcement:
    """A sentence, and what can be done about it, the best first."""

    kind: Literal["good", "info", "warning", "bad"]
    words: str
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, eq=False)
class KeptCurves:
    """The curves of a run that lies on the disk.

    Attributes:
        run: its folder.
        settings: of the training.
        head_epochs: of a new classifier alone.
        epochs, batches: its history.
        sentence: how it ended.
        interrupted: it was cut off: that is offered anyway.
        can_resume, has_model: what can be done with it.
    """

    run: Run
    settings: TrainingSettings
    head_epochs: int
    epochs: tuple[EpochRecord, ...]
    batches: Mapping[str, Sequence[float]]
    sentence: str
    interrupted: bool
    can_resume: bool
    has_model: bool

    @property
    def steps(self) -> int:
        whole = max((len(values) for values in self.batches.values()), default=0)
        return max(1, whole // max(1, len(self.epochs)))


class LiveViewModel:
    """What the live page asks of the training that is on, or of the network that came out last.

    Signals:
        choices_changed: `prepared` is another one: other layers and images can be chosen.
        current_changed: the current image is another one.
        can_choose_changed: see `can_choose`.
        forgot: another training begins, nothing is known yet.
        looked: a `NetworkSnapshot` to show.
        outdated: whether the maps on show are not those of what is chosen.
        no_maps: there are none of what is chosen.
        trouble: why; "" as a rule.
        told: see `said`.
        interrupted_changed: see `interrupted`.
        kept_curves: the `KeptCurves` of the run on show, where a snapshot has brought it.

    Attributes:
        curves: the part that says how the curves are shown.
        layer: the part with the path of the layer whose maps are shown; "": the first.
        image: the part with the number of the image for them: of a sample, or `CURRENT`.
        run: the part with the id of the run on show: the one that is trained, or was last.
        prepared: of the training that is on, or was last.
        said: how the last training ended; None while one is on.
        interrupted: the runs that were cut off and can go on.
        watched: somebody sees the looks into the network.
    """

    choices_changed = Signal()
    current_changed = Signal()
    can_choose_changed = Signal()
    forgot = Signal()
    looked = Signal(object)
    outdated = Signal(bool)
    no_maps = Signal()
    trouble = Signal(str)
    told = Signal(object)
    interrupted_changed = Signal()
    kept_curves = Signal(object)

    def __init__(self, train: TrainViewModel) -> None:
        self.train, self.context, self.trainer = train, train.context, train.trainer
        workspace, listen, trainer = self.context.workspace, self.context.listen, train.trainer
        self.curves = workspace.part("train.curves", CurvesShown(), SCOPE)
        self.layer = workspace.part("train.live.layer", "", SCOPE)
        self.image = workspace.part("train.live.image", CURRENT, SCOPE)
        self.run = workspace.part("train.live.run", "", SCOPE)
        self.prepared: PreparedTraining | None = None
        self.said: Announcement | None = None
        self.interrupted: tuple[Unfinished, ...] = ()
        self.watched = False
        self._trained: OpenedModel | None = None
        self._current: NDArray[np.float32] | None = None
        self._image_trouble = ""
        # The layer and the image of the maps on show.
        self._shown: tuple[str | None, NDArray[np.float32] | None] | None = None
        # The samples, the number of the one whose maps are wanted, and that one: told apart by identity.
        self._pictured: tuple[object, int, NDArray[np.float32] | None] = (None, CURRENT, None)
        listen(self.run.changed, self.show_run)
        listen(self.layer.changed, lambda _path: self.watch())
        listen(self.image.changed, self._image_chosen)
        listen(workspace.image_changed, self._image_changed)
        listen(trainer.began, self._began)
        listen(trainer.prepared, self._prepared)
        listen(trainer.looked, self._show)
        listen(trainer.finished, self._finished)
        listen(trainer.failed, self._failed)
        listen(trainer.cancelled, self._cancelled)
        listen(trainer.state_changed, lambda _state: self.can_choose_changed.emit())
        # One that was deleted, or gone on with, is offered no more.
        listen(train.runs_changed, self.find_interrupted)
        self.find_interrupted()

    @property
    def can_choose(self) -> bool:
        return self.prepared is not None and (self.trainer.active or self._trained is not None)

    @property
    def layers(self) -> tuple[tuple[str, str], ...]:
        """(path, words) of the layers that have maps: rows, columns and channels."""
        if self.prepared is None:
            return ()
        return tuple(
            (info.path, f"{info.path}  {'×'.join(map(str, info.shape))}")
            for info in self.prepared.model.layers
            if info.kind != "InputLayer" and info.shape is not None and len(info.shape) == 3
        )

    @property
    def shown_layer(self) -> str | None:
        """The chosen layer, else that of the layers panel, else the first."""
        paths = [path for path, _words in self.layers]
        wanted = (self.layer.value, self.context.workspace.layer)
        return next((path for path in wanted if path in paths), paths[0] if paths else None)

    @property
    def images(self) -> tuple[tuple[int, str], ...]:
        found = [(CURRENT, f"current, {self.context.workspace.image.name}")]
        if self.prepared is not None and self.prepared.samples is not None:
            classes = self.prepared.dataset.classes
            labels = self.prepared.samples.labels
            found += [(number, f"sample, {classes[label]}") for number, label in enumerate(labels)]
        return tuple(found)

    @property
    def shown_image(self) -> int:
        """The chosen image, else the current one."""
        return self.image.value if self.image.value in dict(self.images) else CURRENT

    def set_watched(self, watched: bool) -> None:
        """Somebody sees the looks into the network, or nobody does: looking costs steps."""
        self.watched = watched
        self.watch()

    def watch(self) -> None:
        """Tell the training thread what to look at; nothing while nobody sees it. Afterwards look once."""
        from convscope.engine.training.control import Watch

        prepared = self.prepared
        if prepared is not None and self._shown is not None and not self._image_trouble:
            self.outdated.emit(not self._is_shown(self._wanted(prepared)))
        if prepared is None or not self.watched:
            self.trainer.watch(Watch())
        elif self.trainer.active:
            self.trainer.watch(self._wanted(prepared))
        elif self._trained is not None:
            self._look_once(self._trained, self._wanted(prepared))

    def _image_chosen(self, _number: object = None) -> None:
        self._image_trouble = ""
        if self.shown_image == CURRENT:
            self._ask_current()
        else:
            self.watch()

    def _image_changed(self, _image: object) -> None:
        if self.prepared is None:
            return
        self.current_changed.emit()
        if self.shown_image == CURRENT:
            self._image_chosen()

    def _ask_current(self) -> None:
        """The current image as the network sees it; made in a worker."""
        if self.prepared is None:
            return
        model, image = self.prepared.model, self.context.workspace.image

        def work(_task: Task) -> Any:
            return model.prepare(image).batch

        def done(batch: NDArray[np.float32]) -> None:
            if self.prepared is not None and self.prepared.model is model:
                self._current = batch
                self.watch()

        self.context.submit(
            "imaging",
            work,
            "Preparing the image",
            key="train.image",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self._no_image,
        )

    def _no_image(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self.context.report(error)
            return
        self._current, self._image_trouble = None, error.message
        self._shown = None
        self.no_maps.emit()
        self.outdated.emit(False)
        self.trouble.emit(error.message)
        self.watch()

    def _look_once(self, model: OpenedModel, watch: Watch) -> None:
        def work(_task: Task) -> NetworkSnapshot:
            from convscope.engine.training.control import Control
            from convscope.engine.training.snapshots import Observer

            control = Control()
            control.watch(watch)
            return Observer(model, control, lambda _snapshot: None).look(0, 0)

        def done(snapshot: NetworkSnapshot) -> None:
            if model is self._trained:
                self._show(snapshot)

        self.context.submit(
            "engine",
            work,
            "Looking into the network",
            key="train.look",
            supersede="finish",
            quiet=True,
            on_done=done,
        )

    def _wanted(self, prepared: PreparedTraining) -> Watch:
        from convscope.engine.training.control import Watch

        samples, number = prepared.samples, self.shown_image
        image = self._current
        if samples is not None and number != CURRENT:
            if self._pictured[0] is not samples or self._pictured[1] != number:
                self._pictured = (samples, number, samples.batch[number : number + 1])
            image = self._pictured[2]
        return Watch(self.shown_layer, image, None if samples is None else samples.batch)

    def _is_shown(self, wanted: Watch) -> bool:
        """Whether the maps on show are those of what is chosen."""
        if self._shown is None or wanted.image is None:
            return False
        return self._shown[0] == wanted.layer and self._shown[1] is wanted.image

    def _show(self, snapshot: NetworkSnapshot) -> None:
        if not self.watched:
            return
        if snapshot.maps is not None:
            self._shown = (snapshot.layer, snapshot.image)
        elif snapshot.trouble:
            # Those of what was chosen before do not answer.
            self._shown = None
            self.no_maps.emit()
        self.looked.emit(snapshot)
        if self._shown is None or self.prepared is None or self._is_shown(self._wanted(self.prepared)):
            self.outdated.emit(False)
        self.trouble.emit(snapshot.trouble or self._image_trouble)

    def _began(self, _plan: object) -> None:
        self.prepared = self._trained = self._shown = None
        self._image_trouble = ""
        self._tell(None)
        self.forgot.emit()
        self.can_choose_changed.emit()

    def _prepared(self, prepared: PreparedTraining) -> None:
        self.prepared, self._current = prepared, None
        self.run.set(prepared.run)
        self.choices_changed.emit()
        self.can_choose_changed.emit()
        self._image_chosen()

    def _tell(self, said: Announcement | None) -> None:
        self.said = said
        self.told.emit(said)

    def _finished(self, finished: FinishedTraining) -> None:
        # The network that came out can be looked into as it was while it learned.
        self._trained = finished.trained.model
        self.can_choose_changed.emit()
        self.watch()
        self.tell_end(finished)

    def tell_end(self, finished: FinishedTraining) -> None:
        """How a training has ended, what came out, and what can be done with it."""
        from convscope.engine.training.checks import unreadable
        from convscope.engine.training.optimizer import gentler

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
        if fitted.outcome == "diverged":
            lower = gentler(finished.settings.optimizer.learning_rate)
            lowered = ("train.notice.rate", f"Learning rate {lower:g}", lambda: self._set_rate(lower))
            self._tell(Announcement("bad", words, (lowered,)))
            return
        offers: list[Offer] = [
            ("train.notice.result", "See the result", lambda: self.train.show_result(finished)),
            ("train.notice.use", "Use this network", self.train.use_trained),
        ]
        run = finished.trained.run
        if run is not None and run.can_resume:
            onwards = "Start it again" if run.starts_again else "Go on"
            offers.append(("train.notice.resume", onwards, lambda: self.train.resume(run)))
        self._tell(Announcement("good" if fitted.outcome != "stopped" else "info", words, tuple(offers)))

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self.context.report(error)
            self._tell(Announcement("bad", f"The training failed: {error}"))
            return
        if isinstance(error, NotDownloadedError):
            # With the button that downloads it.
            self.context.report(error)
        offers: tuple[Offer, ...] = ()
        half = self.train.settings.batch_size // 2
        if isinstance(error, NotEnoughMemoryError) and half:
            offers = (("train.notice.batch", f"Batches of {half}", lambda: self._set_batch(half)),)
        self._tell(Announcement("bad", error.message, offers))

    def _cancelled(self) -> None:
        control = self.trainer.control
        if control is not None and control.stopping:
            # Features are extracted before the first step.
            words = "Stopped before the first step: nothing was learned."
        else:
            words = "The training was cancelled. It can be resumed among the runs."
        self._tell(Announcement("info", words))

    def _set_rate(self, rate: float) -> None:
        self._tell(None)
        self.train.edit(
            lambda s: replace(s, optimizer=replace(s.optimizer, learning_rate=rate)), "learning rate"
        )

    def _set_batch(self, size: int) -> None:
        self._tell(None)
        self.train.edit(lambda s: replace(s, batch_size=size), "batch size")

    def show_run(self, _id: str = "") -> None:
        """Show the run that a snapshot has brought, as it lies on the disk."""
        wanted = self.run.value
        if not wanted or self.trainer.active:
            return

        def work(_task: Task) -> KeptCurves:
            from convscope.engine.training.runs.run import Run, runs_folder

            run = Run.open(runs_folder() / wanted)
            details, has_model = run.details, run.model_path is not None
            return KeptCurves(
                run,
                details.settings,
                details.head_epochs,
                run.history,
                run.batches,
                run.sentence,
                run.state == "interrupted",
                run.can_resume,
                has_model,
            )

        def done(kept: KeptCurves) -> None:
            if self.run.value != wanted or self.trainer.active or not kept.epochs:
                return
            self.kept_curves.emit(kept)
            if kept.interrupted:
                return
            offers: list[Offer] = []
            if kept.has_model:
                see = ("train.notice.result", "See the result", lambda: self.train.show_result(kept.run))
                offers.append(see)
            if kept.can_resume:
                offers.append(("train.notice.resume", "Go on", lambda: self.train.resume(kept.run)))
            self._tell(Announcement("info", kept.sentence, tuple(offers)))

        def failed(error: BaseException) -> None:
            # It has gone meanwhile, or is damaged, which the list of the runs tells.
            if not isinstance(error, UserError):
                self.context.report(error)

        self.context.submit(
            "view", work, "Reading the run", key="train.live.run", quiet=True, on_done=done, on_failed=failed
        )

    def find_interrupted(self) -> None:
        """Look for runs that can go on, and for the names that are taken."""

        def work(_task: Task) -> tuple[tuple[Unfinished, ...], list[str]]:
            from convscope.engine.training.runs.run import list_runs
            from convscope.engine.training.runs.unfinished import unfinished_runs

            names = []
            for run in list_runs():
                with contextlib.suppress(UserError):  # deleted meanwhile
                    names.append(run.details.name)
            return unfinished_runs(), names

        def done(found: tuple[tuple[Unfinished, ...], list[str]]) -> None:
            self.train.note_names(found[1])
            self.set_interrupted(found[0])

        self.context.submit(
            "view", work, "Looking for interrupted runs", key="train.interrupted", quiet=True, on_done=done
        )

    def set_interrupted(self, runs: tuple[Unfinished, ...]) -> None:
        """Offer to go on with the first of them, if nothing is trained now."""
        self.interrupted = runs
        self.interrupted_changed.emit()

    def leave(self, run: Run) -> None:
        """Do not offer it again; among the runs it stays."""
        try:
            run.set_status("stopped", run.sentence)
        except (UserError, OSError) as error:
            self.context.report(error)
        self.train.runs_changed.emit()
        self.set_interrupted(self.interrupted[1:])

    @property
    def offered(self) -> Announcement | None:
        if not self.interrupted or self.trainer.active:
            return None
        first = self.interrupted[0]
        run, sentence = first.run, first.sentence
        return Announcement(
            "warning",
            f"“{first.name}”: {sentence[:1].lower()}{sentence[1:]}",
            (
                (
                    "train.interrupted.resume",
                    "Start it again" if first.starts_again else "Resume",
                    lambda: self.train.resume(run),
                ),
                ("train.interrupted.leave", "Leave it", lambda: self.leave(run)),
            ),
        )
