"""Everything that decides a training run besides the model and the data; frozen, and JSON there and back."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from convscope.core.errors import UserError
from convscope.core.parameter import check_record, setting, short
from convscope.core.records import Record, from_json, to_json
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import Fit, InputSettings
from convscope.engine.data.split import SplitSettings

OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw", "nadam", "adagrad"]
LossName = Literal[
    "auto",
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "mean_squared_error",
    "mean_absolute_error",
]
MetricName = Literal["accuracy", "top_5_accuracy", "auc", "precision", "recall"]
ScheduleName = Literal["constant", "step", "exponential", "cosine"]

_OPTIMIZERS = (
    ("sgd", "SGD"),
    ("rmsprop", "RMSprop"),
    ("adam", "Adam"),
    ("adamw", "AdamW"),
    ("nadam", "Nadam"),
    ("adagrad", "Adagrad"),
)
_LOSSES = (
    ("auto", "From the labels"),
    ("sparse_categorical_crossentropy", "Sparse categorical cross-entropy"),
    ("categorical_crossentropy", "Categorical cross-entropy"),
    ("binary_crossentropy", "Binary cross-entropy"),
    ("categorical_focal_crossentropy", "Focal cross-entropy"),
    ("categorical_hinge", "Categorical hinge"),
    ("mean_squared_error", "Mean squared error"),
    ("mean_absolute_error", "Mean absolute error"),
)
_METRICS = (
    ("accuracy", "Accuracy"),
    ("top_5_accuracy", "Top-5 accuracy"),
    ("auc", "Area under the ROC curve"),
    ("precision", "Precision"),
    ("recall", "Recall"),
)
_SCHEDULES = (
    ("constant", "Constant"),
    ("step", "Steps"),
    ("exponential", "Exponential"),
    ("cosine", "Cosine"),
)
_MONITORS = (
    ("val_loss", "validation loss"),
    ("val_accuracy", "validation accuracy"),
    ("loss", "training loss"),
    ("accuracy", "training accuracy"),
)

# Of each optimizer: its Keras class, and the settings that it has besides the learning rate.
OPTIMIZERS: dict[OptimizerName, tuple[str, tuple[str, ...]]] = {
    "sgd": ("SGD", ("momentum", "nesterov")),
    "rmsprop": ("RMSprop", ("rho", "momentum", "epsilon", "centered")),
    "adam": ("Adam", ("beta_1", "beta_2", "epsilon", "amsgrad")),
    "adamw": ("AdamW", ("weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad")),
    "nadam": ("Nadam", ("beta_1", "beta_2", "epsilon")),
    "adagrad": ("Adagrad", ("initial_accumulator_value", "epsilon")),
}
LOSSES: tuple[LossName, ...] = typing.get_args(LossName)
METRICS: tuple[MetricName, ...] = typing.get_args(MetricName)


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer with Keras's own defaults; `OPTIMIZERS` tells which settings each has."""

    name: OptimizerName = setting("rmsprop", "Optimizer", choices=_OPTIMIZERS)
    learning_rate: float = setting(0.001, "Learning rate", minimum=0, maximum=1000, positive=True)
    momentum: float = setting(0.0, "Momentum", minimum=0, maximum=1)
    nesterov: bool = setting(False, "Nesterov momentum")
    rho: float = setting(0.9, "Rho", minimum=0, maximum=1)
    centered: bool = setting(False, "Centered")
    beta_1: float = setting(0.9, "Beta 1", minimum=0, maximum=1)
    beta_2: float = setting(0.999, "Beta 2", minimum=0, maximum=1)
    epsilon: float = setting(1e-7, "Epsilon", minimum=0, maximum=100)
    amsgrad: bool = setting(False, "AMSGrad")
    weight_decay: float = setting(0.004, "Weight decay", minimum=0, maximum=100)
    initial_accumulator_value: float = setting(
        0.1, "Accumulator", minimum=0, maximum=100, said="initial accumulator value"
    )

    def __post_init__(self) -> None:
        check_record(self)

    @property
    def used(self) -> dict[str, Any]:
        """The settings that this optimizer has, under their Keras names, the learning rate first."""
        names = ("learning_rate", *OPTIMIZERS[self.name][1])
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Schedule:
    """How the learning rate goes over the epochs; r is the optimizer's own rate.

    Attributes:
        kind: "constant" r; "step" r·factor^⌊e/every⌋; "exponential" r·factor^e; "cosine" from r down to
            r·factor at the last epoch along half a cosine.
        factor: as told there.
        every: epochs between two steps.
        warmup: epochs at the start over which the rate rises in equal steps to what it would be.
    """

    kind: ScheduleName = setting("constant", "Schedule", choices=_SCHEDULES)
    factor: float = setting(0.5, "Factor", minimum=0, maximum=1, said="factor of the schedule")
    every: int = setting(
        5,
        "Every … epochs",
        minimum=1,
        maximum=10_000,
        said="number of epochs between steps",
    )
    warmup: int = setting(0, "Warm-up", minimum=0, maximum=10_000, said="number of warm-up epochs")

    def __post_init__(self) -> None:
        check_record(self)


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `monitor` has not got better by `min_delta` for `patience` epochs."""

    monitor: str = setting("val_loss", "Watches", choices=_MONITORS, others=True)
    patience: int = setting(5, "Patience", minimum=0, maximum=10_000, unit="epochs")
    min_delta: float = setting(0.0, "At least by", minimum=0, maximum=1000, said="least gain")

    def __post_init__(self) -> None:
        check_record(self, "early stopping")


@dataclass(frozen=True)
class Plateau:
    """Multiply the learning rate by `factor` when `monitor` has not got better for `patience` epochs."""

    monitor: str = setting("val_loss", "Watches", choices=_MONITORS, others=True)
    factor: float = setting(0.1, "Factor", minimum=0, maximum=0.99)
    patience: int = setting(3, "Patience", minimum=0, maximum=10_000, unit="epochs")
    min_learning_rate: float = setting(0.0, "Not below", minimum=0, maximum=1000, said="least learning rate")

    def __post_init__(self) -> None:
        check_record(self, "the plateau")


_RMSPROP = OptimizerSettings()
_CONSTANT = Schedule()


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of a run.

    Attributes:
        optimizer: with its own settings.
        loss: "auto" follows from the network's output; see `loss.choose_loss`.
        metrics: any of `METRICS`.
        batch_size: images a step.
        epochs: rounds through the data, counted from the very start, also when a run is resumed.
        steps_per_epoch: None: all images once an epoch.
        schedule: of the learning rate.
        early_stopping, plateau: None: off.
        class_weights: "none", or "balanced": a class counts by images / (classes · images in the class).
        seed: of order, augmentation, dropout; and of initial weights where new ones are made.
        shuffle: a new order each epoch.
        size: bring images to (height, width); None: the network's input size.
        channels: 1 or 3; None: the network's.
        fit: how images come to that size.
        augmentation: of the training images; None: none.
        split: validation and test shares; None: the data set is taken as it is split already.
        restore_best: hand over the weights of the best epoch, not of the last.
        cache_mb: memory for decoded images; see `PipelineSettings`.
    """

    optimizer: OptimizerSettings = _RMSPROP
    loss: LossName = setting("auto", "Loss", choices=_LOSSES)
    metrics: tuple[MetricName, ...] = setting(
        ("accuracy",), "Metrics", "several", choices=_METRICS, said="metric"
    )
    batch_size: int = setting(64, "Batch size", minimum=1, maximum=65_536)
    epochs: int = setting(5, "Epochs", minimum=1, maximum=100_000, said="number of epochs")
    steps_per_epoch: int | None = setting(
        None,
        "Steps an epoch",
        "whole",
        minimum=1,
        maximum=10_000_000,
        nothing="all images once",
        said="number of steps per epoch",
    )
    schedule: Schedule = _CONSTANT
    early_stopping: EarlyStopping | None = None
    plateau: Plateau | None = None
    class_weights: Literal["none", "balanced"] = setting(
        "none",
        "Class weights",
        choices=(("none", "All classes alike"), ("balanced", "Balanced")),
        said="way of weighting classes",
    )
    seed: int = setting(0, "Seed", minimum=0, maximum=2**31 - 1)
    shuffle: bool = setting(True, "A new order each epoch")
    size: tuple[int, int] | None = None
    channels: Literal[1, 3] | None = None
    fit: Fit = "stretch"
    augmentation: Augmentation | None = None
    split: SplitSettings | None = None
    restore_best: bool = setting(True, "Hand over the best epoch's weights")
    cache_mb: int = setting(
        512,
        "Memory for decoded images",
        minimum=0,
        maximum=10_000_000,
        unit="MB",
        said="memory for decoded images, in MB,",
    )

    def __post_init__(self) -> None:
        check_record(self)
        # It refuses what images cannot be brought to.
        InputSettings(self.size, self.channels, self.fit)

    @property
    def input(self) -> InputSettings:
        """What the images are brought to."""
        return InputSettings(self.size, self.channels, self.fit)

    def with_input(self, settings: InputSettings) -> TrainingSettings:
        """The same settings with images brought to something else."""
        return replace(self, size=settings.size, channels=settings.channels, fit=settings.fit)

    def with_augmentation(self, augmentation: Augmentation | None) -> TrainingSettings:
        """The same settings with another augmentation."""
        return replace(self, augmentation=augmentation)

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = to_json(self)
        return found

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> TrainingSettings:
        """What `to_dict` gave, also after a trip through JSON.

        Raises:
            UserError: a setting that is unknown, of the wrong type or out of range.
        """
        return from_plain(TrainingSettings, data, "settings")


def from_plain(kind: type[Record], data: Any, where: str) -> Record:
    """A record of settings from JSON, as a person may have written it: a slip of the pen is told.

    Raises:
        UserError: unknown names, wrong types, or what the record refuses.
    """
    try:
        record = from_json(kind, data)
    except (ValueError, OverflowError) as error:
        raise UserError(_wrong(str(error), data, where)) from error
    if unknown := _unknown(data, to_json(record)):
        raise UserError(f"{where}: there is no setting called {unknown}.")
    return record


def _wrong(said: str, data: Any, where: str) -> str:
    """A sentence for what `from_json` says: "Expected `int`, got `str` - at `$.epochs`"."""
    _, _, path = said.partition(" - at `$")
    # What is beyond a table's own keys is not followed.
    for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", path.partition("[...]")[0]):
        data = data[name] if name else data[int(number)]
        where += f".{name}" if name else ""
    if missing := re.search(r"missing required field `(\w+)`", said):
        return f"{where}: {missing[1]} is missing."
    if said.startswith("Expected `object`"):
        return f"{where}: a table of settings is needed, not {short(data)}."
    return f"{where}: {short(data)} is not a value for it."


def _unknown(data: Any, known: Any) -> str:
    """The first name in `data` that a record does not have; "" if there is none."""
    if not isinstance(data, Mapping) or not isinstance(known, Mapping):
        return ""
    strange = sorted(str(name) for name in data if name not in known)
    return strange[0] if strange else next(filter(None, (_unknown(data[n], known[n]) for n in data)), "")
