"""Evaluation: counted by hand on a network that says what it is told to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.preprocessing import RAW
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.library.shipped import facts, open_shipped
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.evaluate import evaluate, whole

pytestmark = pytest.mark.usefixtures("runtime")

# What each of eight images is, and the probabilities that the network gives it, in percent.
TRUE = [0, 0, 0, 1, 1, 2, 2, 2]
SAID = [
    (80, 15, 5),
    (60, 30, 10),
    (10, 90, 0),
    (20, 70, 10),
    (55, 40, 5),
    (5, 5, 90),
    (45, 15, 40),
    (70, 5, 25),
]


@pytest.fixture
def parrot() -> tuple[OpenedModel, Dataset]:
    """A network whose probabilities are the first three pixels, in percent."""
    import keras

    layers = [
        keras.Input((1, 3, 1)),
        keras.layers.Rescaling(0.05),
        keras.layers.Flatten(),
        keras.layers.Dense(3, use_bias=False, kernel_initializer="identity", name="logarithm"),
    ]
    model = keras.Sequential([*layers, keras.layers.Activation("softmax")])
    # Pixels carry 20·ln(percent) + 100, so that the softmax of a twentieth of them gives the shares back.
    x = np.array([[np.log(np.maximum(row, 0.01)) * 20 + 100 for row in SAID]]).reshape(8, 1, 3)
    data = array_dataset(np.rint(x).astype(np.uint8), np.array(TRUE), reference="", title="Parrot")
    return OpenedModel(model, preprocessing=RAW), whole(data)


def test_everything_counted_by_hand(parrot: tuple[OpenedModel, Dataset]) -> None:
    result = evaluate(*parrot, batch_size=3)
    assert result.images == 8
    assert result.predicted.tolist() == [0, 0, 1, 1, 0, 2, 0, 0]
    assert result.accuracy == pytest.approx(4 / 8)
    assert result.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [2, 0, 1]]
    assert result.by_class == pytest.approx([2 / 3, 1 / 2, 1 / 3])
    assert result.confidence == pytest.approx([0.8, 0.6, 0.9, 0.7, 0.55, 0.9, 0.45, 0.7], abs=0.02)
    shares = np.array([row[label] / 100 for row, label in zip(SAID, TRUE, strict=True)])
    assert result.true_probability == pytest.approx(shares, abs=0.02)
    assert result.loss == pytest.approx(float(-np.log(shares).mean()), abs=0.05)


def test_a_cell_gives_its_images_the_surest_first(parrot: tuple[OpenedModel, Dataset]) -> None:
    result = evaluate(*parrot)
    assert result.cell(2, 0).tolist() == [7, 6]
    assert result.cell(0, 0).tolist() == [0, 1]
    assert result.cell(1, 2).tolist() == []


def test_the_worst_mistakes(parrot: tuple[OpenedModel, Dataset]) -> None:
    result = evaluate(*parrot)
    assert [mistake.index for mistake in result.worst()] == [2, 7, 4, 6]
    first = result.worst(1)[0]
    assert (first.true, first.predicted) == (0, 1)
    assert first.confidence == pytest.approx(0.9, abs=0.02)
    assert first.true_probability == pytest.approx(0.1, abs=0.02)


def test_a_class_without_images_has_no_share(parrot: tuple[OpenedModel, Dataset]) -> None:
    model, _ = parrot
    pixels = np.full((2, 1, 3), 50, np.uint8)
    data = array_dataset(pixels, np.array([0, 2]), reference="", title="Two of three")
    assert np.isnan(evaluate(model, whole(data)).by_class).tolist() == [False, True, False]


def test_files_that_cannot_be_read_are_left_out(parrot: tuple[OpenedModel, Dataset], tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(np.full((1, 3), 90, np.uint8)).save(tmp_path / name / f"{number}.png")
    data = whole(open_folder(tmp_path))
    (tmp_path / "b" / "1.png").unlink()
    result = evaluate(parrot[0], data, batch_size=2)
    assert result.indices.tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    for file in tmp_path.rglob("*.png"):
        file.unlink()
    with pytest.raises(UserError, match="None of the images in the test part"):
        evaluate(parrot[0], data)


def test_what_cannot_be_evaluated_is_said(
    parrot: tuple[OpenedModel, Dataset], make_model: Callable[..., OpenedModel], bands: Dataset
) -> None:
    with pytest.raises(UserError, match="tells 5 classes apart, but Bands has 3"):
        evaluate(make_model(5), bands)
    with pytest.raises(UserError, match="no images in its train part"):
        evaluate(*parrot, "train")
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        evaluate(*parrot, task=task)


@pytest.mark.parametrize(
    ("name", "data", "least"), [("digits", "digits", 0.985), ("garments", "fashion", 0.86)]
)
def test_the_shipped_networks_are_as_good_as_their_files_say(name: str, data: str, least: float) -> None:
    told = re.match(r"(0\.\d+) on the ([\d,]+) test images", facts(name).accuracy)
    assert told is not None
    result = evaluate(open_shipped(name), open_dataset(data), "test")
    assert f"{result.images:,}" == told[2]
    # Another processor rounds differently, which may tip an image or two.
    assert result.accuracy == pytest.approx(float(told[1]), abs=2.5 / result.images)
    assert result.accuracy >= least
