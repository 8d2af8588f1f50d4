"""Which loss, which labels and which metrics go with a network's output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convscope.engine.data.pipeline import LabelMode
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.settings import LossName, MetricName, TrainingSettings

# Keras counts these class by class, for which it wants one label (0 or 1) a class.
BY_CLASS: tuple[MetricName, ...] = ("auc", "precision", "recall")


@dataclass(frozen=True)
class LossChoice:
    """What training minimises, settled.

    Attributes:
        loss: never "auto".
        from_logits: the network's last layer has no softmax or sigmoid, or takes the logarithm after it,
            which a softmax taken of it leaves as it is.
        label_mode: the labels that the loss wants.
        units: numbers that the network puts out.
    """

    loss: LossName
    from_logits: bool
    label_mode: LabelMode
    units: int


def choose_loss(settings: TrainingSettings, head: str, units: int) -> LossChoice:
    """Settle the loss.

    "auto" gives one sigmoid unit binary cross-entropy, several of them the same for each class, everything
    else cross-entropy on class numbers, or on one label a class where a metric needs that; a last layer
    without softmax or sigmoid is taken as logits.

    Args:
        head: "softmax", "log_softmax", "sigmoid" or "linear", as `OpenedModel.plain_head.kind` says.
        units: numbers that the network puts out.
    """
    loss = settings.loss
    if loss == "auto":
        binary = units == 1 or head == "sigmoid"
        by_class = any(name in BY_CLASS for name in settings.metrics)
        several: LossName = "categorical_crossentropy" if by_class else "sparse_categorical_crossentropy"
        loss = "binary_crossentropy" if binary else several
    mode: LabelMode = "categorical"
    if units == 1:
        mode = "binary"
    elif loss == "sparse_categorical_crossentropy":
        mode = "sparse"
    from_logits = head in ("linear", "log_softmax") and loss.endswith("crossentropy")
    return LossChoice(loss, from_logits, mode, units)


def loss_for(model: OpenedModel, settings: TrainingSettings) -> LossChoice:
    """Loss and labels for this network."""
    return choose_loss(settings, model.plain_head.kind, model.plain_head.units)


def make_loss(choice: LossChoice) -> Any:
    import keras

    names = {
        "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
        "categorical_crossentropy": "CategoricalCrossentropy",
        "binary_crossentropy": "BinaryCrossentropy",
        "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
        "categorical_hinge": "CategoricalHinge",
        "mean_squared_error": "MeanSquaredError",
        "mean_absolute_error": "MeanAbsoluteError",
    }
    loss_class = getattr(keras.losses, names[choice.loss])
    return loss_class(from_logits=True) if choice.from_logits else loss_class()


def make_metrics(choice: LossChoice, wanted: tuple[MetricName, ...]) -> list[Any]:
    """The Keras metrics, named as in the settings."""
    import keras

    made: list[Any] = []
    for name in wanted:
        if name == "accuracy":
            made.append(_accuracy(choice))
        elif name == "top_5_accuracy":
            sparse = choice.label_mode == "sparse"
            kind = "SparseTopKCategoricalAccuracy" if sparse else "TopKCategoricalAccuracy"
            made.append(getattr(keras.metrics, kind)(5, name=name))
        elif name == "auc":
            made.append(keras.metrics.AUC(name=name, from_logits=choice.from_logits))
        else:
            kind = {"precision": "Precision", "recall": "Recall"}[name]
            made.append(
                getattr(keras.metrics, kind)(thresholds=0.0 if choice.from_logits else 0.5, name=name)
            )
    return made


def _accuracy(choice: LossChoice) -> Any:
    import keras

    if choice.label_mode == "binary":
        return keras.metrics.BinaryAccuracy("accuracy", threshold=0.0 if choice.from_logits else 0.5)
    if choice.label_mode == "sparse":
        return keras.metrics.SparseCategoricalAccuracy("accuracy")
    return keras.metrics.CategoricalAccuracy("accuracy")
