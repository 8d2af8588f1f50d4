"""Short ways to drive the training panel by the names of its controls, tiny networks, few digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.build import to_keras
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.templates import Draft
from convscope.engine.training.settings import TrainingSettings
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.train import TrainPanel
from convscope.ui.panels.train.live import LiveView

Found = TypeVar("Found", bound=QWidget)


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


class Train:
    """The window, its panel, and what a person does with them."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window, self.session = qtbot, window, window.session
        panel = window.panel()
        assert isinstance(panel, TrainPanel)
        self.panel, self.desk, self.trainer = panel, panel.desk, panel.desk.trainer
        live = panel.view("live")
        assert isinstance(live, LiveView)
        self.live, self.charts = live, live.charts

    @property
    def settings(self) -> TrainingSettings:
        """Of the next run."""
        return self.desk.settings

    def settle(self) -> None:
        """Wait until what was asked for is on show."""
        for _ in range(2):
            self.qtbot.wait(5)
            self.until(self.window.jobs.idle)

    def until(self, true: Callable[[], object]) -> None:
        """Wait for something, with the window alive."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=60_000)

    def open(self, model: OpenedModel, dataset: Dataset) -> None:
        """Put a network and data into the session."""
        self.session.add_model(model)
        self.session.set_dataset(dataset)
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

    def find(self, kind: type[Found], name: str) -> Found:
        """A control by its name."""
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        """Click a button."""
        button = self.find(QAbstractButton, name)
        assert button.isEnabled() and button.isVisible(), name
        # A wide check box answers at its box and its words only.
        place = QPoint(8, button.height() // 2)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=place)

    def type(self, name: str, text: str) -> None:
        """Type into a number's box."""
        box = self.find(QAbstractSpinBox, name)
        box.selectAll()
        self.qtbot.keyClicks(box, text)
        self.qtbot.keyClick(box, Qt.Key.Key_Return)

    def pick(self, name: str, data: object) -> None:
        """Choose in a combo box, as a click on its line does."""
        box = self.find(QComboBox, name)
        index = box.findData(data)
        assert index >= 0, data
        box.setCurrentIndex(index)
        box.activated.emit(index)

    def slide(self, name: str, value: int) -> None:
        """Move a slider."""
        self.find(QSlider, name).setValue(value)

    def text(self, name: str) -> str:
        """What a label says."""
        return self.find(QLabel, name).text()

    def open_more(self, *names: str) -> None:
        """Unfold sections under "More"."""
        self.press("train.more")
        for name in names:
            self.press(f"train.more.{name}")


def weights(model: OpenedModel) -> np.ndarray:
    """All of a network's weights in one row."""
    return np.concatenate([weight.ravel() for weight in model.keras.get_weights()])
