"""What a person does with the training panel, tiny networks, few digits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from driver import Driver
from pytestqt.qtbot import QtBot

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.builder.templates import Draft
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import OptimizerSettings, TrainingSettings
from convscope.engine.training.train import train as train_engine
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.train.live.view import LiveView
from convscope.ui.panels.train.panel import TrainPanel


def tiny_model(classes: int = 10, side: int = 28, last: str = "softmax") -> OpenedModel:
    """A convnet that learns a step in a millisecond."""
    import keras

    keras.utils.set_random_seed(7)
    draft = Draft("tiny", (side, side, 1))
    draft.conv(4, 5, strides=3, activation="relu")
    draft.add("MaxPooling2D")
    draft.add("Flatten")
    draft.add("Dense", units=classes, activation=last)
    return OpenedModel(to_keras(draft.done), name="tiny")


def few_digits(train: int = 300, validation: float = 0.2) -> Dataset:
    """Some of the shipped digits: of `train` a share validates, 60 test."""
    digits = open_dataset("digits")
    given = replace(digits.given, train=digits.given.train[:train], test=digits.given.test[:60])
    return replace(digits, given=given).with_split(SplitSettings(validation=validation))


class Train(Driver):
    """The window with its training panel; a training goes on, so that nothing waits by itself."""

    settles = False

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, TrainPanel)
        self.panel, self.view_model, self.trainer = panel, panel.view_model, panel.view_model.trainer
        live = panel.view("live")
        assert isinstance(live, LiveView)
        self.live, self.charts = live, live.charts

    @property
    def settings(self) -> TrainingSettings:
        """Of the next run."""
        return self.view_model.settings

    def open(self, model: OpenedModel, dataset: Dataset) -> None:
        """Put a network and data into the workspace."""
        self.workspace.add_model(model)
        self.workspace.set_dataset(dataset)
        self.settle()

    def begin(self) -> None:
        """Press Start, and wait for the first steps."""
        self.press("train.start")
        self.until(lambda: self.charts.history.done > 0 or not self.trainer.active)

    def ended(self) -> None:
        """Wait for the end of the training, and of what follows it."""
        self.until(lambda: not self.trainer.active)
        self.settle()

    @property
    def batches(self) -> int:
        """How many the training itself has told of."""
        assert self.trainer.recorder is not None
        return len(self.trainer.recorder.since().batches.get("loss", ()))

    def open_more(self, *names: str) -> None:
        """Unfold sections under "More"."""
        self.press("train.more")
        for name in names:
            self.press(f"train.more.{name}")


def weights(model: OpenedModel) -> np.ndarray:
    """All of a network's weights in one row."""
    return np.concatenate([weight.ravel() for weight in model.keras.get_weights()])


def kept_run(folder: Path, model: OpenedModel, dataset: Dataset, rate: float, epochs: int = 2) -> None:
    """A run on the disk, as an earlier training has left it."""
    settings = TrainingSettings(OptimizerSettings("adam", rate), epochs=epochs, batch_size=60)
    train_engine(model, dataset, settings, name=folder.name, folder=folder)
