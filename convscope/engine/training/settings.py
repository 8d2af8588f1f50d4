"""Everything that decides a training run besides the model and the data; frozen, and JSON there and back."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from convscope.core.errors import UserError
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


def _among(value: str, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise UserError(f"There is no {what} called {value!r}: choose one of {', '.join(allowed)}.")


def _within(value: float, low: float, high: float, what: str) -> None:
    if not low <= value <= high:
        name = what.replace("_", " ")
        raise UserError(f"The {name} is {_written(value)}: it goes from {_written(low)} to {_written(high)}.")


def _written(value: float) -> str:
    """A number as people write it: "2,147,483,647", "0.99", "1e-07"."""
    return f"{value:,.0f}" if abs(value) < 1e15 and value == int(value) else f"{value:g}"


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer with Keras's own defaults; `OPTIMIZERS` tells which settings each has."""

    name: OptimizerName = "rmsprop"
    learning_rate: float = 0.001
    momentum: float = 0.0
    nesterov: bool = False
    rho: float = 0.9
    centered: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False
    weight_decay: float = 0.004
    initial_accumulator_value: float = 0.1

    def __post_init__(self) -> None:
        _among(self.name, tuple(OPTIMIZERS), "optimizer")
        if not 0 < self.learning_rate <= 1000:
            raise UserError(f"The learning rate is {self.learning_rate:g}: it is above 0 and at most 1000.")
        for name in ("momentum", "rho", "beta_1", "beta_2"):
            _within(getattr(self, name), 0, 1, name)
        for name in ("epsilon", "weight_decay", "initial_accumulator_value"):
            _within(getattr(self, name), 0, 100, name)

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

    kind: ScheduleName = "constant"
    factor: float = 0.5
    every: int = 5
    warmup: int = 0

    def __post_init__(self) -> None:
        _among(self.kind, typing.get_args(ScheduleName), "schedule")
        _within(self.factor, 0, 1, "factor of the schedule")
        _within(self.every, 1, 10_000, "number of epochs between steps")
        _within(self.warmup, 0, 10_000, "number of warm-up epochs")


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `monitor` has not got better by `min_delta` for `patience` epochs."""

    monitor: str = "val_loss"
    patience: int = 5
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        _within(self.patience, 0, 10_000, "patience of early stopping")
        _within(self.min_delta, 0, 1000, "least gain of early stopping")


@dataclass(frozen=True)
class Plateau:
    """Multiply the learning rate by `factor` when `monitor` has not got better for `patience` epochs."""

    monitor: str = "val_loss"
    factor: float = 0.1
    patience: int = 3
    min_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        _within(self.factor, 0, 0.99, "factor of the plateau")
        _within(self.patience, 0, 10_000, "patience of the plateau")
        _within(self.min_learning_rate, 0, 1000, "least learning rate of the plateau")


_RMSPROP = OptimizerSettings()
_CONSTANT = Schedule()


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of a run.

    Attributes:
        optimizer: with its own settings.
        loss: "auto" follows from the network's output; see `losses.choose`.
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
    loss: LossName = "auto"
    metrics: tuple[MetricName, ...] = ("accuracy",)
    batch_size: int = 64
    epochs: int = 5
    steps_per_epoch: int | None = None
    schedule: Schedule = _CONSTANT
    early_stopping: EarlyStopping | None = None
    plateau: Plateau | None = None
    class_weights: Literal["none", "balanced"] = "none"
    seed: int = 0
    shuffle: bool = True
    size: tuple[int, int] | None = None
    channels: Literal[1, 3] | None = None
    fit: Fit = "stretch"
    augmentation: Augmentation | None = None
    split: SplitSettings | None = None
    restore_best: bool = True
    cache_mb: int = 512

    def __post_init__(self) -> None:
        _among(self.loss, LOSSES, "loss")
        for metric in self.metrics:
            _among(metric, METRICS, "metric")
        _among(self.class_weights, ("none", "balanced"), "way of weighting classes")
        _within(self.batch_size, 1, 65_536, "batch size")
        _within(self.epochs, 1, 100_000, "number of epochs")
        _within(self.steps_per_epoch or 1, 1, 10_000_000, "number of steps per epoch")
        _within(self.seed, 0, 2**31 - 1, "seed")
        _within(self.cache_mb, 0, 10_000_000, "memory for decoded images, in MB,")
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
        """For JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> TrainingSettings:
        """What `to_dict` gave, also after a trip through JSON.

        Raises:
            UserError: a setting that is unknown, of the wrong type or out of range.
        """
        settings: TrainingSettings = from_plain(TrainingSettings, data, "settings")
        return settings


def from_plain(cls: Any, data: Any, where: str) -> Any:
    """A frozen dataclass from what JSON makes of `asdict`: lists become tuples, dicts dataclasses.

    Raises:
        UserError: unknown names or wrong types.
    """
    if not isinstance(data, Mapping):
        raise UserError(f"{where}: a table of settings is needed, not {data!r}.")
    hints = typing.get_type_hints(cls)
    known = {field.name for field in fields(cls)}
    if unknown := sorted(set(data) - known):
        raise UserError(f"{where}: there is no setting called {unknown[0]}.")
    return cls(**{name: _value(hints[name], value, f"{where}.{name}") for name, value in data.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in options:
            return None
        return _value(next(option for option in options if option is not type(None)), value, where)
    if is_dataclass(hint):
        return from_plain(hint, value, where)
    if origin is tuple and isinstance(value, list | tuple):
        repeated = options[-1] is Ellipsis
        return tuple(
            _value(options[0] if repeated else options[i], item, where)
            for i, item in enumerate(value[: None if repeated else len(options)])
        )
    if origin is Literal and value in options:
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, int) and abs(value) >= 2**63:
        raise UserError(f"{where}: the number is too large.")
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    raise UserError(f"{where}: {value!r} is not a value for it.")
