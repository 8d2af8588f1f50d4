"""Two workers on the loopback address train as one machine does; one of them is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest
from test_workers import config, free_port

from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.runs.run import Run
from convscope.engine.training.train import train
from convscope.engine.training.train_network import TrainingResult

pytestmark = pytest.mark.filterwarnings(
    # Keras 3.15 with NumPy 2.4, when it writes a file.
    "ignore:__array__ implementation doesn't accept:DeprecationWarning"
)
# The last of its batches has 3 of 16 images, two on one and one on the other.
OPTIONS = ["--batch-size", "16", "--optimizer", "adam", "--seed", "3", "--duplicates-apart"]
OPTIONS += ["--balanced", "--augment", "mild"]


@dataclass
class Two:
    """What two workers have done.

    Attributes:
        folder: of the run.
        first: what each said of the first two epochs.
        history: the epochs that were written when one was killed.
        said: by the chief at its end, and its exit code.
    """

    folder: Path
    first: list[str]
    history: list[dict[str, float]]
    said: tuple[str, int]


def start(home: Path, *words: str) -> list[subprocess.Popen[str]]:
    """The same command as two workers."""
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    environment = {
        **os.environ,
        "CONVSCOPE_HOME": str(home),
        "CONVSCOPE_WORKERS_SILENCE": "9",
        "PYTHONUNBUFFERED": "1",
    }
    return [
        subprocess.Popen(
            [sys.executable, "-m", "convscope", "train", *words, "--strategy", "multiworker"],
            env={**environment, **config(index, worker=addresses)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(2)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with batch normalisation and a weight that is regularised, and 166 images for it."""
    place = tmp_path_factory.mktemp("together")
    rng, labels = np.random.default_rng(0), np.arange(166) % 3
    images = rng.integers(0, 120, (166, 8, 8), np.uint8)
    images[np.arange(166), 2 * labels] += 100
    np.savez(place / "data.npz", x=images, y=labels)
    keras.utils.set_random_seed(1)
    layers = keras.layers
    head = layers.Dense(3, activation="softmax", kernel_regularizer="l2")
    body = [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
    keras.Sequential([keras.Input((8, 8, 1)), *body, head]).save(place / "model.keras")
    return place


@pytest.fixture(scope="module")
def two(folder: Path) -> Two:
    """A run of two epochs; then gone on with, until a worker is killed."""
    run, data = folder / "run", ["--data", str(folder / "data.npz")]
    words = ["--model", str(folder / "model.keras"), *data, *OPTIONS, "--epochs", "2", "-o", str(run)]
    first = [process.communicate(timeout=300)[0] for process in start(folder, *words)]
    chief, other = start(folder, "--resume", str(run), "--epochs", "100000")
    history = run / "history.jsonl"
    while chief.poll() is None and len(history.read_text().splitlines()) < 4:
        try:
            other.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    rows = [json.loads(line) for line in history.read_text().splitlines()[:3]]
    other.kill()
    other.communicate()
    said = chief.communicate(timeout=300)[0]
    return Two(run, first, rows, (said, chief.returncode))


@pytest.fixture(scope="module")
def one(folder: Path, two: Two) -> TrainingResult:
    """The same three epochs on one machine."""
    details = Run.open(two.folder).details
    settings = replace(details.settings, epochs=3, restore_best=False)
    return train(open_model(str(folder / "model.keras")), open_dataset(folder / "data.npz"), settings)


def test_its_curve_is_that_of_one_machine(two: Two, one: TrainingResult) -> None:
    assert len(two.history) == 3, two.said[0]
    for row, record in zip(two.history, one.fitted.epochs, strict=True):
        assert set(record.values) == {"loss", "accuracy", "val_loss", "val_accuracy"}
        for name, value in record.values.items():
            assert row["values"][name] == pytest.approx(value, abs=1e-4), (record.epoch, name)


def test_the_chief_keeps_the_run_and_the_other_writes_nothing(two: Two, folder: Path) -> None:
    chief, other = two.first
    assert "All 2 epochs are done" in chief and "test accuracy" in chief and f"run {two.folder}" in chief
    assert "All 2 epochs are done" in other and "test accuracy" not in other and "run " not in other
    assert Run.open(two.folder).details.settings.batch_size == 16
    model = open_model(str(two.folder / "model.keras")).keras
    assert not any(getattr(layer, "synchronized", False) for layer in model.layers)
    # Of batch normalisation the means of the whole are kept.
    assert model.layers[1].moving_mean.numpy().std() > 0
    assert sorted(path.name for path in folder.iterdir() if path.suffix) == ["data.npz", "model.keras"]


def test_a_worker_that_dies_is_told_in_one_sentence(two: Two) -> None:
    said, code = two.said
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("convscope:")]
    assert len(lines) == 1 and "Traceback" not in said
    assert lines[0].startswith("convscope: Worker 1 (127.0.0.1:") and "--resume" in lines[0]
    run = Run.open(two.folder)
    assert run.state == "failed" and run.sentence.startswith("Worker 1 (127.0.0.1:")
    assert run.can_resume and len(run.history) >= 3
