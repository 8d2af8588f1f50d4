"""The training panel without a window: what is asked, what is told, and what a snapshot brings back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from subprocess import run

import numpy as np
import pytest
from train_helpers import few_digits, tiny_model

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.engine.data.augmentation import LECTURE
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import InputSettings
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Watch
from convscope.engine.training.runs.run import list_runs
from convscope.engine.training.runs.unfinished import Unfinished
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.imaging.image import Image
from convscope.ui.panels.train.live.view_model import CURRENT, LiveViewModel
from convscope.ui.panels.train.plan import TrainingPlan
from convscope.ui.panels.train.results.view_model import ResultChoice, ResultViewModel
from convscope.ui.panels.train.runs.view_model import RunsViewModel, SortedBy
from convscope.ui.panels.train.transfer.view_model import TransferViewModel
from convscope.ui.panels.train.view_model import TrainViewModel
from convscope.workspace.workspace import Workspace
from tests.made_runs import DAMAGE, made_run
from tests.without_qt import InlineJobs, Told, bare_context

QUICK = TrainingSettings(epochs=2, batch_size=64)


class Setup:
    """A workspace whose jobs run when the test says so, and the panel's view model on it."""

    def __init__(self, snapshot: dict[str, object] | None = None) -> None:
        self.workspace = Workspace([Image(np.zeros((28, 28), np.uint8), "black")])
        self.workspace.scope = "train.live"
        if snapshot is not None:
            self.workspace.document.restore(json.loads(json.dumps(snapshot)))
        self.jobs, self.told = InlineJobs(), Told()
        self.train = TrainViewModel(bare_context(self.workspace, self.jobs, self.told))

    def open(self, model: OpenedModel, dataset: Dataset) -> None:
        self.workspace.add_model(model)
        self.workspace.set_dataset(dataset)
        self.jobs.run()

    def learn(self, settings: TrainingSettings = QUICK) -> None:
        """Train to the end."""
        self.train.set_settings(settings)
        self.jobs.run()
        self.train.start()
        self.jobs.run()
        assert not self.train.trainer.active


@pytest.fixture
def setup() -> Iterator[Setup]:
    made = Setup()
    yield made
    made.train.context.ending.end()


@pytest.fixture
def ready(setup: Setup, tiny: OpenedModel, digits: Dataset) -> Setup:
    """With a network and data that fit."""
    setup.open(tiny, digits)
    return setup


@pytest.mark.parametrize("name", ["view_model", *(f"{page}.view_model" for page in ("live", "runs"))])
def test_it_needs_no_qt(name: str) -> None:
    modules = f"convscope.ui.panels.train.{name}"
    code = f"import sys, {modules}; sys.exit(bool({{'PySide6', 'tensorflow'}} & set(sys.modules)))"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_checked_follows_from_network_data_and_settings(setup: Setup, tiny: OpenedModel) -> None:
    train, told = setup.train, []
    train.checked.connect(told.append)
    train.check()
    assert told == [None] and not setup.jobs.waiting and train.data_words == "None yet"
    setup.workspace.add_model(tiny)
    setup.workspace.set_dataset(few_digits())
    train.edit(lambda s: replace(s, batch_size=30))
    # Of several questions only the last is answered.
    assert [job.key for job in setup.jobs.waiting] == ["train.check"]
    setup.jobs.run()
    (check,) = [each for each in told if each is not None]
    assert check.findings == () and check.images == (241, 59, 60)
    assert train.data_words == "Digits · 10 classes\n241 to train · 59 to validate · 60 to test"
    train.edit(lambda s: replace(s, optimizer=replace(s.optimizer, learning_rate=5.0)))
    # What is found of these settings is not known yet, and nothing can be fixed by what was found before.
    assert train.last_check is None
    setup.jobs.run()
    (finding,) = train.last_check.findings  # type: ignore[union-attr]
    assert finding.fix is not None
    train.fix(finding.fix)
    setup.jobs.run()
    assert train.settings.optimizer.learning_rate == 0.001 and train.last_check.findings == ()  # type: ignore[union-attr]
    assert not train.edit(lambda s: replace(s, batch_size=0))
    assert [str(error) for error in setup.told.errors] == ["The batch size is 0: it goes from 1 to 65536."]
    setup.workspace.undo()
    assert train.settings.optimizer.learning_rate == 5.0


def test_a_training_from_start_to_end(ready: Setup, tiny: OpenedModel) -> None:
    train, states, said = ready.train, [], []
    live = LiveViewModel(train)
    train.trainer.state_changed.connect(states.append)
    live.told.connect(said.append)
    assert train.suggested_name() == "tiny on Digits"
    train.named.set("mine")
    ready.learn()
    assert states == ["preparing", "running", "idle"] and train.named.value == ""
    assert train.trainer.recorder is not None and train.trainer.recorder.stage == "testing"
    (kept,) = list_runs()
    assert kept.details.name == "mine" and len(kept.history) == 2
    assert train.finished is not None and train.finished.name == "mine"
    # How it ended, once; and the counts of the data stand there still.
    assert said[0] is None and said[-1].words.startswith("All 2 epochs are done, 8 steps. Test accuracy 0.")
    assert [name for name, *_ in said[-1].offers] == ["train.notice.result", "train.notice.use"]
    assert train.data_words.endswith("241 to train · 59 to validate · 60 to test")
    # Nobody was looking: it is offered where everybody sees it.
    assert ready.told.offers == ["mine has ended."]
    assert train.can_start_over and train.start_from == "initial" and train.model is tiny
    train.set_start_from("trained")
    assert train.model is train.finished.model
    # Another network is meant as it is.
    other = tiny_model()
    ready.workspace.add_model(other)
    assert train.model is other and not train.can_start_over


def test_a_training_that_fails_says_why(setup: Setup, digits: Dataset) -> None:
    ready, live, model = setup, LiveViewModel(setup.train), tiny_model(last="linear")
    ready.open(model, digits)
    rate = OptimizerSettings("sgd", learning_rate=1000)
    ready.learn(TrainingSettings(rate, loss="mean_squared_error", batch_size=16))
    assert live.said is not None and live.said.kind == "bad"
    assert "The loss is no number any more (NaN)" in live.said.words
    # Nothing was learned: no model of it.
    assert ready.workspace.models == (model,)
    (lower,) = live.said.offers
    assert lower[:2] == ("train.notice.rate", "Learning rate 0.01")
    lower[2]()
    assert ready.train.settings.optimizer.learning_rate == 0.01 and live.said is None
    ready.jobs.run()
    assert ready.train.can_start
    ready.train.start()
    (job,) = [job for job in ready.jobs.waiting if job.lane == "training"]
    ready.jobs.cancel(job)
    assert live.said is not None and live.said.words.startswith("The training was cancelled.")


def test_what_is_watched_follows_from_layer_and_image(ready: Setup) -> None:
    live, watched = LiveViewModel(ready.train), []
    ready.train.trainer.watch = watched.append  # type: ignore[method-assign]
    live.set_watched(True)
    assert isinstance(watched[-1], Watch) and watched[-1].layer is None and not live.can_choose
    ready.learn()
    assert live.can_choose and [path for path, _words in live.layers] == ["conv2d", "max_pooling2d"]
    assert live.shown_layer == "conv2d" and live.images[0] == (CURRENT, "current, black")
    looked: list[object] = []
    live.looked.connect(looked.append)
    live.layer.set("max_pooling2d")
    live.image.set(3)
    ready.jobs.run()
    snapshot = looked[-1]
    assert snapshot.layer == "max_pooling2d" and snapshot.maps.shape == (4, 4, 4)  # type: ignore[attr-defined]
    prepared = ready.train.trainer.ready
    assert prepared is not None and prepared.samples is not None
    assert np.array_equal(snapshot.image[0], prepared.samples.batch[3])  # type: ignore[attr-defined]
    # What is not there stands for what is: nothing is asked that cannot be answered.
    live.layer.set("of another network")
    live.image.set(77)
    assert live.shown_layer == "conv2d" and live.shown_image == CURRENT
    count = len(looked)
    live.set_watched(False)
    ready.jobs.run()
    assert len(looked) == count


def test_runs_are_chosen_by_their_folders(setup: Setup) -> None:
    for name in ("one", "two", "three", "four", "five"):
        made_run(name)
    runs = RunsViewModel(setup.train)
    setup.jobs.run()
    # At first the last few, so that the chart says something at once.
    assert len(runs.on_chart) == 4
    first = runs.on_chart[0][0]
    colours = {entry.id: colour for entry, colour in runs.on_chart}
    assert sorted(colours.values()) == [0, 1, 2, 3]
    runs.tick(first, False)
    assert runs.colour_of(first) is None and len(runs.on_chart) == 3
    runs.tick(first, True)
    # It has the colour that it had, and stands behind the others.
    assert runs.on_chart[-1][0].id == first.id and runs.colour_of(first) == colours[first.id]
    runs.selected.set(("two", "gone"))
    assert runs.one is not None and runs.one.id == "two"
    runs.sorted_by.set(SortedBy("Val. loss", True))
    runs.edit_chart("curves of the runs", metric="accuracy")
    other = Setup(setup.workspace.document.snapshot())
    again = RunsViewModel(other.train)
    other.jobs.run()
    assert again.ticks.value == runs.ticks.value and again.one is not None and again.one.id == "two"
    assert again.sorted_by.value == SortedBy("Val. loss", True) and again.chart.value.metric == "accuracy"
    runs.rename(runs.one.run, "the second")
    setup.jobs.run()
    assert runs.one.row.name == "the second"
    runs.delete([runs.one.run])
    setup.jobs.run()
    assert runs.one is None and len(runs.runs.entries) == 4
    # One that is damaged is named, and hides no other.
    DAMAGE["cut off"](made_run("broken"))
    setup.train.runs_changed.emit()
    setup.jobs.run()
    assert (
        runs.runs.damaged_words == "1 run is damaged and not shown: broken." and len(runs.runs.entries) == 4
    )


def test_an_interrupted_run_is_offered_until_it_is_left(setup: Setup) -> None:
    live = LiveViewModel(setup.train)
    setup.jobs.run()
    assert live.offered is None
    run = made_run("night")
    unfinished = Unfinished(run, "night", "It was interrupted after 2 of 3 epochs.", False)
    live.set_interrupted((unfinished,))
    offered = live.offered
    assert offered is not None and offered.words == "“night”: it was interrupted after 2 of 3 epochs."
    assert [words for _name, words, _run in offered.offers] == ["Resume", "Leave it"]
    offered.offers[1][2]()
    assert live.offered is None and run.state == "stopped"


def test_what_of_a_result_is_looked_at_comes_back(
    setup: Setup, tiny: OpenedModel, kept_digits: Dataset
) -> None:
    ready = setup
    ready.open(tiny, kept_digits)
    ready.learn()
    result = ResultViewModel(ready.train)
    result.arrive()
    ready.jobs.run()
    outcome = result.outcome
    assert outcome is not None and outcome.name == "tiny on few"
    (kept,) = list_runs()
    assert result.choice.value == ResultChoice(kept.folder.name)
    confusion = outcome.evaluation.confusion
    wrong = confusion - np.diag(np.diag(confusion))
    true, predicted = (int(n) for n in np.unravel_index(wrong.argmax(), wrong.shape))
    result.show_cell(true, predicted)
    assert len(result.images.indices) == wrong.max()
    assert result.images.words.startswith(f"{true}, taken for {predicted}: {wrong.max()} of ")
    result.select(0)
    asked = result.choice.value
    assert asked.cell == (true, predicted) and asked.image == int(result.images.indices[0])
    ready.train.show("result")
    other = Setup(ready.workspace.document.snapshot())
    assert other.train.page.value == "result"
    again = ResultViewModel(other.train)
    again.begin()
    other.jobs.run()
    assert again.choice.value == asked and again.selection == 0
    assert np.array_equal(again.images.indices, result.images.indices)
    assert again.images.captions == result.images.captions
    # Another part begins with its own mistakes; a run that has gone is said.
    again.show_part("validation")
    other.jobs.run()
    assert again.choice.value == ResultChoice(asked.run, "validation")
    said: list[str] = []
    again.said.connect(said.append)
    kept.delete()
    third = Setup(ready.workspace.document.snapshot())
    gone = ResultViewModel(third.train)
    gone.said.connect(said.append)
    gone.begin()
    assert said and "There is no run in" in said[-1]


def test_how_a_base_is_used_comes_back_and_fits_the_base(ready: Setup, tiny: OpenedModel) -> None:
    transfer, costs = TransferViewModel(ready.train), []
    transfer.cost.connect(lambda way, found, words: costs.append((way, found)))
    ready.jobs.run()
    assert not costs and transfer.layers[-1] == "conv2d"
    transfer.choose("layer", from_layer="conv2d")
    transfer.choose("units", units=8)
    how = transfer.how("finetune")
    assert (how.way, how.from_layer, how.units) == ("finetune", "conv2d", 8)
    transfer.set_watched(True)
    ready.jobs.run()
    assert [way for way, found in costs[-3:]] == ["features", "frozen", "finetune"]
    assert all(found.seconds is not None for _way, found in costs[-3:])
    other = Setup(ready.workspace.document.snapshot())
    other.open(tiny, few_digits())
    again = TransferViewModel(other.train)
    assert again.how("finetune") == how
    # Another base has no such layer: fine-tuning begins with its last stage.
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax", name="last")]
    other.workspace.add_model(OpenedModel(keras.Sequential([keras.Input((28, 28, 1)), *layers]), name="flat"))
    assert again.from_layer == "" and again.how("finetune").from_layer == ""
    assert again.choice.value.from_layer == "conv2d"


def test_the_base_on_the_page_of_pretrained_networks_is_the_current_one(
    ready: Setup, tiny: OpenedModel
) -> None:
    assert ready.train.base is None
    ready.train.show("transfer")
    assert ready.train.base is tiny
    ready.train.show("live")
    assert ready.train.base is None


def test_what_is_set_comes_back(ready: Setup) -> None:
    ready.train.set_settings(replace(QUICK, seed=5, metrics=("accuracy", "auc")))
    ready.train.named.set("night")
    ready.train.show("runs")
    for section, is_open in (("", True), ("metrics", True), ("schedule", True), ("metrics", False)):
        ready.train.note_fold(section, is_open)
    LiveViewModel(ready.train).layer.set("conv2d")
    other = Setup(ready.workspace.document.snapshot())
    assert other.train.settings == ready.train.settings
    assert (other.train.named.value, other.train.page.value) == ("night", "runs")
    assert LiveViewModel(other.train).layer.value == "conv2d"
    assert other.train.open_sections.value == ("", "schedule")


def test_other_colours_are_told_and_fixed(setup: Setup, tiny: OpenedModel, digits: Dataset) -> None:
    train = setup.train
    setup.open(tiny, replace(digits, channels=3))
    (finding,) = train.findings
    assert finding.text == "The images are RGB, but tiny takes gray." and finding.fix is not None
    assert not train.can_start
    train.fix(finding.fix)
    setup.jobs.run()
    assert setup.workspace.input == InputSettings(channels=1)
    assert train.input_words == "As the images are, gray" and train.can_start


def test_images_of_different_sizes_come_to_the_networks(
    setup: Setup, tiny: OpenedModel, digits: Dataset
) -> None:
    setup.open(tiny, replace(digits, image_size=None))
    assert setup.train.input_words == "28 × 28, as the network takes, stretched" and setup.train.can_start


def test_what_the_data_panel_sets_is_trained_with_and_other_edits_keep_it(ready: Setup) -> None:
    train, workspace = ready.train, ready.workspace
    workspace.set_input(InputSettings((28, 28), 1, "crop"))
    assert train.settings.input == InputSettings((28, 28), 1, "crop")
    train.edit(lambda settings: replace(settings, epochs=3))
    assert workspace.input == InputSettings((28, 28), 1, "crop") and train.settings.epochs == 3
    train.set_settings(TrainingSettings(size=(14, 14), fit="pad"))
    assert workspace.input == InputSettings((14, 14), None, "pad")
    workspace.set_augmentation(LECTURE)
    train.edit(lambda settings: replace(settings, epochs=4))
    assert workspace.augmentation == LECTURE


def test_labels_that_a_sigmoid_does_not_go_with(setup: Setup, digits: Dataset) -> None:
    train = setup.train
    setup.open(tiny_model(last="sigmoid"), digits)
    assert train.can_start
    train.edit(lambda settings: replace(settings, loss="categorical_crossentropy"))
    setup.jobs.run()
    (finding,) = train.findings
    assert "A sigmoid answers for each class by itself" in finding.text and finding.fix is not None
    assert not train.can_start
    train.fix(finding.fix)
    setup.jobs.run()
    assert train.settings.loss == "auto"


def test_a_network_that_takes_no_images(setup: Setup, digits: Dataset) -> None:
    import keras

    layers = [keras.Input((10,)), keras.layers.Dense(10, activation="softmax")]
    setup.open(OpenedModel(keras.Sequential(layers, name="flat")), digits)
    (finding,) = setup.train.findings
    assert finding.text == "flat does not take images: its input is 10." and not setup.train.can_start
    setup.workspace.set_dataset(replace(digits, image_size=None))
    assert setup.train.input_words == "As the images are"


def test_a_fine_tuned_run_is_started_again_as_a_whole(setup: Setup, runtime: object) -> None:
    train = setup.train
    transfer = TransferViewModel(train)
    setup.open(open_model("digits"), few_digits(120))
    train.edit(lambda settings: replace(settings, epochs=1, batch_size=32))
    transfer.choose("epochs of the classifier alone", head_epochs=1)
    setup.jobs.run()
    transfer.start("finetune")
    setup.jobs.run()
    (first,) = list_runs()
    # The next one of that kind is started where the ways are chosen, until a run is taken over.
    assert train.page.value == "transfer" and train.new_classifier
    train.start_over(first)
    setup.jobs.run()
    train.edit(lambda settings: replace(settings, batch_size=40))
    setup.jobs.run()
    assert train.can_start_over and train.start_from == "initial" and not train.new_classifier
    train.start()
    setup.jobs.run()
    again = list_runs()[0]
    assert again.folder != first.folder and again.state == "finished"
    assert [record.phase for record in again.history] == ["classifier", "fine-tuning"]
    assert again.details.settings.batch_size == 40 and again.details.transfer == first.details.transfer
    kernels = [open_model(run.start_path).keras.get_weights()[0] for run in (first, again)]
    assert np.array_equal(*kernels)
    # And once more, from the same start.
    train.start()
    setup.jobs.run()
    assert [record.phase for record in list_runs()[0].history] == ["classifier", "fine-tuning"]


def test_the_run_on_show_comes_back(ready: Setup) -> None:
    live = LiveViewModel(ready.train)
    ready.learn()
    (kept,) = list_runs()
    assert live.run.value == kept.folder.name
    other, shown = Setup(ready.workspace.document.snapshot()), []
    again = LiveViewModel(other.train)
    again.kept_curves.connect(shown.append)
    again.show_run()
    other.jobs.run()
    (curves,) = shown
    assert curves.epochs == kept.history and curves.steps == 4 and len(curves.batches["loss"]) == 8
    assert again.said is not None and again.said.words.startswith("All 2 epochs are done")
    assert [name for name, *_ in again.said.offers] == ["train.notice.result"]
    # One that was cut off is offered at the foot of the page, once.
    kept.set_status("running", "It is being trained.")
    cut = Setup(ready.workspace.document.snapshot())
    offered, told = LiveViewModel(cut.train), []
    offered.kept_curves.connect(told.append)
    offered.show_run()
    cut.jobs.run()
    assert len(told) == 1 and offered.said is None
    # One that has gone is not missed.
    kept.delete()
    third = Setup(ready.workspace.document.snapshot())
    gone = LiveViewModel(third.train)
    gone.show_run()
    third.jobs.run()
    assert gone.said is None and third.told.errors == []


@pytest.mark.parametrize(
    ("error", "offered"),
    [
        (NotEnoughMemoryError("This machine cannot hold so many images at once."), True),
        # Words like these do not make it one.
        (UserError("The memory of a run is damaged."), False),
    ],
)
def test_too_little_memory(ready: Setup, error: UserError, offered: bool) -> None:
    live = LiveViewModel(ready.train)

    def fails(*_: object) -> object:
        raise error

    ready.train.begin(TrainingPlan("large", ready.train.settings, fails))  # type: ignore[arg-type]
    ready.jobs.run()
    assert live.said is not None and live.said.words == error.message
    assert [(name, words) for name, words, _do in live.said.offers] == (
        [("train.notice.batch", "Batches of 32")] if offered else []
    )
    if offered:
        live.said.offers[0][2]()
        assert ready.train.settings.batch_size == 32
