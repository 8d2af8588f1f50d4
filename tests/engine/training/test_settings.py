"""Settings: JSON there and back, and what is refused; rates and losses that follow from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convscope.core.errors import UserError
from convscope.engine.data.augmentation import LECTURE
from convscope.engine.data.split import SplitSettings
from convscope.engine.training.loss import LossChoice, choose_loss, make_loss, make_metrics
from convscope.engine.training.optimizer import changes, make_optimizer, scheduled_rate
from convscope.engine.training.settings import (
    LOSSES,
    METRICS,
    OPTIMIZERS,
    EarlyStopping,
    OptimizerSettings,
    Plateau,
    Schedule,
    TrainingSettings,
)

EVERYTHING = TrainingSettings(
    optimizer=OptimizerSettings("sgd", learning_rate=0.05, momentum=0.9, nesterov=True),
    loss="categorical_crossentropy",
    metrics=("accuracy", "auc"),
    batch_size=7,
    epochs=11,
    steps_per_epoch=3,
    schedule=Schedule("step", 0.5, 4, 2),
    early_stopping=EarlyStopping("val_accuracy", 2, 0.01),
    plateau=Plateau("loss", 0.2, 1, 1e-6),
    class_weights="balanced",
    seed=5,
    shuffle=False,
    size=(32, 40),
    channels=3,
    fit="crop",
    augmentation=LECTURE,
    split=SplitSettings(0.25, 0.0, 9),
    restore_best=False,
    cache_mb=0,
)


@pytest.mark.parametrize("settings", [TrainingSettings(), EVERYTHING])
def test_json_there_and_back(settings: TrainingSettings) -> None:
    assert TrainingSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epoch": 3}, "no setting called epoch"),
        ({"epochs": "3"}, "settings.epochs: '3' is not a value"),
        ({"epochs": True}, "settings.epochs: True is not a value"),
        ({"epochs": 0}, "number of epochs is 0"),
        ({"batch_size": 0}, "batch size is 0"),
        ({"optimizer": {"name": "magic"}}, "settings.optimizer.name: 'magic'"),
        ({"optimizer": {"learning_rate": 0}}, "learning rate is 0"),
        ({"optimizer": {"momentum": 1.5}}, "momentum is 1.5"),
        ({"optimizer": 3}, "a table of settings is needed"),
        ({"loss": "regret"}, "settings.loss"),
        ({"metrics": ["beauty"]}, "settings.metrics"),
        ({"schedule": {"kind": "step", "every": 0}}, "between steps is 0"),
        ({"plateau": {"factor": 1.0}}, "factor of the plateau is 1"),
        ({"split": {"validation": 2.0}}, "validation share is 2"),
        ({"augmentation": {"zoom": 7.0}}, "zoom is 7"),
        ({"early_stopping": {"min_delta": float("nan")}}, "least gain of early stopping is nan"),
        ({"plateau": {"min_learning_rate": -1.0}}, "least learning rate of the plateau is -1"),
        ({"size": [0, 5]}, "target size of 0 × 5"),
        ({"cache_mb": -1}, "memory for decoded images, in MB, is -1"),
        ({"seed": -1}, "seed is -1: it goes from 0 to 2,147,483,647"),
        ({"seed": 2**31}, "seed is 2,147,483,648: it goes"),
        ({"optimizer": {"momentum": float("nan")}}, "momentum is nan: it goes from 0 to 1"),
        ({"plateau": {"factor": float("inf")}}, "is inf: it goes from 0 to 0.99"),
        ({"optimizer": {"epsilon": -1e-7}}, "epsilon is -1e-07: it goes from 0 to 100"),
    ],
)
def test_what_cannot_be_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        TrainingSettings.from_dict(change)


def rates(settings: TrainingSettings) -> list[float]:
    return [scheduled_rate(settings, epoch) for epoch in range(settings.epochs)]


def test_schedules_worked_by_hand() -> None:
    base = {"optimizer": OptimizerSettings("sgd", learning_rate=0.8), "epochs": 5}
    assert rates(TrainingSettings(**base)) == [0.8] * 5
    assert rates(TrainingSettings(**base, schedule=Schedule("step", 0.5, 2))) == [0.8, 0.8, 0.4, 0.4, 0.2]
    assert rates(TrainingSettings(**base, schedule=Schedule("exponential", 0.5))) == pytest.approx(
        [0.8, 0.4, 0.2, 0.1, 0.05]
    )
    # Half a cosine from 0.8 to 0.08: (1 + cos(e·π/4)) / 2 of the way is left.
    left = [1, 0.853553, 0.5, 0.146447, 0]
    assert rates(TrainingSettings(**base, schedule=Schedule("cosine", 0.1))) == pytest.approx(
        [0.08 + 0.72 * share for share in left], rel=1e-5
    )
    warm = TrainingSettings(**base, schedule=Schedule("constant", warmup=3))
    assert rates(warm) == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert changes(warm)
    assert not changes(TrainingSettings(**base))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_keras_own_with_all_its_settings(name: str, runtime: object) -> None:
    settings = OptimizerSettings(name, learning_rate=0.02, momentum=0.5, rho=0.8, beta_1=0.7)  # type: ignore[arg-type]
    config = make_optimizer(settings).get_config()
    for key, value in settings.used.items():
        assert config[key] == pytest.approx(value), key


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_are_keras_defaults(name: str, runtime: object) -> None:
    import keras

    ours = OptimizerSettings(name).used  # type: ignore[arg-type]
    theirs = getattr(keras.optimizers, OPTIMIZERS[name][0])().get_config()  # type: ignore[index]
    for key, value in ours.items():
        if key != "learning_rate":
            assert theirs[key] == pytest.approx(value), key


@pytest.mark.parametrize(
    ("head", "units", "loss", "goal"),
    [
        ("softmax", 10, "auto", LossChoice("sparse_categorical_crossentropy", False, "sparse", 10)),
        ("linear", 10, "auto", LossChoice("sparse_categorical_crossentropy", True, "sparse", 10)),
        ("log_softmax", 10, "auto", LossChoice("sparse_categorical_crossentropy", True, "sparse", 10)),
        ("sigmoid", 1, "auto", LossChoice("binary_crossentropy", False, "binary", 1)),
        ("linear", 1, "auto", LossChoice("binary_crossentropy", True, "binary", 1)),
        ("sigmoid", 5, "auto", LossChoice("binary_crossentropy", False, "categorical", 5)),
        ("softmax", 2, "mean_squared_error", LossChoice("mean_squared_error", False, "categorical", 2)),
    ],
)
def test_the_loss_follows_from_the_output(head: str, units: int, loss: Any, goal: LossChoice) -> None:
    assert choose_loss(TrainingSettings(loss=loss), head, units) == goal


def test_logarithms_of_probabilities_are_counted_as_these(runtime: object) -> None:
    import numpy as np

    plain, goal = (choose_loss(TrainingSettings(), head, 6) for head in ("softmax", "log_softmax"))
    told = np.random.default_rng(0).dirichlet([0.3] * 6, 40).astype("float32") + 1e-6
    truth = np.arange(40) % 6
    assert float(make_loss(goal)(truth, np.log(told))) == pytest.approx(float(make_loss(plain)(truth, told)))


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_and_metric_counts(loss: Any, runtime: object) -> None:
    """A sure and right answer costs less than a sure and wrong one, and every metric sees that."""
    import numpy as np

    goal = choose_loss(TrainingSettings(loss=loss), "softmax", 6)
    right = np.eye(6, dtype="float32") * 0.94 + 0.01
    truth = np.arange(6) if goal.label_mode == "sparse" else np.eye(6, dtype="float32")
    counted = make_loss(goal)
    wrong = (1 - right) / 5
    assert float(counted(truth, right)) < float(counted(truth, wrong))
    names = METRICS if goal.label_mode == "categorical" else ("accuracy", "top_5_accuracy")
    for metric in make_metrics(goal, names):
        metric.update_state(truth, right)
        good = float(metric.result())
        metric.reset_state()
        metric.update_state(truth, wrong)
        assert good == pytest.approx(1.0)
        assert float(metric.result()) < good
