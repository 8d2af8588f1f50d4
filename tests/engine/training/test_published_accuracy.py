"""The lectures' two convnets on the shipped data, to the accuracy that a plain script reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.keras_compat import seeded
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.training.settings import OptimizerSettings, Schedule, TrainingSettings
from convscope.engine.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("runtime")]
FALLING = Schedule("cosine", 0.05)


def test_digits() -> None:
    """93,322 parameters, RMSprop, batch 64, 5 epochs, 9,000 digits: a script gave 0.985 and 0.975.

    With a rate that falls to nothing two epochs get there: three seeds gave 0.979, 0.976 and 0.979.
    """
    digits = open_dataset("digits").with_split(SplitSettings(validation=0))
    assert len(digits.indices("train")) == 9_000
    with seeded(0):
        model = open_model("mnist-convnet")
    assert model.keras.count_params() == 93_322
    settings = TrainingSettings(
        optimizer=OptimizerSettings("adam", 0.004), schedule=FALLING, batch_size=64, epochs=2
    )
    done = train(model, digits, settings)
    assert done.test is not None
    assert done.test.images == 1_000
    assert done.test.accuracy >= 0.97


def test_garments() -> None:
    """30,762 parameters, Adam, batch 128, 10 epochs, 10,000 garments: a script gave 0.852.

    With a rate that falls to nothing three epochs get there: three seeds gave 0.846, 0.860 and 0.854.
    """
    garments = open_dataset("fashion")
    given = replace(garments.given, train=garments.given.train[:10_000])
    garments = replace(garments, given=given).with_split(SplitSettings(validation=0))
    with seeded(1):
        model = open_model("mnist-small")
    assert model.keras.count_params() == 30_762
    settings = TrainingSettings(
        optimizer=OptimizerSettings("adam", 0.005), schedule=FALLING, batch_size=64, epochs=3, seed=1
    )
    done = train(model, garments, settings)
    assert done.test is not None
    assert done.test.images == 2_000
    assert done.test.accuracy >= 0.84
