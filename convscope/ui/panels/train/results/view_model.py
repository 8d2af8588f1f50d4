"""What came of a training: the network on one part of its data, and the images that are looked at. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import NotDownloadedError, UserError
from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.training.transfer.svm import SupportVectorMachine
from convscope.ui.panels.train.plan import FinishedTraining
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.evaluate import Evaluation
    from convscope.engine.training.runs.run import Run

# What has learned: a training of this workspace, a run, or a machine on a network's features.
ResultSource = Union[FinishedTraining, "Run", SupportVectorMachine]
KEY, IMAGES_KEY = "train.result", "train.result.images"
SCOPE = "train.result"
SIDE = 128  # pixels of a thumbnail
MOST = 240  # thumbnails of one cell; nobody looks at more
WORST = 30
NOTHING_YET = "No training has ended yet. Train a network, or choose a run."


@dataclass(frozen=True)
class ResultChoice:
    """What of a result is looked at.

    Attributes:
        run: the id of the run: its folder's name; "" for what is kept nowhere.
        part: of the data.
        cell: (true, predicted) of the confusion matrix, whose images are shown.
        true_class: whose mistakes are shown; with neither, the worst mistakes of all are.
        image: the image that is selected, by its number in the data set.
    """

    run: str = ""
    part: Literal["train", "validation", "test"] = "test"
    cell: tuple[int, int] | None = None
    true_class: int | None = None
    image: int | None = None


@dataclass(frozen=True, eq=False)
class ShownImages:
    """The images of a cell or a class, or the worst mistakes.

    Attributes:
        words: what they are.
        indices: int64 (n,), their numbers in the data set, the most confident first.
        captions: of each: what it is, what it was taken for, how confidently.
        size: what the data set brings images to, (height, width), or ().
    """

    words: str
    indices: NDArray[np.int64]
    captions: tuple[str, ...]
    size: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """One network on one part of its data.

    Attributes:
        name: of the run.
        source: where it came from.
        model: the trained network; None where there is none.
        dataset: split as it was for training.
        evaluation: on one of its parts.
    """

    name: str
    source: ResultSource
    model: OpenedModel | None
    dataset: Dataset
    evaluation: Evaluation


def outcome_of(
    source: ResultSource, split: SplitName, known: TrainingOutcome | None, task: Task
) -> TrainingOutcome:
    """Evaluate what a run or a machine has learned on a part of its data; for a job.

    Args:
        known: an outcome of the same source, whose network and data are open already.

    Raises:
        UserError: network or data have gone, or the part is empty.
    """
    from convscope.engine.training.evaluate import evaluate

    if isinstance(source, SupportVectorMachine):
        return TrainingOutcome(source.name, source, None, source.dataset, source.evaluate(split, task))
    model: OpenedModel | None
    if isinstance(source, FinishedTraining):
        trained = source.trained
        name, model, dataset = source.name, source.model, source.dataset
        if trained.test is not None and split == trained.test.split:
            return TrainingOutcome(name, source, model, dataset, trained.test)
    elif known is not None:
        name, model, dataset = known.name, known.model, known.dataset
    else:
        name, model, dataset = _opened(source, task)
    assert model is not None
    return TrainingOutcome(name, source, model, dataset, evaluate(model, dataset, split, task=task))


def _opened(run: Run, task: Task) -> tuple[str, OpenedModel, Dataset]:
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.files.open_file import open_file
    from convscope.engine.training.data import data_fingerprint, split_of

    details, path = run.details, run.model_path
    if path is None:
        raise UserError(f"{details.name} ended before it had learned anything: there is nothing to show.")
    dataset, _ = split_of(run, open_dataset(details.data.reference, task), details.settings, task)
    if data_fingerprint(dataset) != details.data.fingerprint:
        raise UserError(
            f"{details.data.title} is not what it was when {details.name} was trained: images that it "
            f"learned from could be among those that test it now."
        )
    opened = open_file(path, task)
    model = opened.with_(classes=details.data.classes, preprocessing=details.preprocessing)
    model.name = details.name
    return details.name, model, dataset


class ResultViewModel:
    """The page of results.

    Signals:
        said: a sentence to show in place of a result.
        outcome_changed: a `TrainingOutcome` is there.
        part_changed: the part of the data whose result is on show.
        images_changed: the `ShownImages`.
        pictures: (number of the first, uint8 (n, SIDE, SIDE, 3)) of the images that are shown.
        selected: see `selection`.

    Attributes:
        choice: the part that says what is looked at.
        outcome: what is on show, or None.
        images: the images on show.
    """

    said = Signal(str)
    outcome_changed = Signal(object)
    part_changed = Signal(str)
    images_changed = Signal(object)
    pictures = Signal(object)
    selected = Signal()

    def __init__(self, train: TrainViewModel) -> None:
        self.train, self.context = train, train.context
        self.choice = self.context.workspace.part("train.result", ResultChoice(), SCOPE)
        self.outcome: TrainingOutcome | None = None
        self.images = ShownImages("", np.zeros(0, np.int64), ())
        self._source: ResultSource | None = None
        # The training whose result was shown by itself last.
        self._met: FinishedTraining | None = None
        self._choosing = False
        self.context.listen(self.choice.changed, self._choice_changed)
        self.context.listen(train.result_requested, self.show)
        for key in (KEY, IMAGES_KEY):
            self.context.ending.call(partial(self.context.jobs.cancel_key, key))

    def begin(self) -> None:
        """Show what a snapshot has brought, if there is something."""
        if self.choice.value.run and self._source is None:
            self._open_run(self.choice.value)

    def arrive(self) -> None:
        """A training that has ended since is what one comes for, if it has learned anything."""
        finished = self.train.finished
        if finished is None or finished is self._met:
            return
        self._met = finished
        fitted = finished.trained.fitted
        if fitted.outcome != "diverged" or fitted.best is not None:
            self.show(finished)

    def show(self, source: ResultSource) -> None:
        """Show what came of a training, on its test images if there are some."""
        self._source, self.outcome = source, None
        self._choose(ResultChoice(_run_id(source)))
        self.part_changed.emit("test")
        self._evaluate("test")

    def show_part(self, part: str) -> None:
        if self._source is not None:
            self._evaluate(part)

    def show_worst(self) -> None:
        self._look_at(cell=None, true_class=None)

    def show_cell(self, true: int, predicted: int) -> None:
        self._look_at(cell=(true, predicted), true_class=None)

    def show_class(self, true: int) -> None:
        self._look_at(cell=None, true_class=true)

    def select(self, row: int | None) -> None:
        """Select one of the images on show, by its place."""
        image = None if row is None else int(self.images.indices[row])
        self._choose(replace(self.choice.value, image=image))
        self.selected.emit()

    @property
    def selection(self) -> int | None:
        """The place of the selected image among those on show."""
        found = np.flatnonzero(self.images.indices == self.choice.value.image)
        return int(found[0]) if self.choice.value.image is not None and len(found) else None

    @property
    def has_network(self) -> bool:
        """Whether it is a network that can be asked where it looked."""
        return self.outcome is not None and self.outcome.model is not None

    def open_selected(self, then: str = "") -> None:
        """Make the selected image the current one; and go to a panel with the network."""
        outcome, index, context = self.outcome, self.choice.value.image, self.context
        if outcome is None or index is None:
            return

        def work(_task: Task) -> Any:
            from convscope.engine.data.dataset import as_image

            return as_image(outcome.dataset, index)

        def done(image: Any) -> None:
            context.workspace.add_images([image])
            if then and outcome.model is not None:
                context.workspace.add_model(outcome.model)
                context.show_panel(then)

        context.submit("view", work, "Opening the image", on_done=done)

    @property
    def facts(self) -> tuple[str, str]:
        assert self.outcome is not None
        evaluation = self.outcome.evaluation
        right = int(np.trace(evaluation.confusion))
        loss = "" if math.isnan(evaluation.loss) else f" · loss {evaluation.loss:.4f}"
        wrong = evaluation.images - right
        words = f"{right:,} of {evaluation.images:,} images right · {wrong:,} wrong{loss}"
        return percent(evaluation.accuracy, 2, fixed=True), words

    def _choose(self, choice: ResultChoice) -> None:
        """Note what is looked at; it is shown already."""
        self._choosing = True
        self.choice.set(choice)
        self._choosing = False

    def _choice_changed(self, choice: ResultChoice) -> None:
        """A snapshot has brought another one."""
        if self._choosing:
            return
        shown = "" if self._source is None else _run_id(self._source)
        if choice.run != shown:
            self._open_run(choice)
        elif self.outcome is not None and choice.part != self.outcome.evaluation.split:
            self._evaluate(choice.part)
        else:
            self._show_images()

    def _open_run(self, choice: ResultChoice) -> None:
        from convscope.engine.training.runs.run import Run, runs_folder

        self._source = self.outcome = None
        if not choice.run:
            self.said.emit(NOTHING_YET)
            return
        try:
            self._source = Run.open(runs_folder() / choice.run)
        except UserError as error:
            self.said.emit(error.message)
            return
        self._evaluate(choice.part)

    def _evaluate(self, split: str) -> None:
        source = self._source
        if source is None:
            return
        part: SplitName = next(name for name in ("test", "validation", "train") if name == split)
        known = self.outcome if self.outcome is not None and self.outcome.source is source else None

        def work(task: Task) -> TrainingOutcome:
            return outcome_of(source, part, known, task)

        if self.outcome is None:
            self.said.emit("Looking at the images…")
        self.context.submit(
            "engine",
            work,
            "Evaluating",
            key=KEY,
            on_done=self._show,
            on_failed=self._failed,
            on_cancelled=self._cancelled,
        )

    def _show(self, outcome: TrainingOutcome) -> None:
        self.outcome, choice = outcome, self.choice.value
        if outcome.evaluation.split != choice.part:
            # A cell is one of a part: another part begins with its worst mistakes.
            choice = ResultChoice(choice.run, outcome.evaluation.split)
        last = len(outcome.evaluation.classes)
        if max(choice.cell or (0,)) >= last or (choice.true_class or 0) >= last:
            choice = replace(choice, cell=None, true_class=None)
        self._choose(choice)
        self.outcome_changed.emit(outcome)
        self._show_images()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, UserError):
            self.said.emit(error.message)
            if isinstance(error, NotDownloadedError):
                # With the button that downloads it.
                self.context.report(error)
        else:
            self.context.report(error)
            self.said.emit("The network could not be evaluated.")

    def _cancelled(self) -> None:
        if self.outcome is not None:
            self.part_changed.emit(self.outcome.evaluation.split)
        elif self._source is not None:
            self.said.emit("The evaluation was cancelled.")

    def _look_at(self, **changed: Any) -> None:
        if self.outcome is None:
            # A key may still reach what another evaluation has just hidden.
            return
        self._choose(replace(self.choice.value, image=None, **changed))
        self._show_images()

    def _show_images(self) -> None:
        if self.outcome is None:
            return
        words, indices = self._chosen(self.outcome.evaluation)
        more = f" (the first {MOST})" if len(indices) > MOST else ""
        chosen = indices[:MOST]
        captions = tuple(self._caption(int(index)) for index in chosen)
        dataset = self.outcome.dataset
        # The images' own size; the thumbnails' would be taken for it.
        self.images = ShownImages(words + more, chosen, captions, dataset.image_size or ())
        if self.selection is None:
            self._choose(replace(self.choice.value, image=None))
        self.images_changed.emit(self.images)
        self.selected.emit()
        if not len(chosen):
            self.context.jobs.cancel_key(IMAGES_KEY)
            return

        def work(task: Task) -> None:
            from convscope.engine.data.resize import Target

            step = 24
            for start in range(0, len(chosen), step):
                task.check()
                pixels, _ = dataset.images.load(chosen[start : start + step], Target(SIDE, SIDE, 3, "pad"))
                task.partial((start, pixels))

        self.context.jobs.submit(
            "view", work, title="Thumbnails", key=IMAGES_KEY, quiet=True, on_partial=self.pictures.emit
        )

    def _chosen(self, evaluation: Evaluation) -> tuple[str, NDArray[np.int64]]:
        choice, names = self.choice.value, evaluation.classes
        if choice.cell is not None:
            return cell_words(evaluation.confusion, names, choice.cell), evaluation.cell(*choice.cell)
        if choice.true_class is not None:
            true = choice.true_class
            own = np.flatnonzero((evaluation.true == true) & (evaluation.predicted != true))
            order = own[np.argsort(-evaluation.confidence[own], kind="stable")]
            name = names[true]
            words = f"{name}, taken for something else: {len(own):,}" if len(own) else f"{name}: no mistake"
            return words, evaluation.indices[order]
        mistakes = evaluation.worst(WORST)
        words = "The worst mistakes: the most confident first" if mistakes else "There is no mistake."
        return words, np.array([mistake.index for mistake in mistakes], np.int64)

    def _caption(self, index: int) -> str:
        assert self.outcome is not None
        evaluation = self.outcome.evaluation
        at = int(np.searchsorted(evaluation.indices, index))
        if at >= len(evaluation.indices) or evaluation.indices[at] != index:
            at = int(np.flatnonzero(evaluation.indices == index)[0])
        true, predicted = int(evaluation.true[at]), int(evaluation.predicted[at])
        confident = percent(float(evaluation.confidence[at]))
        names = evaluation.classes
        if true == predicted:
            return f"{names[true]} {confident}"
        return f"{names[true]} → {names[predicted]} {confident}"


def _run_id(source: ResultSource) -> str:
    if isinstance(source, SupportVectorMachine):
        return ""
    run = source.trained.run if isinstance(source, FinishedTraining) else source
    return run.folder.name if run is not None else ""


def cell_words(counts: NDArray[np.int64], classes: tuple[str, ...], cell: tuple[int, int]) -> str:
    """A cell of a confusion matrix in a sentence."""
    true, predicted = cell
    count, total = int(counts[cell]), int(counts[true].sum())
    portion = f" ({percent(count / total)})" if total else ""
    said = "recognised" if true == predicted else f"taken for {classes[predicted]}"
    return f"{classes[true]}, {said}: {count:,} of {total:,}{portion}"
