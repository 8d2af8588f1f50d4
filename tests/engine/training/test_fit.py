"""The training loop: Keras's own results, steered from outside, and every way to end told in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.augmentation import LECTURE
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.pipeline import PipelineSettings, Stream
from convscope.engine.data.split import SplitSettings
from convscope.engine.keras_compat import seeded
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control, Watch
from convscope.engine.training.record import Recorder
from convscope.engine.training.settings import (
    EarlyStopping,
    OptimizerSettings,
    Plateau,
    Schedule,
    TrainingSettings,
)
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.engine.training.train import train
from convscope.engine.training.train_network import TrainingResult

Make = Callable[..., OpenedModel]

QUICK = TrainingSettings(
    optimizer=OptimizerSettings("adam", learning_rate=0.02), batch_size=16, epochs=3, restore_best=False
)


def until(met: Callable[[], bool]) -> None:
    """Wait for another thread, and fail rather than hang."""
    deadline = time.monotonic() + 300
    while not met():
        assert time.monotonic() < deadline, "nothing happened for five minutes"
        time.sleep(0.005)


def test_it_learns_and_the_model_handed_in_stays_as_it_was(make_model: Make, bands: Dataset) -> None:
    model = make_model()
    before = model.keras.get_weights()
    done = train(model, bands, replace(QUICK, epochs=8))
    assert done.fitted.outcome == "finished"
    assert done.fitted.sentence == "All 8 epochs are done, 48 steps."
    assert done.test is not None
    assert done.test.accuracy > 0.9
    assert done.model.classes == ("0", "1", "2")
    for old, now in zip(before, model.keras.get_weights(), strict=True):
        assert np.array_equal(old, now)
    assert not model.keras.compiled


def test_a_plain_keras_model_will_do(runtime: object, bands: Dataset) -> None:
    import keras

    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    done = train(keras.Sequential(layers), bands, QUICK)
    assert len(done.fitted.epochs) == 3


def test_a_step_is_traced_once(make_model: Make, bands: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the optimizer and the metrics keep is there before; made while tracing, it would be done twice."""
    import keras

    traced = []
    for name in ("train_step", "test_step"):
        step = getattr(keras.Model, name)

        def counted(self: Any, data: Any, name: str = name, step: Any = step) -> Any:
            traced.append(name)
            return step(self, data)

        monkeypatch.setattr(keras.Model, name, counted)
    settings = replace(QUICK, metrics=("accuracy", "auc"), class_weights="balanced")
    assert len(train(make_model(dropout=0.4), bands, settings).fitted.epochs) == 3
    assert traced == ["train_step", "test_step"]


def test_the_same_seed_is_the_same_run(make_model: Make, bands: Dataset) -> None:
    """With everything in it that is random: dropout, order, augmentation."""
    settings = replace(QUICK, augmentation=LECTURE, steps_per_epoch=4)
    runs = [train(make_model(dropout=0.4), bands, replace(settings, seed=seed)) for seed in (7, 7, 8)]
    losses = [[record.values["loss"] for record in run.fitted.epochs] for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert losses[0] != pytest.approx(losses[2], abs=1e-4)


def test_the_same_seed_is_the_same_start(runtime: object) -> None:
    from convscope.engine.models.library.catalogue import open_model

    weights = []
    for seed in (1, 1, 2):
        with seeded(seed):
            weights.append(open_model("mnist-small").keras.get_weights()[0])
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_every_batch_has_its_own_loss_not_the_running_mean(make_model: Make, bands: Dataset) -> None:
    """With a learning rate of nearly zero the network stays what it is: each batch can be measured after."""
    model = make_model()
    model.keras.layers[1].trainable = False  # moving statistics would change it all the same
    settings = replace(QUICK, optimizer=OptimizerSettings("sgd", learning_rate=1e-12), epochs=2)
    recorder = Recorder()
    done = train(model, bands, settings, recorder=recorder)
    stream = Stream(bands, "train", PipelineSettings(batch_size=16, seed=settings.seed))
    expected = []
    for epoch in range(2):
        stream.epoch = epoch
        expected += [
            done.model.keras.evaluate(*batch, verbose=0, return_dict=True)["loss"] for batch in stream.data
        ]
    measured = recorder.since().batches["loss"]
    assert len(measured) == 2 * stream.steps
    assert measured == pytest.approx(expected, abs=1e-4)
    assert done.fitted.epochs[0].values["loss"] == pytest.approx(
        np.average(expected[: stream.steps], weights=[16, 16, 16, 16, 16, 4]), abs=1e-5
    )


def test_what_a_watcher_reads(make_model: Make, bands: Dataset) -> None:
    recorder, told = Recorder(), []
    done = train(
        make_model(), bands, QUICK, recorder=recorder, task=Task(lambda f, text: told.append((f, text)))
    )
    update = recorder.since(12, 2)
    assert update.first_batch == 12
    assert {name: len(values) for name, values in update.batches.items()} == {"loss": 6, "accuracy": 6}
    assert [record.epoch for record in update.epochs] == [2]
    first = done.fitted.epochs[0]
    assert set(first.values) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert first.learning_rate == pytest.approx(0.02)
    assert first.images_per_second == pytest.approx(84 / first.seconds)
    fractions = [fraction for fraction, _ in told if fraction is not None]
    assert fractions[0] == 0.0
    assert any("of 3 · accuracy 0." in text and "images/s" in text for _, text in told)


def test_pause_one_step_go_on_stop(make_model: Make, bands: Dataset) -> None:
    control, recorder, result = Control(), Recorder(), []

    def batches() -> int:
        return len(recorder.since().batches.get("loss", []))

    control.pause()
    settings = replace(QUICK, epochs=10_000)

    def work() -> None:
        result.append(train(make_model(), bands, settings, control=control, recorder=recorder))

    # A daemon, so that a failure here cannot keep the whole suite from ending.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until(lambda: batches() == 1)
    assert control.paused
    time.sleep(0.2)
    assert batches() == 1
    for count in (2, 3):
        control.step()
        until(lambda count=count: batches() == count)
    control.resume()
    until(lambda: batches() > 20)
    control.stop()
    thread.join(300)
    assert not thread.is_alive()
    done: TrainingResult = result[0]
    assert done.fitted.outcome == "stopped"
    assert done.fitted.sentence == f"Stopped after {len(done.fitted.epochs)} of 10000 epochs."
    # The time in which it stood still counts for no epoch.
    assert done.fitted.epochs[0].seconds <= done.seconds


def test_the_rate_can_be_changed_while_it_runs(make_model: Make, bands: Dataset) -> None:
    class Changing(Recorder):
        def add_batch(self, values: Any) -> None:
            super().add_batch(values)
            if len(self.since().batches["loss"]) == 8:  # in the second epoch
                control.set_learning_rate(0.001)

    control = Control()
    done = train(make_model(), bands, QUICK, control=control, recorder=Changing())
    assert [record.learning_rate for record in done.fitted.epochs] == pytest.approx([0.02, 0.001, 0.001])
    control = Control()
    halving = replace(QUICK, schedule=Schedule("exponential", 0.5))
    done = train(make_model(), bands, halving, control=control, recorder=Changing())
    # A tenth of what the schedule wanted then, and a tenth ever after.
    assert [record.learning_rate for record in done.fitted.epochs] == pytest.approx([0.02, 0.001, 0.0005])
    control = Control()
    nothing = replace(QUICK, schedule=Schedule("exponential", 0.0))
    done = train(make_model(), bands, nothing, control=control, recorder=Changing())
    # Where the schedule has come down to 0 there is no share of it: the rate asked for holds for its epoch.
    assert [record.learning_rate for record in done.fitted.epochs] == pytest.approx([0.02, 0.001, 0.0])
    with pytest.raises(UserError, match="learning rate is 0"):
        control.set_learning_rate(0)


def test_cancelled_is_cancelled(make_model: Make, bands: Dataset) -> None:
    task = Task()

    class Cancelling(Recorder):
        def add_batch(self, values: Any) -> None:
            task.cancel()

    with pytest.raises(Cancelled):
        train(make_model(), bands, QUICK, recorder=Cancelling(), task=task)


def test_early_stopping_and_the_best_weights(make_model: Make, bands: Dataset) -> None:
    """A rate that grows without end makes it better first, then worse: it stops, and hands the best over."""
    settings = replace(
        QUICK,
        optimizer=OptimizerSettings("sgd", learning_rate=0.5),
        epochs=40,
        early_stopping=EarlyStopping("val_loss", patience=2),
        restore_best=True,
    )
    control = Control()

    class Spoiling(Recorder):
        def add_epoch(self, record: Any) -> None:
            super().add_epoch(record)
            if record.epoch == 2:
                control.set_learning_rate(30.0)

    done = train(make_model(), bands, settings, control=control, recorder=Spoiling())
    fitted = done.fitted
    assert fitted.outcome == "early"
    assert fitted.best is not None
    assert len(fitted.epochs) == fitted.best + 3 < 40
    assert "val_loss has not got better for 2 epochs" in fitted.sentence
    stream = Stream(bands, "validation", PipelineSettings(batch_size=16))
    best = done.model.keras.evaluate(stream.data, verbose=0, return_dict=True)["loss"]
    assert best == pytest.approx(fitted.epochs[fitted.best].values["val_loss"], rel=1e-4)
    assert best < fitted.epochs[-1].values["val_loss"]
    assert fitted.weights_words == f"the weights of epoch {fitted.best + 1}, the best"
    assert not replace(fitted, restored=False).weights_words
    assert not replace(fitted, best=fitted.epochs[-1].epoch).weights_words


def test_the_plateau_rule_lowers_the_rate(make_model: Make, bands: Dataset) -> None:
    settings = replace(
        QUICK,
        optimizer=OptimizerSettings("sgd", learning_rate=1e-9),
        plateau=Plateau("loss", factor=0.1, patience=1, min_learning_rate=1e-11),
        epochs=5,
        shuffle=False,
    )
    model = make_model()
    model.keras.layers[1].trainable = False
    rates = [record.learning_rate for record in train(model, bands, settings).fitted.epochs]
    assert rates[0] == pytest.approx(1e-9)
    assert rates[-1] == pytest.approx(1e-11, rel=0.2)


def test_a_loss_that_is_no_number_ends_it_with_a_reason(make_model: Make, bands: Dataset) -> None:
    settings = replace(
        QUICK, optimizer=OptimizerSettings("sgd", learning_rate=1e3), loss="mean_squared_error"
    )
    model = make_model(activation=None)
    done = train(model, bands, replace(settings, epochs=50))
    assert done.fitted.outcome == "diverged"
    assert done.fitted.sentence.startswith("The loss is no number any more (NaN) since step ")
    assert "Try a learning rate of 0.01 instead of 1000" in done.fitted.sentence
    assert done.test is None


def test_too_little_memory_is_told_with_the_remedies(
    make_model: Make, bands: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras
    import tensorflow as tf

    for error in (
        MemoryError(),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"),
        NotEnoughMemoryError("The network needs more memory for this than the machine has free."),
    ):

        def exhausted(*_: object, _error: Exception = error, **__: object) -> None:
            raise _error

        # While it trains, and while it is tested at the end.
        for place in ((keras.Model, "fit"), (OpenedModel, "scores")):
            with monkeypatch.context() as patched:
                patched.setattr(*place, exhausted)
                with pytest.raises(
                    NotEnoughMemoryError,
                    match="batches of 16: try a smaller batch size, fewer channels",
                ):
                    train(make_model(), bands, QUICK)


def test_the_network_is_seen_changing_while_it_trains(make_model: Make, bands: Dataset) -> None:
    control, seen = Control(), []
    samples = np.random.default_rng(0).random((5, 8, 8, 1)).astype(np.float32)
    control.watch(Watch("conv", samples[:1], samples, interval=0.0))
    train(make_model(), bands, QUICK, control=control, show=seen.append)
    # The first look tells nothing of what the next will take, so that comes at once.
    assert len(seen) >= 2
    first, last = seen[0], seen[-1]
    assert isinstance(first, NetworkSnapshot)
    assert first.kernels is not None and first.maps is not None and first.predictions is not None
    assert first.kernels.shape == (3, 3, 1, 4)
    assert first.maps.shape == (6, 6, 4)
    assert first.predictions.shape == (5, 3)
    assert first.predictions.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert not np.array_equal(first.kernels, last.kernels)
    assert not np.array_equal(first.maps, last.maps)
    assert last.batch > first.batch


def test_looking_at_what_is_not_there_does_not_end_the_training(make_model: Make, bands: Dataset) -> None:
    control, seen = Control(), []
    control.watch(Watch("nowhere", np.zeros((1, 8, 8, 1), np.float32)))
    done = train(make_model(), bands, QUICK, control=control, show=seen.append)
    assert done.fitted.outcome == "finished"
    assert seen[0].maps is None
    assert "has no layer nowhere" in seen[0].trouble


def test_two_classes_one_unit_and_class_weights(make_model: Make, bands: Dataset) -> None:
    keep = np.flatnonzero(bands.labels < 2)
    two = replace(
        bands,
        classes=("left", "middle"),
        labels=np.where(bands.labels < 2, bands.labels, 0).astype(np.int32),
    ).with_split(SplitSettings(0.2, 0.1))
    assert len(keep) == 80
    settings = replace(QUICK, class_weights="balanced", metrics=("accuracy", "auc", "precision", "recall"))
    done = train(make_model(1, activation="sigmoid"), two, replace(settings, epochs=10))
    assert {"auc", "precision", "recall", "val_auc"} <= set(done.fitted.epochs[0].values)
    assert done.fitted.epochs[-1].values["loss"] < done.fitted.epochs[0].values["loss"]
    assert done.test is not None
    assert done.test.confusion.shape == (2, 2)


def test_without_validation_and_test(make_model: Make, bands: Dataset) -> None:
    done = train(make_model(), bands, replace(QUICK, split=SplitSettings(0, 0), restore_best=True))
    assert set(done.fitted.epochs[0].values) == {"loss", "accuracy"}
    assert done.test is None


def test_batches_that_cards_cannot_share_are_said(
    make_model: Make, bands: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    for cards, batch, said in (
        (3, 16, "A batch of 16 cannot be shared evenly by 3 cards: make it a multiple of 3"),
        (8, 16, "The last batch of the train images has 4, fewer than the 8 cards"),
        (5, 20, "The last batch of the train images has 4, fewer than the 5 cards"),
    ):
        fake = SimpleNamespace(num_replicas_in_sync=cards)
        monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda fake=fake: fake)
        with pytest.raises(UserError, match=said):
            train(make_model(), bands, replace(QUICK, batch_size=batch), strategy="mirrored")


def test_several_machines_have_to_be_told(
    make_model: Make, bands: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How they train then: test_together."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UserError, match="on several machines needs TF_CONFIG"):
        train(make_model(), bands, QUICK, strategy="multiworker")
