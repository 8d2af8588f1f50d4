"""The three ways of using a pretrained network, on a tiny one; and the lectures' numbers on VGG16."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.paths import cache_dir
from convscope.core.task import Cancelled, Task
from convscope.engine.data.augmentation import MILD
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.new_head import replace_head
from convscope.engine.training.record import Recorder, unfrozen_at
from convscope.engine.training.runs.export import runs_csv, runs_json
from convscope.engine.training.runs.run import Run
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.train import resume, train
from convscope.engine.training.transfer import costs
from convscope.engine.training.transfer.costs import estimate
from convscope.engine.training.transfer.features import extract_features
from convscope.engine.training.transfer.svm import evaluate_svm, fit_svm
from convscope.engine.training.transfer.transfer import transfer
from convscope.engine.training.transfer.transfer_model import (
    TransferSettings,
    base_of,
    compose,
    recompose,
    target_for,
    unfreeze,
)

SETTINGS = TrainingSettings(
    optimizer=OptimizerSettings("adam", learning_rate=0.05), batch_size=16, epochs=6, restore_best=False
)


@pytest.fixture(scope="module")
def pretrained(runtime: object, bands: Dataset) -> OpenedModel:
    """A network that was trained on the bands already."""
    import keras

    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(6, 3, activation="relu", name="early"),
        keras.layers.BatchNormalization(momentum=0.5, name="norm"),
        keras.layers.Conv2D(8, 3, activation="relu", name="late"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(3, activation="softmax", name="old"),
    ]
    model = OpenedModel(keras.Sequential(layers, name="base"))
    return train(model, bands, replace(SETTINGS, epochs=15)).model


def weights(model: OpenedModel) -> list[np.ndarray[Any, Any]]:
    return [value.copy() for value in model.keras.get_weights()]


def same(first: list[Any], second: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("way", ["features", "frozen", "finetune"])
def test_each_way_learns_and_changes_what_it_should(
    way: Any, pretrained: OpenedModel, bands: Dataset, tmp_path: Path
) -> None:
    before = weights(pretrained)
    how = TransferSettings(way, "late" if way == "finetune" else "", fine_rate=0.01, head_epochs=3)
    settings = replace(SETTINGS, augmentation=MILD)
    done = transfer(pretrained, bands, settings, how, folder=tmp_path / "run")
    assert done.test is not None
    assert done.test.accuracy > 0.8
    assert same(before, weights(pretrained))
    body = done.model.keras.layers[0]
    early, late = (np.asarray(body.get_layer(name).kernel) for name in ("early", "late"))
    assert np.array_equal(early, before[0])
    assert np.array_equal(late, before[6]) == (way != "finetune")
    assert np.array_equal(np.asarray(body.get_layer("norm").moving_mean), before[4])
    assert len(done.model.keras.trainable_weights) == {"features": 2, "frozen": 2, "finetune": 4}[way]
    # What was kept takes images and gives the same answers.
    assert done.run is not None
    assert done.run.details.transfer == how.to_dict()
    kept = open_model(done.run.folder / "model.keras")
    batch = np.random.default_rng(0).random((3, 8, 8, 1)).astype(np.float32)
    assert np.allclose(kept.logits(batch), done.model.logits(batch), atol=1e-4)
    assert (done.run.folder / "script.py").exists()


def test_the_lectures_numbers(runtime: object) -> None:
    """VGG16 at 150×150, Flatten, Dense 256, one sigmoid: 2,097,665 trained in 4 tensors of 30."""
    vgg = open_model("VGG16", input_shape=(150, 150, 3), include_top=False)
    how = TransferSettings("finetune", "block5_conv1", "flatten", units=256)
    composed = compose(vgg, ("cats", "dogs"), how)
    assert composed.model.keras.count_params() == 16_812_353
    assert (composed.tensors_before, composed.tensors_after) == (30, 4)
    assert composed.parameters_after == 2_097_665
    assert unfreeze(composed, "block5_conv1") == ("block5_conv1", 10)
    assert unfreeze(composed, "vgg16/block5_conv1")[0] == "block5_conv1"
    with pytest.raises(UserError, match="has no layer called block9"):
        unfreeze(composed, "block9")


def test_features_are_extracted_once_and_kept_on_disk(
    pretrained: OpenedModel, bands: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = compose(pretrained, bands.classes, TransferSettings())
    target = target_for(composed, SETTINGS)
    first = extract_features(composed.base, bands, "train", target)
    assert not first.was_kept
    pixels, _ = bands.images.load(bands.indices("train"), target)
    reference = composed.base.keras.predict(composed.base.preprocessing.apply(pixels), verbose=0)
    assert np.allclose(first.values, reference, atol=1e-5)
    assert first.labels.tolist() == bands.labels[bands.indices("train")].tolist()

    def never(*_: object) -> None:
        raise AssertionError("the base was run again")

    with monkeypatch.context() as patched:
        patched.setattr(OpenedModel, "function", never)
        again = compose(pretrained, bands.classes, TransferSettings(), seed=5)
        kept = extract_features(again.base, bands, "train", target)
    assert kept.was_kept
    assert np.array_equal(kept.values, first.values)
    # Another base, other images: other features.
    again.base.keras.layers[0].get_layer("early").bias.assign_add(np.ones(6, np.float32))
    assert not extract_features(again.base, bands, "train", target).was_kept
    assert not extract_features(composed.base, bands, "test", target).was_kept


def test_a_cancelled_extraction_leaves_nothing(pretrained: OpenedModel, bands: Dataset, home: Path) -> None:
    composed = compose(pretrained, bands.classes, TransferSettings())
    task = Task(lambda *_: task.cancel())
    with pytest.raises(Cancelled):
        extract_features(
            composed.base, bands, "train", target_for(composed, SETTINGS), task=task, batch_size=8
        )
    control = Control()
    control.stop()
    with pytest.raises(Cancelled):
        transfer(pretrained, bands, SETTINGS, TransferSettings(), control=control)
    assert [file for file in home.rglob("*") if file.is_file()] == []


def test_a_disk_that_is_full_while_features_are_extracted(
    pretrained: OpenedModel, bands: Dataset, home: Path
) -> None:
    """A memory map would kill the process; what a killed one has left goes after a day."""
    composed = compose(pretrained, bands.classes, TransferSettings())
    target = target_for(composed, SETTINGS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(UserError, match=r"The features cannot be kept in .*features: File too large"):
            extract_features(composed.base, bands, "train", target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    folder = cache_dir() / "features"
    assert not list(folder.iterdir())
    for name, age in (("old.part", 100_000), ("new.part", 10)):
        (folder / name).write_bytes(b"0" * 10)
        os.utime(folder / name, (time.time() - age,) * 2)
    extract_features(composed.base, bands, "test", target)
    assert sorted(path.suffix for path in folder.iterdir()) == [".npy", ".npy", ".part"]
    assert (folder / "new.part").exists()


def test_a_support_vector_machine_on_the_features(pretrained: OpenedModel, bands: Dataset) -> None:
    composed = compose(pretrained, bands.classes, TransferSettings())
    target = target_for(composed, SETTINGS)
    train_, test = (extract_features(composed.base, bands, part, target) for part in ("train", "test"))  # type: ignore[arg-type]
    for kernel in ("linear", "rbf"):
        result = fit_svm(train_, test, kernel=kernel)  # type: ignore[arg-type]
        assert result.accuracy > 0.8
        assert result.accuracy == pytest.approx(float(np.mean(result.predicted == test.labels)))
        assert 0 < result.support_vectors <= 84
        seen = evaluate_svm(result, test, bands.classes, "test")
        assert seen.accuracy == pytest.approx(result.accuracy) and seen.confusion.sum() == 12
        assert np.array_equal(seen.indices, bands.indices("test")) and np.isnan(seen.loss)
        right = seen.true == seen.predicted
        assert np.array_equal(seen.confidence[right], seen.true_probability[right])
        assert np.all(seen.confidence[~right] > seen.true_probability[~right]) and seen.confidence.max() <= 1
    # Two classes of three in the training images: a number for each class all the same.
    some = np.flatnonzero(train_.labels < 2)
    two = replace(train_, values=train_.values[some], labels=train_.labels[some])
    half = evaluate_svm(fit_svm(two, test), test, bands.classes, "test")
    assert half.confusion[:, 2].sum() == 0 and half.by_class[2] == 0
    assert np.all(half.true_probability[half.true == 2] == 0)
    one = replace(train_, labels=np.zeros(84, np.int32))
    with pytest.raises(UserError, match="two classes at least"):
        fit_svm(one, test)


def test_the_cost_is_told_before(pretrained: OpenedModel, bands: Dataset) -> None:
    ways = (TransferSettings("features"), TransferSettings("frozen"), TransferSettings("finetune", "late"))
    features, frozen, finetune = estimate(pretrained, bands, replace(SETTINGS, epochs=50), ways)
    assert 0 < features.seconds < frozen.seconds
    assert (features.trainable_tensors, frozen.trainable_tensors, finetune.trainable_tensors) == (2, 2, 4)
    assert features.trainable_parameters == 128 * 3 + 3
    assert finetune.tensors == 8
    assert finetune.sentence.endswith("; 4 of 8 weight tensors (827 numbers) are trained")


def test_what_learns_is_counted_as_it_is_freed(pretrained: OpenedModel, bands: Dataset) -> None:
    """Counting runs nothing, and tells of each layer what Keras does once it is freed."""
    for how in (
        TransferSettings("features", units=4),
        TransferSettings("frozen"),
        TransferSettings("finetune"),
        TransferSettings("finetune", from_layer="early", units=4),
    ):
        composed = costs.composed_for(pretrained, bands, SETTINGS, how)
        counted = costs.count(composed)
        # Counting has left it frozen.
        assert len(composed.model.keras.trainable_weights) == composed.tensors_after
        found = costs.cost(how, counted, None, bands, SETTINGS)
        if how.way == "finetune":
            unfreeze(composed, how.from_layer)
        free = composed.model.keras.trainable_weights
        assert (found.trainable_tensors, found.tensors) == (len(free), composed.tensors_before)
        assert found.trainable_parameters == sum(int(np.prod(weight.shape)) for weight in free)
        assert found.seconds is None and "about" not in found.sentence
    with pytest.raises(UserError, match="has no layer called conv9"):
        costs.cost(replace(how, from_layer="conv9"), counted, None, bands, SETTINGS)


def test_the_cost_follows_from_one_timing(pretrained: OpenedModel, bands: Dataset) -> None:
    """84 images train, 24 validate, 12 test; a hundredth of a second forwards, a thousandth a step."""
    how = TransferSettings("features", head_epochs=3)
    counted = costs.count(costs.composed_for(pretrained, bands, SETTINGS, how))
    timing, settings = costs.Timing(0.01, 0.001), replace(SETTINGS, epochs=10)

    def seconds(**changed: Any) -> float:
        found = costs.cost(replace(how, **changed), counted, timing, bands, settings).seconds
        assert found is not None
        return found

    assert seconds() == pytest.approx(1.08 + 10 * 0.084 + 0.12)
    assert seconds(way="frozen") == pytest.approx(10 * (1.08 + 0.084) + 0.12)
    share = counted.tuned_share(replace(how, way="finetune"))
    assert 0 < share < 1
    tuned = 10 * (84 * (0.01 * (1 + 2 * share) + 0.001) + 0.24)
    assert seconds(way="finetune") == pytest.approx(1.08 + 3 * 0.084 + tuned + 0.12)
    # Without epochs of the classifier alone no features are extracted.
    assert seconds(way="finetune", head_epochs=0) == pytest.approx(tuned + 0.12)


def test_interrupted_and_resumed(pretrained: OpenedModel, bands: Dataset, tmp_path: Path) -> None:
    """The data is in memory only, so it is handed over; the head goes on where it stood."""
    for way in ("features", "frozen"):
        how, control = TransferSettings(way), Control()  # type: ignore[arg-type]

        class Stopping(Recorder):
            def add_epoch(self, record: Any, control: Control = control) -> None:
                super().add_epoch(record)
                if record.epoch == 2:
                    control.stop()

        watchers: dict[str, Any] = {"control": control, "recorder": Stopping()}
        transfer(pretrained, bands, SETTINGS, how, folder=tmp_path / way, **watchers)
        whole = transfer(pretrained, bands, SETTINGS, how)
        resumed = resume(Run.open(tmp_path / way), bands)
        assert len(resumed.fitted.epochs) == 6
        for ours, theirs in zip(resumed.fitted.epochs, whole.fitted.epochs, strict=True):
            assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)
        for a, b in zip(resumed.model.keras.get_weights(), whole.model.keras.get_weights(), strict=True):
            assert np.allclose(a, b, atol=1e-5)


def test_a_fine_tuning_run_keeps_both_its_parts_whenever_it_is_interrupted(
    pretrained: OpenedModel, bands: Dataset, tmp_path: Path
) -> None:
    """Two epochs of the classifier alone and two with the base, interrupted after each; with dropout."""
    how = TransferSettings("finetune", "late", fine_rate=1e-4, head_epochs=2, dropout=0.5)
    settings = replace(SETTINGS, epochs=2, restore_best=True)

    class Interrupted(Recorder):
        """A process that dies as the epoch after so many begins, and one without."""

        def __init__(self, after: int) -> None:
            super().__init__()
            self.after = after

        def begin_epoch(self, epoch: int, learning_rate: float) -> None:
            super().begin_epoch(epoch, learning_rate)
            if epoch == self.after:
                raise KeyboardInterrupt

    whole = transfer(pretrained, bands, settings, how, name="tuned", folder=tmp_path / "whole")
    epochs = whole.fitted.epochs
    assert [(record.epoch, record.phase) for record in epochs] == [
        (0, "classifier"),
        (1, "classifier"),
        (2, "fine-tuning"),
        (3, "fine-tuning"),
    ]
    rates = [record.learning_rate for record in epochs]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4]) and unfrozen_at(epochs) == 2
    assert whole.fitted.sentence.startswith("All 4 epochs are done (2 of them of the classifier alone), 24 s")
    kept = Run.open(tmp_path / "whole")
    assert [record.values for record in kept.history] == [record.values for record in epochs]
    assert [record.phase for record in kept.history] == [record.phase for record in epochs]
    assert len(kept.batches["loss"]) == 24
    rows = list(csv.DictReader(io.StringIO(runs_csv([kept]))))
    (told,) = json.loads(runs_json([kept]))
    for exported in (rows, told["history"]):
        assert [row["phase"] for row in exported] == [record.phase for record in epochs]
    names = {path.name for path in kept.folder.iterdir()}
    assert not names & {"head.keras", "head.json", "head-best.keras", "composed.keras"}
    assert {"initial.keras", "best.keras", "last.keras", "model.keras", "script.py"} <= names
    plain = transfer(pretrained, bands, settings, how)
    for a, b in zip(plain.model.keras.get_weights(), whole.model.keras.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-5)

    for after in (1, 2, 3):
        folder = tmp_path / str(after)
        with pytest.raises(KeyboardInterrupt):
            transfer(pretrained, bands, settings, how, folder=folder, recorder=Interrupted(after))
        run = Run.open(folder)
        # As a killed process leaves it.
        run.set_status("running", "")
        assert run.can_resume and run.sentence == f"It was interrupted after {after} of 4 epochs."
        assert run.start_path.exists() and (run.model_path is None) == (after == 1)
        resumed = resume(run, bands)
        assert run.state == "finished" and len(run.history) == 4
        for ours, theirs in zip(resumed.fitted.epochs, epochs, strict=True):
            assert (ours.epoch, ours.phase) == (theirs.epoch, theirs.phase)
            assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)
        for a, b in zip(resumed.model.keras.get_weights(), whole.model.keras.get_weights(), strict=True):
            assert np.allclose(a, b, atol=1e-5)


@pytest.mark.parametrize(
    "how",
    [
        TransferSettings("features", units=4, dropout=0.4),
        TransferSettings("frozen", units=4, dropout=0.4),
        TransferSettings("finetune", dropout=0.4, head_epochs=2, fine_rate=0.01),
        TransferSettings("finetune", dropout=0.4, head_epochs=0, fine_rate=0.01),
    ],
    ids=["features", "frozen", "classifier first", "base at once"],
)
def test_killed_in_its_first_epoch_it_starts_again(
    how: TransferSettings, pretrained: OpenedModel, bands: Dataset, tmp_path: Path, home: Path
) -> None:
    settings = replace(SETTINGS, epochs=2)

    class Killed(Recorder):
        def add_batch(self, values: Any) -> None:
            super().add_batch(values)
            if len(self.since().batches["loss"]) == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(pretrained, bands, settings, how, folder=tmp_path / "run", recorder=Killed())
    run = Run.open(tmp_path / "run")
    run.set_status("running", "It is being trained.")
    assert run.state == "interrupted" and run.starts_again
    again = resume(run, bands)
    whole = transfer(pretrained, bands, settings, how, folder=tmp_path / "whole")
    assert run.state == "finished"
    assert [record.phase for record in again.fitted.epochs] == [
        record.phase for record in whole.fitted.epochs
    ]
    for ours, theirs in zip(again.fitted.epochs, whole.fitted.epochs, strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)


def test_a_run_begun_again_repeats_all_of_it(pretrained: OpenedModel, bands: Dataset, tmp_path: Path) -> None:
    """From the base that the run has kept, which ends in no Dense layer: both parts, to the digit."""
    how = TransferSettings("finetune", "late", fine_rate=1e-3, head_epochs=1, dropout=0.5)
    settings = replace(SETTINGS, epochs=1)
    first = transfer(pretrained, bands, settings, how, folder=tmp_path / "run")
    start = open_model(Run.open(tmp_path / "run").start_path)
    base = base_of(start)
    assert len(base.keras.trainable_weights) == 6 and len(start.keras.trainable_weights) == 4
    again = transfer(base, bands, settings, how, bare=True)
    assert [record.phase for record in again.fitted.epochs] == ["classifier", "fine-tuning"]
    for ours, theirs in zip(again.fitted.epochs, first.fitted.epochs, strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values), abs=1e-5)


def test_a_classifier_that_is_stopped_is_what_comes_out(
    pretrained: OpenedModel, bands: Dataset, tmp_path: Path
) -> None:
    control = Control()

    class Stopping(Recorder):
        def add_epoch(self, record: Any) -> None:
            super().add_epoch(record)
            control.stop()

    how = TransferSettings("finetune", "late", head_epochs=3)
    done = transfer(
        pretrained, bands, SETTINGS, how, folder=tmp_path / "run", control=control, recorder=Stopping()
    )
    assert done.fitted.sentence == "Stopped after 1 of 9 epochs." and done.test is not None
    assert done.run is not None and done.run.state == "stopped" and done.run.can_resume
    batch = np.random.default_rng(0).random((3, 8, 8, 1)).astype(np.float32)
    kept = open_model(done.run.folder / "model.keras")
    assert np.allclose(kept.logits(batch), done.model.logits(batch), atol=1e-4)
    with pytest.raises(UserError, match="has no layer called block9"):
        transfer(pretrained, bands, SETTINGS, replace(how, from_layer="block9"))


def test_the_best_may_be_the_classifier_alone(
    pretrained: OpenedModel, bands: Dataset, tmp_path: Path
) -> None:
    """A rate that ruins the base: what is handed over is from before."""
    how = TransferSettings("finetune", "late", head_epochs=3, fine_rate=0.9)
    settings = replace(SETTINGS, epochs=2, restore_best=True)
    for folder in (tmp_path / "run", None):
        done = transfer(pretrained, bands, settings, how, folder=folder)
        assert done.fitted.best is not None and done.fitted.best < 3
        assert done.test is not None and done.test.accuracy > 0.8
    assert open_model(tmp_path / "run" / "best.keras").has_classes


def test_saving_keeps_what_is_frozen(pretrained: OpenedModel, bands: Dataset, tmp_path: Path) -> None:
    composed = compose(pretrained, bands.classes, TransferSettings("finetune"))
    unfreeze(composed, "late")
    composed.model.keras.save(tmp_path / "composed.keras")
    again = recompose(open_model(tmp_path / "composed.keras"))
    assert len(again.model.keras.trainable_weights) == 4
    # What was frozen when it was saved learns once it is thawed.
    early = again.model.keras.layers[0].get_layer("early")
    early.trainable = True
    images = np.random.default_rng(1).random((3, 8, 8, 1)).astype(np.float32)
    kernel = np.asarray(early.kernel)
    again.model.keras.compile("sgd", "sparse_categorical_crossentropy")
    again.model.keras.fit(images, np.array([0, 1, 2]), verbose=0)
    assert not np.array_equal(kernel, np.asarray(early.kernel))
    again.model.keras.set_weights(composed.model.keras.get_weights())
    batch = np.random.default_rng(0).random((3, 8, 8, 1)).astype(np.float32)
    features = again.base.function(again.base.program.outputs)(*again.base.inputs_for(batch))[0]
    assert np.allclose(again.head(features), composed.model.scores(batch)[1], atol=1e-5)


def test_what_cannot_be_a_base_is_said(runtime: object, bands: Dataset) -> None:
    import keras

    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(2, 3)]
    free = OpenedModel(keras.Sequential(layers, name="free"))
    assert compose(free, bands.classes, TransferSettings(), size=(8, 8)).model.input_shape == (8, 8, 1)
    with pytest.raises(UserError, match="free takes any size: choose a size"):
        compose(free, bands.classes, TransferSettings())
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 8), keras.layers.Flatten()]
    odd = OpenedModel(keras.Sequential(layers, name="odd"))
    with pytest.raises(UserError, match="odd ends in no Dense layer"):
        compose(odd, bands.classes, TransferSettings())
    for wrong in ({"way": "hope"}, {"units": -1}, {"dropout": 1.0}, {"fine_rate": 0.0}, {"pooling": "max"}):
        with pytest.raises(UserError):
            TransferSettings(**wrong)  # type: ignore[arg-type]


def _mobile(layers: Any) -> list[Any]:
    return [
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Dropout(0.1),
        layers.Conv2D(5, 1),
        layers.Reshape((5,)),
        layers.Activation("softmax"),
    ]


def _convolutional(layers: Any) -> list[Any]:
    return [layers.Conv2D(5, 1), layers.GlobalAveragePooling2D(), layers.Softmax()]


def _flat(layers: Any) -> list[Any]:
    return [
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Dense(5, activation="softmax"),
        layers.Flatten(),
    ]


@pytest.mark.parametrize("classifier", [_mobile, _convolutional, _flat])
def test_a_classifier_may_be_a_convolution(
    classifier: Callable[[Any], list[Any]], runtime: object, bands: Dataset
) -> None:
    """MobileNet's is, and so is that of a network of convolutions alone."""
    import keras

    base = [keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, activation="relu", name="last")]
    model = OpenedModel(keras.Sequential([*base, *classifier(keras.layers)], name="mobile"))
    assert model.head.kind == "softmax"
    replaced = replace_head(model, 3)
    assert (replaced.head.kind, replaced.head.units) == ("softmax", 3)
    for old, new in zip(model.keras.get_weights()[:2], replaced.keras.get_weights()[:2], strict=True):
        assert np.array_equal(old, new)
    batch = np.random.default_rng(0).random((2, 8, 8, 1), np.float32)
    maps = model.activations(batch, ["last"])["last"].mean((1, 2))
    composed = compose(model, bands.classes, TransferSettings())
    features = composed.base.function(composed.base.program.outputs)(*composed.base.inputs_for(batch))[0]
    np.testing.assert_allclose(np.reshape(features, maps.shape), maps, atol=1e-6)


@pytest.mark.slow
def test_shipped_textures_with_the_shipped_base(runtime: object) -> None:
    """Features of EfficientNet-Lite0 tell brick, grass and gravel apart."""
    textures = open_dataset("textures")
    done = transfer(open_model("imagenet"), textures, replace(SETTINGS, epochs=5), TransferSettings())
    assert done.test is not None
    assert done.test.accuracy >= 0.97


def test_a_hidden_layer_and_dropout(
    pretrained: OpenedModel, bands: Dataset, make_model: Callable[..., Any]
) -> None:
    composed = compose(pretrained, ("a", "b"), TransferSettings(units=5, dropout=0.2))
    assert [layer.name for layer in composed.head.layers] == ["dropout", "hidden", "classes"]
    assert composed.head.output_shape == (None, 1)
    assert composed.model.classes == ("a", "b")
