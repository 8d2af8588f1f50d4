"""Every metric with every kind of labels: what Keras cannot count is made possible, or told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.checks import check
from convscope.engine.training.loss import choose_loss
from convscope.engine.training.settings import METRICS, TrainingSettings
from convscope.engine.training.train import train

Make = Callable[..., OpenedModel]


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", None])
def test_all_metrics_are_measured(make_model: Make, bands: Dataset, activation: str | None) -> None:
    """Keras's AUC, precision and recall fail on class numbers; labels by class are chosen for them."""
    settings = TrainingSettings(epochs=1, batch_size=42, metrics=METRICS)
    done = train(make_model(activation=activation), bands, settings)
    values = done.fitted.epochs[0].values
    assert set(values) == {"loss", *METRICS} | {f"val_{name}" for name in ("loss", *METRICS)}
    assert all(0 <= values[name] <= 1 for name in METRICS)


def test_labels_by_class_have_the_same_loss(make_model: Make, bands: Dataset) -> None:
    plain = train(make_model(), bands, TrainingSettings(epochs=1, batch_size=42))
    by_class = train(make_model(), bands, TrainingSettings(epochs=1, batch_size=42, metrics=("recall",)))
    assert by_class.fitted.epochs[0].values["loss"] == pytest.approx(plain.fitted.epochs[0].values["loss"])


def test_class_numbers_and_a_metric_by_class_are_told(make_model: Make, bands: Dataset) -> None:
    settings = TrainingSettings(loss="sparse_categorical_crossentropy", metrics=("accuracy", "auc"))
    (found,) = [finding for finding in check(make_model(), bands, settings) if finding.severity == "error"]
    assert found.text == "AUC needs one label a class, and this loss takes class numbers."
    assert found.fix is not None and found.fix.settings is not None
    mended = found.fix.settings
    assert choose_loss(mended, "softmax", 3).label_mode == "categorical"
    assert not [finding for finding in check(make_model(), bands, mended) if finding.severity == "error"]
