"""The left column: every control sets its setting, and what does not fit is told before the start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QLineEdit, QSpinBox, QWidget
from train_helpers import Train, few_digits, tiny_model

from convscope.engine.data.augmentation import LECTURE, Augmentation
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import OPTIMIZERS, EarlyStopping, Plateau, Schedule, TrainingSettings
from convscope.imaging.io.save import save_png
from convscope.ui.forms.number_box import NumberBox
from convscope.ui.panels.data.panel import DataPanel
from convscope.ui.panels.train.words import differences, next_name


def test_the_first_step_is_a_button(empty: Train) -> None:
    assert empty.text("train.empty.title") == "Training needs a network and data"
    assert not empty.find(QAbstractButton, "train.start").isEnabled()
    # In the smallest window too all of its words are seen.
    size = empty.window.size()
    empty.window.resize(900, 600)
    empty.settle()
    for name in ("digits", "model", "data"):
        button = empty.find(QAbstractButton, f"train.empty.{name}")
        assert button.width() >= button.sizeHint().width()
    empty.window.resize(size)
    # Whatever is open, and whatever the images were to be brought to.
    empty.open(tiny_model(classes=3), few_digits(60))
    empty.workspace.set_input(InputSettings((32, 32)))
    empty.view_model.edit(lambda settings: replace(settings, loss="binary_crossentropy"))
    empty.settle()
    assert empty.text("train.empty.title") == "tiny on Digits: something does not fit"
    assert empty.find(QAbstractButton, "train.empty.transfer").isVisible()
    empty.press("train.empty.digits")
    empty.until(lambda: empty.charts.history.done > 0)
    empty.press("train.stop")
    empty.ended()
    assert empty.text("train.model") == "MNIST convnet 32-64-64 · 93,322 parameters"
    assert empty.text("train.data").startswith("Digits · 10 classes")
    assert empty.find(QAbstractButton, "train.start").isEnabled()
    for name in ("data", "augmentation", "input"):
        empty.press(f"train.{name}.change")
        panel = empty.window.panel()
        assert isinstance(panel, DataPanel)
        if name != "data":
            assert panel.tabs.value == name
        empty.window.show_panel("train")


def test_files_that_are_left_out_are_told_before_and_after(empty: Train, tmp_path: Path) -> None:
    """One that is no image at all, and one whose damage only decoding shows."""
    digits = few_digits(60)
    for name in ("nought", "one"):
        (tmp_path / name).mkdir()
    for index in range(40):
        save_png(tmp_path / ("nought", "one")[index % 2] / f"{index}.png", digits.images.read(index))
    (tmp_path / "one" / "words.png").write_text("no picture")
    empty.open(tiny_model(classes=2), open_dataset(tmp_path))
    label = empty.find(QLabel, "train.finding.0.text")
    assert label.isVisible() and label.text().startswith(
        "1 file cannot be read and is left out: one/words.png"
    )
    assert "one/words.png: " in label.toolTip()
    assert empty.workspace.dataset is not None
    # Whoever looks at all images finds it; the data panel may be the first to look.
    cut = tmp_path / "nought" / "0.png"
    cut.write_bytes(cut.read_bytes()[:60])
    empty.window.show_panel("data")
    empty.settle()
    images = empty.workspace.dataset.images
    images.thumbnails(range(len(images)), 28)
    empty.window.show_panel("train")
    empty.settle()
    assert label.text() == "2 files cannot be read and are left out: nought/0.png and 1 more."
    assert label.toolTip().startswith("nought/0.png: ") and "\none/words.png: " in label.toolTip()
    empty.spin("train.epochs", "1")
    empty.settle()
    empty.begin()
    empty.ended()
    assert empty.text("train.notice.text").endswith(" 2 files could not be read and had no part.")


def test_the_five_main_settings(train: Train) -> None:
    train.pick("train.optimizer", "sgd")
    train.spin("train.learning_rate", "2e-2")
    train.pick("train.loss", "mean_squared_error")
    train.spin("train.batch_size", "48")
    train.spin("train.epochs", "7")
    settings = train.settings
    assert (settings.optimizer.name, settings.optimizer.learning_rate) == ("sgd", 0.02)
    assert (settings.loss, settings.batch_size, settings.epochs) == ("mean_squared_error", 48, 7)
    train.pick("train.loss", "auto")
    train.settle()
    assert train.text("train.follows") == "Sparse categorical cross-entropy · 6 steps an epoch, 42 in all"
    train.pick("train.loss", "categorical_hinge")
    train.settle()
    assert train.text("train.follows") == "6 steps an epoch, 42 in all"


def test_an_optimizer_shows_its_own_settings(train: Train) -> None:
    train.open_more("optimizer")
    every = {key for _kind, keys in OPTIMIZERS.values() for key in keys}
    for name in OPTIMIZERS:
        train.pick("train.optimizer", name)
        own = set(train.settings.optimizer.used) - {"learning_rate"}
        assert {key for key in every if train.find(QWidget, f"train.optimizer.{key}").isVisible()} == own
    for key in sorted(every):
        owner = next(name for name, (_kind, keys) in OPTIMIZERS.items() if key in keys)
        train.pick("train.optimizer", owner)
        if isinstance(train.find(QWidget, f"train.optimizer.{key}"), QCheckBox):
            train.press(f"train.optimizer.{key}")
            assert getattr(train.settings.optimizer, key) is True
        else:
            train.spin(f"train.optimizer.{key}", "0.25")
            assert getattr(train.settings.optimizer, key) == 0.25


def test_all_that_is_under_more(train: Train) -> None:
    train.open_more("metrics", "schedule", "stopping", "images")
    train.press("train.metric.recall")
    train.press("train.metric.accuracy")
    assert train.settings.metrics == ("recall",)
    train.press("train.metric.accuracy")
    assert train.settings.metrics == ("accuracy", "recall")
    train.pick("train.schedule", "step")
    train.spin("train.schedule.factor", "0.1")
    train.spin("train.schedule.every", "3")
    train.spin("train.schedule.warmup", "2")
    schedule = train.settings.schedule
    assert (schedule.kind, schedule.factor, schedule.every, schedule.warmup) == ("step", 0.1, 3, 2)
    words = "0.001, times 0.1 every 3 epochs. It rises to that over the first 2 epochs."
    assert train.text("train.schedule.words") == words
    train.press("train.early_stopping")
    train.pick("train.early_stopping.monitor", "val_accuracy")
    train.spin("train.early_stopping.patience", "4")
    train.spin("train.early_stopping.min_delta", "0.01")
    assert train.settings.early_stopping == EarlyStopping("val_accuracy", 4, 0.01)
    train.press("train.early_stopping")
    assert train.settings.early_stopping is None
    train.press("train.plateau")
    train.spin("train.plateau.factor", "0.5")
    train.spin("train.plateau.min_learning_rate", "1e-5")
    assert train.settings.plateau == Plateau(factor=0.5, min_learning_rate=1e-5)
    train.press("train.restore_best")
    assert not train.settings.restore_best
    train.spin("train.steps", "9")
    assert train.settings.steps_per_epoch == 9
    train.spin("train.steps", "0")
    assert train.settings.steps_per_epoch is None
    assert train.find(QSpinBox, "train.steps").text() == "all images once"
    train.pick("train.class_weights", "balanced")
    train.spin("train.seed", "2026")
    train.press("train.shuffle")
    settings = train.settings
    assert (settings.class_weights, settings.seed, settings.shuffle) == ("balanced", 2026, False)


def test_augmentation_comes_from_the_data_panel(train: Train) -> None:
    assert train.text("train.augmentation") == "None"
    train.workspace.set_augmentation(LECTURE)
    words = "rotation ±40°, shift ±20 % across, shift ±20 % up and down, shear 0.2, zoom ±20 %, flips"
    assert train.text("train.augmentation") == words
    train.workspace.set_augmentation(Augmentation(zoom=0.125, brightness=0.004))
    assert train.text("train.augmentation") == "zoom ±12.5 %, brightness ±0.4 %"
    train.workspace.set_augmentation(LECTURE)
    assert train.settings.augmentation == LECTURE


def test_other_classes_are_told_and_mended(empty: Train, digits: Dataset) -> None:
    model = tiny_model(classes=3)
    empty.open(model, digits)
    assert empty.text("train.finding.0.text") == "tiny ends in a softmax of 3, but Digits has 10 classes."
    assert not empty.find(QAbstractButton, "train.start").isEnabled()
    empty.press("train.finding.0.mend")
    empty.settle()
    assert empty.workspace.model is not model and model.head.units == 3
    assert empty.workspace.model is not None and empty.workspace.model.head.units == 10
    assert empty.find(QAbstractButton, "train.start").isEnabled()


def test_another_size_is_told_and_mended(empty: Train, digits: Dataset) -> None:
    empty.open(tiny_model(side=32), digits)
    assert empty.text("train.finding.0.text") == "The images are 28×28, but tiny takes 32×32."
    assert empty.find(QAbstractButton, "train.finding.0.mend").text() == "Bring the images to 32×32"
    empty.press("train.finding.0.mend")
    empty.settle()
    assert empty.settings.size == (32, 32) and empty.workspace.input.size == (32, 32)
    assert empty.text("train.input") == "32 × 32, stretched"
    assert empty.find(QAbstractButton, "train.start").isEnabled()
    # The data panel shows it, and takes it back.
    empty.press("train.input.change")
    assert empty.find(QSpinBox, "data.input.height").value() == 32
    empty.press("data.input.size.own")
    empty.window.show_panel("train")
    empty.settle()
    assert empty.settings.size is None and empty.text("train.input") == "As the images are"
    assert not empty.find(QAbstractButton, "train.start").isEnabled()


def test_a_warning_does_not_keep_from_starting(empty: Train, tiny: OpenedModel) -> None:
    empty.open(tiny, few_digits(train=100, validation=0.0))
    assert empty.text("train.finding.0.text").startswith("No images are left to validate on")
    assert empty.find(QAbstractButton, "train.start").isEnabled()


def test_the_run_has_a_name(train: Train) -> None:
    name = train.find(QLineEdit, "train.name")
    assert name.placeholderText() == "tiny on Digits"
    train.qtbot.keyClicks(name, "my run")
    assert train.view_model.named.value == "my run"


def test_names_tell_what_was_changed() -> None:
    before = TrainingSettings()
    optimizer = replace(before.optimizer, learning_rate=0.01)
    after = replace(before, optimizer=optimizer, early_stopping=EarlyStopping(), size=(32, 32), shuffle=False)
    assert differences(before, after)[0] == "learning rate 0.01"
    assert "size 32×32" in differences(before, after) and "no shuffle" in differences(before, after)
    assert "shuffle" in differences(after, before)
    # What a schedule does not look at has not changed.
    cosine = replace(before, schedule=Schedule("cosine", 0.1, 3))
    assert differences(before, cosine) == ["schedule cosine", "factor 0.1"]
    assert differences(cosine, before) == ["schedule constant"]
    one = replace(before, batch_size=8)
    assert next_name("a on b", before, None, set()) == "a on b"
    assert next_name("a on b", one, ("a on b", before), {"a on b"}) == "a on b · batch size 8"
    assert next_name("a on b", before, ("a on b", before), {"a on b"}) == "a on b · 2"
    assert next_name("a on b", after, ("a on b", before), {"a on b", "a on b · 2"}) == "a on b · 3"


def test_a_number_is_typed_and_stepped(train: Train) -> None:
    box = train.find(NumberBox, "train.learning_rate")
    assert box.text() == "0.001"
    box.stepUp()
    assert box.value() == 0.002
    box.stepBy(2)
    assert box.value() == 0.01
    box.stepDown()
    assert box.value() == 0.005
    train.spin("train.learning_rate", "1e-7")
    assert box.text() == "1e-07" and train.settings.optimizer.learning_rate == 1e-7
    train.spin("train.learning_rate", "0,03")
    assert np.isclose(train.settings.optimizer.learning_rate, 0.03)
    train.qtbot.keyClicks(box, "x")
    assert "x" not in box.text()
