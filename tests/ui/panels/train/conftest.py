"""A real window with the training panel, and a tiny network on a few shipped digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from driver import window_on
from pytestqt.qtbot import QtBot
from train_helpers import Train, few_digits, kept_run, tiny_model

from convscope.core.task import Cancelled, Task
from convscope.engine import runtime as engine_runtime
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.train import train as train_engine
from convscope.imaging.image import Image


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


@pytest.fixture(scope="session")
def tiny(runtime: object) -> OpenedModel:
    """Opened once; nothing changes it."""
    return tiny_model()


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """241 to train, 59 to validate, 60 to test."""
    return few_digits()


@pytest.fixture(scope="session")
def kept_digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A few digits in a file of their own, so that a run finds the same again."""
    shipped, path = open_dataset("digits"), tmp_path_factory.mktemp("data") / "few.npz"
    train, test = shipped.given.train[:300], shipped.given.test[:60]
    pixels = np.stack([shipped.images.read(int(index)) for index in (*train, *test)])
    labels = shipped.labels[np.concatenate([train, test])]
    np.savez(path, x_train=pixels[:300], y_train=labels[:300], x_test=pixels[300:], y_test=labels[300:])
    return open_dataset(path).with_split(SplitSettings(validation=0.2))


@pytest.fixture(scope="session")
def two_runs(tiny: OpenedModel, kept_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs that differ in one thing; trained once, and copied by each test."""
    folder = tmp_path_factory.mktemp("runs")
    kept_run(folder / "slow", tiny, kept_digits, 1e-4)
    kept_run(folder / "quick", tiny, kept_digits, 3e-2)
    return folder


@pytest.fixture(scope="session")
def killed_run(tiny: OpenedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of three epochs, cut off after one; trained once, and copied by each test."""
    folder = tmp_path_factory.mktemp("runs") / "killed"

    class Dying(Task):
        """Ends what it is handed to once an epoch is over."""

        def check(self) -> None:
            history = folder / "history.jsonl"
            if history.exists() and history.read_text().strip():
                raise Cancelled

    settings = TrainingSettings(epochs=3, steps_per_epoch=3, batch_size=20)
    with pytest.raises(Cancelled):
        train_engine(tiny, open_dataset("digits"), settings, name="killed", folder=folder, task=Dying())
    return folder


@pytest.fixture
def empty(qtbot: QtBot, runtime: object) -> Iterator[Train]:
    """The training panel in its window, 1440×900, with neither network nor data."""
    with window_on(qtbot, "train", [Image(np.zeros((28, 28), np.uint8), "black")]) as window:
        found = Train(qtbot, window)
        found.settle()
        yield found


@pytest.fixture
def train(empty: Train, tiny: OpenedModel, digits: Dataset) -> Train:
    """The same, ready to start."""
    empty.open(tiny, digits)
    return empty
